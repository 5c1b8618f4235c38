"""Who looks after which building: set as a whole, by somebody who may edit the community."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from sqlalchemy.orm import Session

from app.domain.errors import Refusal
from app.store import audit, stewards, unit_search


def set_all(session: Session, *, community_id: int, wanted: Mapping[str, int], now: dt.datetime, actor: str) -> None:
    """Let ``wanted`` (building -> user id) and nobody else look after the buildings of a community.

    Raises:
        Refusal: ``steward.building_unknown``, ``steward.unknown``.

    """
    if set(wanted) - set(unit_search.buildings(session, community_id)):
        raise Refusal("steward.building_unknown")
    if set(wanted.values()) - {number for number, _ in stewards.candidates(session, community_id)}:
        raise Refusal("steward.unknown")

    stewards.replace(session, community_id=community_id, wanted=wanted)
    audit.record(
        session, at=now, actor=actor, action="steward.set", community_id=community_id, facts={"buildings": len(wanted)}
    )

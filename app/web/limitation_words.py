"""How a clock of limitation is put in words, and where what proves it can be looked at."""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from app.i18n import zh_cn
from app.web import pages


class Ends(Protocol):
    """A clock of a list or of a unit."""

    @property
    def act_by_on(self) -> dt.date | None: ...
    @property
    def expires_on(self) -> dt.date | None: ...


def rolled(clock: Ends) -> str:
    """Return the last day past rest days, or in words why it cannot be told."""
    if clock.act_by_on is None:
        return ""
    unknown = zh_cn.LABELS["limitation.calendar_unknown"].format(year=clock.act_by_on.year)
    return pages.day(clock.expires_on) or unknown


def proof(proof_kind: str, proof_id: int | None, unit_id: int) -> str:
    """Return the address of a proof, or nothing where it has no page."""
    match proof_kind:
        case "payment":
            return f"/units/{unit_id}?tab=payments"
        case "file":
            return f"/units/{unit_id}/limitation/files/{proof_id}"
        case "delivery_event" | "acknowledgement":
            return f"/units/{unit_id}?tab=notices"
        case "case":
            return f"/cases/{proof_id}"
        case _:
            return ""

"""What happened to the limitation of a few of the demo's bills, for states to be seen, and one frozen claim."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Engine

from app import clock
from app.domain.calendar import add_months
from app.domain.claim_figures import ALTERNATIVE, PRIMARY
from app.domain.deeds import By
from app.domain.limitation import Interruption
from app.domain.limitation_states import Obstacle
from app.gateways import uploads
from app.gateways.ports import Gateways
from app.services import claims, limitation
from app.store import arrears, db, limitation_reads, users

DAYS = 30


@dataclass(frozen=True, slots=True)
class _Photo:
    sha256: str
    size: int
    media_type: str
    name: str
    shown_sha256: str
    is_encrypted: bool = False


def fill(engine: Engine, gateways: Gateways, *, community_id: int, clerk: str, photo: bytes, note: str) -> None:
    """Record a promise, a proceeding and an obstacle at three units that owe longest, and freeze a fourth's claim."""
    checked = uploads.check(photo, "photo.png")
    kept = _Photo(
        gateways.files.put(photo), len(photo), checked.media_type, checked.name, gateways.files.put(checked.shown)
    )
    today = clock.today()
    with db.transaction(engine) as session:
        user = users.by_login(session, clerk)
        assert user is not None
        by = By(today, clock.now(), clerk, user.id)
        wanted = arrears.Filter(community_id=community_id)
        rows = arrears.list_units(session, as_of=today, wanted=wanted, sort="oldest", limit=8)
        unit_ids = [row.unit_id for row in rows][::2]
        events = ((Interruption.PROMISE, today - dt.timedelta(days=DAYS)), (Interruption.PROCEEDING, today))
        for place, (unit_id, (kind, on)) in enumerate(zip(unit_ids, events, strict=False)):
            event = limitation.Event(unit_id, kind, on, None, (), "A", note)
            limitation.record(session, event=event, proof=kept, by=by, key=f"demo-event-{place}")
        for unit_id in unit_ids[2:3]:
            bills = limitation_reads.clocks_of_unit(session, unit_id, today)
            gone_on = add_months(today, -1)
            hindrance = limitation.Hindrance(
                unit_id, Obstacle.HEIRS_UNKNOWN, add_months(today, -4), gone_on, (bills[0].bill_id,), note
            )
            limitation.obstruct(session, hindrance=hindrance, proof=kept, by=by, key="demo-obstacle")
        for unit_id in unit_ids[3:4]:
            claims.freeze(session, wish=claims.Wish(unit_id, today, PRIMARY, ALTERNATIVE), by=by, key="demo-claim")

"""Three cases of the demo: one being prepared, one before the court with a hearing ahead, one in instalments."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app import clock
from app.domain.case_paths import Path
from app.domain.cases import CostKind, DateKind, Stage
from app.domain.deeds import By
from app.services import case_money, case_people, case_progress, cases
from app.store import arrears, db, users
from app.store import cases as case_store


def fill(
    engine: Engine, *, community_id: int, clerk: str, lawyer: str, court: str, court_no: str, place: str, reason: str
) -> None:
    """Open three cases from the oldest arrears and take two of them on."""
    today = clock.today()
    wanted = arrears.Filter(community_id=community_id)
    with db.transaction(engine) as session:
        who, counsel = users.by_login(session, clerk), users.by_login(session, lawyer)
        assert who is not None
        assert counsel is not None
        by = By(today, clock.now(), who.login, who.id)
        rows = arrears.list_units(session, as_of=today, wanted=wanted, sort="oldest", limit=14)
        units = [row.unit_id for row in rows[-3:]]
        made = [
            cases.open_case(
                session,
                wish=cases.Wish(unit_ids=(unit,), as_of=today, path=path, reason=reason),
                community_id=community_id,
                by=by,
                key=f"demo-case-{unit}",
            )
            for unit, path in zip(units, (None, Path.SIMPLIFIED, Path.SIMPLIFIED), strict=True)
        ]
        _file(session, made[1], today - dt.timedelta(days=20), court, court_no, by)
        day = case_progress.Day(DateKind.HEARING, today + dt.timedelta(days=5), "09:30", place)
        case_progress.add_day(session, case_id=made[1], day=day, by=by)
        case_people.assign(
            session, case_id=made[1], user_id=counsel.id, expires_on=today + dt.timedelta(days=180), by=by
        )
        _file(session, made[2], today - dt.timedelta(days=40), court, court_no, by)
        _settle(session, made[2], today, by)


def _file(session: Session, case_id: int, on: dt.date, court: str, court_no: str, by: By) -> None:
    later = on + dt.timedelta(days=5)
    for step in (
        case_progress.Step(Stage.READY, on),
        case_progress.Step(Stage.FILED, on, court=court),
        case_progress.Step(Stage.ACCEPTED, later, court_no=court_no.format(case_id)),
    ):
        case_progress.move(session, case_id=case_id, step=step, by=by)
    case_money.add_cost(
        session,
        case_id=case_id,
        kind=CostKind.COURT_FEE,
        amount_fen=25_00,
        paid_on=later,
        borne_by="open",
        note="",
        by=by,
        key=f"demo-cost-{case_id}",
    )


def _settle(session: Session, case_id: int, today: dt.date, by: By) -> None:
    row = case_store.case_row(session, case_id)
    third = row["principal_fen"] // 3
    parts = [(today + dt.timedelta(days=30 * nth), third) for nth in range(1, 4)]
    step = case_progress.Step(Stage.SETTLEMENT, today - dt.timedelta(days=3))
    case_progress.move(session, case_id=case_id, step=step, by=by)
    case_money.add_plan(
        session,
        case_id=case_id,
        kind="instalments",
        agreed_on=today - dt.timedelta(days=3),
        parts=parts,
        note="",
        by=by,
        key=f"demo-plan-{case_id}",
    )

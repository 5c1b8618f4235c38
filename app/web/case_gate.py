"""Whose cases somebody reaches: staff those of their communities, lawyers those they hold while they hold them."""

from __future__ import annotations

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app import clock
from app.domain.access import Role
from app.domain.case_paths import Path
from app.domain.errors import not_found
from app.i18n import zh_cn
from app.store import case_reads, cases, db
from app.web.deps import Here, reachable


def case_of(session: Session, here: Here, case_id: int) -> cases.Row:
    """Return a case within reach; any other does not exist.

    Raises:
        Refusal: ``case.unknown``, ``access.other_community``.

    """
    row = cases.case_row(session, case_id)
    reachable(here, row["community_id"])
    if here.actor.role is Role.LAWYER and not cases.may_read(
        session, case_id=case_id, user_id=here.actor.user_id, on=clock.today()
    ):
        raise not_found("case.unknown")
    return row


def reach(engine: Engine, here: Here, case_id: int) -> cases.Row:
    """Return a case within reach, read in a session of its own: before a form is acted on."""
    with db.reading(engine) as session:
        return case_of(session, here, case_id)


def within(here: Here, *, state: str = "open", path: str = "", search: str = "") -> case_reads.Filter:
    """Return the filter of a list: a lawyer's spans every community they hold a case of."""
    is_lawyer = here.actor.role is Role.LAWYER
    chosen = [here.community_id] if here.community_id else []
    return case_reads.Filter(
        community_ids=[number for number, _ in here.communities] if is_lawyer else chosen,
        today=clock.today(),
        state=state,
        path=path,
        search=search,
        held_by_id=here.actor.user_id if is_lawyer else None,
    )


def stage_word(path: str, stage: str) -> str:
    """Return the name of a stage, as it is called on this way."""
    own = zh_cn.LABELS.get(f"case_stage.{path}.{stage}")
    return own or zh_cn.LABELS.get(f"case_stage.{stage}", stage)


def path_words() -> list[tuple[str, str]]:
    """Return every way with its name."""
    return [(one.value, zh_cn.LABELS[f"case_path.{one.value}"]) for one in Path]

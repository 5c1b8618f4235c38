"""What tests of notices share: a small estate in arrears, a printer that costs nothing, and one way to run a batch."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pikepdf
from sqlalchemy import Engine

from app.domain.notices import SkipReason
from app.gateways.files import FileStore
from app.gateways.ports import Gateways, Printed
from app.jobs import rendering
from app.services import notices
from app.store import db, sealing
from app.store import notices as store
from app.store.types import canonical
from tests import making

NOW, TODAY = making.NOW, making.TODAY
CODES = tuple(f"1-1-{room}" for room in (101, 102, 201, 202, 301))
OWNERS = ("王秀英", "李建国", "张伟", "赵敏", "欧阳静")
URL = "https://fees.example"


@dataclass(slots=True)
class PlainPrinter:
    """Prints a blank page that carries its facts; ``fails_after`` pages it is as though the process were killed."""

    fails_after: int | None = None
    printed: list[str] = field(default_factory=list)

    def __call__(self, kind: str, facts: Mapping[str, Any], *, token: str) -> Printed:
        if self.fails_after is not None and len(self.printed) >= self.fails_after:
            raise KeyboardInterrupt
        self.printed.append(facts["number"])
        return plain_page(kind, facts, token=token)


def plain_page(kind: str, facts: Mapping[str, Any], *, token: str) -> Printed:
    with pikepdf.new() as made:
        made.add_blank_page()
        made.pages[0].Contents = made.make_stream(f"% {kind} {token} {canonical(dict(facts))}".encode())
        file = io.BytesIO()
        made.save(file, deterministic_id=True)
    return Printed(file.getvalue(), 1)


def build(engine: Engine) -> making.Estate:
    """Five units with an owner and two overdue bills each."""
    sealing.attach(engine, b"k" * 32)
    with db.transaction(engine) as session:
        made = making.make_estate(session, units=CODES, office_phone="0571-88886666")
        for unit_id, name in zip(made.units, OWNERS, strict=True):
            making.add_owner(session, made, unit_id, name)
            for month in (1, 2):
                making.add_bill(session, made, dt.date(2026, month, 10), unit_id=unit_id)
    return made


def wanted(made: making.Estate, **changes: Any) -> notices.Wanted:
    return replace(notices.Wanted(made.community_id, level=2, as_of=TODAY, min_days=1), **changes)


def gateways(folder: Path, printer: PlainPrinter | None = None) -> Gateways:
    return Gateways(FileStore(folder), printer or PlainPrinter())


def draft(engine: Engine, made: making.Estate, *, key: str = "k1", today: dt.date = TODAY, **changes: Any) -> int:
    with db.transaction(engine) as session:
        return notices.draft(
            session,
            wanted=wanted(made, **changes),
            today=today,
            now=NOW,
            actor_id=None,
            actor="clerk",
            source="office",
            key=key,
        )


def release(engine: Engine, batch_id: int, *, today: dt.date = TODAY) -> None:
    with db.transaction(engine) as session:
        notices.release(
            session, batch_id=batch_id, today=today, now=NOW, actor_id=None, actor="manager", public_url=URL
        )


def finish(engine: Engine, outside: Gateways, batch_id: int) -> rendering.Finished:
    return rendering.finish(engine, outside, batch_id=batch_id, executor=rendering.Here())


def rows(engine: Engine, batch_id: int) -> list[Mapping[str, Any]]:
    with db.reading(engine) as session:
        return store.batch_units(session, batch_id)


def reasons(engine: Engine, batch_id: int) -> dict[str, str]:
    """Return the units left out, by code, with the reason."""
    return {row["code"]: row["skip_reason"] for row in rows(engine, batch_id) if row["state"] == "skipped"}


def only(reason: SkipReason, *codes: str) -> dict[str, str]:
    return dict.fromkeys(codes, reason.value)

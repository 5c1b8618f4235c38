"""Notices for a date in one go: batches made or found, finished, and laid out in a folder to be printed and sent."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from app import clock
from app.gateways.ports import Gateways
from app.jobs import rendering
from app.services import notices, printing
from app.store import db, estate
from app.store import notices as store

SOURCE = "command"
_UNSAFE = re.compile(r"[^\w.-]+")


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for; ``community_id`` None asks for all of them."""

    as_of: dt.date
    level: int
    min_days: int
    community_id: int | None


@dataclass(frozen=True, slots=True)
class Left:
    """A unit that got no notice, or (``is_partial``) one without some of its bills."""

    unit: str
    reason: str
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did; ``created`` counts the notices issued now, ``notices`` all of the date and level."""

    batches: tuple[int, ...]
    notices: int
    created: int
    left: tuple[Left, ...]
    print_file: Path | None
    problems: tuple[str, ...]


def rehearse(engine: Engine, *, order: Order) -> Outcome:
    """Return what ``run`` would issue; nothing is written.

    Raises:
        Refusal: ``notice.level_unknown``, ``notice.too_many_units``.

    """
    count, left = 0, list[Left]()
    with db.reading(engine) as session:
        for wanted in _wanted(engine, order):
            seen = notices.preview(session, wanted=wanted, today=max(clock.today(), order.as_of))
            count += len(seen.selected)
            left += [Left(one.code, one.reason.value) for one in seen.skipped if one.reason]
            left += [Left(one.code, one.left_out.value, True) for one in seen.selected if one.left_out]  # noqa: FBT003
    return Outcome((), count, 0, tuple(left), None, ())


def run(engine: Engine, gateways: Gateways, *, order: Order, public_url: str, workers: int, out: Path) -> Outcome:
    """Issue and print the notices of a date and level and lay them out in ``out``; a second run adds nothing.

    Raises:
        Refusal: ``notice.level_unknown``, ``notice.too_many_units``.

    """
    batches, created, problems = list[int](), 0, list[str]()
    for wanted in _wanted(engine, order):
        with db.transaction(engine) as session:
            batch_id = notices.standing_batch(
                session,
                wanted=wanted,
                today=clock.today(),
                now=clock.now(),
                actor=SOURCE,
                source=SOURCE,
                public_url=public_url,
            )
        if batch_id is None:
            continue
        with rendering.workshop(engine, batch_id=batch_id, workers=workers) as executor:
            done = rendering.finish(engine, gateways, batch_id=batch_id, executor=executor)
        batches.append(batch_id)
        created += done.issued
        problems += done.problems
    rows = [row for batch_id in batches for row in _rows(engine, batch_id)]
    left = [Left(row["code"], row["skip_reason"], row["state"] == "noticed") for row in rows if row["skip_reason"]]
    printed = [row for row in rows if row["sha256"]]
    print_file = lay_out(engine, gateways, batches=batches, rows=printed, order=order, out=out)
    return Outcome(tuple(batches), len(printed), created, tuple(left), print_file, tuple(problems))


def lay_out(
    engine: Engine,
    gateways: Gateways,
    *,
    batches: Sequence[int],
    rows: Sequence[Mapping[str, Any]],
    order: Order,
    out: Path,
) -> Path | None:
    """Write one PDF a notice, the print file and the manifest; a file that is there already is replaced whole."""
    out.mkdir(parents=True, exist_ok=True)
    width = max(3, len(str(len(rows))))
    listed = []
    for place, row in enumerate(rows, start=1):
        name = f"{place:0{width}d}_{_safe(row['code'])}_{_safe(row['number'])}.pdf"
        _write(out / name, gateways.files.get(row["sha256"]))
        listed.append(
            {
                "file": name,
                "number": row["number"],
                "unit": row["code"],
                "sha256": row["sha256"],
                "pages": row["pages"],
                "size": row["size"],
            }
        )
    manifest: dict[str, Any] = {
        "as_of": order.as_of.isoformat(),
        "level": order.level,
        "batches": list(batches),
        "notices": listed,
        "print_file": None,
    }
    print_file = None
    if rows:
        sha256 = _print_sha256(engine, gateways, batches, rows)
        print_file = out / f"print_{order.as_of.isoformat()}_level{order.level}.pdf"
        _write(print_file, gateways.files.get(sha256))
        pages = sum(row["pages"] for row in rows)
        manifest["print_file"] = {"file": print_file.name, "sha256": sha256, "pages": pages}
    text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    _write(out / "manifest.json", text.encode())
    return print_file


def _print_sha256(engine: Engine, gateways: Gateways, batches: Sequence[int], rows: Sequence[Mapping[str, Any]]) -> str:
    if len(batches) == 1:
        with db.reading(engine) as session:
            stored = store.batch(session, batches[0]).print_sha256
        if stored:
            return str(stored)
    return printing.merge(gateways, sha256s=[row["sha256"] for row in rows])


def _wanted(engine: Engine, order: Order) -> list[notices.Wanted]:
    with db.reading(engine) as session:
        ids = [row.id for row in estate.communities(session) if order.community_id in {None, row.id}]
    return [notices.Wanted(number, order.level, order.as_of, order.min_days) for number in ids]


def _rows(engine: Engine, batch_id: int) -> list[Mapping[str, Any]]:
    with db.reading(engine) as session:
        return store.batch_units(session, batch_id)


def _safe(text: str) -> str:
    return _UNSAFE.sub("_", text).strip(".") or "_"


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        draft.write_bytes(content)
        os.replace(draft, path)  # noqa: PTH105 - the atomic one, on purpose
    finally:
        draft.unlink(missing_ok=True)

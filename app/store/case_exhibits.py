"""The exhibits of a case: what is kept for its unit and its notices, put into the groups of the list, numbered."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.case_facts import Exhibit, Form, Group, Paper, Sent
from app.i18n import labels_case_papers
from app.store import cases
from app.store.tables_deliveries import delivery, delivery_event
from app.store.tables_office import document_file, notice, stored_file

Row = Mapping[str, Any]
_WORDS = labels_case_papers.LABELS
_GROUP_OF_FILE = {
    "contract": (Group.CONTRACT, ("contract", "fee", "late_clause", "basis")),
    "identity": (Group.OWNER, ("owner",)),
    "handover": (Group.OWNER, ("owner",)),
    "authority": (Group.STANDING, ("standing",)),
    "photo": (Group.SERVICE, ("service",)),
    "other": (Group.SERVICE, ("service",)),
}
_MADE = (
    (Paper.DELIVERY, Group.DEMANDS, ("demands",)),
    (Paper.LIMITATION, Group.DEMANDS, ("limitation",)),
    (Paper.CALCULATION, Group.LATE_CHARGE, ("owed", "late")),
)


def exhibits(session: Session, *, case: Row, files: Sequence[Row], sent: Sequence[Sent]) -> tuple[Exhibit, ...]:
    """Return every exhibit, numbered through the groups in their order."""
    found = [_file(one) for one in reversed(files)]
    found += [_case_file(one) for one in reversed(cases.files(session, case["id"])) if one["kind"] == "contract"]
    found += _notices(session, case["unit_id"], {one.number for one in sent})
    found += [_made(paper, group, rows) for paper, group, rows in _MADE]
    place = {group: at for at, group in enumerate(Group)}
    found.sort(key=lambda one: place[one.group])
    return tuple(replace(one, number=at) for at, one in enumerate(found, 1))


def _file(row: Row) -> Exhibit:
    group, rows = _GROUP_OF_FILE.get(row["kind"], _GROUP_OF_FILE["other"])
    return Exhibit(
        number=0,
        group=group,
        name=_WORDS[f"exhibit.{row['kind']}"] + (f"（{row['note']}）" if row["note"] else ""),
        source=_WORDS["exhibit_source.office"],
        proves=_WORDS[f"exhibit_proves.{group.value}"],
        kind=_WORDS["exhibit_kind.written"],
        form=Form.COPY,
        formed_on=row["added_at"].date(),
        rows=rows,
        sha256=row["sha256"],
        file_name=row["name"],
        media_type=row["media_type"],
    )


def _case_file(row: Row) -> Exhibit:
    return Exhibit(
        number=0,
        group=Group.STANDING,
        name=row["note"] or row["name"],
        source=_WORDS["exhibit_source.office"],
        proves=_WORDS["exhibit_proves.standing"],
        kind=_WORDS["exhibit_kind.written"],
        formed_on=row["added_at"].date(),
        rows=("standing",),
        sha256=row["sha256"],
        file_name=row["name"],
        media_type=row["media_type"],
    )


def _made(paper: Paper, group: Group, rows: tuple[str, ...]) -> Exhibit:
    return Exhibit(
        number=0,
        group=group,
        name=_WORDS[f"paper.{paper.value}"],
        source=_WORDS["exhibit_source.made"],
        proves=_WORDS[f"exhibit_proves.{paper.value}"],
        kind=_WORDS["exhibit_kind.written"],
        form=Form.ORIGINAL,
        rows=rows,
        paper=paper.value,
    )


def _notices(session: Session, unit_id: int, numbers: Iterable[str]) -> list[Exhibit]:
    """Return each notice that was printed, and behind it what proves that it went out and arrived."""
    wanted = set(numbers)
    printed = session.execute(
        sa.select(notice.c.id, notice.c.number, notice.c.as_of, document_file.c.sha256)
        .join(document_file, document_file.c.document_id == notice.c.document_id)
        .where(notice.c.unit_id == unit_id)
        .order_by(notice.c.id)
    ).all()
    proofs = session.execute(
        sa.select(
            delivery.c.notice_id, delivery_event.c.id, delivery_event.c.kind, delivery_event.c.happened_on,
            delivery_event.c.files,
        )
        .join(delivery, delivery.c.id == delivery_event.c.delivery_id)
        .where(delivery_event.c.unit_id == unit_id)
        .order_by(delivery_event.c.id)
    ).all()  # fmt: skip
    hashes = {sha256 for row in proofs for sha256 in json.loads(row.files)}
    stored = {
        row.sha256: row
        for row in session.execute(
            sa.select(stored_file.c.sha256, stored_file.c.name, stored_file.c.media_type).where(
                stored_file.c.sha256.in_(hashes)
            )
        )
    }
    found, seen = [], set()
    for row in printed:
        if row.number not in wanted:
            continue
        found.append(_notice(row))
        for proof in proofs:
            if proof.notice_id != row.id:
                continue
            for sha256 in json.loads(proof.files):
                if sha256 not in seen:
                    seen.add(sha256)
                    found.append(_proof(row.number, proof, sha256, stored.get(sha256)))
    return found


def _notice(row: Any) -> Exhibit:  # noqa: ANN401 - a row of the store
    return Exhibit(
        number=0,
        group=Group.DEMANDS,
        name=_WORDS["exhibit.notice"].format(number=row.number),
        source=_WORDS["exhibit_source.system"],
        proves=_WORDS["exhibit_proves.notice"],
        kind=_WORDS["exhibit_kind.electronic"],
        form=Form.ELECTRONIC,
        formed_on=row.as_of,
        rows=("demands",),
        sha256=row.sha256,
        file_name=f"{row.number}.pdf",
        media_type="application/pdf",
    )


def _proof(number: str, proof: Any, sha256: str, stored: Any) -> Exhibit:  # noqa: ANN401 - rows of the store
    return Exhibit(
        number=0,
        group=Group.DEMANDS,
        name=_WORDS["exhibit.proof"].format(number=number),
        source=_WORDS["exhibit_source.office"],
        proves=_WORDS["exhibit_proves.proof"],
        kind=_WORDS["exhibit_kind.written"],
        form=Form.COPY,
        formed_on=proof.happened_on,
        rows=("demands", "limitation"),
        sha256=sha256,
        file_name=stored.name if stored else "",
        media_type=stored.media_type if stored else "",
    )

"""Files tied to what they were handed in for: the original by its hash, and the copy that may be shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.store.tables_office import stored_file


class Kept(Protocol):
    """What must be known of a file that lies in the store of files (``app.web.uploads.Kept``)."""

    @property
    def sha256(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def media_type(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def shown_sha256(self) -> str: ...
    @property
    def is_encrypted(self) -> bool: ...


def add(session: Session, *, subject: str, files: Sequence[Kept], at: dt.datetime, by: int | None) -> None:
    """Tie kept files to a subject (``owner_request:7``); nobody of the office's (``by`` None) handed in an owner's."""
    rows = [_row(subject, file, at, by) for file in files]
    if rows:
        session.execute(sa.insert(stored_file), rows)


def add_one(session: Session, *, subject: str, file: Kept, at: dt.datetime, by: int | None) -> int:
    """Tie one kept file to a subject and return its id."""
    made = sa.insert(stored_file).values(**_row(subject, file, at, by)).returning(stored_file.c.id)
    return int(session.execute(made).scalar_one())


def by_id(session: Session, *, subject: str, file_id: int) -> sa.Row[Any] | None:
    """Return one file of a subject, or None where it has no such file."""
    query = sa.select(stored_file).where(stored_file.c.id == file_id, stored_file.c.subject == subject)
    return session.execute(query).one_or_none()


def _row(subject: str, file: Kept, at: dt.datetime, by: int | None) -> dict[str, Any]:
    return {
        "sha256": file.sha256,
        "size": file.size,
        "media_type": file.media_type,
        "name": file.name[-200:],
        "subject": subject,
        "stored_at": at,
        "stored_by": by,
        "shown_sha256": file.shown_sha256,
        "is_encrypted": file.is_encrypted,
    }


def of_subject(session: Session, subject: str) -> list[sa.Row[Any]]:
    """Return the files of a subject in the order they came."""
    query = sa.select(stored_file).where(stored_file.c.subject == subject).order_by(stored_file.c.id)
    return list(session.execute(query))

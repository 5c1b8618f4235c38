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
    rows = [
        {
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
        for file in files
    ]
    if rows:
        session.execute(sa.insert(stored_file), rows)


def of_subject(session: Session, subject: str) -> list[sa.Row[Any]]:
    """Return the files of a subject in the order they came."""
    query = sa.select(stored_file).where(stored_file.c.subject == subject).order_by(stored_file.c.id)
    return list(session.execute(query))

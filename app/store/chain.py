"""The hash chain of a unit's ledger: what is hashed, and how it is checked."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Any

from app.store.types import canonical

GENESIS = "0" * 64


def facts(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a typed row as JSON values: dates and instants as ISO text, bytes never."""
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: object) -> object:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat(timespec="microseconds")
    if isinstance(value, dt.date):
        return value.isoformat()
    return value


def payload(*, unit_id: int, seq: int, kind: str, row: Mapping[str, Any], allocations: list[list[Any]]) -> str:
    """Return the canonical text of one entry; ``allocations`` is what it moved between payments and bills."""
    body: dict[str, Any] = {"unit": unit_id, "seq": seq, "kind": kind, "row": facts(row)}
    if allocations:
        body["allocations"] = allocations
    return canonical(body)


def digest(prev_hash: str, text: str) -> str:
    """Return the hash of an entry: SHA-256 over the previous hash and the entry's canonical text."""
    return hashlib.sha256(f"{prev_hash or GENESIS}\n{text}".encode()).hexdigest()

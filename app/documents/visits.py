"""The frozen facts of the record of a visit: refused or nobody there, with two of the staff, a witness and photos."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitFacts:
    """What two of the staff and the witness sign; it proves how the notice came to the owner, nothing more."""

    number: str
    issued_on: dt.date
    community: str
    company: str
    office_phone: str
    unit_label: str
    owners: tuple[str, ...]
    notice_number: str
    notice_sha256: str
    is_refused: bool
    visited_on: dt.date
    visited_at: str
    place: str
    receiver: str
    relation: str
    what: str
    left_at: str
    staff: tuple[str, ...]
    witness: str
    witness_of: str
    photos: int
    photo_hashes: tuple[str, ...]
    template: str = "visit-1"

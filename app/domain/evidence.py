"""The names of what goes into the chain of evidence, and what a check of a seal or a timestamp finds."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class EvidenceKind(StrEnum):
    """What an entry says happened; other kinds than these are written by whoever knows them."""

    NOTICE_ISSUED = "notice.issued"
    NOTICE_PRINTED = "notice.printed"
    DOCUMENT_SEALED = "document.sealed"


class TokenState(StrEnum):
    """Where the timestamp of a root stands."""

    PENDING = "pending"
    FAILED = "failed"
    STAMPED = "stamped"


class SealLevel(StrEnum):
    """How long a sealed document can prove itself: by its key, by a time, by a time that is renewed."""

    B_B = "B-B"
    B_T = "B-T"
    B_LTA = "B-LTA"


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose key seals: the certificate as people read it."""

    name: str
    issuer: str
    serial: str
    fingerprint: str
    not_before: dt.datetime
    not_after: dt.datetime
    is_demo: bool


@dataclass(frozen=True, slots=True)
class SealCheck:
    """One seal or timestamp in a PDF and what is wrong with it; ``faults`` are codes, empty where nothing is."""

    field: str
    signer: str
    at: dt.datetime | None
    level: str
    is_demo: bool
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SealReport:
    """Every seal of a PDF in the order they were made; ``faults`` are those of the file as a whole and of its seals."""

    seals: tuple[SealCheck, ...]
    faults: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        """Tell whether there is a seal and nothing is wrong."""
        return bool(self.seals) and not self.faults


@dataclass(frozen=True, slots=True)
class Token:
    """What a timestamp token says: when, under whose policy, and over which digest (hex)."""

    gen_at: dt.datetime
    policy: str
    serial: str
    authority: str
    imprint: str
    is_demo: bool

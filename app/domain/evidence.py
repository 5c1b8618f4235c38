"""The names of what goes into the chain of evidence, and the exact text that is hashed."""

from __future__ import annotations

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

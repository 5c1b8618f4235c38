"""What a use case may ask of the outside world, and the one object that carries it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class Files(Protocol):
    """Files named by the SHA-256 of what is in them: written once, never changed."""

    def put(self, content: bytes) -> str:
        """Keep ``content`` and return its SHA-256 in hex; keeping the same bytes twice is keeping them once."""
        ...

    def get(self, sha256: str) -> bytes:
        """Return the bytes behind a hash, checked against it; refuse ``file.missing`` and ``file.damaged``."""
        ...

    def has(self, sha256: str) -> bool:
        """Tell whether the bytes are there."""
        ...


@dataclass(frozen=True, slots=True)
class Printed:
    """A document as it goes to paper."""

    content: bytes
    pages: int


class Printer(Protocol):
    """Turns frozen facts into a PDF: the same facts and token give the same bytes."""

    def __call__(self, kind: str, facts: Mapping[str, Any], *, token: str) -> Printed:
        """Print a document of ``kind``; ``token`` completes the owner's address, empty where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Gateways:
    """Everything outside the database; it can be sent to another process."""

    files: Files
    printer: Printer

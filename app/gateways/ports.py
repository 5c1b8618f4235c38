"""What a use case may ask of the outside world, and the one object that carries it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from app.domain.evidence import SealReport, Signer


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


class Messages(Protocol):
    """Hands short messages on to people's phones."""

    def send(self, *, to: str, text: str) -> None:
        """Send ``text`` to a phone number; a channel that cannot is its own matter and never the caller's."""
        ...


@dataclass(frozen=True, slots=True)
class Paid:
    """What a payment channel says about an order, its signature checked: never what a browser says."""

    event_id: str
    reference: str
    amount_fen: int
    method: str
    is_paid: bool


class PaymentGateway(Protocol):
    """A channel owners pay through."""

    @property
    def name(self) -> str:
        """The name its orders and callbacks are kept under."""
        ...

    def begin(self, *, reference: str, amount_fen: int, subject: str) -> str:
        """Open an order and return the address the payer is led to."""
        ...

    def read(self, *, body: bytes, signature: str, at: dt.datetime) -> Paid:
        """Return what a callback says; refuse ``payment_gateway.signature``, ``.too_old`` and ``.unreadable``."""
        ...


class Timestamps(Protocol):
    """An authority that says when a digest was there (RFC 3161); nothing but the digest is ever sent to it."""

    @property
    def is_demo(self) -> bool:
        """Tell whether its tokens prove nothing to a court."""
        ...

    def stamp(self, digest: bytes) -> bytes:
        """Return the token (DER) over a SHA-256 digest; refuse ``timestamp.unavailable`` where nobody answers."""
        ...


class Sealer(Protocol):
    """Seals PDFs with the company's certificate (PAdES) and checks seals."""

    @property
    def signer(self) -> Signer:
        """Return whose key it is."""
        ...

    def seal(
        self,
        pdf: bytes,
        *,
        field: str = "company",
        reason: str = "",
        at: dt.datetime,
        level: str = "B-T",
        company: str = "",
        picture: bytes = b"",
    ) -> bytes:
        """Return the PDF with one seal more, added at its end; the first one is visible and certifies the document.

        ``field`` is ``company`` or ``receiver``. ``company`` is what the drawn seal says, ``picture`` (PNG) stands
        instead of it. Refuses ``timestamp.unavailable`` for a level with a time, and ``seal.unreadable``.
        """
        ...

    def validate(self, pdf: bytes) -> SealReport:
        """Check every seal in a PDF; never refuses."""
        ...


@dataclass(frozen=True, slots=True)
class Gateways:
    """Everything outside the database; it can be sent to another process."""

    files: Files
    printer: Printer
    messages: Messages | None = None
    payments: PaymentGateway | None = None
    """None: the office has no channel of its own, and owners pay by its printed code or by transfer."""
    timestamps: Timestamps | None = None
    sealer: Sealer | None = None

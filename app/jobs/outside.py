"""What stands outside the database for evidence: who stamps, who seals, and what their work is checked against."""

from __future__ import annotations

from dataclasses import dataclass

from asn1crypto import x509

from app import clock
from app.gateways import certificates
from app.gateways.ports import Sealer, Timestamps
from app.gateways.timestamps import LocalTimestamps, RemoteTimestamps
from app.services.sealing import CompanySealer
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Trust:
    """What timestamps and seals are checked against; empty roots mean that a certificate is believed."""

    sealer: Sealer
    self_made: certificates.SelfMade
    authorities: tuple[x509.Certificate, ...]

    @property
    def demo_root(self) -> x509.Certificate:
        """Return what self-made timestamps go up to; only where there are any is it asked for, and made."""
        return self.self_made.root()


def self_made(settings: Settings) -> certificates.SelfMade:
    """Return the keys for trying things out."""
    return certificates.SelfMade(settings.certificates_dir, clock.now)


def timestamps(settings: Settings) -> Timestamps:
    """Return the authorities that are set, or the responder of our own that says it proves nothing."""
    urls = tuple(url.strip() for url in settings.tsa_urls.split(",") if url.strip())
    return RemoteTimestamps(urls) if urls else LocalTimestamps(self_made(settings), clock.now)


def sealer(settings: Settings) -> CompanySealer:
    """Return who seals."""
    return CompanySealer(
        self_made=self_made(settings),
        timestamps=timestamps(settings),
        key_file=settings.seal_file,
        password=settings.seal_password.get_secret_value(),
        roots_file=settings.seal_roots,
        tsa_roots_file=settings.tsa_roots,
    )


def trust(settings: Settings) -> Trust:
    """Return what a check of the evidence needs.

    Raises:
        Refusal: ``seal.roots_unreadable``.

    """
    authorities = certificates.roots(settings.tsa_roots) if settings.tsa_roots is not None else ()
    return Trust(sealer(settings), self_made(settings), authorities)

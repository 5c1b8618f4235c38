"""Sealed documents: the sealer of the product, a seal on a stored file, and the note of it in the chain of evidence."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

from asn1crypto import x509
from sqlalchemy.orm import Session

from app.documents import seal as paper
from app.documents import seal_drawing
from app.domain.errors import Refusal
from app.domain.evidence import EvidenceKind, SealLevel, SealReport, Signer
from app.gateways import certificates
from app.gateways.ports import Gateways, Timestamps
from app.i18n import labels_evidence
from app.store import evidence, evidence_reads

REASON_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class CompanySealer:
    """Seals with the company's key, or with a self-made one that says so (see ``app.gateways.ports.Sealer``)."""

    self_made: certificates.SelfMade
    timestamps: Timestamps | None
    key_file: Path | None = None
    password: str = field(default="", repr=False)
    roots_file: Path | None = None
    tsa_roots_file: Path | None = None

    @property
    def signer(self) -> Signer:
        """Return whose key it is."""
        return self._identity().signer

    def seal(
        self,
        pdf: bytes,
        *,
        field: str = paper.COMPANY,
        reason: str = "",
        at: dt.datetime,
        level: str = SealLevel.B_T,
        company: str = "",
        picture: bytes = b"",
    ) -> bytes:
        """Return the PDF with one seal more.

        Raises:
            Refusal: ``seal.unreadable``, ``seal.key_unreadable``, ``timestamp.unavailable``.

        """
        identity = self._identity()
        drawing = b""
        if field == paper.COMPANY and picture and not identity.is_demo:
            drawing = seal_drawing.pictured(picture)
        elif field == paper.COMPANY:
            # the real seal's picture never stands over a key that proves nothing
            mark = labels_evidence.DEMO_MARK if identity.is_demo else ""
            drawing = seal_drawing.drawn(company or identity.signer.name, mark)
        return paper.seal(
            pdf,
            signer=paper.SealKey(
                identity.key, identity.certificate, identity.chain, self._roots(identity), identity.is_demo
            ),
            reason=reason,
            at=at,
            field=field,
            level=SealLevel(level),
            stamp=None if self.timestamps is None else self.timestamps.stamp,
            drawing=drawing,
        )

    def validate(self, pdf: bytes) -> SealReport:
        """Check every seal in a PDF against the roots that are set; without any, only the bytes are checked."""
        made = (self.self_made.company(), self.self_made.authority())
        demo = frozenset(one.certificate.sha256.hex() for one in made)
        roots = [] if self._believes() else [self.self_made.root()]
        for file in (self.roots_file, self.tsa_roots_file):
            if file is not None:
                roots += certificates.roots(file)
        return paper.validate(pdf, roots=roots, demo=demo)

    def _believes(self) -> bool:
        """Tell whether a real certificate is in use whose roots nobody named."""
        is_unnamed = self.key_file is not None and self.roots_file is None
        return is_unnamed or (
            self.timestamps is not None and not self.timestamps.is_demo and self.tsa_roots_file is None
        )

    def _identity(self) -> certificates.Identity:
        if self.key_file is None:
            return self.self_made.company()
        return certificates.load(self.key_file, self.password)

    def _roots(self, identity: certificates.Identity) -> tuple[x509.Certificate, ...]:
        """Return what the check built into a long-lived seal goes up to: our own roots and those of the authority."""
        found = [self.self_made.root()] if self.timestamps is None or self.timestamps.is_demo else []
        found += certificates.roots(self.tsa_roots_file) if self.tsa_roots_file is not None else []
        found += certificates.roots(self.roots_file) if self.roots_file is not None else []
        return (*found, *(identity.chain or (identity.certificate,)))


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed file: from which one, up to which level, by whom."""

    source_sha256: str
    sealed_sha256: str
    size: int
    level: str
    signer: Signer
    reason: str
    sealed_at: dt.datetime


def produce(
    gateways: Gateways,
    *,
    source_sha256: str,
    reason: str,
    at: dt.datetime,
    level: str = SealLevel.B_T,
    company: str = "",
    picture_sha256: str = "",
) -> Sealed:
    """Seal a stored PDF and keep the result beside it.

    While no authority answers the seal goes without a time of its own: its hash is in the chain of evidence, and the
    day's root is stamped as soon as one does.

    Raises:
        Refusal: ``seal.not_set_up``, ``seal.unreadable``, ``seal.key_unreadable``.

    """
    sealer = gateways.sealer
    if sealer is None:
        raise Refusal("seal.not_set_up")
    picture = gateways.files.get(picture_sha256) if picture_sha256 else b""
    content, reason = gateways.files.get(source_sha256), reason[:REASON_CHARACTERS]
    reached = SealLevel(level)
    try:
        made = sealer.seal(content, reason=reason, at=at, level=reached, company=company, picture=picture)
    except Refusal as refusal:
        if refusal.code != "timestamp.unavailable" or reached == SealLevel.B_B:
            raise
        reached = SealLevel.B_B
        made = sealer.seal(content, reason=reason, at=at, level=reached, company=company, picture=picture)
    return Sealed(source_sha256, gateways.files.put(made), len(made), reached, sealer.signer, reason, at)


def settle(
    session: Session, *, sealed: Sealed, community_id: int, unit_id: int | None, subject_kind: str, subject_id: int
) -> int:
    """Remember a sealed document and write it into the chain of its unit; return its id."""
    number = evidence_reads.add_sealed(
        session,
        community_id=community_id,
        unit_id=unit_id,
        subject_kind=subject_kind,
        subject_id=subject_id,
        source_sha256=sealed.source_sha256,
        sealed_sha256=sealed.sealed_sha256,
        level=sealed.level,
        signer=sealed.signer.name,
        fingerprint=sealed.signer.fingerprint,
        is_demo=sealed.signer.is_demo,
        reason=sealed.reason,
        sealed_at=sealed.sealed_at,
    )
    if unit_id is not None:
        evidence.append(
            session,
            community_id=community_id,
            unit_id=unit_id,
            kind=EvidenceKind.DOCUMENT_SEALED,
            subject_kind=subject_kind,
            subject_id=subject_id,
            facts={
                "source_sha256": sealed.source_sha256,
                "sealed_sha256": sealed.sealed_sha256,
                "level": sealed.level,
                "signer": sealed.signer.name,
                "certificate": sealed.signer.fingerprint,
                "demo": int(sealed.signer.is_demo),
            },
            at=sealed.sealed_at,
        )
    return number

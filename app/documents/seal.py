"""Seals in PDFs (PAdES): a visible one that certifies the document, a later one beside it, and the check of all.

Every seal is added at the end of the file: what was there stays as it was, byte for byte. The fields of both parties
are made before the first seal, which allows nothing but filling them; so the receiver's signature leaves the company's
valid, and a page that is slipped in does not.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pypdfium2
from asn1crypto import algos, cms, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from pyhanko.pdf_utils.content import PdfContent
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import BoxConstraints
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.ades.report import AdESIndeterminate
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter, append_signature_field, enumerate_sig_fields
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.pdf_signer import (
    DSSContentSettings,
    PdfSigningSession,
    SigDSSPlacementPreference,
    TimestampDSSContentSettings,
)
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation import SignatureCoverageLevel, async_validate_pdf_signature, async_validate_pdf_timestamp
from pyhanko.stamp import StaticStampStyle
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from app.documents import seal_drawing
from app.domain.errors import Refusal
from app.domain.evidence import SealCheck, SealLevel, SealReport
from app.i18n import labels_evidence

COMPANY, RECEIVER = "company", "receiver"
# Room for the signature: a reserve that is too small is an error, never a signature cut off.
RESERVED = {SealLevel.B_B: 12_288, SealLevel.B_T: 24_576, SealLevel.B_LTA: 24_576}
POINTS_A_MM = 72 / 25.4
_HEX = re.compile(rb"<(?:[0-9a-f]*|[0-9A-F]*)>")


@dataclass(frozen=True, slots=True)
class SealKey:
    """A key with its certificate, those above it, and the roots it is checked against."""

    key: RSAPrivateKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    roots: tuple[x509.Certificate, ...]
    is_demo: bool


class _CachedSigner(signers.Signer):
    """Signs with a key that was loaded and checked once; the dry run that measures sizes costs nothing."""

    def __init__(self, key: SealKey) -> None:
        certificates = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        certificates.register_multiple([key.certificate, *key.chain])
        super().__init__(
            signing_cert=key.certificate,
            cert_registry=certificates,
            signature_mechanism=algos.SignedDigestAlgorithm({"algorithm": "sha256_rsa"}),
            embed_roots=False,
        )
        self._key = key.key

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:  # noqa: FBT001, FBT002 - pyHanko's own signature
        """Return the signature."""
        if digest_algorithm != "sha256":
            raise SigningError(digest_algorithm)
        return bytes(self._key.key_size // 8) if dry_run else self._key.sign(data, PKCS1v15(), hashes.SHA256())


class _Stamper(TimeStamper):
    """Asks our own gateway: its list of authorities, its checks."""

    def __init__(self, stamp: Callable[[bytes], bytes]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._stamp = stamp

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """Return a token over a digest."""
        if md_algorithm != "sha256":
            raise SigningError(md_algorithm)
        # in a thread: whoever stamps may wait for the net, and checks the token in a loop of its own
        return cms.ContentInfo.load(await asyncio.to_thread(self._stamp, message_digest))


class _DatedSigner(signers.PdfSigner):
    """Writes the time it was given, not that of its own clock."""

    at: dt.datetime

    def init_signing_session(self, *args: Any, **kwargs: Any) -> PdfSigningSession:  # noqa: ANN401 - pyHanko's own signature
        """Begin, at the time given."""
        session = super().init_signing_session(*args, **kwargs)
        session.system_time = self.at
        return session


def seal(
    pdf: bytes,
    *,
    signer: SealKey,
    reason: str,
    at: dt.datetime,
    field: str = COMPANY,
    level: SealLevel = SealLevel.B_B,
    location: str = "",
    stamp: Callable[[bytes], bytes] | None = None,
    drawing: bytes = b"",
) -> bytes:
    """Return the PDF with one seal more; ``stamp`` gives timestamps, ``drawing`` is the page that is seen.

    Raises:
        Refusal: ``seal.unreadable``; whatever ``stamp`` refuses.

    """
    if level != SealLevel.B_B and stamp is None:
        raise Refusal("timestamp.unavailable", why="-")
    try:
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
        is_first = not writer.prev.embedded_signatures
        if is_first:
            _make_fields(writer, pdf, _kept_fields(writer.prev))
        made = _DatedSigner(
            _metadata(signer, field, level, reason, location, is_first=is_first),
            _CachedSigner(signer),
            timestamper=None if stamp is None or level == SealLevel.B_B else _Stamper(stamp),
            stamp_style=_style(drawing),
        )
        made.at = at
        out = asyncio.run(
            made.async_sign_pdf(writer, existing_fields_only=True, bytes_reserved=RESERVED[level]),
        )
        return bytes(out.getvalue())
    except (PdfError, SigningError, ValueError, KeyError) as error:
        raise Refusal("seal.unreadable") from error


class _Drawing(PdfContent):
    """A page of another PDF, from its bytes; vectors and fonts come along."""

    def __init__(self, page: bytes) -> None:
        self._page = page
        super().__init__()

    def render(self) -> bytes:
        """Take the page over and return what draws it."""
        drawn = self._ensure_writer.import_page_as_xobject(PdfFileReader(io.BytesIO(self._page)))
        self.resources.xobject["/Seal"] = drawn
        left, low, right, high = drawn.get_object()["/BBox"]
        self.box = BoxConstraints(width=abs(right - left), height=abs(high - low))
        return b"/Seal Do"


def _style(drawing: bytes) -> StaticStampStyle | None:
    return StaticStampStyle(background=_Drawing(drawing), border_width=0) if drawing else None


def _metadata(
    signer: SealKey, field: str, level: SealLevel, reason: str, location: str, *, is_first: bool
) -> signers.PdfSignatureMetadata:
    is_long = level == SealLevel.B_LTA
    return signers.PdfSignatureMetadata(
        field_name=field,
        md_algorithm="sha256",
        reason=reason or None,
        location=location or None,
        subfilter=SigSeedSubFilter.PADES,
        certify=is_first,
        docmdp_permissions=MDPPerm.FILL_FORMS,
        embed_validation_info=is_long,
        use_pades_lta=is_long,
        # what the check needs goes in before the last timestamp, which then covers the whole file
        dss_settings=DSSContentSettings(
            include_vri=False,
            placement=SigDSSPlacementPreference.TOGETHER_WITH_NEXT_TS,
            next_ts_settings=TimestampDSSContentSettings(include_vri=False, update_before_ts=True),
        ),
        validation_context=_context(signer.roots, signer.chain) if is_long else None,
    )


def _context(
    roots: Sequence[x509.Certificate], others: Sequence[x509.Certificate] = (), moment: dt.datetime | None = None
) -> ValidationContext:
    """Return what certificates are checked against; nothing is ever fetched from the net."""
    return ValidationContext(
        trust_roots=list(roots),
        other_certs=list(others),
        moment=moment,
        allow_fetching=False,
        revocation_mode="soft-fail",
    )


# --- where the seal goes --------------------------------------------------------------------------


def _kept_fields(reader: PdfFileReader) -> frozenset[str]:
    return frozenset(name for name, _, _ in enumerate_sig_fields(reader))


def _make_fields(writer: IncrementalPdfFileWriter, pdf: bytes, there: frozenset[str]) -> None:
    page, box = place(pdf)
    if COMPANY not in there:
        append_signature_field(writer, SigFieldSpec(COMPANY, on_page=page, box=box))
    if RECEIVER not in there:
        # never seen: the receiver's own strokes are on the paper or in its record
        append_signature_field(writer, SigFieldSpec(RECEIVER, on_page=page))


def place(pdf: bytes) -> tuple[int, tuple[int, int, int, int]]:
    """Return the page and box of the seal: over the last place the paper names for it, or low on the last page."""
    side = seal_drawing.SIZE_MM * POINTS_A_MM
    document = pypdfium2.PdfDocument(pdf)
    try:
        for number in reversed(range(len(document))):
            page = document[number]
            found = _last_place(page)
            if found is not None:
                return number, _box(found, side, page.get_size())
        width, _ = document[len(document) - 1].get_size()
        low = (width - 15 * POINTS_A_MM - side / 2, 20 * POINTS_A_MM + side / 2)
        return len(document) - 1, _box(low, side, document[len(document) - 1].get_size())
    finally:
        document.close()


def _last_place(page: pypdfium2.PdfPage) -> tuple[float, float] | None:
    text = page.get_textpage()
    try:
        for words, above in labels_evidence.SEAL_PLACES.items():
            search, last = text.search(words), None
            while (hit := search.get_next()) is not None:
                last = hit
            search.close()
            if last is not None:
                boxes = [text.get_charbox(place) for place in range(last[0], last[0] + last[1])]
                return (
                    (min(box[0] for box in boxes) + max(box[2] for box in boxes)) / 2,
                    (min(box[1] for box in boxes) + max(box[3] for box in boxes)) / 2 + above,
                )
        return None
    finally:
        text.close()


def _box(centre: tuple[float, float], side: float, size: tuple[float, float]) -> tuple[int, int, int, int]:
    """Return the square around a point, moved so that it stays on the page."""
    left = min(max(0.0, centre[0] - side / 2), size[0] - side)
    low = min(max(0.0, centre[1] - side / 2), size[1] - side)
    return round(left), round(low), round(left + side), round(low + side)


# --- the check ------------------------------------------------------------------------------------


def validate(pdf: bytes, *, roots: Sequence[x509.Certificate], demo: frozenset[str] = frozenset()) -> SealReport:
    """Check every seal and timestamp in a PDF; ``demo`` has the SHA-256 (hex) of certificates that prove nothing.

    Where no roots are given, the certificates are believed and only the bytes are checked.
    """
    try:
        reader = PdfFileReader(io.BytesIO(pdf), strict=False)
        found = list(reader.embedded_signatures)
        checks = [_checked(pdf, one, roots, demo, is_last=one is found[-1]) for one in found]
    except Exception:  # noqa: BLE001 - whatever a broken file makes the libraries say, it does not hold
        return SealReport((), ("seal.broken",))
    if not checks:
        return SealReport((), ("seal.missing",))
    is_kept = checks[-1].level == "DTS" and not checks[-1].faults
    checks = [
        replace(check, level=SealLevel.B_LTA.value) if is_kept and check.level == "B-T" else check for check in checks
    ]
    return SealReport(tuple(checks), tuple(dict.fromkeys(fault for check in checks for fault in check.faults)))


def _checked(
    pdf: bytes,
    embedded: Any,  # noqa: ANN401 - pyHanko's own type
    roots: Sequence[x509.Certificate],
    demo: frozenset[str],
    *,
    is_last: bool,
) -> SealCheck:
    certificate = embedded.signer_cert
    name = certificate.subject.native.get("common_name") or certificate.subject.human_friendly
    is_time = embedded.sig_object_type == "/DocTimeStamp"
    faults = [] if _is_tidy(pdf, embedded) else ["seal.broken"]
    level, at = "DTS" if is_time else SealLevel.B_B.value, embedded.self_reported_timestamp
    try:
        status = asyncio.run(_status(embedded, roots, is_time=is_time))
        faults += _faults(status, is_time=is_time)
        if is_last and status.coverage != SignatureCoverageLevel.ENTIRE_FILE:
            faults.append("seal.appended")
        stamped = status.timestamp if is_time else getattr(status.timestamp_validity, "timestamp", None)
        if stamped is not None:
            at, level = stamped, level if is_time else SealLevel.B_T.value
    except Exception:  # noqa: BLE001 - as above: a seal that cannot be read is a broken one
        faults.append("seal.broken")
    return SealCheck(
        field=embedded.field_name,
        signer=str(name),
        at=at,
        level=level,
        is_demo=certificate.sha256.hex() in demo,
        faults=tuple(dict.fromkeys(faults)),
    )


async def _status(embedded: Any, roots: Sequence[x509.Certificate], *, is_time: bool) -> Any:  # noqa: ANN401 - pyHanko's own types
    certificates = [embedded.signer_cert, *embedded.other_embedded_certs]
    believed = list(roots) or certificates
    at = embedded.self_reported_timestamp
    context = _context(believed, certificates, at)
    if is_time:
        return await async_validate_pdf_timestamp(embedded, validation_context=_context(believed, certificates))
    return await async_validate_pdf_signature(
        embedded, signer_validation_context=context, ts_validation_context=_context(believed)
    )


def _faults(status: Any, *, is_time: bool) -> list[str]:  # noqa: ANN401 - pyHanko's own type
    faults = []
    if not (status.intact and status.valid):
        faults.append("seal.changed")
    elif not is_time and not status.docmdp_ok:
        faults.append("seal.modified_after")
    elif not status.trusted:
        expired = status.trust_problem_indic in {
            AdESIndeterminate.OUT_OF_BOUNDS_NO_POE,
            AdESIndeterminate.OUT_OF_BOUNDS_NOT_REVOKED,
        }
        faults.append("seal.expired" if expired else "seal.not_trusted")
    stamped = None if is_time else status.timestamp_validity
    if stamped is not None and not (stamped.intact and stamped.valid):
        faults.append("seal.time_invalid")
    return faults


def _is_tidy(pdf: bytes, embedded: Any) -> bool:  # noqa: ANN401 - pyHanko's own type
    """Tell whether the one gap no signature covers holds the signature and zeros, in one way of writing."""
    start, length, after, _ = (int(number) for number in embedded.byte_range)
    gap = pdf[start + length : after]
    if _HEX.fullmatch(gap) is None:
        return False
    content = bytes.fromhex(gap[1:-1].decode("ascii"))
    return not content[len(cms.ContentInfo.load(content).dump()) :].strip(b"\x00")

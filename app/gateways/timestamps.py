"""Timestamps (RFC 3161): asked for over HTTP, or made by a responder of our own that says they prove nothing."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import logging
import secrets
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from asn1crypto import algos, cms, core, tsp, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko_certvalidator import ValidationContext

from app.domain.errors import Refusal
from app.domain.evidence import Token
from app.gateways.certificates import DEMO_POLICY, Identity, SelfMade

ANSWER_BYTES = 64 * 1024
TIMEOUT_SECONDS = 10.0
# What it would say of a broken token, with a trace, is said by us in a word.
logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)
GRANTED = frozenset({"granted", "granted_with_mods"})


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """An authority that sends us elsewhere is not the one that was set."""

    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        """Follow nothing."""


@dataclass(frozen=True, slots=True)
class RemoteTimestamps:
    """Authorities on the net, tried in turn; what they get is a digest, and what they answer is checked."""

    urls: tuple[str, ...]
    timeout_seconds: float = TIMEOUT_SECONDS

    @property
    def is_demo(self) -> bool:
        """Real authorities."""
        return False

    def stamp(self, digest: bytes) -> bytes:
        """Return the token of the first authority that gives a good one.

        Raises:
            Refusal: ``timestamp.unavailable``, with what the last one said.

        """
        why = ""
        for url in self.urls:
            request, nonce = request_for(digest)
            try:
                return token_of(self._ask(url, request), digest, nonce)
            except (OSError, ValueError, TypeError, KeyError) as error:
                # whatever an authority answers that is no token: the next one may do better
                why = f"{urlsplit(url).hostname}: {type(error).__name__} {error}"[:160]
        raise Refusal("timestamp.unavailable", why=why)

    def _ask(self, url: str, request: bytes) -> bytes:
        if urlsplit(url).scheme not in {"http", "https"}:
            message = "not an address of the web"
            raise ValueError(message)
        headers = {"Content-Type": "application/timestamp-query", "User-Agent": "qingqian"}
        asked = urllib.request.Request(url, data=request, headers=headers, method="POST")  # noqa: S310 - checked above
        with urllib.request.build_opener(_NoRedirect).open(asked, timeout=self.timeout_seconds) as answer:
            if answer.status != HTTPStatus.OK:
                message = f"status {answer.status}"
                raise ValueError(message)
            return bytes(answer.read(ANSWER_BYTES))


@dataclass(frozen=True, slots=True)
class LocalTimestamps:
    """A responder of our own for trying things out: its tokens are well made and say that they prove nothing."""

    certificates: SelfMade
    now: Callable[[], dt.datetime]

    @property
    def is_demo(self) -> bool:
        """Never a real authority."""
        return True

    def stamp(self, digest: bytes) -> bytes:
        """Return a token at once."""
        request, nonce = request_for(digest)
        return token_of(self.respond(request), digest, nonce)

    def respond(self, request: bytes) -> bytes:
        """Answer a request as an authority does on the net: DER in, DER out."""
        try:
            asked = tsp.TimeStampReq.load(request, strict=True)
            algorithm = asked["message_imprint"]["hash_algorithm"]["algorithm"].native
            if (
                algorithm != "sha256"
                or len(asked["message_imprint"]["hashed_message"].native) != hashlib.sha256().digest_size
            ):
                return _refused("bad_alg")
        except ValueError:
            return _refused("bad_request")
        identity = self.certificates.authority()
        facts = _facts(asked, identity, self.now().astimezone(dt.UTC).replace(microsecond=0))
        token = _signed(facts, identity, certificates=bool(asked["cert_req"].native))
        status = tsp.PKIStatusInfo({"status": tsp.PKIStatus("granted")})
        return bytes(tsp.TimeStampResp({"status": status, "time_stamp_token": token}).dump())


def request_for(digest: bytes) -> tuple[bytes, int]:
    """Return a request (DER) for a SHA-256 digest, and its nonce."""
    nonce = secrets.randbits(63) | 1
    asked = tsp.TimeStampReq(
        {
            "version": 1,
            "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": digest},
            "nonce": nonce,
            "cert_req": True,
        }
    )
    return bytes(asked.dump()), nonce


def token_of(answer: bytes, digest: bytes, nonce: int) -> bytes:
    """Return the token in an answer, checked to be the one that was asked for.

    Raises:
        ValueError: for anything else.

    """
    found = tsp.TimeStampResp.load(answer)
    status = found["status"]["status"].native
    if status not in GRANTED:
        message = f"refused: {status}"
        raise ValueError(message)
    token = bytes(found["time_stamp_token"].dump())
    facts = _tst(token)
    if facts["nonce"].native != nonce:
        message = "the answer to another request"
        raise ValueError(message)
    faults = check(token, digest)
    if faults:
        raise ValueError(faults[0])
    return token


def read(token: bytes) -> Token:
    """Return what a token says.

    Raises:
        ValueError: for bytes that are no token.

    """
    facts = _tst(token)
    policy = facts["policy"].dotted
    return Token(
        gen_at=facts["gen_time"].native,
        policy=policy,
        serial=f"{facts['serial_number'].native:x}",
        authority=_authority(token),
        imprint=facts["message_imprint"]["hashed_message"].native.hex(),
        is_demo=policy == DEMO_POLICY,
    )


def check(token: bytes, digest: bytes, *, trusted: Sequence[x509.Certificate] = ()) -> tuple[str, ...]:
    """Return what is wrong with a token over a digest, as codes; empty where it holds.

    Without ``trusted`` roots the signature and the digest are checked, and the certificates in the token are believed.
    """
    try:
        facts = _tst(token)
        if facts["message_imprint"]["hashed_message"].native != digest:
            return ("timestamp.imprint_differs",)
        signed = cms.ContentInfo.load(token, strict=True)["content"]
        believed = list(trusted) or [one.chosen for one in signed["certificates"]]
        context = ValidationContext(
            trust_roots=believed,
            other_certs=[one.chosen for one in signed["certificates"]],
            moment=facts["gen_time"].native,
            allow_fetching=False,
            revocation_mode="soft-fail",
        )
        status = asyncio.run(validate_tst_signed_data(signed, context, lambda _algorithm: digest))
    except Exception:  # noqa: BLE001 - whatever a broken token makes the libraries say, it does not hold
        return ("timestamp.invalid",)
    if not (status["intact"] and status["valid"]):
        return ("timestamp.invalid",)
    return () if status.get("trust_problem_indic") is None else ("timestamp.not_trusted",)


# --- private --------------------------------------------------------------------------------------


def _tst(token: bytes) -> Any:  # noqa: ANN401 - asn1crypto is loosely typed
    content = cms.ContentInfo.load(token, strict=True)["content"]["encap_content_info"]["content"]
    facts = content.parsed
    if not isinstance(facts, tsp.TSTInfo):
        message = "no timestamp token"
        raise ValueError(message)  # noqa: TRY004 - it is the value that is wrong
    return facts


def _authority(token: bytes) -> str:
    signed = cms.ContentInfo.load(token)["content"]
    serial = signed["signer_infos"][0]["sid"].chosen["serial_number"].native
    for one in signed["certificates"]:
        if one.chosen.serial_number == serial:
            native = one.chosen.subject.native
            return str(native.get("common_name") or native.get("organization_name") or "")[:200]
    return ""


def _refused(why: str) -> bytes:
    status = tsp.PKIStatusInfo({"status": "rejection", "fail_info": {why}})
    return bytes(tsp.TimeStampResp({"status": status}).dump())


def _facts(asked: Any, identity: Identity, at: dt.datetime) -> bytes:  # noqa: ANN401 - asn1crypto is loosely typed
    facts = {
        "version": "v1",
        "policy": DEMO_POLICY,
        "message_imprint": asked["message_imprint"],
        "serial_number": secrets.randbits(63) | 1,
        "gen_time": at,
        "tsa": x509.GeneralName(name="directory_name", value=identity.certificate.subject),
    }
    if asked["nonce"].native is not None:
        facts["nonce"] = asked["nonce"].native
    return bytes(tsp.TSTInfo(facts).dump())


def _signed(facts: bytes, identity: Identity, *, certificates: bool) -> cms.ContentInfo:
    digest = algos.DigestAlgorithm({"algorithm": "sha256"})
    reference = tsp.ESSCertIDv2(
        {
            "hash_algorithm": {"algorithm": "sha256"},
            "cert_hash": identity.certificate.sha256,
        }
    )
    attributes = cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": "content_type", "values": ["tst_info"]}),
            cms.CMSAttribute({"type": "message_digest", "values": [hashlib.sha256(facts).digest()]}),
            cms.CMSAttribute(
                {"type": "signing_certificate_v2", "values": [tsp.SigningCertificateV2({"certs": [reference]})]}
            ),
        ]
    )
    signer = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                {
                    "issuer_and_serial_number": {
                        "issuer": identity.certificate.issuer,
                        "serial_number": identity.certificate.serial_number,
                    }
                }
            ),
            "digest_algorithm": digest,
            "signed_attrs": attributes,
            "signature_algorithm": {"algorithm": "sha256_rsa"},
            "signature": identity.key.sign(attributes.dump(), PKCS1v15(), hashes.SHA256()),
        }
    )
    signed = {
        "version": "v3",
        "digest_algorithms": [digest],
        "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(facts)},
        "signer_infos": [signer],
    }
    if certificates:
        signed["certificates"] = [identity.certificate, *identity.chain]
    return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)})

"""Keys and certificates: the company's from its PKCS#12 file, or self-made ones that say they prove nothing."""

from __future__ import annotations

import datetime as dt
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from asn1crypto import pem
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from app.domain.errors import Refusal
from app.domain.evidence import Signer
from app.i18n import labels_evidence

# In the arc nobody can own (2.25, a UUID): the policy of tokens that are made here and worth nothing to a court.
DEMO_POLICY = "2.25.329800735698586629295641978511506172918"
LIFE = dt.timedelta(days=3650)
KEY_BITS = 2048

Key = rsa.RSAPrivateKey


@dataclass(frozen=True)
class Identity:
    """A key with its certificate and those above it; loading one costs more than a hundred signatures."""

    key: Key
    certificate: asn1.Certificate
    chain: tuple[asn1.Certificate, ...]
    is_demo: bool

    @property
    def signer(self) -> Signer:
        """Return the certificate as people read it."""
        found = self.certificate
        return Signer(
            name=_common_name(found.subject),
            issuer=_common_name(found.issuer),
            serial=f"{found.serial_number:x}",
            fingerprint=found.sha256.hex(),
            not_before=found.not_valid_before,
            not_after=found.not_valid_after,
            is_demo=self.is_demo,
        )


@dataclass(frozen=True, slots=True)
class SelfMade:
    """Certificates for trying things out, made once in a folder; any number of processes may ask at once."""

    folder: Path
    now: Callable[[], dt.datetime]

    def company(self) -> Identity:
        """Return the key that seals."""
        return self._load("company.p12")

    def authority(self) -> Identity:
        """Return the key that stamps."""
        return self._load("timestamps.p12")

    def root(self) -> asn1.Certificate:
        """Return the certificate above both."""
        self._make()
        return roots(self.folder / "root.pem")[0]

    def _load(self, name: str) -> Identity:
        self._make()
        return load(self.folder / name, "", is_demo=True)

    def _make(self) -> None:
        """Make all of them beside the folder and move it into place whole; whoever comes second takes the first's."""
        if self.folder.is_dir():
            return
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        draft = self.folder.with_name(f".{secrets.token_hex(8)}.part")
        draft.mkdir(mode=0o700)
        try:
            _write_all(draft, self.now())
            try:
                draft.rename(self.folder)
            except OSError:
                if not self.folder.is_dir():
                    raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)


def load(path: Path, password: str, *, is_demo: bool = False) -> Identity:
    """Return the key and certificate in a PKCS#12 file, read and checked once a process.

    Raises:
        Refusal: ``seal.key_unreadable`` (missing, wrong password, no RSA key).

    """
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        raise Refusal("seal.key_unreadable", file=path.name) from None
    return _loaded(path, password, is_demo=is_demo, changed=changed)


@lru_cache(maxsize=8)
def _loaded(path: Path, password: str, *, is_demo: bool, changed: int) -> Identity:
    del changed  # a file that was replaced is another one
    try:
        found = pkcs12.load_pkcs12(path.read_bytes(), password.encode() or None)
    except (OSError, ValueError):
        raise Refusal("seal.key_unreadable", file=path.name) from None
    if not isinstance(found.key, rsa.RSAPrivateKey) or found.cert is None:
        raise Refusal("seal.key_unreadable", file=path.name)
    chain = tuple(_asn1(one.certificate) for one in found.additional_certs)
    return Identity(found.key, _asn1(found.cert.certificate), chain, is_demo)


def roots(path: Path) -> tuple[asn1.Certificate, ...]:
    """Return the certificates in a PEM file.

    Raises:
        Refusal: ``seal.roots_unreadable``.

    """
    try:
        found = tuple(asn1.Certificate.load(body) for _, _, body in pem.unarmor(path.read_bytes(), multiple=True))
    except (OSError, ValueError):
        raise Refusal("seal.roots_unreadable", file=path.name) from None
    return found


def pem_of(certificate: asn1.Certificate) -> bytes:
    """Return a certificate as a PEM file."""
    return bytes(pem.armor("CERTIFICATE", certificate.dump()))


# --- the self-made ones ---------------------------------------------------------------------------


def _write_all(folder: Path, now: dt.datetime) -> None:
    root_key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    name = _name(labels_evidence.DEMO_ROOT)
    root = (
        _builder(name, name, root_key, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    (folder / "root.pem").write_bytes(root.public_bytes(serialization.Encoding.PEM))
    for file, label, purpose in (
        ("company.p12", labels_evidence.DEMO_SEAL, None),
        ("timestamps.p12", labels_evidence.DEMO_TIMESTAMP, ExtendedKeyUsageOID.TIME_STAMPING),
    ):
        key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
        builder = (
            _builder(_name(label), name, key, now)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()),
                critical=False,
            )
        )
        if purpose is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
        certificate = builder.sign(root_key, hashes.SHA256())
        packed = pkcs12.serialize_key_and_certificates(
            label.encode(), key, certificate, [root], serialization.NoEncryption()
        )
        path = folder / file
        path.touch(mode=0o600)
        path.write_bytes(packed)


def _builder(subject: x509.Name, issuer: x509.Name, key: Key, now: dt.datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + LIFE)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"), x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=not signs_certificates,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _asn1(certificate: x509.Certificate) -> asn1.Certificate:
    return asn1.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))


def _common_name(name: asn1.Name) -> str:
    found = name.native.get("common_name") or name.native.get("organization_name") or name.human_friendly
    return str(found if not isinstance(found, list) else found[0])

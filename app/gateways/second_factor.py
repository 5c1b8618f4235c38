"""Six-figure codes by the clock (RFC 6238), and recovery codes for the day the phone is gone."""

from __future__ import annotations

import base64
import datetime as dt
import hmac
import secrets

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

STEP_SECONDS = 30
DIGITS = 6
WINDOW = 1  # clocks differ: the code before and the code after are taken too
SECRET_BYTES = 20
RECOVERY_CODES = 10
RECOVERY_LENGTH = 16
ISSUER = "Qingqian"


def new_secret() -> str:
    """Return a fresh secret as authenticator programs take it: base32 without padding."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")


def step_of(at: dt.datetime) -> int:
    """Return the number of the half minute ``at`` is in."""
    return int(at.timestamp()) // STEP_SECONDS


def matching_step(secret: str, code: str, *, at: dt.datetime, after: int) -> int | None:
    """Return the step whose code was given, or None; a step at or before ``after`` was used already."""
    typed = "".join(code.split())
    if len(typed) != DIGITS or not (typed.isascii() and typed.isdecimal()):
        return None
    machine, now = _totp(secret), step_of(at)
    found = None
    for step in range(now - WINDOW, now + WINDOW + 1):
        # every step is compared, so that the time taken does not tell which one it was
        if hmac.compare_digest(machine.generate(step * STEP_SECONDS), typed.encode()) and step > after:
            found = step
    return found


def code_at(secret: str, at: dt.datetime) -> str:
    """Return the code an authenticator shows at an instant."""
    return _totp(secret).generate(step_of(at) * STEP_SECONDS).decode("ascii")


def address(secret: str, *, login: str) -> str:
    """Return the otpauth address that the QR code holds."""
    return _totp(secret).get_provisioning_uri(login, ISSUER)


def new_recovery_codes() -> tuple[str, ...]:
    """Return codes of 80 random bits each, in groups of four for reading off paper."""
    made = (base64.b32encode(secrets.token_bytes(10)).decode("ascii") for _ in range(RECOVERY_CODES))
    return tuple("-".join(code[at : at + 4] for at in range(0, RECOVERY_LENGTH, 4)) for code in made)


def plain_recovery_code(typed: str) -> str:
    """Return a recovery code as it is hashed: without blanks and dashes, in capitals."""
    return "".join(sign for sign in typed.upper() if sign.isalnum())


def _totp(secret: str) -> TOTP:
    # SHA-1 is what authenticator programs speak; the code rests on HMAC, which its collisions do not touch.
    return TOTP(base64.b32decode(secret), DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303

"""Argon2id hashing: slow on purpose, so it is called outside every transaction."""

from __future__ import annotations

from functools import lru_cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from app.domain.errors import Refusal

MIN_LENGTH = 12
MAX_LENGTH = 128
# Words every guesser tries first; the length rule already refuses the shorter ones of the usual lists.
COMMON = frozenset(
    [
        "123456789012",
        "1234567890123",
        "111111111111",
        "000000000000",
        "aaaaaaaaaaaa",
        "qwertyuiop12",
        "password1234",
        "passwordpassword",
        "qwertyuiopasd",
        "1q2w3e4r5t6y",
        "123456123456",
        "woaini1314520",
        "5201314520131",
        "admin1234567",
        "administrator",
        "wuye12345678",
        "wuyeguanli123",
        "qwe123456789",
        "asd123456789",
        "abc123456789",
        "123123123123",
        "112233445566",
        "a12345678901",
        "iloveyou1314",
        "password123456",
        "qazwsxedcrfv",
        "zxcvbnm12345",
        "letmeinletmein",
        "888888888888",
        "666666666666",
        "147258369147",
    ]
)

_hasher = PasswordHash((Argon2Hasher(),))


def hashed(password: str) -> str:
    """Return the hash to store."""
    return _hasher.hash(password)


def verify(password: str, stored: str) -> tuple[bool, str | None]:
    """Return whether the password fits and, where the stored parameters are old, a new hash to keep."""
    if len(password) > MAX_LENGTH:
        return False, None
    return _hasher.verify_and_update(password, stored)


@lru_cache(maxsize=1)
def decoy() -> str:
    """Return the hash that an unknown login is checked against, so that it takes as long as a known one."""
    return hashed("no such user, but the same work")


def check_choice(password: str, *, login: str) -> None:
    """Refuse a password that is too short, too long, well known or the login itself."""
    if len(password) < MIN_LENGTH:
        raise Refusal("signin.password_too_short", field="password")
    if len(password) > MAX_LENGTH:
        raise Refusal("signin.password_too_long", field="password")
    plain = password.lower()
    if plain in COMMON or len(set(plain)) < 4 or (login and plain.replace(login.lower(), "").strip("0123456789") == ""):
        raise Refusal("signin.password_common", field="password")

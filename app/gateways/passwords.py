"""Argon2id hashing: slow on purpose, so it is called outside every transaction."""

from __future__ import annotations

import string
from functools import lru_cache
from pathlib import Path

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from app.domain.errors import Refusal

MIN_LENGTH = 12
MAX_LENGTH = 128
LIST = Path(__file__).with_name("common_passwords.txt")
# What people here start with, besides what the list of all the world knows.
LOCAL = Path(__file__).with_name("local_words.txt")
_FILLING = string.digits + string.punctuation + " "
_SHORTEST_WORD = 4
_RUNS = (
    string.digits[1:] + string.digits * 4,
    string.ascii_lowercase * 2,
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "1q2w3e4r5t6y7u8i9o0p",
    "qazwsxedcrfvtgbyhnujm",
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


def check_choice(password: str, *, login: str, words: tuple[str, ...] = ()) -> None:
    """Refuse a password that is too short, too long, well known, or made of what everybody here knows.

    ``words`` are such things: the person's name, the names of their communities.
    """
    if len(password) < MIN_LENGTH:
        raise Refusal("signin.password_too_short", field="password")
    if len(password) > MAX_LENGTH:
        raise Refusal("signin.password_too_long", field="password")
    plain = password.lower()
    known = [word.lower() for word in (login, *words, *_lines(LOCAL)) if word]
    if _is_common(plain) or _is_made_of(plain, known):
        raise Refusal("signin.password_common", field="password")


@lru_cache(maxsize=2)
def _lines(path: Path) -> frozenset[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def _is_common(plain: str) -> bool:
    """Say whether guessers try it early: a word of the list with figures around, a repetition, a run of signs."""
    core = plain.strip(_FILLING)
    if len(core) < 2:  # figures and signs alone, or one letter before them: telephone numbers, days of birth
        return True
    return plain in _lines(LIST) or core in _lines(LIST) or _repeats(plain) or _runs(plain)


def _repeats(plain: str) -> bool:
    """Say whether a short or a common piece makes up the whole, said over and over."""
    for size in range(1, len(plain) // 2 + 1):
        piece = plain[:size]
        if (piece * (len(plain) // size + 1))[: len(plain)] == plain:
            return size <= _SHORTEST_WORD or piece in _lines(LIST)
    return len(set(plain)) < _SHORTEST_WORD


def _runs(plain: str) -> bool:
    """Say whether it runs along the figures, the alphabet or the keyboard, there or back."""
    return any(plain in run or plain in run[::-1] for run in _RUNS)


def _is_made_of(plain: str, known: list[str]) -> bool:
    """Say whether nothing is left once the known words, figures and signs are taken out."""
    for word in sorted(known, key=len, reverse=True):
        plain = plain.replace(word, "")
    return plain.strip(_FILLING) == ""

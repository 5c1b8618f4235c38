"""Personal fields at rest: sealed with AES-256-GCM bound to their row, findable by a keyed hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Engine
from sqlalchemy.orm import Session

OPTION = "qingqian_sealer"
KEY_ID = 1
_NONCE = 12
_INDEX = 16


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals and opens single fields; the key never leaves this object."""

    key: bytes

    def seal(self, text: str, *, place: str) -> bytes:
        """Return key id, nonce and ciphertext; ``place`` (``person.phone:row key``) is bound to it."""
        nonce = secrets.token_bytes(_NONCE)
        return bytes([KEY_ID]) + nonce + _cipher(self.key).encrypt(nonce, text.encode(), place.encode())

    def open(self, sealed: bytes, *, place: str) -> str:
        """Return the text; a ciphertext moved to another row does not open (``cryptography`` raises InvalidTag)."""
        if sealed[0] != KEY_ID:
            msg = f"unknown key id {sealed[0]}"
            raise ValueError(msg)
        nonce, body = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        return _cipher(self.key).decrypt(nonce, body, place.encode()).decode()

    def index(self, text: str) -> bytes:
        """Return the keyed hash by which equal values are found without opening any."""
        return hmac.new(self._derived(b"index"), text.encode(), hashlib.sha256).digest()[:_INDEX]

    def token(self, place: str) -> bytes:
        """Return the 16 bytes that belong to ``place``: nobody without the key can tell them, and they never change."""
        return hmac.new(self._derived(b"token"), place.encode(), hashlib.sha256).digest()[:_INDEX]

    def _derived(self, purpose: bytes) -> bytes:
        return _derived(self.key, purpose)


@lru_cache(maxsize=4)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(_derived(key, b"seal"))


@lru_cache(maxsize=16)
def _derived(key: bytes, purpose: bytes) -> bytes:
    return hmac.new(key, b"qingqian " + purpose, hashlib.sha256).digest()


def attach(engine: Engine, key: bytes) -> None:
    """Give an engine the key for personal fields; sessions on it can then seal and open."""
    if len(key) != 32:
        msg = "the secret key has 32 bytes"
        raise ValueError(msg)
    engine.update_execution_options(**{OPTION: Sealer(key)})


def of(session: Session) -> Sealer:
    """Return the sealer of the session's engine."""
    found = session.get_bind().get_execution_options().get(OPTION)
    if not isinstance(found, Sealer):
        msg = "no key was attached to this engine (sealing.attach)"
        raise TypeError(msg)
    return found

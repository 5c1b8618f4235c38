"""Field encryption: AES-256-GCM bound to its row and column, and blind indexes for looking a number up."""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_ID = b"\x01"
_NONCE = 12
_INDEX = 16


class Vault:
    """Hides and shows personal numbers; made once from the installation's secret key.

    A hidden value is ``key id (1) ‖ nonce (12) ‖ ciphertext and tag``. The column and the row's own key are
    authenticated with it, so that a value moved to another row or column does not open.
    """

    __slots__ = ("_cipher", "_pepper")

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(_derived(secret, b"qingqian field encryption"))
        self._pepper = _derived(secret, b"qingqian blind index")

    def hide(self, text: str, *, column: str, row_key: str) -> bytes:
        """Encrypt ``text`` for one column (``person.phone``) of one row."""
        nonce = secrets.token_bytes(_NONCE)
        return KEY_ID + nonce + self._cipher.encrypt(nonce, text.encode(), _bound(column, row_key))

    def show(self, hidden: bytes, *, column: str, row_key: str) -> str:
        """Decrypt what ``hide`` made for this very column and row.

        Raises:
            cryptography.exceptions.InvalidTag: when it was made for another place, by another key, or was changed.

        """
        nonce, sealed = hidden[1 : 1 + _NONCE], hidden[1 + _NONCE :]
        return self._cipher.decrypt(nonce, sealed, _bound(column, row_key)).decode()

    def index(self, text: str) -> bytes:
        """Return what equal numbers have in common without telling them."""
        return hmac.digest(self._pepper, text.encode(), sha256)[:_INDEX]


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose).derive(secret)


def _bound(column: str, row_key: str) -> bytes:
    return f"{column}:{row_key}".encode()

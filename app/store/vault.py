"""The sealer of personal fields as imports use it: bound to a column and a row, indexed for equality."""

from __future__ import annotations

from app.store.sealing import Sealer


class Vault:
    """Hides and shows personal numbers; made once from the installation's secret key.

    What it hides ``app.store.sealing`` opens, and the other way round: there is one way to seal.
    """

    __slots__ = ("_sealer",)

    def __init__(self, secret: bytes) -> None:
        self._sealer = Sealer(secret)

    def hide(self, text: str, *, column: str, row_key: str) -> bytes:
        """Encrypt ``text`` for one column (``person.phone``) of one row."""
        return self._sealer.seal(text, place=f"{column}:{row_key}")

    def show(self, hidden: bytes, *, column: str, row_key: str) -> str:
        """Decrypt what ``hide`` made for this very column and row.

        Raises:
            cryptography.exceptions.InvalidTag: when it was made for another place, by another key, or was changed.

        """
        return self._sealer.open(hidden, place=f"{column}:{row_key}")

    def index(self, text: str) -> bytes:
        """Return what equal numbers have in common without telling them."""
        return self._sealer.index(text)

"""The secret key of an installation: made once, kept in a file only its owner can read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

KEY_BYTES = 32


def load_or_create(path: Path) -> bytes:
    """Return the 32-byte key in ``path``, making it on first use; two processes starting at once agree on one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return bytes.fromhex(path.read_text("ascii").strip())
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(KEY_BYTES))
    return bytes.fromhex(path.read_text("ascii").strip())


def secret(given: str, path: Path) -> bytes:
    """Return the key that was configured (64 hex digits) or, where none was, the one in ``path``."""
    return bytes.fromhex(given) if given else load_or_create(path)

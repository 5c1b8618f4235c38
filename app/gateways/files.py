"""Files on disk, named by the SHA-256 of their bytes: complete or absent, and never overwritten."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from app.domain.errors import Refusal, not_found

_NAME = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class FileStore:
    """A folder with 256 subfolders; any number of processes may write at once."""

    root: Path

    def put(self, content: bytes) -> str:
        """Keep ``content`` and return its SHA-256."""
        sha256 = hashlib.sha256(content).hexdigest()
        path = self.path(sha256)
        if path.exists():
            return sha256
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.parent / f".{secrets.token_hex(8)}.part"
        try:
            with draft.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.chmod(0o640)
            os.replace(draft, path)  # noqa: PTH105 - the atomic one, on purpose
        finally:
            draft.unlink(missing_ok=True)
        return sha256

    def get(self, sha256: str) -> bytes:
        """Return the bytes behind a hash.

        Raises:
            Refusal: ``file.missing``; ``file.damaged`` when the bytes no longer give their name.

        """
        try:
            content = self.path(sha256).read_bytes()
        except FileNotFoundError:
            raise not_found("file.missing", sha256=sha256[:12]) from None
        if hashlib.sha256(content).hexdigest() != sha256:
            raise Refusal("file.damaged", sha256=sha256[:12])
        return content

    def has(self, sha256: str) -> bool:
        """Tell whether the bytes are there."""
        return self.path(sha256).exists()

    def path(self, sha256: str) -> Path:
        """Return where the bytes lie; only a SHA-256 in small hex can name a file, so no name leaves the folder."""
        if _NAME.fullmatch(sha256) is None:
            raise not_found("file.missing", sha256=sha256[:12])
        return self.root / sha256[:2] / sha256

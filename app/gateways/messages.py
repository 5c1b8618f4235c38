"""Short messages without a provider: kept in memory where people try things out, in a file where nothing is set up."""

from __future__ import annotations

import json
import os
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class MemoryOutbox:
    """Keeps the last messages of this process: for tests, and for the demo, which shows them on the page."""

    sent: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=200))

    def send(self, *, to: str, text: str) -> None:
        """Keep the message."""
        self.sent.append((to, text))

    def last_to(self, number: str) -> str:
        """Return the last message to a number, empty where there is none."""
        return next((text for to, text in reversed(self.sent) if to == number), "")


@dataclass(frozen=True, slots=True)
class FileOutbox:
    """Writes one line of JSON a message into a file only its owner can read, for an office that has no channel yet."""

    path: Path

    def send(self, *, to: str, text: str) -> None:
        """Add the message to the file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"to": to, "text": text}, ensure_ascii=False) + "\n"
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(line)

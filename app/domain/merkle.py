"""One hash for many: the tree of RFC 6962, with proofs that one leaf is in it.

A leaf is a text. Its hash is SHA-256 over the byte 0 and the text in UTF-8; the hash of a node is SHA-256 over the byte
1 and the hashes of its two sides. A tree of n leaves is split at the largest power of two below n; a tree of none
is SHA-256 over nothing. The leaf of a unit is the RFC 8785 JSON of
``{"evidence": [count, head], "ledger": [count, head], "unit": id}``, units in ascending order; a chain that has not
begun counts 0 and has the head of 64 zeros.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

EMPTY = hashlib.sha256(b"").digest()


@dataclass(frozen=True, slots=True)
class Step:
    """The other side on the way up: its hash in hex, and whether it stands on the left."""

    sha256: str
    is_left: bool


def leaf_hash(text: str) -> bytes:
    """Return the hash of a leaf."""
    return hashlib.sha256(b"\x00" + text.encode()).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _levels(leaves: Sequence[str]) -> list[list[bytes]]:
    """Return the tree from its leaves up; one left over at the end of a level rises as it is.

    That is the very tree of the definition: every level is full but for its end, so the split is always at the largest
    power of two.
    """
    levels = [[leaf_hash(text) for text in leaves]]
    while len(levels[-1]) > 1:
        below = levels[-1]
        level = [_node(below[place], below[place + 1]) for place in range(0, len(below) - 1, 2)]
        if len(below) % 2:
            level.append(below[-1])
        levels.append(level)
    return levels


def root(leaves: Sequence[str]) -> str:
    """Return the hash that stands for all leaves, in hex."""
    return (_levels(leaves)[-1][0] if leaves else EMPTY).hex()


def proof(leaves: Sequence[str], place: int) -> tuple[Step, ...]:
    """Return what proves that the leaf at ``place`` is in the tree: the other sides from the bottom to the top."""
    if not 0 <= place < len(leaves):
        raise IndexError(place)
    steps = []
    for level in _levels(leaves)[:-1]:
        other = place ^ 1
        if other < len(level):
            steps.append(Step(level[other].hex(), is_left=other < place))
        place //= 2
    return tuple(steps)


def proves(text: str, steps: Sequence[Step], root_sha256: str) -> bool:
    """Tell whether the steps lead from the leaf to the root."""
    found = leaf_hash(text)
    for step in steps:
        other = bytes.fromhex(step.sha256)
        found = _node(other, found) if step.is_left else _node(found, other)
    return found.hex() == root_sha256

"""One hash for many: the definition of RFC 6962, and proofs that hold for their leaf and for nothing else."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import merkle
from app.domain.merkle import Step

LEAVES = st.lists(st.text(max_size=8), min_size=1, max_size=40)


def defined(leaves: list[str]) -> bytes:
    """Return the root as the RFC writes it down: split at the largest power of two below the number of leaves."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0].encode()).digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\x01" + defined(leaves[:half]) + defined(leaves[half:])).digest()


@given(st.lists(st.text(max_size=8), max_size=40))
def test_the_root_is_the_one_of_the_definition(leaves: list[str]) -> None:
    assert merkle.root(leaves) == defined(leaves).hex()


@given(LEAVES, st.data())
def test_every_leaf_is_proved_and_no_other_text_is(leaves: list[str], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(leaves) - 1))
    steps, root = merkle.proof(leaves, place), merkle.root(leaves)
    assert merkle.proves(leaves[place], steps, root)
    assert not merkle.proves(leaves[place] + "x", steps, root)
    assert len(steps) <= len(leaves).bit_length()


@given(LEAVES, st.data())
def test_any_change_gives_another_root(leaves: list[str], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(leaves) - 1))
    changed = [*leaves[:place], leaves[place] + "x", *leaves[place + 1 :]]
    assert merkle.root(changed) != merkle.root(leaves)
    assert merkle.root([*leaves, leaves[-1]]) != merkle.root(leaves)


def test_a_step_on_the_wrong_side_proves_nothing() -> None:
    (step,) = merkle.proof(["a", "b"], 0)
    assert not merkle.proves("a", [Step(step.sha256, is_left=True)], merkle.root(["a", "b"]))


def test_a_leaf_that_is_not_there_has_no_proof() -> None:
    with pytest.raises(IndexError):
        merkle.proof(["a"], 1)

"""Files by their hash: whole or absent, checked when read, and never outside their folder."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import Refusal
from app.gateways.files import FileStore


def test_what_is_kept_is_found_under_its_sha256(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "files")
    sha256 = store.put(b"one")
    assert sha256 == hashlib.sha256(b"one").hexdigest()
    assert store.get(sha256) == b"one"
    assert store.has(sha256)
    assert not store.has("0" * 64)


def test_the_same_bytes_are_kept_once_and_not_written_again(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    before = store.path(store.put(b"one")).stat()
    after = store.path(store.put(b"one")).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [store.path(store.put(b"one"))]


def test_changed_bytes_are_refused(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    sha256 = store.put(b"one")
    store.path(sha256).chmod(0o600)
    store.path(sha256).write_bytes(b"two")
    with pytest.raises(Refusal, match="damaged"):
        store.get(sha256)


def test_a_crash_while_writing_leaves_nothing_under_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FileStore(tmp_path)
    sha256 = hashlib.sha256(b"one").hexdigest()

    def crash(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(os, "fsync", crash)
    with pytest.raises(OSError, match=r"^$"):
        store.put(b"one")
    assert not store.has(sha256)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@given(st.text(max_size=80))
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    store = FileStore(Path("/nonexistent"))
    with pytest.raises(Refusal, match="missing"):
        store.get(name)


@pytest.mark.parametrize("name", ["../../etc/passwd", "a" * 63 + "/", "A" * 64, "0" * 64 + "\n", ""])
def test_a_name_that_is_no_hash_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refusal, match="missing"):
        FileStore(tmp_path).path(name)

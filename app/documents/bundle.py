"""The bundle as a file: a manifest of every hash, one fixed way to write the ZIP, and the check of both."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2

from app.domain import merkle
from app.i18n import numerals

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "bundle"
FORMAT = "qingqian-bundle-1"
MANIFEST, SUMS, TOKEN = "manifest.json", "SHA256SUMS", "seal/manifest.tsr"
_STAMP = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the bundle; ``what`` says what it is."""

    path: str
    content: bytes
    what: str = ""


@dataclass(frozen=True, slots=True)
class Packed:
    """The ZIP, the hash of its manifest, and every file in it by path, hash and size."""

    content: bytes
    manifest_sha256: str
    files: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found: how many things it looked at, and what is wrong where."""

    checked: int
    problems: tuple[tuple[str, str], ...]

    @property
    def is_sound(self) -> bool:
        """Tell whether nothing is wrong."""
        return not self.problems


def manifest_of(entries: Sequence[Entry], facts: Mapping[str, Any]) -> bytes:
    """Return the manifest: ``facts`` (case, state, names of files) and each file's hashes; its own hash is in it."""
    listed = [_listed(one) for one in entries]
    body: dict[str, Any] = {
        **facts,
        "format": FORMAT,
        "files": listed,
        "files_root": merkle.root([f"{one['sha256']}  {one['path']}" for one in listed]),
    }
    body["self"] = hashlib.sha256(canonical(body).encode()).hexdigest()
    return (canonical(body) + "\n").encode()


def pack(entries: Sequence[Entry], *, manifest: bytes, token: bytes | None = None) -> Packed:
    """Return the ZIP: nothing is compressed and every header is fixed, so that any byte that changes shows."""
    whole = [*entries, Entry(MANIFEST, manifest)]
    if token is not None:
        whole.append(Entry(TOKEN, token))
    lines = "".join(f"{hashlib.sha256(one.content).hexdigest()}  {one.path}\n" for one in whole).encode()
    whole.append(Entry(SUMS, lines + f"# {hashlib.sha256(lines).hexdigest()}\n".encode()))
    assert len({one.path for one in whole}) == len(whole), "two files of one name"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for one in whole:
            entry = zipfile.ZipInfo(one.path, _STAMP)
            entry.create_system = 3
            entry.external_attr = _MODE
            archive.writestr(entry, one.content)
    found = tuple((one.path, hashlib.sha256(one.content).hexdigest(), len(one.content)) for one in whole)
    return Packed(file.getvalue(), hashlib.sha256(manifest).hexdigest(), found)


def page(name: str, **facts: Any) -> bytes:  # noqa: ANN401 - what a template prints
    """Return one of the bundle's own pages."""
    return _environment().get_template(name).render(**facts).encode()


def checker() -> bytes:
    """Return the program that checks a bundle anywhere."""
    return (TEMPLATES / "verify.py").read_bytes()


def check(content: bytes) -> Checked:
    """Check a bundle with our own copy of its program, never with the one inside."""
    found, problems, _ = _program()["check"](raw=content)
    return Checked(found, tuple(problems))


def pdfs_of(content: bytes) -> list[tuple[str, bytes]]:
    """Return the PDFs of a bundle, by name."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [(name, archive.read(name)) for name in archive.namelist() if name.lower().endswith(".pdf")]


def is_sealed(content: bytes) -> bool:
    """Tell whether a bundle says that it is sealed."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return bool(json.loads(archive.read(MANIFEST))["state"] == "sealed")


def digest(content: bytes) -> bytes:
    """Return the SHA-256 a timestamp is asked for."""
    return hashlib.sha256(content).digest()


def safe_name(name: str) -> str:
    """Return a name that is a file's on every system: no path, no sign a folder would refuse."""
    kept = "".join("_" if sign in '\\/:*?"<>|' or not sign.isprintable() else sign for sign in name.strip(" ."))
    return kept[:80] or "_"


def has_sm3() -> bool:
    """Tell whether this build of Python knows SM3."""
    return "sm3" in hashlib.algorithms_available


def canonical(value: object) -> str:
    """Return JSON text with sorted keys and no blanks (RFC 8785 for the values of a bundle)."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _listed(one: Entry) -> dict[str, Any]:
    found = {
        "path": one.path,
        "size": len(one.content),
        "sha256": hashlib.sha256(one.content).hexdigest(),
        "what": one.what,
    }
    if has_sm3():
        found["sm3"] = hashlib.new("sm3", one.content).hexdigest()
    return found


@lru_cache(maxsize=1)
def _program() -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "bundle_verify"}
    exec(compile(checker(), "verify.py", "exec"), names)  # noqa: S102 - a file of this product, read from its folder
    return names


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, auto_reload=False
    )
    environment.filters |= {"yuan": numerals.yuan, "day": numerals.day}
    return environment

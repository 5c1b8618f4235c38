"""Looks over an installation and says of each part whether it is fit for work."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from app.domain.web_address import is_public
from app.settings import Settings
from app.store import calendars, db

FREE_BYTES: Final = 1 << 30
LIBRARIES: Final = ("libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz-subset.so.0")
INSTALL: Final = "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fontconfig fonts-noto-cjk"


@dataclass(frozen=True, slots=True)
class Check:
    """One part of the installation; a warning is fit for work today and will not stay so."""

    name: str
    ok: bool
    detail: str
    warning: bool = False


def examine(settings: Settings, *, today: date) -> tuple[Check, ...]:
    """Return every check, in the order in which to mend what fails; nothing is changed."""
    return (
        _data_dir(settings.data_dir),
        _disk(settings.data_dir),
        *_database(settings, today),
        _libraries(),
        _fonts(),
        _address(settings),
    )


def _data_dir(folder: Path) -> Check:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return Check("data_dir", ok=True, detail=str(folder.absolute()))
    except OSError as error:
        return Check("data_dir", ok=False, detail=f"{folder.absolute()} is not writable: {error.strerror}")


def _disk(folder: Path) -> Check:
    while not folder.exists():
        folder = folder.absolute().parent
    free = shutil.disk_usage(folder).free
    return Check("disk", ok=free >= FREE_BYTES, detail=f"{free / FREE_BYTES:.1f} GiB free, 1 GiB needed")


def _database(settings: Settings, today: date) -> Iterator[Check]:
    engine = db.create_engine(settings.url)
    try:
        current, newest = db.head(engine), db.newest(engine)
        yield Check("database", ok=True, detail=engine.dialect.name)
        behind = current != newest
        detail = f"at {current or 'nothing'}" + (f", needs {newest}: qingqian migrate" if behind else "")
        yield Check("schema", ok=not behind, detail=detail)
        if not behind:
            with db.reading(engine) as session:
                yield _calendar(calendars.load(session).years_known, today)
    except SQLAlchemyError as error:
        yield Check("database", ok=False, detail=f"does not answer: {str(error).splitlines()[0]}")
    finally:
        engine.dispose()


def _calendar(known: frozenset[int], today: date) -> Check:
    """Rest days decide when a period ends; next year's are announced in November."""
    if today.year not in known:
        return Check("calendar", ok=False, detail=f"the official calendar of {today.year} is missing")
    november = 11
    late = today.month >= november and today.year + 1 not in known
    detail = f"known to {max(known)}" + (f"; load that of {today.year + 1} when it is announced" if late else "")
    return Check("calendar", ok=True, detail=detail, warning=late)


def _libraries() -> Check:
    missing = [name for name in LIBRARIES if not _answers(lambda name=name: ctypes.CDLL(name))]  # type: ignore[misc]
    detail = f"missing: {', '.join(missing)}; run: {INSTALL}" if missing else "Pango and harfbuzz-subset load"
    return Check("libraries", ok=not missing, detail=detail)


def _fonts() -> Check:
    try:
        listed = subprocess.run(
            ["fc-list", ":lang=zh-cn", "family"],  # noqa: S607 - wherever fontconfig is
            capture_output=True,
            check=True,
            text=True,
            timeout=30,
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return Check("fonts", ok=False, detail=f"fontconfig does not answer; run: {INSTALL}")
    count = len(listed.splitlines())
    detail = f"{count} Chinese fonts" if count else f"no Chinese font; run: {INSTALL}"
    return Check("fonts", ok=bool(count), detail=detail)


def _address(settings: Settings) -> Check:
    """An owner scans this address from paper: one that only this machine knows leads nowhere."""
    local = not is_public(settings.public_url)
    detail = settings.public_url + ("; owners cannot open it, set QINGQIAN_PUBLIC_URL" if local else "")
    return Check("public_url", ok=True, detail=detail, warning=local)


def _answers(question: Callable[[], object]) -> bool:
    try:
        question()
    except OSError:
        return False
    return True

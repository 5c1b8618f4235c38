"""Looks over an installation and says of each part whether it is fit for work."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
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
    """One part of the installation; a warning is fit for work today and will not stay so.

    ``detail`` is for a terminal; ``code`` and ``facts`` make the sentence a page shows.
    """

    name: str
    ok: bool
    detail: str
    warning: bool = False
    code: str = ""
    facts: Mapping[str, str | int] = field(default_factory=dict)


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
            return Check(
                "data_dir",
                ok=True,
                detail=str(folder.absolute()),
                code="doctor.data_dir",
                facts={"path": str(folder.absolute())},
            )
    except OSError as error:
        detail = f"{folder.absolute()} is not writable: {error.strerror}"
        facts = {"path": str(folder.absolute())}
        return Check("data_dir", ok=False, detail=detail, code="doctor.data_dir_shut", facts=facts)


def _disk(folder: Path) -> Check:
    while not folder.exists():
        folder = folder.absolute().parent
    free = shutil.disk_usage(folder).free
    left = f"{free / FREE_BYTES:.1f}"
    enough = free >= FREE_BYTES
    code = "doctor.disk" if enough else "doctor.disk_full"
    return Check("disk", ok=enough, detail=f"{left} GiB free, 1 GiB needed", code=code, facts={"free": left})


def _database(settings: Settings, today: date) -> Iterator[Check]:
    engine = db.create_engine(settings.url)
    try:
        current, newest = db.head(engine), db.newest(engine)
        facts = {"engine": engine.dialect.name}
        yield Check("database", ok=True, detail=engine.dialect.name, code="doctor.database", facts=facts)
        behind = current != newest
        detail = f"at {current or 'nothing'}" + (f", needs {newest}: qingqian migrate" if behind else "")
        code = "doctor.schema_behind" if behind else "doctor.schema"
        yield Check("schema", ok=not behind, detail=detail, code=code, facts={"current": current, "newest": newest})
        if not behind:
            with db.reading(engine) as session:
                yield _calendar(calendars.load(session).years_known, today)
    except SQLAlchemyError as error:
        detail = f"does not answer: {str(error).splitlines()[0]}"
        yield Check("database", ok=False, detail=detail, code="doctor.database_silent")
    finally:
        engine.dispose()


def _calendar(known: frozenset[int], today: date) -> Check:
    """Rest days decide when a period ends; next year's are announced in November."""
    if today.year not in known:
        detail = f"the official calendar of {today.year} is missing"
        return Check("calendar", ok=False, detail=detail, code="doctor.calendar_missing", facts={"year": today.year})
    november = 11
    late = today.month >= november and today.year + 1 not in known
    detail = f"known to {max(known)}" + (f"; load that of {today.year + 1} when it is announced" if late else "")
    code = "doctor.calendar_late" if late else "doctor.calendar"
    facts = {"year": max(known), "next": today.year + 1}
    return Check("calendar", ok=True, detail=detail, warning=late, code=code, facts=facts)


def _libraries() -> Check:
    missing = [name for name in LIBRARIES if not _answers(lambda name=name: ctypes.CDLL(name))]  # type: ignore[misc]
    detail = f"missing: {', '.join(missing)}; run: {INSTALL}" if missing else "Pango and harfbuzz-subset load"
    code = "doctor.libraries_missing" if missing else "doctor.libraries"
    facts = {"missing": ", ".join(missing), "command": INSTALL}
    return Check("libraries", ok=not missing, detail=detail, code=code, facts=facts)


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
        detail = f"fontconfig does not answer; run: {INSTALL}"
        return Check("fonts", ok=False, detail=detail, code="doctor.fonts_missing", facts={"command": INSTALL})
    count = len(listed.splitlines())
    detail = f"{count} Chinese fonts" if count else f"no Chinese font; run: {INSTALL}"
    code = "doctor.fonts" if count else "doctor.fonts_missing"
    return Check("fonts", ok=bool(count), detail=detail, code=code, facts={"count": count, "command": INSTALL})


def _address(settings: Settings) -> Check:
    """An owner scans this address from paper: one that only this machine knows leads nowhere."""
    local = not is_public(settings.public_url)
    detail = settings.public_url + ("; owners cannot open it, set QINGQIAN_PUBLIC_URL" if local else "")
    code = "doctor.address_local" if local else "doctor.address"
    facts = {"address": settings.public_url}
    return Check("public_url", ok=True, detail=detail, warning=local, code=code, facts=facts)


def _answers(question: Callable[[], object]) -> bool:
    try:
        question()
    except OSError:
        return False
    return True

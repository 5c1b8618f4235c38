"""Looks after an installation: backups with their age and drill, the check of the books, and the end of a demo."""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Engine

from app import clock
from app.domain.access import Role
from app.domain.errors import Refusal, conflict, not_found
from app.gateways import keys
from app.jobs import backup, doctor, outside, verification
from app.jobs.doctor import Check
from app.settings import Settings
from app.store import db, office, users

log = structlog.get_logger()

WORKER = "worker"
STUCK_AFTER = dt.timedelta(hours=6)
FRESH_FOR = dt.timedelta(hours=20)
PROBLEMS_KEPT = 200


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """Which key seals personal fields: the start of its hash, and where it is kept."""

    fingerprint: str
    is_configured: bool
    path: str


@dataclass(frozen=True, slots=True)
class Caretaker:
    """What the pages of the settings may ask of the installation."""

    engine: Engine
    settings: Settings

    def look_over(self, *, today: dt.date) -> tuple[Check, ...]:
        """Return every check of the installation; nothing is changed."""
        return doctor.examine(self.settings, today=today)

    def key(self) -> KeyFacts:
        """Return what tells one key from another without telling the key."""
        given = self.settings.secret_key.get_secret_value()
        digest = hashlib.sha256(keys.secret(given, self.settings.key_file)).hexdigest()
        return KeyFacts(digest[:16], bool(given), str(self.settings.key_file.absolute()))

    def backups(self) -> Path:
        """Return the folder the backups are in."""
        return self.settings.backups_dir.absolute()

    def begin(self, kind: str, *, by: str) -> int:
        """Note the start of a ``backup``, ``drill`` or ``check``; one of a kind at a time.

        Raises:
            Refusal: ``care.running``, ``care.no_backup`` for a drill without a backup.

        """
        now = clock.now()
        with db.transaction(self.engine) as session:
            if office.running_care(session, kind, since=now - STUCK_AFTER):
                raise conflict("care.running")
            name = f"qingqian-{now.astimezone(clock.SHANGHAI):%Y%m%d-%H%M%S}.zip" if kind == "backup" else ""
            if kind == "drill":
                last = office.last_care(session, "backup")
                if last is None or not (self.backups() / last["file_name"]).is_file():
                    raise not_found("care.no_backup")
                name = last["file_name"]
            return office.begin_care(session, kind=kind, by=by, at=now, file_name=name)

    def carry_out(self, run_id: int) -> None:
        """Do what was begun and note how it ended, whatever happens."""
        with db.reading(self.engine) as session:
            run = next(row for row in office.care_runs(session, ("backup", "drill", "check")) if row["id"] == run_id)
        try:
            outcome = {"backup": self._back_up, "drill": self._drill, "check": self._check}[run["kind"]](run)
        except Refusal as refusal:
            outcome = {"failure": refusal.code}
        except Exception:
            log.exception("care.failed", kind=run["kind"])
            outcome = {"failure": "care.failed"}
        with db.transaction(self.engine) as session:
            office.finish_care(session, run_id, at=clock.now(), **outcome)

    def wipe(self, *, keep: str) -> None:
        """End a demo: an empty office in which the one who asked is the administrator; files go too.

        Raises:
            Refusal: ``demo.not_a_demo`` where a single community is real or there is none.

        """
        with db.reading(self.engine) as session:
            if not office.demo_only(session):
                raise conflict("demo.not_a_demo")
            who = users.by_login(session, keep)
        assert who is not None
        db.rebuild(self.engine)
        shutil.rmtree(self.settings.files_dir, ignore_errors=True)
        with db.transaction(self.engine) as session:
            users.add(
                session,
                login=who.login,
                name=who.name,
                role=Role.ADMIN,
                password_hash=who.password_hash,
                waiver_limit_fen=0,
                at=clock.now(),
                community_ids=None,
            )
        log.info("demo.wiped")

    def _back_up(self, run: dict[str, Any]) -> dict[str, Any]:
        target = self.backups() / run["file_name"]
        written = backup.write(self.engine, data_dir=self.settings.data_dir, target=target)
        self._forget_old()
        return {
            "sha256": written.sha256,
            "rows": written.rows,
            "files": written.files,
            "size": target.stat().st_size,
            "is_sound": True,
        }

    def _drill(self, run: dict[str, Any]) -> dict[str, Any]:
        """Bring the newest backup back into a folder of its own and check the books in it, as after a fire."""
        with tempfile.TemporaryDirectory(prefix="drill-", dir=self.settings.data_dir) as folder:
            into = Path(folder) / "restored"
            found = backup.restore(self.backups() / run["file_name"], into=into)
            problems = backup.examine(into)
        return {
            "sha256": found.sha256,
            "rows": found.rows,
            "files": found.files,
            "problems": problems[:PROBLEMS_KEPT],
            "is_sound": not problems,
        }

    def _check(self, _run: dict[str, Any]) -> dict[str, Any]:
        report = verification.examine(
            self.engine, files_dir=self.settings.files_dir, trust=outside.trust(self.settings)
        )
        problems = [{"where": one.where, "what": one.what} for one in report.problems[:PROBLEMS_KEPT]]
        checked = dict(report.checked)
        return {
            "rows": sum(count for name, count in checked.items() if name != "files"),
            "files": checked.get("files", 0),
            "problems": problems,
            "is_sound": not report.problems,
        }

    def _forget_old(self) -> None:
        """Keep the newest backups; only files this program named are ever removed."""
        kept = self.settings.backup_keep
        ours = sorted(self.backups().glob("qingqian-????????-??????.zip"))
        for path in ours[:-kept] if kept else []:
            path.unlink(missing_ok=True)


def back_up_daily(caretaker: Caretaker) -> None:
    """Take the day's backup unless one is fresh; a fault is written down and the worker goes on."""
    now = clock.now()
    with db.reading(caretaker.engine) as session:
        last = office.last_care(session, "backup")
    if last is not None and now - last["finished_at"] < FRESH_FOR:
        return
    try:
        run_id = caretaker.begin("backup", by=WORKER)
    except Refusal as refusal:
        log.warning("backup.not_begun", code=refusal.code)
        return
    caretaker.carry_out(run_id)

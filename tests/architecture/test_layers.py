"""The import contracts hold (./dev test runs them), and each of them can fail."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture import rules

# One wrong import for each contract of .importlinter, by the contract's name.
WRONG = {
    "Imports go down the line only, and a new folder must be placed in it": (
        "app/domain/wrong_a.py",
        "import app.store.db",
    ),
    "No cycles between the modules of a folder": ("app/domain/errors.py", "import app.domain.money"),
    "domain and i18n know only the standard library": ("app/domain/wrong_b.py", "import sqlalchemy"),
    "A service never calls a service": ("app/services/wrong_c.py", "import app.services.payments"),
    "Only the store knows the tables, so only the store writes queries": (
        "app/web/wrong_d.py",
        "import app.store.tables",
    ),
    "One module knows APScheduler": ("app/jobs/wrong_e.py", "import apscheduler"),
    "Domain, documents and sheets never see the database": ("app/sheets/wrong_f.py", "import sqlalchemy"),
}


@pytest.fixture(scope="module")
def verdict(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return what import-linter says of a copy of the product with every wrong import in it."""
    folder = tmp_path_factory.mktemp("wrong")
    shutil.copytree(rules.ROOT / "app", folder / "app", ignore=shutil.ignore_patterns("__pycache__", "static"))
    shutil.copy(rules.ROOT / ".importlinter", folder)
    for name, line in WRONG.values():
        path = folder / name
        text = path.read_text(encoding="utf-8") if path.exists() else '"""A wrong import."""\n'
        path.write_text(f"{text}\n{line}\n", encoding="utf-8")
    (folder / "app" / "unplaced").mkdir()
    (folder / "app" / "unplaced" / "__init__.py").touch()
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [linter, "--no-cache"],
        cwd=folder,
        capture_output=True,
        check=False,
        text=True,
        env={"PYTHONPATH": str(folder), "COLUMNS": "200", "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("contract", WRONG)
def test_a_wrong_import_breaks_its_contract(contract: str, verdict: str) -> None:
    assert f"{contract} BROKEN" in verdict


def test_a_folder_that_was_not_placed_is_noticed(verdict: str) -> None:
    assert "unplaced" in verdict

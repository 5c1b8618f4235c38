"""What is shipped and what it is built from: locks, image, vendored files, and nothing that should not be there."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture import rules

LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-postgres.lock")
PROJECT = tomllib.loads((rules.ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def lock_faults(text: str) -> list[str]:
    """Name every requirement that is not pinned with a hash, and every address."""
    entries = re.split(r"\n(?=[A-Za-z])", re.sub(r"^#.*\n|^    #.*\n", "", text, flags=re.MULTILINE).strip())
    faults = [
        entry.splitlines()[0] for entry in entries if "==" not in entry.split("\n")[0] or "--hash=sha256:" not in entry
    ]
    return faults + [
        line for line in text.splitlines() if "://" in line or line.startswith(("-i", "--index", "--extra"))
    ]


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_every_package_by_hash_and_names_no_address(name: str) -> None:
    assert lock_faults((rules.ROOT / name).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        "six==1.16.0\n",
        "six>=1 \\\n    --hash=sha256:00\n",
        "six @ https://x/six.whl \\\n    --hash=sha256:00\n",
        "-i https://x\n",
    ],
)
def test_a_loose_lock_is_noticed(text: str) -> None:
    assert lock_faults(text)


def named(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement)[0].lower().replace("_", "-").replace(".", "-")


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("requirements.lock", [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["build"]]),
        ("requirements-dev.lock", [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"]]),
        ("requirements-postgres.lock", PROJECT["dependency-groups"]["postgres"]),
    ],
)
def test_what_the_project_asks_for_is_locked(name: str, wanted: list[str]) -> None:
    locked = {named(line) for line in (rules.ROOT / name).read_text(encoding="utf-8").splitlines() if "==" in line}
    assert sorted({named(requirement) for requirement in wanted} - locked) == [], "run ./dev lock"


# --- rule 2: the domain knows only the standard library ---------------------------------------------


def foreign_imports(module: rules.Source) -> list[str]:
    names = {
        name.split(".")[0]
        for node in ast.walk(module.tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    return sorted(names - sys.stdlib_module_names - {"app"})


def test_domain_and_i18n_import_only_the_standard_library() -> None:
    modules = rules.sources("app/domain", "app/i18n")
    assert {module.name: found for module in modules if (found := foreign_imports(module))} == {}


def test_a_foreign_import_is_noticed() -> None:
    assert foreign_imports(rules.source("app/domain/x.py", "def f():\n    import sqlalchemy.orm")) == ["sqlalchemy"]


# --- the image -------------------------------------------------------------------------------------


def image_faults(text: str) -> list[str]:
    """Read a Dockerfile the way a careful reader would: pins, user, health, nothing fetched unchecked."""
    lines = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)).splitlines()
    steps = [line.split(None, 1) for line in lines if line.strip()]
    last = max(index for index, step in enumerate(steps) if step[0] == "FROM")
    final = {step[0]: step[1] for step in steps[last:]}
    faults = [
        f"not pinned: {step[1]}" for step in steps if step[0] == "FROM" and not re.match(r"\S+:\d+\.\d+\S* ?", step[1])
    ]
    faults += [
        f"fetches: {step[1]}"
        for step in steps
        if step[0] == "ADD" or re.search(r"\b(curl|wget)\b|https?://(?!127)", step[1])
    ]
    for step in steps:
        if "apt-get install" in step[1] and not (
            "--no-install-recommends" in step[1] and "rm -rf /var/lib/apt/lists" in step[1]
        ):
            faults.append(f"apt-get: {step[1]}")
        if re.search(r"pip install", step[1]) and "--require-hashes" not in step[1]:
            faults.append(f"pip: {step[1]}")
    if not re.match(r"[1-9]\d+:[1-9]\d+$", final.get("USER", "")):
        faults.append("runs as root")
    faults += [f"no {word}" for word in ("HEALTHCHECK", "ENTRYPOINT", "CMD") if word not in final]
    if re.search(r"\b(gcc|build-essential|python3-pip)\b", final.get("RUN", "")):
        faults.append("ships a compiler")
    faults += [
        f"secret in the image: {step[1]}"
        for step in steps
        if step[0] in {"ENV", "ARG"} and re.search(r"PASSWORD|SECRET|TOKEN", step[1])
    ]
    return faults


def test_the_image_is_pinned_unprivileged_and_watched() -> None:
    assert image_faults((rules.ROOT / "Dockerfile").read_text(encoding="utf-8")) == []


def test_the_image_copies_only_what_exists_and_the_ignore_file_lets_through() -> None:
    text = (rules.ROOT / "Dockerfile").read_text(encoding="utf-8")
    copied = [
        words[1]
        for line in text.splitlines()
        if (words := line.split())[:1] == ["COPY"] and not words[1].startswith("--")
    ]
    let_through = (rules.ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert [name for name in copied if not (rules.ROOT / name).exists() or f"!{name}" not in let_through] == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("debian:12.12-slim\n", "debian:latest\n"), "not pinned"),
        (("USER 10001:10001", "USER root"), "runs as root"),
        (("--require-hashes", ""), "pip"),
        (("HEALTHCHECK", "LABEL"), "no HEALTHCHECK"),
        (("--no-install-recommends", ""), "apt-get"),
        (("COPY LICENSE ./", "ADD https://example.org/x ./"), "fetches"),
        (("ENV PYTHON", "ENV SECRET_KEY=1 PYTHON"), "secret"),
    ],
)
def test_a_careless_image_is_noticed(change: tuple[str, str], fault: str) -> None:
    text = (rules.ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert change[0] in text
    assert any(found.startswith(fault) for found in image_faults(text.replace(*change)))


# --- what is committed -----------------------------------------------------------------------------

HOSTS = ("pythonhosted" + ".org", "registry." + "npmjs", "deb." + "debian.org", "pypi" + ".org/simple")
SECRETS = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bghp_[A-Za-z0-9]{36}\b")
NEVER = ("uv.lock", ".env")


def committed() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=rules.ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    names = [name for name in listed.stdout.decode().split("\0") if name]
    return [rules.ROOT / name for name in names if (rules.ROOT / name).is_file()]


def test_nothing_is_committed_that_belongs_to_one_machine() -> None:
    parent = f"{rules.ROOT.parent}/"
    words = HOSTS + (
        (parent,) if len(rules.ROOT.parent.parts) > 1 and parent not in {"/tmp/", "/home/", "/srv/"} else ()
    )
    faults = [path.name for path in committed() if path.name in NEVER]
    for path in committed():
        text = path.read_bytes().decode("utf-8", errors="ignore")
        faults += [f"{path.relative_to(rules.ROOT)}: {word}" for word in words if word in text]
        faults += [f"{path.relative_to(rules.ROOT)}: {found}" for found in SECRETS.findall(text)]
    assert faults == []


def test_vendored_files_are_what_their_manifest_says() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/vendor.py", "--check"], cwd=rules.ROOT, capture_output=True, check=False, text=True
    )
    assert done.stdout == ""
    assert done.returncode == 0

"""Every setting, command, permission and refusal is documented, and the documents are up to date."""

from __future__ import annotations

import re

import pytest

from app.settings import Settings
from scripts import reference
from tests.architecture import rules


@pytest.mark.parametrize("name", reference.PAGES)
def test_the_reference_says_what_the_code_says(name: str) -> None:
    written = (reference.FOLDER / name).read_text(encoding="utf-8")
    assert written == reference.page(name), "run ./dev docs"


def test_every_setting_says_what_it_means() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_every_command_says_what_it_does() -> None:
    headings = [line for line in reference.commands() if line.startswith("## ")]
    assert headings
    text = "\n".join(reference.commands())
    assert re.findall(r"^## (.+)\n\n\n", text, re.MULTILINE) == []


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_what_the_readme_names_exists(name: str) -> None:
    text = (rules.ROOT / name).read_text(encoding="utf-8")
    paths = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    assert [path for path in paths if not (rules.ROOT / path).exists()] == []
    known = {f"QINGQIAN_{field.upper()}" for field in Settings.model_fields} | {"QINGQIAN_TEST_PG_URL"}
    assert set(re.findall(r"QINGQIAN_[A-Z_]+", text)) - known == set()
    commands = set(re.findall(r"^## `qingqian ([a-z]+)", "\n".join(reference.commands()), re.MULTILINE))
    assert {word.split()[0] for word in re.findall(r"(?:\./dev run|qingqian) ([a-z]+)", text)} - commands == set()


def test_both_readmes_have_the_same_sections() -> None:
    shapes = [
        [
            line.split(" ")[0]
            for line in (rules.ROOT / name).read_text(encoding="utf-8").splitlines()
            if line.startswith("#")
        ]
        for name in ("README.md", "README.zh-CN.md")
    ]
    assert shapes[0] == shapes[1]


def test_every_decision_is_numbered_once_and_says_what_was_not_done() -> None:
    paths = sorted((rules.ROOT / "docs/decisions").glob("*.md"))
    assert [path.name[:4] for path in paths] == [f"{number:04}" for number in range(1, len(paths) + 1)]
    for path in paths:
        text = path.read_text(encoding="utf-8")
        assert [
            word
            for word in ("**Context.**", "**Decision.**", "**Instead of.**", "**What follows.**")
            if word not in text
        ] == []

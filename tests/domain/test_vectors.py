"""The worked answers, every one, and the time the calculators may take."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.domain.calc import run

VECTORS = Path(__file__).parents[1] / "vectors"
LAW = json.loads((VECTORS / "law.json").read_text(encoding="utf-8"))
STATEMENTS = json.loads((VECTORS / "statements.json").read_text(encoding="utf-8"))
CASES = [(kind.replace("_", "-"), entry) for kind, entries in LAW.items() for entry in entries]
CASES += [("statement", entry) for entry in STATEMENTS]


def agrees(expected, found):
    if isinstance(expected, dict):
        return all(agrees(value, found[key]) for key, value in expected.items())
    return expected == found


@pytest.mark.parametrize(("kind", "entry"), CASES, ids=[entry["case"]["id"] for _, entry in CASES])
def test_a_worked_answer(kind, entry):
    found = run(kind, entry["case"])
    assert found["id"] == entry["case"]["id"]
    assert agrees(entry["expected"], found)

"""The calculators with their refusals put into words: for the command line and for the web alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, cast

from app.domain import calc
from app.domain.case_reading import parse_json
from app.domain.errors import Refusal
from app.i18n import zh_cn

Json = dict[str, object]


def calculate(*, kind: str, case: object) -> tuple[Json, bool]:
    """Answer one case read from JSON; the truth value says whether it was answered rather than refused."""
    try:
        answer = calc.run(kind, case)
    except Refusal as refusal:
        return _refused(case, refusal), False
    if warnings := answer.get("warnings"):
        answer["warnings"] = [_worded(warning) for warning in cast("list[dict[str, str | int]]", warnings)]
    return answer, True


def calculate_text(*, kind: str, text: str) -> tuple[Json, bool]:
    """Answer one case as JSON text."""
    try:
        case = parse_json(text)
    except Refusal as refusal:
        return _refused(None, refusal), False
    return calculate(kind=kind, case=case)


def calculate_jsonl(*, kind: str, lines: Iterable[str]) -> Iterator[tuple[Json, bool]]:
    """Answer one case a line, in order; blank lines are passed over, a bad one never stops the others."""
    for line in lines:
        if line.strip():
            yield calculate_text(kind=kind, text=line)


def _worded(warning: dict[str, str | int]) -> Json:
    """Return the warning with its sentence: it is worded as a refusal is, though nothing was refused."""
    facts: dict[str, Any] = {name: value for name, value in warning.items() if name != "code"}
    return {**warning, "message": zh_cn.sentence(Refusal(str(warning["code"]), **facts))}


def _refused(case: object, refusal: Refusal) -> Json:
    try:
        case_id = calc.case_id(case)
    except Refusal:
        case_id = None
    error = {"code": refusal.code, "message": zh_cn.sentence(refusal), "field": refusal.field}
    return {"id": case_id, "error": error}

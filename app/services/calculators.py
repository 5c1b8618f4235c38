"""The calculators with their refusals put into words: for the command line and for the web alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from app.domain import calc
from app.domain.case_reading import parse_json
from app.domain.errors import Refusal
from app.i18n import zh_cn

Json = dict[str, object]


def calculate(*, kind: str, case: object) -> tuple[Json, bool]:
    """Answer one case read from JSON; the truth value says whether it was answered rather than refused."""
    try:
        return calc.run(kind, case), True
    except Refusal as refusal:
        return _refused(case, refusal), False


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


def _refused(case: object, refusal: Refusal) -> Json:
    try:
        case_id = calc.case_id(case)
    except Refusal:
        case_id = None
    error = {"code": refusal.code, "message": zh_cn.sentence(refusal), "field": refusal.field}
    return {"id": case_id, "error": error}

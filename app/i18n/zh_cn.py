"""The one way from a refusal to its sentence and from an enum's value to its label, in Chinese."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum

from app.domain.errors import Refusal
from app.i18n import (
    errors_case_papers,
    errors_cases,
    errors_claims,
    errors_counter,
    errors_deliveries,
    errors_documents,
    errors_estate,
    errors_evidence,
    errors_frame,
    errors_ledger,
    errors_money,
    errors_nightly,
    errors_notices,
    errors_operation,
    errors_portal,
    errors_procedure,
    errors_reports,
    errors_scans,
    errors_security,
    errors_settings,
    errors_sheets,
    errors_tariffs,
    errors_web,
    labels_access,
    labels_case_papers,
    labels_cases,
    labels_claims,
    labels_counter,
    labels_deliveries,
    labels_estate,
    labels_evidence,
    labels_frame,
    labels_notices,
    labels_portal,
    labels_procedure,
    labels_reports,
    labels_scans,
    labels_security,
    labels_settings,
    labels_sheets,
    labels_tariffs,
    labels_web,
)

# Each area keeps its own file; a test fails when one is missing here or says a code twice.
SENTENCE_FILES = (
    errors_deliveries,
    errors_scans,
    errors_evidence,
    errors_claims,
    errors_cases,
    errors_case_papers,
    errors_counter,
    errors_documents,
    errors_estate,
    errors_frame,
    errors_ledger,
    errors_money,
    errors_nightly,
    errors_notices,
    errors_operation,
    errors_portal,
    errors_procedure,
    errors_reports,
    errors_security,
    errors_settings,
    errors_sheets,
    errors_tariffs,
    errors_web,
)
LABEL_FILES = (
    labels_access,
    labels_deliveries,
    labels_scans,
    labels_evidence,
    labels_claims,
    labels_cases,
    labels_case_papers,
    labels_counter,
    labels_estate,
    labels_frame,
    labels_notices,
    labels_portal,
    labels_procedure,
    labels_reports,
    labels_security,
    labels_settings,
    labels_sheets,
    labels_tariffs,
    labels_web,
)

SENTENCES: Mapping[str, str] = {code: text for file in SENTENCE_FILES for code, text in file.SENTENCES.items()}
LABELS: Mapping[str, str] = {key: text for file in LABEL_FILES for key, text in file.LABELS.items()}

UNKNOWN = "操作未能完成（代码 {code}）。请核对后重试；若仍失败，请把这个代码告诉管理员。"


class _Facts(dict[str, object]):
    """Facts for a sentence; one that was not given shows as a dash and never breaks the sentence."""

    def __missing__(self, key: str) -> str:
        return "—"


def sentence(refusal: Refusal) -> str:
    """Return what to tell a person: what was refused, why, and what to do next."""
    facts = _Facts({name: _written(name, value) for name, value in refusal.facts.items()})
    facts.setdefault("code", refusal.code)
    return SENTENCES.get(refusal.code, UNKNOWN).format_map(facts)


def label(value: Enum) -> str:
    """Return the name people know a value by; the value itself where it has none."""
    return LABELS.get(label_key(value), str(value.value))


def label_key(value: Enum) -> str:
    """Return the key of a value in the label files: ``waiver_status.approved`` for ``WaiverStatus.APPROVED``."""
    noun = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(value).__name__).lower()
    return f"{noun}.{value.value}"


def _written(name: str, value: object) -> object:
    """Return a fact as it stands in a sentence: fen as yuan, nothing as a dash."""
    if value is None:
        return "—"
    if name.endswith("_fen") and isinstance(value, int):
        sign, fen = ("-" if value < 0 else ""), abs(value)
        return f"{sign}￥{fen // 100:,}.{fen % 100:02d}"
    return value

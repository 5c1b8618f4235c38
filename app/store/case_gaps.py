"""What a case's file still lacks, each with the page where it is closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.domain.case_facts import CaseFacts, Gap, Group
from app.i18n import labels_claims

_EXPIRED = labels_claims.LABELS["limitation_state.expired"]


def with_gaps(facts: CaseFacts, *, unit_id: int, case_id: int, files: Sequence[Mapping[str, Any]]) -> CaseFacts:
    """Return the facts with every gap; the serious ones first."""
    files_page, case_page = f"/units/{unit_id}?tab=files", f"/cases/{case_id}"
    kinds = {one["kind"] for one in files}
    arrived = {one.number for one in facts.sent if one.interrupts}
    asked = {one.number for one in facts.sent}
    groups = {one.group for one in facts.exhibits if not one.paper}
    agreement, debtors = facts.agreement, facts.debtors
    candidates = [
        (not facts.bills, Gap("bills", case_page, is_serious=True)),
        (not debtors, Gap("defendant", case_page, is_serious=True)),
        (bool(facts.bills) and not asked, Gap("no_notice", "/notices", is_serious=True)),
        (bool(asked) and not arrived, Gap("no_arrival", f"/units/{unit_id}?tab=notices", len(asked), is_serious=True)),
        (bool(arrived) and bool(asked - arrived), Gap("some_arrival", "/deliveries", len(asked - arrived))),
        ("contract" not in kinds, Gap("contract_file", files_page, is_serious=True)),
        (not agreement.late_text and facts.claimed.late_fen > 0, Gap("late_clause", "/settings", is_serious=True)),
        (not agreement.title or not agreement.number, Gap("contract_facts", "/settings")),
        (not {"handover", "identity"} & kinds, Gap("handover", files_page)),
        (Group.STANDING not in groups, Gap("standing", case_page)),
        (Group.SERVICE not in groups, Gap("service", files_page)),
        (not facts.court, Gap("court", case_page)),
        (not facts.creditor.code or not facts.creditor.head, Gap("company", "/settings")),
        (any(not one.id_number and not one.is_company for one in debtors), Gap("id_number", case_page)),
        (any(not one.address for one in debtors), Gap("address", case_page)),
        (not facts.claimed.figures, Gap("claim", f"/claims/{unit_id}")),
        (bool(facts.claimed.warnings), Gap("warnings", case_page, len(facts.claimed.warnings))),
        *_clocks(facts, unit_id),
    ]
    found = [gap for is_missing, gap in candidates if is_missing]
    return replace(facts, gaps=tuple(sorted(found, key=lambda gap: not gap.is_serious)))


def _clocks(facts: CaseFacts, unit_id: int) -> list[tuple[bool, Gap]]:
    expired = sum(one.clock_state == _EXPIRED for one in facts.bills)
    unknown = sum(one.act_by_on is not None and one.expires_on is None for one in facts.bills)
    return [
        (expired > 0, Gap("expired", f"/units/{unit_id}/limitation", expired, is_serious=True)),
        (unknown > 0, Gap("calendar", "/settings/calendar", unknown)),
    ]

"""The figures of a claim in words and on paper: what stands on the page stands on the print."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from app.documents.report_facts import Definition, ReportFacts, ReportFigure, ReportHead, ReportRow, ReportTable
from app.domain.claim_figures import Basis
from app.i18n import zh_cn
from app.web import pages

_SHOWN = (Basis.CONTRACT, Basis.LPR_4_FIXED, Basis.LPR_15_FIXED, Basis.LPR_1_FIXED)


def say(key: str) -> str:
    """Return a label."""
    return zh_cn.LABELS[key]


def source(rate: Mapping[str, Any]) -> str:
    """Return where a value of the LPR comes from."""
    return say("claim.shipped") if rate["source"] == "shipped" else str(rate["source"])


def percent(rate_e4: int) -> str:
    """Write a rate a year of ten-thousandths in per cent."""
    return f"{rate_e4 // 100}.{rate_e4 % 100:02d}%"


def facts_of(facts: Mapping[str, Any], *, community: str, company: str, by: str, at: dt.datetime) -> ReportFacts:
    """Return a claim as the facts of a printed document."""
    known = facts["lpr"][-1]
    lpr = say("claim.lpr").format(percent=percent(known["rate_e4"]), on=known["from_on"], source=source(known))
    warned = [Definition("!", say(f"claim_warning.{code}")) for code in facts["warnings"]]
    numbered = f"{facts['number']}　" if "number" in facts else ""
    return ReportFacts(
        title=say("claim.paper_title"),
        subtitle=f"{numbered}{facts['unit_label']}　{lpr}",
        community=community,
        company=company,
        as_of=dt.date.fromisoformat(facts["as_of"]),
        printed_by=by,
        printed_at=pages.moment(at),
        figures=(
            ReportFigure(say("claim_head.principal"), pages.total(facts["principal_fen"])),
            ReportFigure(say("claim_head.contract"), pages.total(facts["claims"]["contract"]["late_fen"])),
            *(
                ReportFigure(say(f"claim_choice.{name}"), say(f"basis.{facts[name]}"))
                for name in ("primary", "alternative")
                if name in facts
            ),
        ),
        charts=(),
        tables=(_bases(facts), _bills(facts)),
        definitions=(Definition(say("claim.title"), say("claim.paper_note")), *warned),
    )


def _bases(facts: Mapping[str, Any]) -> ReportTable:
    names = ("basis", "late", "total", "fee", "halved", "order")
    rows = []
    for basis in Basis:
        found = facts["claims"][basis.value]
        cells = ("—",) * 5 if found is None else tuple(pages.yuan(found[f"{name}_fen"]) for name in names[1:])
        rows.append(ReportRow((say(f"basis.{basis.value}"), *cells)))
    heads = tuple(ReportHead(say(f"claim_head.{name}"), is_number=name != "basis") for name in names)
    return ReportTable(say("claim_table.bases"), heads, tuple(rows))


def _bills(facts: Mapping[str, Any]) -> ReportTable:
    names = ("bill", "due_on", "days", "principal", "contract", "lpr4", "lpr15", "lpr1", "act_by")
    rows = []
    for one in facts["bills"]:
        clock = one["clock"] or {}
        rows.append(
            ReportRow(
                (
                    f"{one['item']} {span(one)}",
                    one["due_on"],
                    str(one["days"]),
                    pages.yuan(one["principal_fen"]),
                    *(pages.yuan(one["figures"][basis.value]) or "—" for basis in _SHOWN),
                    clock.get("act_by_on") or "—",
                )
            )
        )
    late = [facts["claims"][basis.value] for basis in _SHOWN]
    sums = ("—" if found is None else pages.yuan(found["late_fen"]) for found in late)
    rows.append(ReportRow((say("report.sum"), "", "", pages.yuan(facts["principal_fen"]), *sums, ""), is_total=True))
    texts = {"bill", "due_on", "act_by"}
    heads = tuple(ReportHead(say(f"claim_head.{name}"), is_number=name not in texts) for name in names)
    return ReportTable(say("claim_table.bills"), heads, tuple(rows))


def span(one: Mapping[str, Any]) -> str:
    """Write the period of a bill of a claim."""
    return pages.span(dt.date.fromisoformat(one["period_from_on"]), dt.date.fromisoformat(one["period_to_on"]))

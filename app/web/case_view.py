"""Everything the page of one case shows, read at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.domain import cases as rules
from app.domain import judgment, statutes
from app.domain.case_paths import Path
from app.domain.cases import Stage
from app.domain.court_fees import court_fees
from app.domain.errors import Refusal
from app.domain.privacy import mask_name
from app.store import case_reads, cases
from app.store.users import names
from app.web.case_gate import stage_word

TABS = ("overview", "parties", "dates", "money", "papers", "talk")


def view(session: Session, row: cases.Row, today: dt.date) -> dict[str, Any]:
    """Return what every tab of a case needs, in a constant number of statements."""
    case_id = row["id"]
    bills = cases.bills_of(session, case_id)
    steps = cases.stages(session, case_id)
    dates = cases.dates_of(session, case_id)
    counsel = cases.counsel(session, case_id)
    after = row["filed_on"] or row["as_of"]
    paid = case_reads.paid_since(session, case_id, since=after)
    judged = cases.judgments(session, case_id)
    plans = cases.plans(session, case_id)
    costs = cases.costs(session, case_id)
    stage, path = Stage(row["stage"]), Path(row["path"])
    return {
        "case": row,
        "stage_name": stage_word(row["path"], row["stage"]),
        "stage_word": stage_word,
        "bills": bills,
        "claimed_fen": row["principal_fen"] + row["late_charge_fen"] + row["costs_fen"],
        "parties": [{**one, "shown": shown_name(one)} for one in cases.parties(session, case_id)],
        "steps": steps,
        "next_stages": [(one.value, stage_word(row["path"], one.value)) for one in rules.moves(stage, path)],
        "undoable": _undoable(steps),
        "dates": dates,
        "open_dates": [one for one in dates if one["done_at"] is None],
        "paid": paid,
        "paid_fen": sum(one["amount_fen"] for one in paid),
        "after": after,
        "judgments": judged,
        "owed": _owed(session, case_id, judged, today, stage),
        "plans": [_plan(session, case_id, one, today) for one in plans],
        "costs": costs,
        "cost_fen": sum(one["amount_fen"] for one in costs),
        "comments": cases.comments(session, case_id),
        "files": cases.files(session, case_id),
        "counsel": counsel,
        "assigners": names(session, {one["assigned_by"] for one in counsel}),
        "lawyers": case_reads.lawyers(session, community_id=row["community_id"]),
        "fees": _fees(row),
        "proposed": row["path_facts"].get("proposed", ""),
        "reasons": [_reason(one, row["as_of"]) for one in row["path_facts"].get("reasons", [])],
    }


def shown_name(party: Mapping[str, Any]) -> str:
    """Return the name of a party as pages show it: a company's in full, a person's masked."""
    is_body = party["capacity"] in {"company", "developer"}
    return str(party["name"]) if is_body else mask_name(str(party["name"]))


def article_text(article_id: str, on: dt.date) -> str:
    """Return the short name and number of an article, or nothing where the id names none."""
    if not article_id:
        return ""
    try:
        found = statutes.article(article_id, on=on)
    except Refusal:
        return ""
    return f"{found.short} {found.number}"


def _reason(one: Mapping[str, Any], on: dt.date) -> dict[str, Any]:
    return {"code": one["code"], "facts": one["facts"], "article": article_text(one["article"], on)}


def _undoable(steps: list[cases.Row]) -> cases.Row | None:
    last = next((one for one in reversed(steps) if not one["is_undone"] and one["undoes_id"] is None), None)
    if last is None or not last["from_stage"]:
        return None
    before, after = Stage(last["from_stage"]), Stage(last["to_stage"])
    is_turned = before is Stage.JUDGMENT and after is Stage.ACCEPTED
    return last if rules.can_be_undone(before, after) and not is_turned else None


def _owed(
    session: Session, case_id: int, judged: list[cases.Row], today: dt.date, stage: Stage
) -> judgment.Owed | None:
    """Return where the judgment debt stands, by the ledger's payments and their days; None before it binds."""
    if not judged or stage not in {Stage.EFFECTIVE, Stage.ENFORCEMENT, Stage.CLOSED}:
        return None
    latest = judged[0]
    start = latest["perform_by_on"] or latest["issued_on"]
    paid = case_reads.paid_since(session, case_id, since=latest["issued_on"])
    return judgment.owed(
        debt_fen=latest["principal_fen"] + latest["late_charge_fen"] + latest["costs_fen"],
        perform_by_on=start,
        payments=[(one["value_on"], one["amount_fen"]) for one in paid],
        as_of=max(today, start),
    )


def _plan(session: Session, case_id: int, plan: cases.Row, today: dt.date) -> dict[str, Any]:
    before = plan["agreed_on"] - dt.timedelta(days=1)
    paid = case_reads.paid_since(session, case_id, since=before)
    received = [(one["value_on"], one["amount_fen"]) for one in paid]
    return {**plan, "states": rules.instalments(plan["instalments"], received, today)}


def _fees(row: cases.Row) -> dict[str, int]:
    """Return what the court would charge, estimated for the way chosen; its own notice decides."""
    total = row["principal_fen"] + row["late_charge_fen"] + row["costs_fen"]
    found = court_fees(total)
    match Path(row["path"]):
        case Path.PAYMENT_ORDER:
            fee = found.payment_order_fen
        case Path.SMALL_CLAIMS | Path.SIMPLIFIED:
            fee = found.halved_fen
        case Path.ORDINARY | Path.ARBITRATION:
            fee = found.ordinary_fen
        case Path.MEDIATION:
            fee = 0
    return {"fee": fee, "execution": found.execution_fen, "preservation": found.preservation_fen}

"""The claim against the owners of a unit to a day: worked out in every way courts measure it, and frozen."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.domain.claim import Warn
from app.domain.claim_figures import YEAR_DAYS, Basis, added, figures
from app.domain.court_fees import court_fees
from app.domain.deeds import By
from app.domain.errors import Refusal
from app.domain.ledger import BillStatement, statement
from app.domain.limitation_states import State
from app.domain.notices import owed_by
from app.store import audit, claims, documents, estate, ledger, limitation_reads, notices, once
from app.store.limitation_reads import BillClock

MOST_E4 = 2_400
"""No base rate of the country was ever near a quarter a year: a slip of the pen."""
Facts = dict[str, Any]
"""What a claim rests on: JSON values, frozen as they are."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A claim to freeze; no bills means every overdue one."""

    unit_id: int
    as_of: dt.date
    primary: Basis
    alternative: Basis
    bill_ids: tuple[int, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was posted after a claim was frozen; ``amount_fen`` None where it has none."""

    kind: str
    on: dt.date
    amount_fen: int | None
    row_id: int


@dataclass(frozen=True, slots=True)
class Since:
    """What changed since a claim was frozen, and the figures of today beside it."""

    changes: tuple[Change, ...]
    now: Facts

    @property
    def moves(self) -> bool:
        """Tell whether anything was posted."""
        return bool(self.changes)


def panel(session: Session, *, unit_id: int, as_of: dt.date, bill_ids: Sequence[int] = ()) -> Facts:
    """Return the figures of a claim to a day: every overdue bill, or those named; nothing is written.

    Raises:
        Refusal: ``unit.unknown``, ``claim.unknown_bill``.

    """
    unit = estate.unit_row(session, unit_id)
    told = statement(ledger.stories(session, [unit_id])[unit_id].account, as_of)
    clocks = {one.bill_id: one for one in limitation_reads.clocks_of_unit(session, unit_id, as_of)}
    owed = {int(one.bill.id[1:]): one for one in told.bills if one.bill.due_on < as_of and one.total_fen}
    if set(bill_ids) - owed.keys():
        raise Refusal("claim.unknown_bill", field="bill")
    chosen = {number: one for number, one in owed.items() if not bill_ids or number in bill_ids}
    rates = claims.base_rates(session)
    known = notices.bill_rows(session, list(chosen))
    periods = notices.ownerships(session, [unit_id]).get(unit_id, [])
    owners_now = sorted(period.person_id for period in periods if period.covers(as_of))
    bills = []
    for number, one in sorted(chosen.items(), key=lambda pair: (pair[1].bill.due_on, pair[0])):
        figured = figures(one, as_of, claims.series(rates))
        bills.append(
            {
                **_bill(number, one, known[number]),
                "figures": {basis.value: fen for basis, fen in figured.late_fen.items()},
                "warnings": [warn.value for warn in figured.warnings],
                "clock": _clock(clocks[number]) if number in clocks else None,
                "owners": sorted(owed_by(periods, one.bill.due_on)),
            }
        )
    head_seq, head_hash = claims.head_of(session, unit_id)
    return {
        "as_of": as_of.isoformat(),
        "unit_id": unit_id,
        "unit_label": unit.label,
        "bills": bills,
        "left_out": sorted(owed.keys() - chosen.keys()),
        "owners": owners_now,
        **_sums(bills),
        "year_days": YEAR_DAYS,
        "lpr": [
            {"from_on": rate.from_on.isoformat(), "rate_e4": rate.rate_e4, "source": rate.source} for rate in rates
        ],
        "lpr_known_through": rates[-1].from_on.isoformat(),
        "ledger_seq": head_seq,
        "ledger_hash": head_hash,
    }


def freeze(session: Session, *, wish: Wish, by: By, key: str) -> int:
    """Freeze a claim to its day and return its id; the same ``key`` acts once.

    Raises:
        Refusal: ``claim.as_of_ahead``, ``claim.nothing_owed``, ``claim.same_basis``, ``claim.no_figure``,
            ``claim.unknown_bill``, ``form.key_reused``.

    """
    asked = {"unit": wish.unit_id, "as_of": wish.as_of, "primary": wish.primary, "alternative": wish.alternative}
    asked |= {"bills": sorted(wish.bill_ids), "actor": by.actor_id}
    if (answered := once.claim(session, key=key, scope="claim_freeze", request=asked, now=by.now)) is not None:
        return int(answered["claim_id"])
    if wish.as_of > by.today:
        raise Refusal("claim.as_of_ahead", field="as_of")
    if wish.primary is wish.alternative:
        raise Refusal("claim.same_basis", field="alternative")
    facts = panel(session, unit_id=wish.unit_id, as_of=wish.as_of, bill_ids=wish.bill_ids)
    if not facts["bills"]:
        raise Refusal("claim.nothing_owed", field="bill")
    for name, basis in (("primary", wish.primary), ("alternative", wish.alternative)):
        if facts["claims"][basis.value] is None:
            raise Refusal("claim.no_figure", field=name)
    unit = estate.unit_row(session, wish.unit_id)
    number = documents.next_numbers(session, community_id=unit.community_id, kind="claim", year=by.today.year)[0]
    facts |= {"number": number, "primary": wish.primary.value, "alternative": wish.alternative.value}
    made = claims.freeze(
        session,
        {
            "community_id": unit.community_id,
            "unit_id": wish.unit_id,
            "number": number,
            "as_of": wish.as_of,
            "primary_basis": wish.primary.value,
            "alternative_basis": wish.alternative.value,
            "principal_fen": facts["principal_fen"],
            "claimed_fen": facts["claims"][wish.primary.value]["total_fen"],
            "facts": facts,
            "note": wish.note.strip(),
            "frozen_by": by.actor_id,
            "frozen_at": by.now,
        },
    )
    _log(session, "claim.frozen", unit.community_id, wish.unit_id, by, claim=number, as_of=wish.as_of.isoformat())
    once.settle(session, key=key, scope="claim_freeze", result={"claim_id": made})
    return made


def since(session: Session, *, claim_id: int, today: dt.date) -> Since:
    """Return what was posted to the unit after a claim was frozen, and what the same claim comes to today.

    Raises:
        Refusal: ``claim.unknown``.

    """
    facts = claims.claim_facts(session, claim_id)
    posted = claims.entries_after(session, unit_id=facts["unit_id"], seq=facts["ledger_seq"])
    return Since(
        tuple(_change(one) for one in posted if one["kind"] != "credit"),
        panel(session, unit_id=facts["unit_id"], as_of=today),
    )


def add_rate(session: Session, *, from_on: dt.date, rate_e4: int, source: str, by: By) -> int:
    """Enter a value of the LPR with where it was read; entering a day again replaces it.

    Raises:
        Refusal: ``lpr.ahead``, ``lpr.source_missing``, ``lpr.out_of_range``.

    """
    if from_on > by.today:
        raise Refusal("lpr.ahead", field="from_on")
    if not source.strip():
        raise Refusal("lpr.source_missing", field="source")
    if not 0 < rate_e4 < MOST_E4:
        raise Refusal("lpr.out_of_range", field="percent")
    made = claims.add_rate(session, from_on=from_on, rate_e4=rate_e4, source=source.strip(), by=by.actor_id, at=by.now)
    audit.record(
        session,
        at=by.now,
        actor=by.actor,
        action="base_rate.entered",
        subject=f"base_rate:{made}",
        facts={"from_on": from_on.isoformat(), "rate_e4": rate_e4, "source": source.strip()},
    )
    return made


# --- the parts --------------------------------------------------------------------------------------


def _bill(number: int, one: BillStatement, row: Any) -> Facts:  # noqa: ANN401 - a row of the store
    return {
        "bill_id": number,
        "item": row.item,
        "period_from_on": row.period_from_on.isoformat(),
        "period_to_on": row.period_to_on.isoformat(),
        "due_on": one.bill.due_on.isoformat(),
        "days": one.days_overdue,
        "original_fen": row.principal_fen,
        "principal_fen": one.principal_fen,
        "costs_fen": one.costs_fen,
        "accrued_fen": one.accrued_fen,
        "late_paid_fen": one.late_paid_fen,
        "late_waived_fen": one.late_waived_fen,
        "cap_fen": one.cap_fen,
        "segments": [
            {
                "from_on": part.from_on.isoformat(),
                "to_on": part.to_on.isoformat(),
                "days": part.days,
                "principal_fen": part.principal_fen,
                "rate": str(part.rate.fraction),
                "amount": str(part.amount),
            }
            for part in one.segments
        ],
    }


def _clock(one: BillClock) -> Facts:
    return {
        "base_on": one.base_on.isoformat() if one.base_on else None,
        "act_by_on": one.act_by_on.isoformat() if one.act_by_on else None,
        "expires_on": one.expires_on.isoformat() if one.expires_on else None,
        "state": one.state.value,
        "last": None
        if one.last is None
        else {
            "kind": one.last.kind.value,
            "on": one.last.on.isoformat(),
            "proof_kind": one.last.proof_kind,
            "proof_id": one.last.proof_id,
            "strength": one.last.strength,
        },
    }


def _sums(bills: Sequence[Facts]) -> Facts:
    """Add up the bills: the claim by each basis with its court fees, and every warning once."""
    principal, costs = sum(one["principal_fen"] for one in bills), sum(one["costs_fen"] for one in bills)
    late = added({basis: one["figures"][basis.value] for basis in Basis} for one in bills)
    warned = {warn for one in bills for warn in one["warnings"]}
    return {
        "principal_fen": principal,
        "costs_fen": costs,
        "claims": {basis.value: _claimed(late[basis], principal + costs) for basis in Basis},
        "warnings": [warn.value for warn in Warn if warn.value in warned],
        "expired": [one["bill_id"] for one in bills if one["clock"] and one["clock"]["state"] == State.EXPIRED.value],
    }


def _claimed(late_fen: int | None, rest_fen: int) -> Facts | None:
    """Return a claim with its estimated court fees, or None where its yardstick is not known."""
    if late_fen is None:
        return None
    total = rest_fen + late_fen
    fees = court_fees(total) if total > 0 else None
    return {
        "late_fen": late_fen,
        "total_fen": total,
        "fee_fen": fees.ordinary_fen if fees else 0,
        "halved_fen": fees.halved_fen if fees else 0,
        "order_fen": fees.payment_order_fen if fees else 0,
    }


_AMOUNT = {"bill": "principal_fen", "payment": "amount_fen", "adjustment": "amount_fen"}
_ON = {"bill": "issued_on", "payment": "received_on"}


def _change(entry: Mapping[str, Any]) -> Change:
    kind, row = entry["kind"], entry["row"]
    amount = row.get(_AMOUNT[kind]) if kind in _AMOUNT else None
    name = row["kind"] if kind == "adjustment" else f"reversal_{row['target_kind']}" if kind == "reversal" else kind
    on = row[_ON.get(kind, "value_on")]
    return Change(name, dt.date.fromisoformat(on), amount, row["id"])


def _log(session: Session, action: str, community_id: int, unit_id: int, by: By, **facts: object) -> None:
    audit.record(
        session,
        at=by.now,
        actor=by.actor,
        action=action,
        subject=f"unit:{unit_id}",
        community_id=community_id,
        facts=json.loads(json.dumps(facts)),
    )

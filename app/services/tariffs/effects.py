"""What a price or a late charge would do, reckoned on the books as they stand; nothing is posted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from sqlalchemy.orm import Session

from app.domain import ledger as engine
from app.domain.billing import read_month
from app.domain.errors import Refusal
from app.domain.rates import ALWAYS, RateIndex
from app.services.tariffs.drafts import LateCharge, NewPrice
from app.store import billing, estate, ledger, plans, run_plan, tariffs
from app.store.charges import Version
from app.store.types import FOREVER

TRIAL_ROWS = 4000


@dataclass(frozen=True, slots=True)
class PriceEffect:
    """One period at the price in force and at the new one."""

    from_on: dt.date
    to_on: dt.date
    impact: tariffs.Impact


@dataclass(frozen=True, slots=True)
class LateEffect:
    """What is overdue under a plan, and what a day of it costs before and after."""

    units: int
    bills: int
    principal_fen: int
    day_before: Fraction
    day_after: Fraction
    reaches_back: bool


@dataclass(frozen=True, slots=True)
class TrialLine:
    """A month of a unit at one version: quantity times price, the days of it, the share of a vacancy."""

    month_on: dt.date
    version_on: dt.date
    quantity_e3: int
    price_e4: int
    addition_e4: int
    days: int
    of_days: int
    share_e4: int
    amount_fen: int


@dataclass(frozen=True, slots=True)
class TrialUnit:
    """One unit of a trial."""

    unit_id: int
    label: str
    lines: tuple[TrialLine, ...]

    @property
    def amount_fen(self) -> int:
        """What it would pay for the period."""
        return sum(line.amount_fen for line in self.lines)


@dataclass(frozen=True, slots=True)
class Trial:
    """A period reckoned without posting."""

    from_on: dt.date
    to_on: dt.date
    due_on: dt.date
    units: tuple[TrialUnit, ...]
    is_cut: bool

    @property
    def amount_fen(self) -> int:
        """What all of them would pay."""
        return sum(one.amount_fen for one in self.units)


def price_effect(
    session: Session, *, item: Mapping[str, Any], from_on: dt.date, wish: NewPrice, today: dt.date
) -> PriceEffect:
    """Return the last billed period (or the one of today) at the price in force and at the new one.

    ``item`` is the row of the fee item; one that does not exist yet has the id 0 and nothing in force.
    """
    billed = billing.billed_through(session, item["id"]) if item["id"] else None
    [period] = run_plan.periods(session, [item], (billed or min(today, from_on)).replace(day=1))
    standing = tariffs.in_force(session, item["id"]) if item["id"] else ()
    before = _throughout(standing, from_on - dt.timedelta(days=1) if from_on > ALWAYS else from_on)
    after = (
        *(version for version in before if version.usage_type != wish.usage_type),
        Version(wish.usage_type, ALWAYS, FOREVER, wish.price_e4, wish.addition_e4),
    )
    found = tariffs.impact(session, replace(period, prices=before), replace(period, prices=after))
    return PriceEffect(period.from_on, period.to_on, found)


def late_charge_effect(
    session: Session, *, plan_id: int, from_on: dt.date, wish: LateCharge, today: dt.date
) -> LateEffect:
    """Return what the new rate would run on, and what a day of it costs at either rate."""
    units, bills, principal = tariffs.late_impact(session, plan_id, on=today)
    now = plans.load(session, [plan_id])[plan_id].index.rate_on(max(today, from_on))
    rate, _, _ = wish.terms
    return LateEffect(units, bills, principal, principal * now.fraction, principal * rate.fraction, from_on <= today)


def trial(
    session: Session,
    *,
    item: Mapping[str, Any],
    period: str,
    unit_id: int | None = None,
    building: str = "",
    from_on: dt.date | None = None,
    wish: NewPrice | None = None,
) -> Trial:
    """Reckon the period of ``period`` for one unit or one building, with a price that is not published yet or without.

    Raises:
        Refusal: ``period.not_a_month``, ``trial.nobody``.

    """
    if unit_id is None and not building:
        raise Refusal("trial.nobody", field="unit")
    [found] = run_plan.periods(session, [item], read_month(period))
    wanted = replace(found, unit_id=unit_id, buildings=(building,) if building and unit_id is None else ())
    if wish is not None and from_on is not None:
        standing = tariffs.in_force(session, item["id"]) if item["id"] else ()
        wanted = replace(wanted, prices=_spliced(standing, from_on, wish))
    rows = tariffs.working(session, wanted, limit=TRIAL_ROWS + 1)
    return Trial(wanted.from_on, wanted.to_on, wanted.due_on, _by_unit(rows[:TRIAL_ROWS]), len(rows) > TRIAL_ROWS)


def late_charge_trial(
    session: Session, *, plan_id: int, unit_id: int, from_on: dt.date, wish: LateCharge, on: dt.date
) -> list[tuple[engine.BillStatement, engine.BillStatement]]:
    """Return each open bill of a unit on a day as it stands under the plan and as it would with the new version.

    Grace and cap of a bill are frozen on it; the rate alone moves.
    """
    before = plans.of_communities(session, [estate.unit_row(session, unit_id).community_id])
    if plan_id not in before:
        return []
    rate, grace, cap = wish.terms
    plan = before[plan_id]
    policies = sorted(
        [*plan.policies, plans.Policy(from_on, rate, grace, cap, wish.source_clause)], key=lambda one: one.from_on
    )
    index = RateIndex(tuple((policy.from_on, policy.rate) for policy in policies))
    after = {**before, plan_id: replace(plan, policies=tuple(policies), index=index, den=index.den)}
    told = [ledger.stories(session, [unit_id], with_plans=known)[unit_id].account for known in (before, after)]
    was, becomes = (engine.statement(account, on).bills for account in told)
    return [(one, other) for one, other in zip(was, becomes, strict=True) if one.total_fen or other.late_charge_fen]


def _throughout(standing: Sequence[Version], on: dt.date) -> tuple[Version, ...]:
    """Return the versions in force on a day as if they had always been."""
    return tuple(
        replace(version, from_on=ALWAYS, until_on=FOREVER)
        for version in standing
        if version.from_on <= on < version.until_on
    )


def _spliced(standing: Sequence[Version], from_on: dt.date, wish: NewPrice) -> tuple[Version, ...]:
    """Return the versions as they would stand once the new one is published."""
    same = [version for version in standing if version.usage_type == wish.usage_type and version.from_on != from_on]
    later = min((version.from_on for version in same if version.from_on > from_on), default=FOREVER)
    return (
        *(version for version in standing if version.usage_type != wish.usage_type),
        *(
            replace(version, until_on=min(version.until_on, from_on)) if version.from_on < from_on else version
            for version in same
        ),
        Version(wish.usage_type, from_on, later, wish.price_e4, wish.addition_e4),
    )


def _by_unit(rows: Sequence[Any]) -> tuple[TrialUnit, ...]:
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.unit_id, []).append(row)
    return tuple(
        TrialUnit(
            unit_id,
            lines[0].label,
            tuple(
                TrialLine(
                    row.month_on,
                    row.version_on,
                    row.quantity_e3,
                    row.price_e4,
                    row.addition_e4,
                    row.days,
                    row.of_days,
                    row.share_e4,
                    int(row.amount_fen),
                )
                for row in lines
            ),
        )
        for unit_id, lines in found.items()
    )

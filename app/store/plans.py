"""Rate plans: the late-charge policy versions of a community and the additive index made from them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import conflict
from app.domain.ledger import Grace, GraceMode, Terms
from app.domain.money import half_up
from app.domain.rates import Rate, RateIndex
from app.store import db
from app.store.tables import account, bill, bill_hold, bill_state, late_charge_policy, rate_plan, rate_segment
from app.store.types import FOREVER, CivilDate

NO_CAP = 10**15
"""Stands for "no cap" in a fen column: a thousand times the largest bill the schema admits."""


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of a late-charge policy."""

    from_on: dt.date
    rate: Rate
    grace: Grace
    cap_ratio: Fraction | None
    source_clause: str

    @property
    def cap_e4(self) -> int | None:
        """The cap as a share of the principal, in 1/10000."""
        return None if self.cap_ratio is None else int(self.cap_ratio * 10_000)

    def cap_fen(self, principal_fen: int) -> int | None:
        """Return the most that may accrue on a bill of this principal, or None without a cap."""
        return None if self.cap_e4 is None else half_up(principal_fen * self.cap_e4, 10_000)


@dataclass(frozen=True, slots=True)
class Plan:
    """All versions of one plan and its rate index."""

    id: int
    community_id: int
    name: str
    den: int
    index: RateIndex
    policies: tuple[Policy, ...]

    def r(self, day: dt.date) -> int:
        """Return the index on ``day`` in 1/den fen a fen."""
        return self.index.at(day)

    def policy_on(self, day: dt.date) -> Policy:
        """Return the version in force on ``day``, or the first one for days before it."""
        found = [policy for policy in self.policies if policy.from_on <= day]
        return found[-1] if found else self.policies[0]

    def terms(self, *, grace_mode: str, grace_days: int, cap_fen: int | None, principal_fen: int) -> Terms:
        """Return the terms frozen on a bill: its grace and cap, on this plan's rates."""
        cap = None if cap_fen is None else Fraction(cap_fen, max(principal_fen, 1))
        return Terms(rates=self.index, grace=Grace(mode=GraceMode(grace_mode), days=grace_days), cap_ratio=cap)


def load(session: Session, plan_ids: Iterable[int]) -> dict[int, Plan]:
    """Return the plans asked for, by id, in two queries."""
    wanted = sorted(set(plan_ids))
    heads = session.execute(sa.select(rate_plan).where(rate_plan.c.id.in_(wanted))).all()
    versions = session.execute(
        sa.select(late_charge_policy)
        .where(late_charge_policy.c.plan_id.in_(wanted))
        .order_by(late_charge_policy.c.plan_id, late_charge_policy.c.from_on)
    ).all()
    policies: dict[int, list[Policy]] = {}
    for row in versions:
        policies.setdefault(row.plan_id, []).append(_policy(dict(row._mapping)))  # noqa: SLF001 - SQLAlchemy's public name
    return {
        head.id: Plan(
            id=head.id,
            community_id=head.community_id,
            name=head.name,
            den=head.den,
            index=_index(policies[head.id]),
            policies=tuple(policies[head.id]),
        )
        for head in heads
    }


def _index(versions: Sequence[Policy]) -> RateIndex:
    return RateIndex(tuple((policy.from_on, policy.rate) for policy in versions)).check_fits_database()


def _policy(row: Mapping[str, object]) -> Policy:
    cap = row["cap_e4"]
    from_on, rate = row["from_on"], str(row["rate"])
    if not isinstance(from_on, dt.date):
        msg = "a policy version without a date"
        raise TypeError(msg)
    num, _, den = rate.partition("/")
    return Policy(
        from_on=from_on,
        rate=Rate(int(num), int(den or 1)),
        grace=Grace(mode=GraceMode(str(row["grace_mode"])), days=int(str(row["grace_days"]))),
        cap_ratio=None if cap is None else Fraction(int(str(cap)), 10_000),
        source_clause=str(row["source_clause"]),
    )


def create(session: Session, *, community_id: int, name: str, policies: Iterable[Policy]) -> int:
    """Write a plan with its versions and index; return its id."""
    versions = sorted(policies, key=lambda policy: policy.from_on)
    index = _index(versions)
    plan_id = session.execute(
        sa.insert(rate_plan).values(community_id=community_id, name=name, den=index.den).returning(rate_plan.c.id)
    ).scalar_one()
    session.execute(sa.insert(late_charge_policy), [_policy_row(plan_id, policy) for policy in versions])
    write_segments(session, plan_id, index)
    return int(plan_id)


def _policy_row(plan_id: int, policy: Policy) -> dict[str, object]:
    return {
        "plan_id": plan_id,
        "from_on": policy.from_on,
        "rate": f"{policy.rate.num}/{policy.rate.den}",
        "grace_mode": policy.grace.mode.value,
        "grace_days": policy.grace.days,
        "cap_e4": policy.cap_e4,
        "source_clause": policy.source_clause,
    }


def of_communities(session: Session, communities: Sequence[int]) -> dict[int, Plan]:
    """Return every rate plan of the communities, by id."""
    wanted = rate_plan.c.community_id.in_(sorted(set(communities)))
    return load(session, session.execute(sa.select(rate_plan.c.id).where(wanted)).scalars().all())


def add_version(session: Session, *, plan_id: int, policy: Policy) -> list[int]:
    """Add one version to a plan, rebuild its index and re-anchor the running state in three statements.

    Return the units whose charges already ran over days from ``policy.from_on`` on: the caller replays them
    (``ledger.refresh``); for all others the new index alone is exact.

    Raises:
        Refusal: ``policy.exists`` when a version starts that day; ``rate.too_fine``.

    """
    # Every posting holds its accounts before it reads a rate: none may read the old one and write after the new.
    mine = sa.select(rate_plan.c.community_id).where(rate_plan.c.id == plan_id).scalar_subquery()
    held = sa.select(account.c.unit_id).where(account.c.community_id == mine).order_by(account.c.unit_id)
    session.execute(db.lock_row(session, held)).all()
    before = load(session, [plan_id])[plan_id]
    if any(known.from_on == policy.from_on for known in before.policies):
        raise conflict("policy.exists", field="from_on", on=policy.from_on.isoformat())
    session.execute(sa.insert(late_charge_policy), [_policy_row(plan_id, policy)])
    after = load(session, [plan_id])[plan_id]
    session.execute(sa.update(rate_plan).where(rate_plan.c.id == plan_id).values(den=after.index.den))
    session.execute(sa.delete(rate_segment).where(rate_segment.c.plan_id == plan_id))
    write_segments(session, plan_id, after.index)
    _re_anchor(session, plan_id, before.index.den, after.index.den)
    return list(
        session.execute(
            sa.select(bill_state.c.unit_id)
            .where(
                bill_state.c.plan_id == plan_id,
                bill_state.c.anchor_on >= sa.literal(policy.from_on, CivilDate()),
                bill_state.c.anchor_num > 0,
            )
            .distinct()
        ).scalars()
    )


def _re_anchor(session: Session, plan_id: int, old_den: int, new_den: int) -> None:
    """Carry every remembered index value and numerator of a plan over to its new index."""
    session.execute(
        sa.update(bill_state)
        .where(bill_state.c.plan_id == plan_id)
        .values(
            anchor_num=bill_state.c.anchor_num * new_den // old_den,
            anchor_r=_index_at(plan_id, bill_state.c.anchor_on),
        )
    )
    bills = sa.select(bill.c.id).where(bill.c.plan_id == plan_id)
    session.execute(
        sa.update(bill_hold)
        .where(bill_hold.c.bill_id.in_(bills))
        .values(
            r_to=_index_at(plan_id, bill_hold.c.to_on),
            r_before=_index_at(plan_id, bill_hold.c.from_on.op("-", return_type=CivilDate())(sa.literal(1))),
        )
    )


def _index_at(plan_id: int, day: sa.ColumnElement[dt.date]) -> sa.ColumnElement[int]:
    days = day.op("-", return_type=sa.Integer())(rate_segment.c.from_on)
    value = (
        sa.select(rate_segment.c.cum + rate_segment.c.num * days)
        .where(rate_segment.c.plan_id == plan_id, rate_segment.c.from_on <= day, rate_segment.c.until_on > day)
        .scalar_subquery()
    )
    return sa.func.coalesce(value, 0)


def write_segments(session: Session, plan_id: int, index: RateIndex) -> None:
    """Write the integer form of the index: R(t) = cum + num * (t - from_on), in 1/den."""
    segments = index.segments
    ends = [segment.from_on for segment in segments[1:]] + [FOREVER]
    session.execute(
        sa.insert(rate_segment),
        [
            {
                "plan_id": plan_id,
                "from_on": segment.from_on,
                "until_on": end,
                "num": segment.num,
                "cum": segment.cum,
            }
            for segment, end in zip(segments, ends, strict=True)
        ],
    )


def community_of(session: Session, plan_id: int) -> int:
    """Return the community whose contract a plan belongs to."""
    return int(session.execute(sa.select(rate_plan.c.community_id).where(rate_plan.c.id == plan_id)).scalar_one())

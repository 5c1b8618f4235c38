"""The draft of a run laid open: what differs from the period before, what is odd, and its fingerprint."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy.orm import Session

from app.services.billing.running import ItemPreview, RunResult, result_of
from app.store import billing_review, charges, run_plan
from app.store.billing_review import Line
from app.store.run_plan import ALL, Scope

PERCENT = 10


class Change(StrEnum):
    """How a unit's amount compares with that of the period before."""

    NEW = "new"
    MISSING = "missing"
    CHANGED = "changed"
    SAME = "same"
    BILLED = "billed"


class Oddity(StrEnum):
    """What deserves a second look before anybody is billed."""

    NO_AREA = "no_area"
    NO_OWNER = "no_owner"
    NOT_HANDED_OVER = "not_handed_over"
    NO_TARIFF = "no_tariff"
    VACANCY = "vacancy"
    ZERO = "zero"
    TAKEN_BACK = "taken_back"


@dataclass(frozen=True, slots=True)
class Reviewed:
    """One unit and item of a run, compared."""

    item: str
    line: Line
    change: Change
    oddities: tuple[Oddity, ...]

    @property
    def difference_fen(self) -> int:
        """How much more than in the period before."""
        return self.line.principal_fen - (self.line.last_fen or 0)

    @property
    def percent(self) -> int | None:
        """The difference in whole per cent of what it was, None where there was nothing."""
        return self.difference_fen * 100 // self.line.last_fen if self.line.last_fen else None


@dataclass(frozen=True, slots=True)
class Review:
    """What posting would do, seen from every side; ``fingerprint`` names exactly the bills that would be made."""

    result: RunResult
    lines: tuple[Reviewed, ...]
    last_fen: int
    fingerprint: str
    changes: Counter[Change] = field(default_factory=Counter)
    change_fen: Counter[Change] = field(default_factory=Counter)
    oddities: Counter[Oddity] = field(default_factory=Counter)
    taken_back: int = 0

    def of_change(self, change: Change) -> list[Reviewed]:
        """Return the lines of one kind of difference, the largest first."""
        return sorted((one for one in self.lines if one.change is change), key=lambda one: -abs(one.difference_fen))

    def of_oddity(self, oddity: Oddity) -> list[Reviewed]:
        """Return the lines with one oddity, in walking order."""
        return [one for one in self.lines if oddity in one.oddities]


def review(
    session: Session,
    *,
    community_id: int,
    period: str,
    today: dt.date,
    scope: Scope = ALL,
    percent: int = PERCENT,
) -> Review:
    """Return the run of ``period`` laid open; one query a fee item, nothing is written.

    Raises:
        Refusal: as ``preview``.

    """
    wanted = run_plan.wanted(session, community_id=community_id, period=period, today=today, scope=scope)
    return review_of([(one, billing_review.lines(session, one)) for one in wanted], percent=percent)


def review_of(found: Sequence[tuple[charges.ItemPeriod, list[Line]]], *, percent: int = PERCENT) -> Review:
    """Compare and add up what was read of a run."""
    reviewed = tuple(_compare(wanted, line, percent) for wanted, lines in found for line in lines)
    told = Review(
        result=result_of(None, tuple(_item(wanted, lines) for wanted, lines in found)),
        lines=reviewed,
        last_fen=sum(line.last_fen or 0 for _, lines in found for line in lines),
        fingerprint=_fingerprint(found),
        taken_back=sum(
            line.was_taken_back and line.existing_fen is None and line.principal_fen > 0
            for wanted, lines in found
            if not wanted.is_rebilling
            for line in lines
        ),
    )
    for one in reviewed:
        told.changes[one.change] += 1
        told.change_fen[one.change] += one.difference_fen
        told.oddities.update(one.oddities)
    return told


def is_made(wanted: charges.ItemPeriod, line: Line) -> bool:
    """Tell whether posting would make this bill."""
    if line.principal_fen <= 0 or line.existing_fen is not None:
        return False
    return wanted.is_rebilling or not line.was_taken_back


def _item(wanted: charges.ItemPeriod, lines: Sequence[Line]) -> ItemPreview:
    made = [line.principal_fen for line in lines if is_made(wanted, line)]
    billed = sum(line.principal_fen > 0 for line in lines)
    name = str(wanted.item["name"])
    return ItemPreview(name, wanted.from_on, wanted.to_on, wanted.due_on, len(made), billed - len(made), sum(made))


def _compare(wanted: charges.ItemPeriod, line: Line, percent: int) -> Reviewed:
    last = line.last_fen or 0
    if line.existing_fen is not None or (line.principal_fen and not is_made(wanted, line)):
        change = Change.BILLED
    elif line.principal_fen and not last:
        change = Change.NEW
    elif last and not line.principal_fen:
        change = Change.MISSING
    elif abs(line.principal_fen - last) * 100 > percent * last:
        change = Change.CHANGED
    else:
        change = Change.SAME
    return Reviewed(str(wanted.item["name"]), line, change, tuple(_oddities(wanted, line)))


def _oddities(wanted: charges.ItemPeriod, line: Line) -> list[Oddity]:
    if not line.is_listed:
        return []
    told = {
        Oddity.NO_AREA: not line.has_area,
        Oddity.NO_OWNER: not line.has_owner,
        Oddity.NOT_HANDED_OVER: not line.is_handed_over,
        Oddity.NO_TARIFF: not line.has_price,
        Oddity.VACANCY: line.is_eased,
        Oddity.TAKEN_BACK: line.was_taken_back and line.existing_fen is None and not wanted.is_rebilling,
    }
    found = [oddity for oddity, is_so in told.items() if is_so]
    if not line.principal_fen and line.existing_fen is None and not set(found) - {Oddity.NO_OWNER, Oddity.VACANCY}:
        found.append(Oddity.ZERO)
    return found


def _fingerprint(found: Sequence[tuple[charges.ItemPeriod, list[Line]]]) -> str:
    """Return one hash of every bill that would be made: item, period, due day, terms, unit, amount and its factors."""
    digest = hashlib.sha256()
    for wanted, lines in found:
        head = (wanted.item["id"], wanted.from_on, wanted.to_on, wanted.due_on, wanted.item["plan_id"])
        digest.update(repr((*head, wanted.grace_mode, wanted.grace_days, wanted.cap_e4)).encode())
        for line in lines:
            if is_made(wanted, line):
                digest.update(repr((line.unit_id, line.principal_fen, line.quantity_e3, line.price_e4)).encode())
    return digest.hexdigest()

"""Which debt a sum of money pays: designation, default order, order inside a bill, and shares in a tie."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from fractions import Fraction


class Component(StrEnum):
    """What a debt consists of."""

    PRINCIPAL = "principal"
    LATE_CHARGE = "late_charge"
    COSTS = "costs"


class Within(StrEnum):
    """The order of the components: the agreed one, or that of Civil Code 561."""

    PRINCIPAL_FIRST = "principal_first"
    ART561 = "art561"


class Across(StrEnum):
    """The order of the bills: the agreed one, or that of Civil Code 560."""

    OLDEST_FIRST = "oldest_first"
    ART560 = "art560"


class Tie(StrEnum):
    """What decides between bills with the same due date and own rate."""

    BY_ID = "by_id"
    PRO_RATA = "pro_rata"


class Credit(StrEnum):
    """Whether money beyond what is due waits, or pays bills as they are issued."""

    KEEP = "keep"
    APPLY_WHEN_DUE = "apply_when_due"


@dataclass(frozen=True, slots=True)
class AllocationPolicy:
    """How payments are booked; the default is printed on every receipt, which makes it an agreement."""

    within: Within = Within.PRINCIPAL_FIRST
    across: Across = Across.OLDEST_FIRST
    tie: Tie = Tie.BY_ID
    credit: Credit = Credit.KEEP


AGREED = AllocationPolicy()
"""The product's default: oldest bill first, principal first."""


class Debt(Protocol):
    """What allocation needs to know about a bill; days are ordinals."""

    place: int
    due: int
    issued: int
    burden: Fraction

    def owed(self, component: Component, day: int) -> int:
        """Return what is outstanding of one component on ``day``."""

    def take(self, component: Component, fen: int, day: int) -> None:
        """Book ``fen`` of ``component`` as paid on ``day``."""


D = TypeVar("D", bound=Debt)
Take = tuple[D, Component, int]
"""One share of a payment: the debt, its component, fen."""

_INSIDE = {
    Within.PRINCIPAL_FIRST: (Component.PRINCIPAL, Component.LATE_CHARGE, Component.COSTS),
    Within.ART561: (Component.COSTS, Component.LATE_CHARGE, Component.PRINCIPAL),
}
_PASSES: dict[Within, tuple[tuple[Component, ...], ...]] = {
    Within.PRINCIPAL_FIRST: ((Component.PRINCIPAL,), (Component.LATE_CHARGE, Component.COSTS)),
    Within.ART561: ((Component.COSTS, Component.LATE_CHARGE, Component.PRINCIPAL),),
}


def ranked(debts: Iterable[D], policy: AllocationPolicy) -> tuple[tuple[D, ...], ...]:
    """Return the debts in default order, in groups that share in proportion (groups of one where nothing is shared)."""
    match policy.across:
        case Across.OLDEST_FIRST:
            order = sorted(debts, key=lambda debt: (debt.due, debt.place))
        case Across.ART560:  # pragma: no branch - mypy sees that every kind is named
            order = sorted(debts, key=lambda debt: (-debt.burden, debt.due, debt.place))
    groups: dict[object, list[D]] = {}
    for debt in order:
        key = (debt.due, debt.burden) if policy.tie is Tie.PRO_RATA else debt.place
        groups.setdefault(key, []).append(debt)
    return tuple(tuple(group) for group in groups.values())


def settle(
    fen: int, groups: Sequence[Sequence[D]], within: Within, day: int, *, named: Sequence[D] = ()
) -> tuple[list[Take[D]], int]:
    """Pay the named debts, each by itself, then the groups in order; return the shares and what is left."""
    takes: list[Take[D]] = []
    for debt in named:
        for component in _INSIDE[within]:
            fen -= _share(fen, (debt,), component, day, takes)
    for components in _PASSES[within]:
        for group in groups:
            if not fen:
                return takes, 0
            for component in components:
                fen -= _share(fen, group, component, day, takes)
    return takes, fen


def in_proportion(fen: int, weights: Sequence[int]) -> list[int]:
    """Share ``fen`` (at most the sum of the weights): floor first, leftover fen by largest remainder, then by order."""
    total = sum(weights)
    shares = [fen * weight // total for weight in weights]
    left = fen - sum(shares)
    by_remainder = sorted(range(len(weights)), key=lambda place: -(fen * weights[place] % total))
    for place in by_remainder[:left]:
        shares[place] += 1
    return shares


def _share(fen: int, group: Sequence[D], component: Component, day: int, takes: list[Take[D]]) -> int:
    """Pay one component of one group; return the fen used."""
    if not fen:
        return 0
    shares = [debt.owed(component, day) for debt in group]
    total = sum(shares)
    if fen < total:
        shares = in_proportion(fen, shares) if len(shares) > 1 else [fen]
        total = fen
    for debt, share in zip(group, shares, strict=True):
        if share:
            debt.take(component, share, day)
            takes.append((debt, component, share))
    return total

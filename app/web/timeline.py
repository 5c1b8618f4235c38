"""What happened to a unit, newest first: one line a fact, whatever table it lies in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from app.store.unit_reads import AdjustmentRow, BillRow, NoticeRow, Party, PaymentRow


@dataclass(frozen=True, slots=True)
class Happening:
    """One line; the words for ``kind`` are in the template, ``facts`` fill them."""

    on: dt.date
    kind: str
    facts: Mapping[str, object] = field(default_factory=dict)


def of_unit(
    *,
    bills: Iterable[BillRow],
    payments: Iterable[PaymentRow],
    adjustments: Iterable[AdjustmentRow],
    notices: Iterable[NoticeRow],
    parties: Iterable[Party],
) -> list[Happening]:
    """Return the lines of a unit's page."""
    found: list[Happening] = []
    for bill in bills:
        found.append(Happening(bill.issued_on, "bill", {"row": bill}))
        if bill.reversed_on is not None:
            found.append(Happening(bill.reversed_on, "bill_reversed", {"row": bill}))
    for payment in payments:
        found.append(Happening(payment.received_on, "payment", {"row": payment}))
        if payment.reversed_on is not None:
            found.append(Happening(payment.reversed_on, "payment_reversed", {"row": payment}))
    for change in adjustments:
        found.append(Happening(change.value_on, change.kind, {"row": change}))
        if change.reversed_on is not None:
            found.append(Happening(change.reversed_on, "adjustment_reversed", {"row": change}))
    found += [Happening(notice.as_of, "notice", {"row": notice}) for notice in notices]
    found += [Happening(party.from_on, "party", {"row": party}) for party in parties]
    return sorted(found, key=lambda happening: happening.on, reverse=True)

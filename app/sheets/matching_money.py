"""Matching what is owed and what was paid."""

from __future__ import annotations

import datetime as dt

from app.sheets.plan import BillKey, KnownUnit, NewBill, NewPayment, Plan, Snapshot, Tally, Terms, item_named
from app.sheets.records import ArrearsRow, ReceiptRow

_MONTHS = 12


class MoneyMatcher:
    """Collects bills and payments."""

    def __init__(self, plan: Plan, snapshot: Snapshot, terms: Terms) -> None:
        self._plan = plan
        self._snapshot = snapshot
        self._terms = terms
        self._new: dict[BillKey, NewBill] = {}
        self._covered: dict[tuple[str, str, int], tuple[dt.date, dt.date]] = {}
        self._left = snapshot.payments.copy()
        self._last: dict[str, dt.date] = {}
        for (code, item, from_on), bill in snapshot.bills.items():
            if not bill.is_undone:
                self._cover(code, item, from_on, bill.to_on)

    def arrears(self, tally: Tally, row: ArrearsRow) -> None:
        """Match one unpaid bill."""
        known = self._unit(tally, row)
        if known is None:
            return
        names = {someone.name for someone in known.owners}
        if row.owner and names and not any(name in row.owner or row.owner in name for name in names):
            tally.warn(
                row.row, "owner", "import.owner_differs",
                unit=row.unit.label, before="、".join(sorted(names)), after=row.owner,
            )  # fmt: skip
        self._last[row.item] = max(self._last.get(row.item, row.to_on), row.to_on)
        due_on = row.due_on or self._terms.due_on(row.to_on)
        if self._bill(tally, row, due_on=due_on, issued_on=min(row.from_on, due_on), counts=True):
            tally.amount_fen += row.amount_fen

    def receipt(self, tally: Tally, row: ReceiptRow) -> None:
        """Match one payment, and the bill it names where the sheet is a history."""
        known = self._unit(tally, row)
        if known is None:
            return
        if row.received_on > self._terms.today:
            tally.fault(row.row, "received_on", "import.date_in_future", on=row.received_on.isoformat())
            return
        key = (row.unit.code, row.received_on, row.amount_fen, row.reference)
        if self._left[key] > 0:
            self._left[key] -= 1
            tally.unchanged += 1
            tally.amount_fen += row.amount_fen
            return
        bill_key = None
        if row.bill is not None:
            # A bill of the past that was paid: nothing says it was late, so it never falls due before it was paid.
            due_on = max(self._terms.due_on(row.bill.to_on), row.received_on)
            issued_on = min(row.bill.from_on, row.received_on)
            if not self._bill(tally, row.bill, due_on=due_on, issued_on=issued_on, counts=False):
                return
            bill_key = (row.unit.code, row.bill.item, row.bill.from_on)
        tally.created += 1
        tally.amount_fen += row.amount_fen
        self._plan.payments.append(NewPayment(tally.file, row, bill_key))

    def finish(self) -> None:
        """Let fees begin after the arrears: what came before is settled by the opening list itself."""
        for name, last_on in self._last.items():
            item = self._snapshot.items[name]
            if item.id is None and item.starts_on <= last_on:
                item.starts_on = (last_on.replace(day=28) + dt.timedelta(days=4)).replace(day=1)

    def _unit(self, tally: Tally, row: ArrearsRow | ReceiptRow) -> KnownUnit | None:
        known = self._snapshot.units.get(row.unit.code)
        if known is None:
            tally.fault(row.row, "room", "import.unknown_unit", unit=row.unit.label)
        return known

    def _bill(self, tally: Tally, row: ArrearsRow, *, due_on: dt.date, issued_on: dt.date, counts: bool) -> bool:
        """Plan a bill unless it is there; False when the row must be refused."""
        item = item_named(self._plan, self._snapshot, row.item[:60])
        code = row.unit.code
        key = (code, item.name, row.from_on)
        standing = self._snapshot.bills.get(key)
        planned = self._new.get(key)
        if planned is not None or (standing is not None and not standing.is_undone):
            amount = planned.amount_fen if planned is not None else standing.principal_fen if standing else 0
            to_on = planned.to_on if planned is not None else standing.to_on if standing else row.to_on
            if (amount, to_on) == (row.amount_fen, row.to_on):
                tally.unchanged += counts
                return True
            if to_on != row.to_on:
                self._refuse_overlap(tally, row, row.from_on, to_on)
                return False
            tally.fault(row.row, "room", "import.bill_differs", unit=row.unit.label, ours=_yuan(amount))
            return False
        if (other := self._overlap(code, item.name, row.from_on, row.to_on)) is not None:
            self._refuse_overlap(tally, row, *other)
            return False
        issue = 0 if standing is None else standing.issue + 1
        bill = NewBill(
            tally.file, code, item.name, row.from_on, row.to_on, due_on, issued_on, row.amount_fen, issue
        )  # fmt: skip
        self._new[key] = bill
        self._plan.bills.append(bill)
        self._cover(code, item.name, row.from_on, row.to_on)
        tally.created += counts
        return True

    @staticmethod
    def _refuse_overlap(tally: Tally, row: ArrearsRow, start: dt.date, end: dt.date) -> None:
        facts = {"unit": row.unit.label, "start": start.isoformat(), "end": end.isoformat()}
        tally.fault(row.row, "period", "import.period_overlaps", **facts)

    def _cover(self, code: str, item: str, from_on: dt.date, to_on: dt.date) -> None:
        for month in range(_month(from_on), _month(to_on) + 1):
            self._covered[code, item, month] = (from_on, to_on)

    def _overlap(self, code: str, item: str, from_on: dt.date, to_on: dt.date) -> tuple[dt.date, dt.date] | None:
        for month in range(_month(from_on), _month(to_on) + 1):
            other = self._covered.get((code, item, month))
            if other is not None and other[0] <= to_on and from_on <= other[1]:
                return other
        return None


def _month(day: dt.date) -> int:
    return day.year * _MONTHS + day.month


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"

"""Matching units, their people, and the fees they pay."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence

from app.domain.registry import Usage
from app.sheets import words
from app.sheets.plan import KnownItem, KnownUnit, Plan, Snapshot, Someone, Tally, Terms, Tie, item_named
from app.sheets.records import Basis, OwnerRow, Person, Relation, TariffRow, UnitRow

FIRST_DAY = dt.date(2000, 1, 1)
"""From when a price or fee holds for which a sheet gives no day."""


class EstateMatcher:
    """Collects what the sheets say about units, people and fees."""

    def __init__(self, plan: Plan, snapshot: Snapshot, terms: Terms) -> None:
        self._plan = plan
        self._snapshot = snapshot
        self._index = terms.index
        self._owners: dict[str, list[OwnerRow]] = defaultdict(list)
        self._by_ref: dict[tuple[str, str], Someone] = {}
        self._by_phone = {
            (someone.name, someone.phone_index): someone for someone in snapshot.people if someone.phone_index
        }
        self._used: set[int] = set()
        self._items_by_ref: dict[str, KnownItem] = {}
        self._prices: Counter[int] = Counter()
        self._priced: list[KnownUnit] = []

    def learn_owners(self, tallies: Sequence[Tally]) -> None:
        """Take in the lists of owners that units refer to by number."""
        for tally in tallies:
            for record in tally.sheet.records:
                if isinstance(record, OwnerRow) and record.ref:
                    self._owners[record.ref].append(record)

    # --- fee settings

    def tariff(self, tally: Tally, row: TariffRow) -> None:
        """Match one fee item with its price."""
        price = row.price_e4 if row.basis is Basis.BY_AREA else row.fixed_fen * 100
        addition = row.fixed_fen * 100 if row.basis is Basis.BY_AREA else 0
        known = self._snapshot.items.get(row.item)
        if known is None:
            known = KnownItem(
                row.item, row.basis, None, row.cycle_months, row.from_on, price, addition, row.until_on,
                new_tariff_on=row.from_on,
            )  # fmt: skip
            self._snapshot.items[row.item] = known
            self._plan.items.append(known)
            tally.created += 1
        elif known.price_e4 is None:
            known.price_e4, known.addition_e4, known.new_tariff_on = price, addition, row.from_on
            self._plan.items.append(known)
            tally.updated += 1
        elif (known.price_e4, known.addition_e4) == (price, addition):
            tally.unchanged += 1
        else:
            tally.fault(row.row, "price", "import.price_differs", item=row.item, ours=_price(known.price_e4))
            return
        self._items_by_ref[row.ref] = known

    # --- units

    def unit(self, tally: Tally, row: UnitRow) -> None:
        """Match one unit with its people and fees."""
        people = self._people_of(tally, row)
        code = row.unit.code
        known = self._snapshot.units.get(code)
        is_new = known is None
        changed = False
        if known is None:
            known = KnownUnit(row.unit, row.area_e3, row.usage or Usage.RESIDENTIAL, file=tally.file, is_new=True)
            known.handed_over_on = row.handed_over_on
            self._snapshot.units[code] = known
            self._plan.units.append(known)
        else:
            changed = self._change(tally, row, known)
        changed |= self._attach(tally, row.row, known, people)
        changed |= self._fees(tally, row, known)
        if row.price_e4 is not None and (is_new or known.id is None):
            known.price_e4 = row.price_e4
            self._prices[row.price_e4] += 1
            self._priced.append(known)
        tally.created += is_new
        tally.updated += changed and not is_new
        tally.unchanged += not changed and not is_new

    def _change(self, tally: Tally, row: UnitRow, known: KnownUnit) -> bool:
        changed = False
        before = (known.area_e3, known.usage)
        if known.area_e3 != row.area_e3:
            tally.warn(row.row, "area", "import.area_changed", before=_area(known.area_e3), after=_area(row.area_e3))
            known.area_e3, changed = row.area_e3, True
        if row.usage is not None and row.usage is not known.usage:
            known.usage, changed = row.usage, True
        if changed and known.id is not None and not known.is_changed:
            known.is_changed, known.before, known.file = True, before, tally.file
            self._plan.units.append(known)
        return changed

    def _people_of(self, tally: Tally, row: UnitRow) -> list[tuple[Person, str]]:
        """The people of a row with the office's number for them, looked up where the row gives only the number."""
        if row.people or not row.owner_ref:
            return [(person, "") for person in row.people]
        found = self._owners.get(row.owner_ref)
        if found is None:
            if row.owner_ref not in {"0", ""}:
                tally.warn(row.row, "owner_ref", "import.unknown_owner", ref=row.owner_ref, unit=row.unit.label)
            return []
        return [(owner.person, owner.ref) for owner in found]

    def _attach(self, tally: Tally, row: int, known: KnownUnit, people: Sequence[tuple[Person, str]]) -> bool:
        owners = [(person, ref) for person, ref in people if person.relation is Relation.OWNER]
        changed = False
        names = {someone.name for someone in known.owners}
        wanted = {person.name for person, _ in owners}
        if names and wanted and not wanted & names:
            # A sale moves no debt and has a date: it is entered as one, never slipped in by a list.
            tally.warn(
                row, "owner", "import.owner_differs",
                unit=known.code.label, before="、".join(sorted(names)), after="、".join(sorted(wanted)),
            )  # fmt: skip
            owners = []
        for person, ref in owners:
            same = next((someone for someone in known.owners if someone.name == person.name), None)
            if same is not None:
                changed |= self._news(same, person)
                continue
            known.owners.append(self._tie(tally, known, person, ref))
            changed = True
        for person, ref in people:
            if person.relation is Relation.OWNER:
                continue
            if any(someone.name == person.name for someone, _ in known.contacts):
                continue
            known.contacts.append((self._tie(tally, known, person, ref), person.relation))
            changed = True
        return changed

    def _tie(self, tally: Tally, known: KnownUnit, person: Person, ref: str) -> Someone:
        someone = self._someone(tally, person, ref)
        self._plan.ties.append(Tie(known.code.code, someone, person.relation, tally.file))
        if known.id is not None and not known.people_changed:
            known.people_changed = True
            if not known.is_changed:
                self._plan.units.append(known)
        return someone

    def _someone(self, tally: Tally, person: Person, ref: str) -> Someone:
        """One person for one number of the office, or for one name with one phone; else somebody new.

        Equal names alone are no sign: a district has many of the same name.
        """
        phone_index = self._index(person.phone) if person.phone else None
        found = self._by_ref.get((ref, person.name)) if ref else None
        if found is None and phone_index is not None:
            found = self._by_phone.get((person.name, phone_index))
        if found is None:
            found = Someone(
                person.name, None, person.phone, person.id_number, phone_index, file=tally.file, is_new=True
            )
            found.id_index = self._index(person.id_number) if person.id_number else None
            found.phone_tail = person.phone[-4:]
            self._plan.people.append(found)
        if ref:
            self._by_ref[ref, person.name] = found
        if phone_index is not None:
            self._by_phone[person.name, phone_index] = found
        return found

    def _news(self, someone: Someone, person: Person) -> bool:
        """Take over a phone or identity number that is new; one the sheet does not give is kept."""
        news = False
        if person.phone and (index := self._index(person.phone)) != someone.phone_index:
            someone.phone, someone.phone_index, news = person.phone, index, True
            someone.phone_tail = person.phone[-4:]
        if person.id_number and (index := self._index(person.id_number)) != someone.id_index:
            someone.id_number, someone.id_index, news = person.id_number, index, True
        if news and someone.id is not None and not someone.is_changed:
            someone.is_changed = True
            self._plan.people.append(someone)
        return news

    def owner(self, tally: Tally, row: OwnerRow) -> None:
        """Match one row of a list of owners: for its unit, or by the number that units gave."""
        if row.unit is not None:
            known = self._snapshot.units.get(row.unit.code)
            if known is None:
                tally.fault(row.row, "room", "import.unknown_unit", unit=row.unit.label)
                return
            had_people = bool(known.owners)
            changed = self._attach(tally, row.row, known, [(row.person, row.ref)])
            tally.created += changed and not had_people
            tally.updated += changed and had_people
            tally.unchanged += not changed
            return
        before = len(self._plan.people)
        someone = self._by_ref.get((row.ref, row.person.name)) or self._someone(tally, row.person, row.ref)
        is_news = someone.id is None and id(someone) not in self._used
        self._used.add(id(someone))
        tally.created += is_news or len(self._plan.people) > before
        tally.unchanged += not is_news and len(self._plan.people) == before

    # --- what units pay

    def _fees(self, tally: Tally, row: UnitRow, known: KnownUnit) -> bool:
        changed = False
        for fee in row.fees:
            item = self._items_by_ref.get(fee.ref) or self._snapshot.items.get(fee.ref)
            if item is None:
                tally.warn(row.row, "fee_refs", "import.unknown_fee", ref=fee.ref, unit=known.code.label)
                continue
            key = (known.code.code, item.name)
            if key in self._snapshot.fees:
                continue
            self._snapshot.fees.add(key)
            item.is_listed = True
            self._plan.fees.append((*key, fee.from_on or item.starts_on, None))
            changed = True
        return changed

    def finish(self) -> None:
        """Turn the prices written beside units into a tariff, with own prices for the units that differ."""
        if not self._prices:
            return
        item = item_named(self._plan, self._snapshot, words.DEFAULT_ITEM)
        if item.price_e4 is None:
            item.price_e4 = self._prices.most_common(1)[0][0]
            item.new_tariff_on = FIRST_DAY
            if item not in self._plan.items:
                self._plan.items.append(item)
        for unit in self._priced:
            if unit.price_e4 != item.price_e4:
                self._plan.fees.append((unit.code.code, item.name, FIRST_DAY, unit.price_e4))


def _area(area_e3: int) -> str:
    return f"{area_e3 // 1000}.{area_e3 % 1000:03d}".rstrip("0").rstrip(".")


def _price(price_e4: int) -> str:
    return f"{price_e4 // 10_000}.{price_e4 % 10_000:04d}".rstrip("0").rstrip(".")

"""Sheets of units with their owners, and lists of owners."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from app.domain.errors import Refusal
from app.domain.registry import UnitCode
from app.sheets import cells, dates, words
from app.sheets.records import FeeUse, OwnerRow, Person, Relation, UnitRow
from app.sheets.rows import RowReader, is_blank


def read_units(reader: RowReader) -> list[UnitRow]:
    """Read one unit a row; with a relation column, further rows of a unit add its other people."""
    found: dict[UnitCode, UnitRow] = {}
    has_relation, has_fees = reader.has("relation"), reader.has("fee_refs")
    reader.sum_column("area", reader=cells.area_e3)
    for number in reader:
        unit = reader.unit()
        area = reader.read("area", cells.area_e3, missing="import.missing_area")
        price = reader.read("price", cells.price_e4)
        people = read_people(reader)
        fees = _fees(reader) if has_fees else ()
        note = reader.text("note")
        handed_over_on = reader.read("handed_over", dates.day)
        if area is not None:
            reader.add(area, unit)
        if unit is None or area is None or not reader.is_good:
            continue
        known = found.get(unit)
        if known is None:
            usage = cells.usage(reader.value("usage"))
            owner_ref = cells.text(reader.value("owner_ref"))
            found[unit] = UnitRow(number, unit, area, usage, price, people, owner_ref, fees, note, handed_over_on)
        elif has_relation and area == known.area_e3 and not set(people) <= set(known.people):
            found[unit] = replace(known, people=known.people + people)
        else:
            reader.fault("import.duplicate_unit", "room", unit=unit.label, first_row=known.row)
    return list(found.values())


def read_owners(reader: RowReader) -> list[OwnerRow]:
    """Read one person a row, known by the office's own number or by the unit."""
    found: list[OwnerRow] = []
    seen: dict[tuple[str, str], int] = {}
    has_unit = reader.has("room")
    for number in reader:
        unit = reader.unit() if has_unit else None
        ref = reader.text("owner_ref")
        if is_blank(reader.value("owner")):
            reader.fault("import.missing_owner", "owner")
        people = read_people(reader)
        if not reader.is_good:
            continue
        first = seen.setdefault((ref, unit.code if unit else ""), number)
        if first != number and ref and people and people[0].relation is Relation.OWNER:
            reader.fault("import.duplicate_owner", "owner_ref", ref=ref, first_row=first)
            continue
        found.extend(OwnerRow(number, ref, person, unit) for person in people)
    return found


def read_people(reader: RowReader) -> tuple[Person, ...]:
    """Read the people of the row at hand; numbers that cannot be right are warned about and left out."""
    names = reader.read("owner", cells.names) or ()
    if not names:
        return ()
    relation = Relation.OWNER
    if reader.has("relation"):
        relation = Relation(words.RELATIONS.get(words.fold(cells.text(reader.value("relation"))), Relation.OWNER))
    phones: tuple[str, ...] = reader.read_or_warn("phone", cells.phones, ())
    id_number = reader.read_or_warn("id_number", cells.id_number, "")
    if len(names) == 1:
        return (Person(names[0], relation, phones[0] if phones else "", id_number),)
    # One number in a cell of several owners cannot be given to all of them: it is the first one's.
    return tuple(
        Person(name, relation, phones[place] if place < len(phones) else "", id_number if place == 0 else "")
        for place, name in enumerate(names)
    )


def _fees(reader: RowReader) -> tuple[FeeUse, ...]:
    """Read fee numbers such as ``1#2`` with as many starting days; ``0`` stands for none."""
    refs = [ref for ref in reader.text("fee_refs").split("#") if ref.strip() not in {"", "0"}]
    if not refs:
        return ()
    starts = reader.value("fee_starts")
    days: list[dt.date | None] = []
    for start in cells.text(starts).split("#") if isinstance(starts, str) else [starts]:
        try:
            days.append(dates.day(start) if start != "" else None)
        except Refusal as refusal:
            reader.fault(refusal.code, "fee_starts", **refusal.facts)
            return ()
    if len(days) not in {1, len(refs)}:
        reader.fault("import.fee_starts_differ", "fee_starts", fees=len(refs), starts=len(days))
        return ()
    return tuple(FeeUse(ref.strip(), days[place] if len(days) > 1 else days[0]) for place, ref in enumerate(refs))

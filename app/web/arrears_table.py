"""The columns of the list of arrears: which there are, what stands in each, and the filters in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from app.i18n import zh_cn
from app.sheets.exports import ColumnKind, Value
from app.store.arrears import UnitArrears
from app.store.arrears_columns import NOTHING, More
from app.store.unit_reads import Party
from app.web import pages


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its kind, the key it is sorted by, and its width in a workbook."""

    name: str
    kind: ColumnKind
    sort: str = ""
    width: int = 12
    has_total: bool = False

    @property
    def title(self) -> str:
        """The words on top of it."""
        return zh_cn.LABELS[f"column.{self.name}"]

    @property
    def is_figure(self) -> bool:
        """Say whether it stands to the right."""
        return self.kind in {ColumnKind.MONEY, ColumnKind.NUMBER, ColumnKind.AREA}


_K = ColumnKind
ROOM = Column("room", _K.TEXT, "room", 18)
PHONE = Column("phone", _K.TEXT, width=16)
COLUMNS: Mapping[str, Column] = {
    column.name: column
    for column in (
        Column("owner", _K.TEXT, width=14),
        Column("building", _K.TEXT, width=8),
        Column("usage", _K.TEXT, width=8),
        Column("area", _K.AREA, "area", 10),
        Column("oldest", _K.DATE, "oldest"),
        Column("days", _K.NUMBER, "days", 8),
        Column("months", _K.NUMBER, "months", 8),
        Column("bills", _K.NUMBER, "bills", 8, has_total=True),
        Column("principal", _K.MONEY, "principal", 14, has_total=True),
        Column("late_charge", _K.MONEY, "late_charge", 14, has_total=True),
        Column("costs", _K.MONEY, "costs", 12, has_total=True),
        Column("total", _K.MONEY, "total", 14, has_total=True),
        Column("credit", _K.MONEY, "credit", 12),
        Column("paid", _K.DATE, "paid"),
        Column("noticed", _K.DATE, "noticed"),
        Column("level", _K.TEXT, "level"),
        Column("flags", _K.TEXT, width=16),
        Column("steward", _K.TEXT, width=10),
    )
}
DEFAULT = ("owner", "oldest", "days", "principal", "late_charge", "total", "level", "flags")


@dataclass(frozen=True, slots=True)
class Line:
    """One unit of the list with everything its columns may ask for."""

    row: UnitArrears
    owners: Sequence[Party] = ()
    more: More = field(default=NOTHING)


def chosen(text: str) -> tuple[Column, ...]:
    """Return the columns named in an address (``owner.days.total``) in our order; the usual ones where none is."""
    named = set(text.split(".")) & COLUMNS.keys()
    return tuple(column for column in COLUMNS.values() if column.name in (named or DEFAULT))


def packed(names: Sequence[str]) -> str:
    """Return the columns as an address holds them; nothing for the usual ones."""
    kept = [name for name in COLUMNS if name in names]
    return "" if not kept or set(kept) == set(DEFAULT) else ".".join(kept)


_VALUES: Mapping[str, Callable[[Line, dt.date], Value]] = {
    "room": lambda line, _: line.row.label,
    "owner": lambda line, _: "、".join(party.name for party in line.owners),
    "phone": lambda line, _: "、".join(party.phone for party in line.owners if party.phone),
    "building": lambda line, _: line.row.building,
    "usage": lambda line, _: pages.named(line.row.usage_type, "usage"),
    "area": lambda line, _: line.row.area_e3,
    "oldest": lambda line, _: line.row.oldest_due_on,
    "days": lambda line, as_of: (as_of - line.row.oldest_due_on).days,
    "months": lambda line, _: line.more.months,
    "bills": lambda line, _: line.row.bills,
    "principal": lambda line, _: line.row.principal_fen,
    "late_charge": lambda line, _: line.row.late_charge_fen,
    "costs": lambda line, _: line.row.costs_fen,
    "total": lambda line, _: line.row.total_fen,
    "credit": lambda line, _: line.more.credit_fen,
    "paid": lambda line, _: line.more.paid_on,
    "noticed": lambda line, _: line.more.noticed_on,
    "level": lambda line, _: pages.named(line.row.level, "level"),
    "flags": lambda line, _: "、".join(zh_cn.LABELS[f"arrears_flag.{flag}"] for flag in line.more.flags),
    "steward": lambda line, _: line.more.steward,
}


def value(line: Line, name: str, as_of: dt.date) -> Value:
    """Return what stands in a column of a line: fen for money, thousandths for areas."""
    return _VALUES[name](line, as_of)


def in_words(values: Mapping[str, str | list[str]], stewards: Mapping[int, str]) -> Iterator[str]:
    """Say each filter of an address in words: 账龄：1–2 年."""
    for name, noun in (("bucket", "aging"), ("level", "level"), ("usage", "usage"), ("flag", "arrears_flag")):
        if text := values.get(name):
            yield _said(name, pages.named(text, noun))
    if text := [one for one in values.get("building", []) if one]:
        yield _said("building", "、".join(text))
    if text := values.get("steward"):
        yield _said("steward", stewards.get(int(str(text)), "") or zh_cn.LABELS["filter.nobody"])
    if values.get("new"):
        yield zh_cn.LABELS["filter.new"]
    for name in _PLAIN:
        if text := values.get(name):
            yield _said(name, str(text))


_PLAIN = (
    "q",
    "min_amount",
    "max_amount",
    "min_days",
    "months",
    "oldest_from",
    "oldest_to",
    "silent",
    "expiring",
)


def _said(name: str, text: str) -> str:
    return zh_cn.LABELS[f"filter.{name}"].format(text)

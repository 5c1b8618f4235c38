"""The reports of what is owed and collected: rates, recovery, ages, movement, late charge and prepayment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from app.documents import charts
from app.domain.reporting import Collection, Households, Standing, share, total
from app.i18n import zh_cn
from app.sheets.report_book import Kind, Value
from app.store import arrears, report_money, report_reads
from app.store.report_reads import By, Due
from app.web.reporting import Asked, Figure, Line, Measure, Report, Table, address, shown

GROUP = Measure("group", Kind.TEXT)


def groups(session: Session, asked: Asked, *found: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return (key, name) of the groups that have a figure, in the order they are listed; none for one whole."""
    if asked.by is By.NONE:
        return []
    names = report_reads.group_names(session, community_id=asked.scope.community_id, by=asked.by)
    keys = {key for one in found for key in one}
    listed = [(key, f"{name}{_suffix(asked.by)}") for key, name in names.items() if key in keys]
    return [*listed, *((key, zh_cn.LABELS["report_by.nobody"]) for key in sorted(keys - set(names)))]


def _suffix(by: By) -> str:
    return zh_cn.LABELS["report_by.building_suffix"] if by is By.BUILDING else ""


def _whole() -> str:
    return zh_cn.LABELS["report.sum"]


# --- 收缴率 -----------------------------------------------------------------------------------------


def collections(session: Session, asked: Asked) -> tuple[dict[str, Collection], Collection]:
    """Return the rate of collection of every group and of the whole."""
    own, old = Due(asked.from_on, asked.to_on), Due(None, asked.before)
    current = report_reads.standings(session, asked.scope, on=asked.as_of, by=asked.by, due=own)
    opening = report_reads.standings(session, asked.scope, on=asked.before, by=asked.by, due=old)
    closing = report_reads.standings(session, asked.scope, on=asked.as_of, by=asked.by, due=old)
    span = {"from_on": asked.from_on, "to_on": asked.to_on, "as_of": asked.as_of}
    units = report_reads.households(session, asked.scope, by=asked.by, **span)
    every = report_reads.households(session, asked.scope, by=By.NONE, **span).get("", Households())
    none = Standing()
    found = {
        key: Collection(
            current.get(key, none), opening.get(key, none), closing.get(key, none), units.get(key, Households())
        )
        for key in {*current, *opening, *closing}
    }
    whole = Collection(total(current.values()), total(opening.values()), total(closing.values()), every)
    return found, whole


_RATE_COLUMNS = (
    GROUP,
    Measure("current_due", group="current"),
    Measure("current_paid", group="current"),
    Measure("current_open", group="current"),
    Measure("current_rate", Kind.SHARE, "current"),
    Measure("current_units", Kind.NUMBER, "current"),
    Measure("current_clear", Kind.NUMBER, "current"),
    Measure("current_unit_rate", Kind.SHARE, "current"),
    Measure("prior_due", group="prior"),
    Measure("prior_paid", group="prior"),
    Measure("prior_open", group="prior"),
    Measure("prior_rate", Kind.SHARE, "prior"),
    Measure("prior_unit_rate", Kind.SHARE, "prior"),
    Measure("all_due", group="all"),
    Measure("all_paid", group="all"),
    Measure("all_rate", Kind.SHARE, "all"),
    Measure("all_unit_rate", Kind.SHARE, "all"),
)


def _rate_cells(name: str, c: Collection) -> tuple[Value, ...]:
    u = c.households
    return (
        name,
        c.current.net_fen,
        c.current.paid_fen,
        c.current.principal_fen,
        share(c.current.paid_fen, c.current.net_fen),
        u.current,
        u.current_clear,
        share(u.current_clear, u.current),
        c.prior_due_fen,
        c.prior.paid_fen,
        c.closing.principal_fen,
        share(c.prior.paid_fen, c.prior_due_fen),
        share(u.prior_clear, u.prior),
        c.due_fen,
        c.paid_fen,
        share(c.paid_fen, c.due_fen),
        share(u.either_clear, u.either),
    )


def _rate_links(asked: Asked, key: str) -> dict[str, str]:
    own = {"due_from": asked.from_on, "due_to": asked.to_on}
    bills = asked.bills(key, **own)
    return {
        "current_due": bills,
        "current_paid": bills,
        "current_open": asked.bills(key, state="open", **own),
        "prior_open": asked.bills(key, state="open", due_to=asked.before),
    }


def collection(session: Session, asked: Asked) -> Report:
    """Return 收缴率: of the period's own bills, of the arrears before it, and of both."""
    found, whole = collections(session, asked)
    lines = [
        Line(_rate_cells(name, found[key]), _rate_links(asked, key)) for key, name in groups(session, asked, found)
    ]
    foot = Line(_rate_cells(_whole(), whole), _rate_links(_all(asked), ""))
    links = _rate_links(_all(asked), "")
    figures = (
        Figure(Measure("current_rate", Kind.SHARE), share(whole.current.paid_fen, whole.current.net_fen)),
        Figure(Measure("prior_rate", Kind.SHARE), share(whole.prior.paid_fen, whole.prior_due_fen)),
        Figure(Measure("all_rate", Kind.SHARE), share(whole.paid_fen, whole.due_fen)),
        Figure(Measure("current_due", group="current"), whole.current.net_fen, links["current_due"]),
        Figure(Measure("current_paid", group="current"), whole.current.paid_fen, links["current_paid"]),
    )
    return Report("collection", asked, figures, (Table("collection", _RATE_COLUMNS, tuple(lines), foot),))


def _all(asked: Asked) -> Asked:
    """Return what was asked for, as one whole: its links narrow to no group."""
    return replace(asked, by=By.NONE)


_RECOVERY_COLUMNS = (
    GROUP,
    Measure("opening"),
    Measure("prior_added"),
    Measure("prior_discount"),
    Measure("prior_paid"),
    Measure("prior_open"),
    Measure("prior_rate", Kind.SHARE),
    Measure("prior_units", Kind.NUMBER),
    Measure("prior_clear", Kind.NUMBER),
    Measure("prior_unit_rate", Kind.SHARE),
)


def recovery(session: Session, asked: Asked) -> Report:
    """Return 清欠率: what was collected in the period on arrears older than it."""
    found, whole = collections(session, asked)

    def cells(name: str, c: Collection) -> tuple[Value, ...]:
        u = c.households
        return (
            name,
            c.opening.principal_fen,
            c.prior.billed_fen,
            c.prior.discount_fen,
            c.prior.paid_fen,
            c.closing.principal_fen,
            share(c.prior.paid_fen, c.prior_due_fen),
            u.prior,
            u.prior_clear,
            share(u.prior_clear, u.prior),
        )

    def links(own: Asked, key: str) -> dict[str, str]:
        return {
            "opening": own.bills(key, on=asked.before, due_to=asked.before, state="open"),
            "prior_open": own.bills(key, due_to=asked.before, state="open"),
        }

    lines = tuple(Line(cells(name, found[key]), links(asked, key)) for key, name in groups(session, asked, found))
    ends = links(_all(asked), "")
    figures = (
        Figure(Measure("prior_rate", Kind.SHARE), share(whole.prior.paid_fen, whole.prior_due_fen)),
        Figure(Measure("opening"), whole.opening.principal_fen, ends["opening"]),
        Figure(Measure("prior_paid"), whole.prior.paid_fen),
        Figure(Measure("prior_open"), whole.closing.principal_fen, ends["prior_open"]),
    )
    table = Table("recovery", _RECOVERY_COLUMNS, lines, Line(cells(_whole(), whole), ends))
    return Report("recovery", asked, figures, (table,))


# --- 账龄 -------------------------------------------------------------------------------------------

_AGE_COLUMNS = (
    GROUP,
    *(Measure(f"age_{bucket}") for bucket in arrears.BUCKETS),
    Measure("overdue_principal"),
    Measure("overdue_late"),
    Measure("overdue_total"),
)


def aging(session: Session, asked: Asked) -> Report:
    """Return 账龄: what is overdue by the days and years since it fell due."""
    found = report_reads.ages(session, asked.scope, on=asked.as_of, by=asked.by)
    whole = found if asked.by is By.NONE else report_reads.ages(session, asked.scope, on=asked.as_of, by=By.NONE)
    every = whole.get("", {})

    def cells(name: str, ages: Mapping[str, report_reads.Age]) -> tuple[Value, ...]:
        fen = [ages[bucket].principal_fen if ages else 0 for bucket in arrears.BUCKETS]
        late = sum(age.late_fen for age in ages.values())
        return (name, *fen, sum(fen), late, sum(fen) + late)

    def links(own: Asked, key: str) -> dict[str, str]:
        found = {f"age_{bucket}": own.bills(key, bucket=bucket) for bucket in arrears.BUCKETS}
        return found | dict.fromkeys(
            ("overdue_principal", "overdue_late", "overdue_total"), own.bills(key, state="overdue")
        )

    lines = tuple(Line(cells(name, found[key]), links(asked, key)) for key, name in groups(session, asked, found))
    foot = Line(cells(_whole(), every), links(_all(asked), ""))
    principal, late, both = foot.cells[-3:]
    counted = tuple(
        Line(
            (zh_cn.LABELS[f"aging.{bucket}"], age.bills, age.units, age.principal_fen, age.late_fen),
            dict.fromkeys(("bills", "overdue_principal", "overdue_late"), _all(asked).bills("", bucket=bucket)),
        )
        for bucket in arrears.BUCKETS
        for age in [every[bucket] if every else report_reads.Age(0, 0, 0, 0)]
    )
    columns = (
        Measure("age", Kind.TEXT), Measure("bills", Kind.NUMBER), Measure("units", Kind.NUMBER),
        Measure("overdue_principal"), Measure("overdue_late"),
    )  # fmt: skip
    end = foot.links["overdue_total"]
    figures = (
        Figure(Measure("overdue_principal"), principal, end),
        Figure(Measure("overdue_late"), late, end),
        Figure(Measure("overdue_total"), both, end),
    )
    picture = age_chart([(bucket, every[bucket]) for bucket in arrears.BUCKETS] if every else [])
    tables = (Table("aging_count", columns, counted), Table("aging", _AGE_COLUMNS, lines, foot))
    return Report("aging", asked, figures, tables, charts=(picture,) if every else (), period=False)


def age_chart(ages: Sequence[tuple[str, report_reads.Age]], *, ident: str = "ages") -> str:
    """Return the ages of arrears as lying bars."""
    unit = zh_cn.LABELS["chart.units"]
    return charts.bars(
        charts.Bars(
            ident=ident,
            title=zh_cn.LABELS["chart.aging"],
            labels=tuple(zh_cn.LABELS[f"aging.{bucket}"] for bucket, _ in ages),
            values=tuple(age.principal_fen for _, age in ages),
            texts=tuple(f"{shown(age.principal_fen, Kind.MONEY)} · {age.units} {unit}" for _, age in ages),
        )
    )


# --- 应收变动 · 违约金 · 预存 -------------------------------------------------------------------------


def _two_days(
    session: Session, asked: Asked
) -> tuple[dict[str, Standing], dict[str, Standing], Callable[[str], Standing]]:
    """Return where the bills stood before the period and at its end, and what happened between, by group."""
    before = report_reads.standings(session, asked.scope, on=asked.before, by=asked.by)
    after = report_reads.standings(session, asked.scope, on=asked.as_of, by=asked.by)
    none = Standing()
    return before, after, lambda key: after.get(key, none) - before.get(key, none)


def _table(
    session: Session,
    asked: Asked,
    name: str,
    columns: tuple[Measure, ...],
    cells: Callable[[Standing, Standing, Standing], tuple[Value, ...]],
    links: Callable[[Asked, str], dict[str, str]],
) -> tuple[Table, Standing, Standing, Standing]:
    """Return a table of (opening, movement, closing) by group, and the three for the whole."""
    before, after, moved = _two_days(session, asked)
    none = Standing()

    def row(label: str, one: Standing, between: Standing, other: Standing) -> tuple[Value, ...]:
        return (label, *cells(one, between, other))

    lines = tuple(
        Line(row(label, before.get(key, none), moved(key), after.get(key, none)), links(asked, key))
        for key, label in groups(session, asked, before, after)
    )
    start, end = total(before.values()), total(after.values())
    foot = Line(row(_whole(), start, end - start, end), links(_all(asked), ""))
    return Table(name, (GROUP, *columns), lines, foot), start, end - start, end


def _ends(asked: Asked) -> Callable[[Asked, str], dict[str, str]]:
    return lambda own, key: {
        "open_before": own.bills(key, state="open", on=asked.before),
        "open_after": own.bills(key, state="open"),
        "late_before": own.bills(key, state="open", on=asked.before),
        "late_after": own.bills(key, state="open"),
    }


def movement(session: Session, asked: Asked) -> Report:
    """Return how what is owed moved: opening, billed, accrued, paid, given away, closing; it always balances."""
    columns = tuple(
        Measure(key)
        for key in ("open_before", "billed", "costs_billed", "accrued", "discounted", "waived", "booked", "open_after")
    )

    def cells(before: Standing, between: Standing, after: Standing) -> tuple[Value, ...]:
        return (
            before.open_fen,
            between.billed_fen,
            between.costs_billed_fen,
            between.accrued_fen,
            -between.discount_fen,
            -between.late_waived_fen,
            -between.received_fen,
            after.open_fen,
        )

    table, before, _, after = _table(session, asked, "movement", columns, cells, _ends(asked))
    ends = _ends(asked)(_all(asked), "")
    figures = (
        Figure(Measure("open_before"), before.open_fen, ends["open_before"]),
        Figure(Measure("open_after"), after.open_fen, ends["open_after"]),
    )
    return Report("movement", asked, figures, (table,))


def late_charge(session: Session, asked: Asked) -> Report:
    """Return 违约金: accrued, paid, waived, and what is open."""
    columns = tuple(Measure(key) for key in ("late_before", "accrued", "late_paid", "waived", "late_after"))

    def cells(before: Standing, between: Standing, after: Standing) -> tuple[Value, ...]:
        paid, waived = -between.late_paid_fen, -between.late_waived_fen
        return before.late_fen, between.accrued_fen, paid, waived, after.late_fen

    table, before, between, after = _table(session, asked, "late_charge", columns, cells, _ends(asked))
    ends = _ends(asked)(_all(asked), "")
    figures = (
        Figure(Measure("late_before"), before.late_fen, ends["late_before"]),
        Figure(Measure("accrued"), between.accrued_fen),
        Figure(Measure("late_paid"), between.late_paid_fen),
        Figure(Measure("waived"), between.late_waived_fen),
        Figure(Measure("late_after"), after.late_fen, ends["late_after"]),
    )
    return Report("late-charge", asked, figures, (table,))


def prepayment(session: Session, asked: Asked) -> Report:
    """Return 预存: money received and not yet booked on a bill, by building, and how it moved."""
    asked = replace(asked, by=By.BUILDING, scope=replace(asked.scope, item_id=None, steward_id=None))
    before, after, moved = _two_days(session, asked)
    held = [report_money.in_hand(session, asked.scope, on=on) for on in (asked.before, asked.as_of)]
    none = Standing()

    def credit(keys: Iterable[str], on: int) -> int:
        booked = (before, after)[on]
        return sum(held[on].get(key, 0) - booked.get(key, none).received_fen for key in keys)

    def cells(label: str, keys: Sequence[str]) -> tuple[Value, ...]:
        came = sum(held[1].get(key, 0) - held[0].get(key, 0) for key in keys)
        booked = sum(moved(key).received_fen for key in keys)
        return label, credit(keys, 0), came, -booked, credit(keys, 1)

    def came(asked: Asked, key: str) -> dict[str, str]:
        span = {"from_on": asked.from_on, "to_on": asked.as_of}
        return {"received": address("/reports/payments", {"building": key or asked.scope.building, **span})}

    named = groups(session, asked, before, after, *held)
    lines = tuple(Line(cells(label, [key]), came(asked, key)) for key, label in named)
    keys = [key for key, _ in named]
    columns = (GROUP, *(Measure(key) for key in ("credit_before", "received", "booked", "credit_after")))
    foot = Line(cells(_whole(), keys), came(_all(asked), ""))
    figures = (
        Figure(Measure("credit_before"), credit(keys, 0)),
        Figure(Measure("received"), foot.cells[2], foot.links["received"]),
        Figure(Measure("booked"), sum(moved(key).received_fen for key in keys)),
        Figure(Measure("credit_after"), credit(keys, 1)),
    )
    return Report("prepayment", asked, figures, (Table("prepayment", columns, lines, foot),))

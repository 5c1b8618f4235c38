"""The reports of what happened: receipts by day and month, what was given away, what notices brought, what runs out."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from app.domain.reporting import EFFECT_DAYS, Standing, share, total
from app.i18n import zh_cn
from app.sheets.report_book import Kind, Value
from app.store import limitation_reads, report_money, report_reads
from app.store.report_money import Receipts
from app.store.report_reads import By
from app.web.pages import named
from app.web.reporting import Asked, Figure, Line, Measure, Report, Table, address

_COUNT, _BACK_COUNT = Measure("receipt_count", Kind.NUMBER), Measure("back_count", Kind.NUMBER)
_MONEY = (_COUNT, Measure("came"), _BACK_COUNT, Measure("went_back"), Measure("net"))


def _sums(rows: Iterable[Receipts]) -> tuple[Value, ...]:
    count = fen = back = back_fen = 0
    for row in rows:
        count, fen, back, back_fen = count + row.count, fen + row.in_fen, back + row.back_count, back_fen + row.back_fen
    return count, fen, back, -back_fen, fen - back_fen


def _payments(asked: Asked, **params: object) -> str:
    return address("/reports/payments", {"from_on": asked.from_on, "to_on": asked.as_of, **params})


def _by(
    rows: Sequence[Receipts], key: Callable[[Receipts], object], line: Callable[[Receipts, tuple[Value, ...]], Line]
) -> tuple[Line, ...]:
    """Return a line for each value of a key, in the order first met."""
    parts: defaultdict[object, list[Receipts]] = defaultdict(list)
    for row in rows:
        parts[key(row)].append(row)
    return tuple(line(part[0], _sums(part)) for part in parts.values())


def _whole(rows: Sequence[Receipts], link: str, blanks: int = 1) -> Line:
    cells = (zh_cn.LABELS["report.sum"], *([""] * (blanks - 1)), *_sums(rows))
    return Line(cells, {"net": link})


def _money_tables(asked: Asked, rows: Sequence[Receipts]) -> tuple[Table, Table]:
    """Return the receipts by method and by cashier."""
    by_method = _by(
        sorted(rows, key=lambda row: row.method),
        lambda row: row.method,
        lambda row, sums: Line((named(row.method, "method"), *sums), {"net": _payments(asked, method=row.method)}),
    )
    nobody = zh_cn.LABELS["report.no_cashier"]
    by_cashier = _by(
        sorted(rows, key=lambda row: row.cashier_id or 0),
        lambda row: row.cashier_id,
        lambda row, sums: Line((row.cashier or nobody, *sums), {"net": _payments(asked, cashier=row.cashier_id or 0)}),
    )
    end = _whole(rows, _payments(asked))
    return (
        Table("by_method", (Measure("method", Kind.TEXT), *_MONEY), by_method, end),
        Table("by_cashier", (Measure("cashier", Kind.TEXT), *_MONEY), by_cashier, end),
    )


def _booked(session: Session, asked: Asked, rows: Sequence[Receipts]) -> Table:
    """Return what the money became: principal, late charge, costs, and what is left as prepayment."""
    own = replace(asked, by=By.NONE)
    before = total(report_reads.standings(session, own.scope, on=asked.before, by=By.NONE).values())
    after = total(report_reads.standings(session, own.scope, on=asked.as_of, by=By.NONE).values())
    moved: Standing = after - before
    net = sum(row.net_fen for row in rows)
    parts = (
        ("principal", moved.paid_fen),
        ("late_charge", moved.late_paid_fen),
        ("costs", moved.costs_paid_fen),
        ("credit", net - moved.received_fen),
    )
    lines = tuple(Line((zh_cn.LABELS[f"booked_on.{name}"], fen)) for name, fen in parts)
    return Table(
        "booked_on", (Measure("booked_on", Kind.TEXT), Measure("booked_fen")), lines,
        Line((zh_cn.LABELS["report.sum"], net), {"booked_fen": _payments(asked)}),
    )  # fmt: skip


def _money_figures(asked: Asked, rows: Sequence[Receipts]) -> tuple[Figure, ...]:
    _, came, _, back, net = _sums(rows)
    return (
        Figure(Measure("came"), came, _payments(asked, kind="received")),
        Figure(Measure("went_back"), back, _payments(asked, kind="reversed")),
        Figure(Measure("net"), net, _payments(asked)),
    )


def daily(session: Session, asked: Asked) -> Report:
    """Return 收款日报: one day's money by method and cashier, and what it became."""
    asked = replace(asked, from_on=asked.as_of, to_on=asked.as_of, scope=_everything(asked))
    rows = _receipts(session, asked)
    tables = (*_money_tables(asked, rows), _booked(session, asked, rows))
    return Report("daily", asked, _money_figures(asked, rows), tables, period=False)


def monthly(session: Session, asked: Asked) -> Report:
    """Return 收款月报: the period's money day by day, by method and cashier, and what it became."""
    asked = replace(asked, scope=_everything(asked))
    rows = _receipts(session, asked)

    def day_line(row: Receipts, sums: tuple[Value, ...]) -> Line:
        return Line((row.on, *sums), {"net": _payments(asked, from_on=row.on, to_on=row.on)})

    by_day = _by(rows, lambda row: row.on, day_line)
    days = Table("by_day", (Measure("day", Kind.DATE), *_MONEY), by_day, _whole(rows, _payments(asked)))
    tables = (*_money_tables(asked, rows), _booked(session, asked, rows), days)
    return Report("monthly", asked, _money_figures(asked, rows), tables)


def _everything(asked: Asked) -> report_reads.Scope:
    """Return the whole community: money is taken at a counter, not in a building."""
    return report_reads.Scope(asked.scope.community_id)


def _receipts(session: Session, asked: Asked) -> list[Receipts]:
    return report_money.receipts(
        session, community_id=asked.scope.community_id, from_on=asked.from_on, to_on=asked.as_of
    )


# --- 减免汇总 ---------------------------------------------------------------------------------------


def reliefs(session: Session, asked: Asked) -> Report:
    """Return 减免汇总: what was given away by kind, reason and decider, and each decision."""
    asked = replace(asked, scope=replace(_everything(asked), building=asked.scope.building))
    rows = report_money.given(session, asked.scope, from_on=asked.from_on, to_on=asked.as_of)
    fen = sum(row.fen for row in rows)

    def by(name: str, key: Callable[[report_money.Given], str]) -> Table:
        parts: defaultdict[str, list[int]] = defaultdict(list)
        for row in rows:
            parts[key(row)].append(row.fen)
        lines = tuple(Line((label, len(part), sum(part))) for label, part in sorted(parts.items()))
        columns = (Measure(name, Kind.TEXT), Measure("decisions", Kind.NUMBER), Measure("given"))
        return Table(f"by_{name}", columns, lines, Line((zh_cn.LABELS["report.sum"], len(rows), fen)))

    def kind(row: report_money.Given) -> str:
        return zh_cn.LABELS[f"relief_kind.{row.kind}"]

    def reason(row: report_money.Given) -> str:
        return named(row.reason, "waiver_reason") if row.reason else zh_cn.LABELS["report.no_reason"]

    def decider(row: report_money.Given) -> str:
        return row.decider or zh_cn.LABELS["report.no_decider"]

    def links(row: report_money.Given) -> dict[str, str]:
        found = {"room": f"/units/{row.unit_id}"}
        return found | ({"given": f"/waivers/{row.request_id}"} if row.request_id else {})

    columns = (
        Measure("room", Kind.TEXT), Measure("relief_kind", Kind.TEXT), Measure("reason", Kind.TEXT),
        Measure("decider", Kind.TEXT), Measure("given"),
    )  # fmt: skip
    lines = tuple(
        Line((row.unit, kind(row), reason(row), decider(row), row.fen), links(row))
        for row in sorted(rows, key=lambda row: -row.fen)
    )
    each = Table("decisions", columns, lines, Line((zh_cn.LABELS["report.sum"], "", "", "", fen)))
    figures = (Figure(Measure("given"), fen), Figure(Measure("decisions", Kind.NUMBER), len(rows)))
    tables = (by("relief_kind", kind), by("reason", reason), by("decider", decider), each)
    return Report("reliefs", asked, figures, tables)


# --- 催缴效果 · 时效预警 ------------------------------------------------------------------------------


def notice_effect(session: Session, asked: Asked) -> Report:
    """Return 催缴效果: level by level, what was paid within thirty days of the notice."""
    asked = replace(asked, scope=replace(_everything(asked), building=asked.scope.building))
    rows = report_money.effects(
        session,
        asked.scope,
        from_on=asked.from_on,
        to_on=asked.to_on,
        as_of=max(asked.as_of, min(asked.today, _late(asked))),
    )
    columns = (
        Measure("level", Kind.TEXT), Measure("notices", Kind.NUMBER), Measure("waiting", Kind.NUMBER),
        Measure("asked"), Measure("paying", Kind.NUMBER), Measure("paying_rate", Kind.SHARE),
        Measure("effect_paid"), Measure("effect_rate", Kind.SHARE),
    )  # fmt: skip

    def cells(label: str, some: Sequence[report_money.Effect]) -> tuple[Value, ...]:
        sums = [
            sum(getattr(row, name) for row in some)
            for name in ("notices", "waiting", "asked_fen", "paying", "paid_fen")
        ]
        notices, waiting, asked_fen, paying, paid_fen = sums
        return (
            label, notices, waiting, asked_fen, paying, share(paying, notices), paid_fen, share(paid_fen, asked_fen),
        )  # fmt: skip

    lines = tuple(Line(cells(named(row.level, "level"), [row]), {"notices": "/notices"}) for row in rows)
    foot = Line(cells(zh_cn.LABELS["report.sum"], rows))
    figures = (
        Figure(columns[1], foot.cells[1]),
        Figure(columns[5], foot.cells[5]),
        Figure(columns[6], foot.cells[6]),
        Figure(columns[7], foot.cells[7]),
    )
    return Report("notice-effect", asked, figures, (Table("notice_effect", columns, lines, foot),))


def _late(asked: Asked) -> dt.date:
    """Return the day by which every notice of the period has had its thirty days."""
    return asked.to_on + dt.timedelta(days=EFFECT_DAYS)


def limitation(session: Session, asked: Asked) -> Report:
    """Return 时效预警: the bills by the day to act, and, apart, those whose day has passed."""
    soon = report_money.limited(session, asked.scope, as_of=asked.as_of, days=asked.days)
    past = report_money.limited(session, asked.scope, as_of=asked.as_of, days=0, older=True)
    figures = (
        Figure(Measure("soon", Kind.NUMBER), len(soon)),
        Figure(Measure("soon_fen"), sum(one.principal_fen for one in soon)),
        Figure(Measure("past", Kind.NUMBER), len(past)),
        Figure(Measure("past_fen"), sum(one.principal_fen for one in past)),
    )
    tables = (_limited("limitation", soon), _limited("limitation_past", past))
    return Report("limitation", asked, figures, tables, period=False)


_LIMIT_COLUMNS = (
    Measure("room", Kind.TEXT),
    Measure("item", Kind.TEXT),
    Measure("fee_period", Kind.TEXT),
    Measure("due_on", Kind.DATE),
    Measure("interrupted_on", Kind.DATE),
    Measure("act_by_on", Kind.DATE),
    Measure("expires_on", Kind.TEXT),
    Measure("principal"),
    Measure("late"),
    Measure("steward", Kind.TEXT),
)


def _limited(name: str, rows: Sequence[report_money.Limited]) -> Table:
    unknown = zh_cn.LABELS["report.calendar_unknown"]
    lines = tuple(
        Line(
            (
                one.label,
                one.item,
                f"{one.period_from_on.isoformat()} – {one.period_to_on.isoformat()}",
                one.due_on,
                one.interrupted_on,
                one.clock.act_by_on,
                one.clock.expires_on.isoformat() if one.clock.expires_on else unknown,
                one.principal_fen,
                one.late_fen,
                one.steward,
            ),
            {"room": f"/units/{one.unit_id}"},
        )
        for one in rows
    )
    sums = (sum(one.principal_fen for one in rows), sum(one.late_fen for one in rows))
    foot = Line((zh_cn.LABELS["report.sum"], "", "", None, None, None, "", *sums, ""))
    return Table(name, _LIMIT_COLUMNS, lines, foot)


_CLAIM_COLUMNS = (
    Measure("claims_state", Kind.TEXT),
    Measure("claims_units", Kind.NUMBER),
    Measure("claims_bills", Kind.NUMBER),
    Measure("claims_principal"),
    Measure("claims_late"),
    Measure("claims_total"),
    Measure("claims_first_on", Kind.DATE),
)


def claims(session: Session, asked: Asked) -> Report:
    """Return 诉请与时效: what is overdue today, by the state of its limitation."""
    wanted = limitation_reads.Filter(asked.scope.community_id, building=asked.scope.building)
    counts = limitation_reads.counts(session, as_of=asked.today, wanted=wanted)

    def line(label: str, found: Sequence[limitation_reads.Count], units: int | None) -> tuple[Value, ...]:
        bills, principal = sum(one.bills for one in found), sum(one.principal_fen for one in found)
        late = sum(one.late_charge_fen for one in found)
        first_on = min((one.first_on for one in found if one.first_on), default=None)
        return (label, units, bills, principal, late, principal + late, first_on)

    lines = tuple(
        Line(
            line(named(one.state.value, "limitation_state"), [one], one.units),
            {"claims_bills": address("/limitation", {"state": one.state.value, "building": wanted.building})},
        )
        for one in counts
    )
    foot = Line(line(zh_cn.LABELS["report.sum"], counts, None))
    by_state = {one.state.value: one.principal_fen for one in counts}
    figures = (
        Figure(Measure("claims_all"), sum(by_state.values())),
        Figure(Measure("claims_urgent"), by_state["critical"] + by_state["soon"]),
        Figure(Measure("claims_expired"), by_state["expired"]),
    )
    asked = replace(asked, as_of=asked.today)
    return Report("claims", asked, figures, (Table("claims", _CLAIM_COLUMNS, lines, foot),), period=False)

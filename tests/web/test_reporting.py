"""What a report is asked for, how its figures are written, and that page, workbook and paper use the same words."""

from __future__ import annotations

import datetime as dt
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.documents import codec, render
from app.documents.report_facts import ReportFacts
from app.i18n import labels_reports, zh_cn
from app.sheets.report_book import Kind
from app.store.report_reads import By, Scope
from app.web import report_flows, report_rates, reporting
from app.web.reporting import Figure, Line, Measure, Report, ReportQuery, Table
from app.web.staff import reports

TODAY = dt.date(2026, 11, 23)


def asked(**given: object) -> reporting.Asked:
    return reporting.asked(ReportQuery(**given), community_id=7, today=TODAY, by=By.BUILDING)


def test_a_report_is_of_this_month_up_to_today_unless_it_is_told_otherwise() -> None:
    own = asked()
    assert (own.from_on, own.to_on, own.as_of) == (dt.date(2026, 11, 1), dt.date(2026, 11, 30), TODAY)
    assert own.before == dt.date(2026, 10, 31)
    assert own.by is By.BUILDING


@pytest.mark.parametrize(
    ("given", "from_on", "to_on", "as_of"),
    [
        ({"from_on": "2026-10-01"}, "2026-10-01", "2026-10-31", "2026-10-31"),
        ({"to_on": "2026-02-15"}, "2026-02-01", "2026-02-15", "2026-02-15"),
        ({"as_of": "2026-05-05"}, "2026-05-01", "2026-05-31", "2026-05-05"),
        (
            {"from_on": "2026-10-01", "to_on": "2026-10-31", "as_of": "2026-11-20"},
            "2026-10-01",
            "2026-10-31",
            "2026-11-20",
        ),
        ({"from_on": "2026-12-01", "to_on": "2026-01-01"}, "2026-12-01", "2026-12-01", "2026-12-01"),
    ],
)
def test_what_is_left_open_is_filled_in(given: dict[str, str], from_on: str, to_on: str, as_of: str) -> None:
    own = asked(**given)
    assert [day.isoformat() for day in (own.from_on, own.to_on, own.as_of)] == [from_on, to_on, as_of]


@given(st.dates(dt.date(2000, 1, 1), dt.date(2090, 1, 1)), st.dates(dt.date(2000, 1, 1), dt.date(2090, 1, 1)))
def test_any_two_dates_make_a_period_that_is_neither_backwards_nor_endless(one: dt.date, other: dt.date) -> None:
    own = asked(from_on=one.isoformat(), to_on=other.isoformat())
    assert own.before < own.from_on <= own.to_on
    assert (own.to_on - own.from_on).days <= reporting.LONGEST_DAYS


@pytest.mark.parametrize("on", [dt.date(2026, 1, 31), dt.date(2024, 2, 29), dt.date(2026, 12, 31), TODAY])
def test_the_usual_periods_begin_and_end_where_they_should(on: dt.date) -> None:
    found = {name: (first, last) for name, first, last in reporting.presets(on)}
    for first, last in found.values():
        assert first.day == 1
        assert (last + dt.timedelta(days=1)).day == 1
        assert first < last
    assert found["this_month"][0] <= on <= found["this_month"][1]
    assert found["quarter"][0] <= on <= found["quarter"][1]
    assert found["quarter"][0].month in {1, 4, 7, 10}
    assert found["year"] == (dt.date(on.year, 1, 1), dt.date(on.year, 12, 31))
    assert found["last_year"] == (dt.date(on.year - 1, 1, 1), dt.date(on.year - 1, 12, 31))
    assert found["last_month"][1] + dt.timedelta(days=1) == found["this_month"][0]


def test_a_link_narrows_to_the_scope_and_to_its_group() -> None:
    own = reporting.Asked(Scope(7, "3", 5, None), TODAY, TODAY, TODAY, TODAY, By.STEWARD)

    def query(text: str) -> dict[str, str]:
        return {key: values[0] for key, values in parse_qs(urlsplit(text).query).items()}

    assert query(own.bills("9", state="open")) == {
        "building": "3", "item": "5", "steward": "9", "as_of": "2026-11-23", "state": "open",
    }  # fmt: skip
    assert query(own.bills(""))["steward"] == "0"
    assert query(own.bills("9", on=dt.date(2026, 1, 1)))["as_of"] == "2026-01-01"


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        (123_456, Kind.MONEY, "1,234.56"),
        (-5, Kind.MONEY, "(0.05)"),
        (8_181, Kind.SHARE, "81.81%"),
        (0, Kind.SHARE, "0.00%"),
        (-1_234, Kind.SHARE, "-12.34%"),
        (12_500, Kind.SHARE, "125.00%"),
        (None, Kind.SHARE, "—"),
        (None, Kind.DATE, ""),
        (12_345, Kind.NUMBER, "12,345"),
        (TODAY, Kind.DATE, "2026-11-23"),
        ("合计", Kind.MONEY, "合计"),
    ],
)
def test_figures_are_written_as_the_office_writes_them(value: object, kind: Kind, said: str) -> None:
    assert reporting.shown(value, kind) == said


def test_a_total_has_its_sign() -> None:
    assert reporting.shown(100, Kind.MONEY, is_total=True) == "¥1.00"


def every_measure() -> list[Measure]:
    found = [value for module in (report_rates, report_flows) for value in vars(module).values()]
    tuples = [value for value in found if isinstance(value, tuple) and value and isinstance(value[0], Measure)]
    return [measure for columns in tuples for measure in columns]


def test_every_figure_has_its_words_and_no_definition_is_left_over() -> None:
    for measure in every_measure():
        assert measure.name
        assert measure.full_name
    labels = labels_reports.LABELS
    named = {key.partition(".")[2] for key in labels if key.startswith("measure.")}
    meant = {key.partition(".")[2] for key in labels if key.startswith("measure_how.")}
    assert meant <= named


def test_every_report_has_a_name_a_question_and_what_holds_for_all_of_it() -> None:
    for code in reports.REPORTS:
        for kind in ("report", "report_question", "report_note"):
            assert zh_cn.LABELS[f"{kind}.{code}"], code
        assert reports.FIELDS[code]
        assert reports.ICONS[code]


def sample() -> Report:
    measures = (
        Measure("group", Kind.TEXT),
        Measure("current_due", group="current"),
        Measure("current_rate", Kind.SHARE, "current"),
    )
    lines = tuple(Line((f"{number}幢", number * 100, 5_000)) for number in range(1, 90))
    table = Table("collection", measures, lines, Line(("合计", 400_500, None)))
    figure = Figure(Measure("current_due", group="current"), 400_500)
    return Report(
        "collection", asked(), (figure,), (table,), charts=('<svg xmlns="http://www.w3.org/2000/svg"></svg>',)
    )


def test_paper_carries_figures_definitions_whose_it_is_and_who_printed_it() -> None:
    at = dt.datetime(2026, 11, 23, 2, 0, tzinfo=dt.UTC)
    facts = reporting.paper(sample(), community="锦绣花园", company="安居物业", by="李经理", at=at)
    assert codec.from_json(ReportFacts, codec.to_json(facts)) == facts
    page = render.html(facts)
    for text in (
        "收缴率",
        "锦绣花园",
        "2026年11月23日",
        "¥4,005.00",
        "50.00%",
        "合计",
        "李经理",
        "2026-11-23 10:00",
        "口径",
    ):
        assert text in page
    assert "本期应收：应缴日在期间内" in page
    assert '<th colspan="2">本期</th>' in page
    assert facts.tables[0].rows[-1].is_total
    assert facts.tables[0].rows[-1].cells == ("合计", "4,005.00", "—")


def test_a_long_report_runs_over_numbered_pages() -> None:
    at = dt.datetime(2026, 11, 23, 2, 0, tzinfo=dt.UTC)
    facts = reporting.paper(sample(), community="锦绣花园", company="", by="李经理", at=at)
    body, pages = render.pdf(facts)
    assert pages >= 2
    assert render.pdf(facts)[0] == body


def test_definitions_are_told_once_however_often_a_figure_stands() -> None:
    names = [measure.full_name for measure in sample().definitions]
    assert names == ["本期应收", "本期收缴率"]

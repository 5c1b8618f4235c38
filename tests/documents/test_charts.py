"""Our own charts: tidy ticks, bars in proportion, told by pattern and text, the same bytes for the same figures."""

from __future__ import annotations

import itertools
import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.documents import charts
from app.documents.charts import Bars, Columns, Series

SVG = "{http://www.w3.org/2000/svg}"
MONTHS = tuple(f"{month}月" for month in range(1, 13))


def columns(*values: int, width: int = 660) -> Columns:
    series = (Series("应收", values), Series("实收", tuple(value // 2 for value in values)))
    return Columns("m", "近 12 个月", MONTHS[: len(values)], series, unit="元", width=width)


def rectangles(text: str, kind: str) -> list[ET.Element]:
    return [one for one in ET.fromstring(text).iter(f"{SVG}rect") if one.get("class") == kind]


@pytest.mark.parametrize(
    ("most", "ticks"),
    [
        (0, (0, 1)),
        (1, (0, 1)),
        (7, (0, 2, 4, 6, 8)),
        (437, (0, 100, 200, 300, 400, 500)),
        (500, (0, 100, 200, 300, 400, 500)),
        (501, (0, 200, 400, 600)),
        (65_203, (0, 20_000, 40_000, 60_000, 80_000)),
    ],
)
def test_ticks_are_tidy(most: int, ticks: tuple[int, ...]) -> None:
    assert charts.tidy(most) == ticks


@given(most=st.integers(0, 10**12))
def test_ticks_begin_at_nothing_reach_the_most_and_are_few(most: int) -> None:
    ticks = charts.tidy(most)
    steps = {later - earlier for earlier, later in itertools.pairwise(ticks)}
    assert ticks[0] == 0
    assert ticks[-1] >= most
    assert 2 <= len(ticks) <= 6
    assert len(steps) == 1
    assert str(steps.pop())[0] in "125"


@given(values=st.lists(st.integers(0, 10**9), min_size=1, max_size=12))
def test_columns_are_as_high_as_their_values_and_stay_inside(values: list[int]) -> None:
    made = charts.columns(columns(*values))
    drawn = rectangles(made, "chart-fill-0")
    assert len(drawn) == 1 + len(values)  # the first is the legend's
    top = charts.tidy(max(values))[-1]
    for value, bar in zip(values, drawn[1:], strict=True):
        height = float(bar.get("height", "0"))
        assert 0 <= height <= 216.1
        assert abs(height - 216 * value / top) < 0.2


def test_both_series_are_named_and_marked_by_pattern_not_colour_alone() -> None:
    made = charts.columns(columns(4, 8))
    assert "应收" in made
    assert "实收" in made
    assert 'id="m-0"' in made
    assert 'id="m-1"' in made
    assert made.count("url(#m-0)") == 3
    assert made.count("url(#m-1)") == 3


def test_the_axis_counts_in_thousands_where_it_is_told_to() -> None:
    made = charts.columns(Columns("m", "x", ("1月",), (Series("应收", (65_203,)),), unit="千元", divisor=1000))
    assert re.findall(r">(\d+)</text>", made) == ["0", "20", "40", "60", "80"]


def test_a_narrow_chart_names_every_other_month_and_always_the_last() -> None:
    made = charts.columns(columns(*range(12), width=340))
    assert re.findall(r">(\d+月)</text>", made) == [f"{month}月" for month in range(2, 13, 2)]


def test_lying_bars_carry_their_text_and_keep_their_proportion() -> None:
    made = charts.bars(
        Bars("a", "账龄", ("1–30 天", "3 年以上", "无"), (50, 100, 0), ("50.00 · 1 户", "100.00", "0.00"))
    )
    widths = [float(one.get("width", "0")) for one in rectangles(made, "chart-fill-0")]
    assert widths[1] == pytest.approx(2 * widths[0], abs=0.2)
    assert widths[2] == 0
    assert "50.00 · 1 户" in made


@given(texts=st.lists(st.text(alphabet="0123456789,.年户 ·", min_size=1, max_size=14), min_size=1, max_size=7))
def test_lying_bars_and_their_texts_stay_inside(texts: list[str]) -> None:
    made = charts.bars(Bars("a", "x", tuple("1–30 天" for _ in texts), tuple(range(len(texts))), tuple(texts)))
    for bar in rectangles(made, "chart-fill-0"):
        assert float(bar.get("x", "0")) + float(bar.get("width", "0")) <= 360


def test_empty_charts_are_still_charts() -> None:
    assert ET.fromstring(charts.columns(Columns("m", "x", (), (Series("应收", ()),)))).tag == f"{SVG}svg"
    assert ET.fromstring(charts.bars(Bars("a", "x", (), (), ()))).tag == f"{SVG}svg"


def test_what_people_typed_cannot_become_markup() -> None:
    made = charts.bars(Bars("a", '"><script>', ("<b>",), (1,), ("&",)))
    assert "<script>" not in made
    assert "&lt;b&gt;" in made
    assert ET.fromstring(made).get("aria-label") == '"><script>'


def test_a_chart_needs_no_inline_style_and_is_the_same_twice() -> None:
    made = charts.columns(columns(3, 1, 2))
    assert "style=" not in made
    assert made == charts.columns(columns(3, 1, 2))
    assert 'role="img"' in made

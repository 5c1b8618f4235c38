"""Charts of our own: frozen figures in, one SVG out, for a page and a PDF alike; told by pattern and text too."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

_INK, _SOFT, _LINE = "#17202b", "#56606e", "#d9dfe8"
_FILLS, _MARKS = ("#1c5cb0", "#c8781a"), ("#6f9fe0", "#8a4d05")
_TICKS = 5
_HEAD = 30
_FOOT = 24
_LEFT = 44
_ROW = 34
_LABEL = 30


@dataclass(frozen=True, slots=True)
class Series:
    """One row of bars: its name and a value for each label."""

    name: str
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """Upright bars: a group for each label, a bar for each series; the axis counts in ``divisor`` of the values."""

    ident: str
    title: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    unit: str = ""
    divisor: int = 1
    width: int = 660
    height: int = 270


@dataclass(frozen=True, slots=True)
class Bars:
    """Lying bars, one for each label, each with its own text at the end."""

    ident: str
    title: str
    labels: tuple[str, ...]
    values: tuple[int, ...]
    texts: tuple[str, ...]
    width: int = 360


def tidy(most: int, count: int = _TICKS) -> tuple[int, ...]:
    """Return tidy ticks from 0 to at least ``most``: steps of 1, 2 or 5 times a power of ten.

    >>> tidy(437)
    (0, 100, 200, 300, 400, 500)
    """
    most = max(most, 1)
    power = 1
    while True:
        for step in (power, 2 * power, 5 * power):
            if step * count >= most:
                return tuple(range(0, step * -(-most // step) + 1, step))
        power *= 10


def columns(chart: Columns) -> str:
    """Return upright bars as an SVG."""
    most = max((value for series in chart.series for value in series.values), default=0)
    ticks = tidy(most)
    top, foot, right = _HEAD, chart.height - _FOOT, chart.width - 4
    span = foot - top

    def y(value: int) -> str:
        return _number(foot - span * max(value, 0) / ticks[-1])

    parts = []
    for tick in ticks:
        parts.append(_line(_LEFT, y(tick), right, y(tick), "axis" if tick == 0 else "grid"))
        parts.append(_text(_LEFT - 6, float(y(tick)) + 4, f"{tick // chart.divisor:,}", anchor="end"))
    step = (right - _LEFT) / max(len(chart.labels), 1)
    bar = min(step * 0.76 / max(len(chart.series), 1), 40)
    for place, label in enumerate(chart.labels):
        middle = _LEFT + step * (place + 0.5)
        if step >= _LABEL or (len(chart.labels) - 1 - place) % 2 == 0:
            parts.append(_text(middle, foot + 16, label, anchor="middle"))
        for nth, series in enumerate(chart.series):
            value = series.values[place]
            left = middle + bar * (nth - len(chart.series) / 2)
            height = _number(foot - float(y(value)))
            parts.append(_bar(chart.ident, nth, x=left + 0.5, y=y(value), width=bar - 1, height=height))
    return _svg(chart.ident, chart.title, chart.width, chart.height, len(chart.series), _legend(chart) + "".join(parts))


def bars(chart: Bars) -> str:
    """Return lying bars as an SVG."""
    most = max(chart.values, default=0)
    room = max((_width(text) for text in chart.texts), default=0) + 12
    left = max((_width(label) for label in chart.labels), default=0) + 10
    height = _ROW * len(chart.labels) + 8
    longest = max(chart.width - left - room, 40)
    parts = [_line(left, 2, left, height - 2, "axis")]
    for place, (label, value, text) in enumerate(zip(chart.labels, chart.values, chart.texts, strict=True)):
        top = 5 + _ROW * place
        length = longest * max(value, 0) / most if most else 0
        parts.append(_text(left - 8, top + 17, label, anchor="end"))
        parts.append(_bar(chart.ident, 0, x=left, y=top, width=length, height=_ROW - 10))
        parts.append(_text(left + length + 6, top + 17, text, kind="ink"))
    return _svg(chart.ident, chart.title, chart.width, height, 1, "".join(parts))


def _legend(chart: Columns) -> str:
    """Name the bars at the upper right, the unit at the upper left."""
    parts = [_text(_LEFT - 6, 12, chart.unit, anchor="start")] if chart.unit else []
    x = float(chart.width - 4)
    for nth in range(len(chart.series) - 1, -1, -1):
        name = chart.series[nth].name
        x -= _width(name)
        parts.append(_text(x, 14, name))
        x -= 30
        parts.append(_bar(chart.ident, nth, x=x, y=3, width=24, height=14, round_=2))
        x -= 14
    return "".join(parts)


def _svg(ident: str, title: str, width: int, height: int, series: int, body: str) -> str:
    """Wrap the parts; colours stand as attributes for paper, and as classes that a page's own theme overrides."""
    patterns = "".join(_pattern(ident, nth) for nth in range(series))
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    return (
        f'<svg class="chart" xmlns="http://www.w3.org/2000/svg" {size} font-family="Print, sans-serif" role="img"'
        f' aria-label="{escape(title)}"><defs>{patterns}</defs>{body}</svg>'
    )


def _pattern(ident: str, nth: int) -> str:
    """Return the marks laid over a bar; the bar itself is plain, so that tiles leave no seams on paper."""
    marks = (
        '<path class="chart-mark-0" d="M-2 2L2 -2M0 8L8 0M6 10L10 6" fill="none" stroke="{0}"></path>',
        '<circle class="chart-mark-1" cx="4" cy="4" r="1.5" fill="{0}"></circle>',
    )
    mark = marks[nth].format(_MARKS[nth])
    return f'<pattern id="{ident}-{nth}" width="8" height="8" patternUnits="userSpaceOnUse">{mark}</pattern>'


def _bar(ident: str, nth: int, *, x: float, y: float | str, width: float, height: float | str, round_: int = 0) -> str:
    place = f'x="{_number(x)}" y="{y}" width="{_number(width)}" height="{height}"'
    if round_:
        place += f' rx="{round_}"'
    return (
        f'<rect class="chart-fill-{nth}" {place} fill="{_FILLS[nth]}"></rect>'
        f'<rect {place} fill="url(#{ident}-{nth})"></rect>'
    )


def _line(x1: float, y1: float | str, x2: float, y2: float | str, kind: str) -> str:
    colour = _SOFT if kind == "axis" else _LINE
    return (
        f'<line class="chart-{kind}" x1="{_number(x1)}" y1="{y1}" x2="{_number(x2)}" y2="{y2}" stroke="{colour}"'
        ' stroke-width="1"></line>'
    )


def _text(x: float, y: float, text: str, *, anchor: str = "start", kind: str = "soft") -> str:
    colour = _INK if kind == "ink" else _SOFT
    return (
        f'<text class="chart-{kind}" x="{_number(x)}" y="{_number(y)}" text-anchor="{anchor}" font-size="12"'
        f' fill="{colour}">{escape(text)}</text>'
    )


def _width(text: str) -> float:
    """Return about how wide a text of twelve pixels is: a Chinese sign is square, a digit half of that."""
    return sum(12.2 if ord(sign) > 0x2E80 else 6.9 for sign in text)


def _number(value: float) -> str:
    """Write a coordinate with one decimal at most, always the same way."""
    return f"{value:.1f}".removesuffix(".0")

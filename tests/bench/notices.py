"""Hundreds of different notices: the product's way beside the default way of the same engine, and over processes."""

from __future__ import annotations

import argparse
import base64
import io
import json
import os
import platform
import re
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import segno
import weasyprint
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration

from app.documents import codes, print_file, render
from app.documents.contexts import NoticeFacts
from tests.documents import samples

GOAL_RATIO = 0.55
GOAL_SLOPE_MB = 1.0
PAIRS = 40
CHUNK = 10
MOST_BILLS = 12
SYSTEM_FONT = '"Noto Sans CJK SC"'


def facts(place: int) -> NoticeFacts:
    """Return notice number ``place``: one to twelve bills, a unit, an area and an address of its own."""
    return samples.notice(1 + place % MOST_BILLS, seed=place + 2)


# --- the two ways ---------------------------------------------------------------------------------


def product(told: NoticeFacts) -> bytes:
    """Print as the product does."""
    return render.pdf(told)[0]


def default(told: NoticeFacts) -> bytes:
    """Print the same page as a first try would: the system's fonts, tables sized by content, codes as vectors.

    Font configuration and styles are made for every document, which is what ``HTML(...).write_pdf()`` does.
    """
    page = render.html(told)
    for drawn, text, error in (
        (codes.link_code(told.owner_url), told.owner_url, "m"),
        (codes.number_code(told.number), told.number, "q"),
    ):
        page = page.replace(drawn, _vector(text, error))
    fonts = FontConfiguration()
    sheet = CSS(string=_plain_styles(), font_config=fonts)
    file = io.BytesIO()
    HTML(string=page).write_pdf(file, stylesheets=[sheet], font_config=fonts)
    return file.getvalue()


def _vector(text: str, error: str) -> str:
    drawing = io.BytesIO()
    segno.make(text, error=error, boost_error=False, micro=False).save(drawing, kind="svg", border=codes.QUIET_MODULES)
    return "data:image/svg+xml;base64," + base64.b64encode(drawing.getvalue()).decode("ascii")


def _plain_styles() -> str:
    styles = (render.TEMPLATES / "print-1.css").read_text("utf-8")
    families = re.findall(r"@font-face \{ font-family: (\w+)", styles)
    styles = re.sub(r"@font-face \{[^}]*\}", "", styles)
    for family in families:
        styles = re.sub(rf"\b{family}\b(?=[,;\s}}])", SYSTEM_FONT, styles)
    return styles.replace("table-layout: fixed", "table-layout: auto")


# --- what a process of its own measures -----------------------------------------------------------


def peak_mb() -> float:
    """Return the most memory this process has held.

    Linux hands ``ru_maxrss`` down from the process that started this one, so its own mark is asked first.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def paired(pairs: int) -> dict[str, Any]:
    """Print the same notices both ways by turns and return CPU milliseconds and bytes of each."""
    ways: dict[str, Callable[[NoticeFacts], bytes]] = {"product": product, "default": default}
    spent: dict[str, list[float]] = {name: [] for name in ways}
    sizes: dict[str, list[int]] = {name: [] for name in ways}
    for way in ways.values():  # what is made once a process is no part of a notice
        way(facts(0))
    for place in range(pairs):
        told = facts(place * 7 + 3)
        for name in sorted(ways, reverse=bool(place % 2)):
            started = time.process_time()
            pdf = ways[name](told)
            spent[name].append((time.process_time() - started) * 1000)
            sizes[name].append(len(pdf))
    ratios = [ours / theirs for ours, theirs in zip(spent["product"], spent["default"], strict=True)]
    found: dict[str, Any] = {
        name: {
            "cpu_ms_median": round(statistics.median(spent[name]), 1),
            "cpu_ms_least": round(min(spent[name]), 1),
            "kilobytes": round(statistics.mean(sizes[name]) / 1024, 1),
        }
        for name in ways
    }
    found["ratio"] = round(statistics.median(ratios), 3)
    found["ratio_of_sums"] = round(sum(spent["product"]) / sum(spent["default"]), 3)
    return found


def alone(way: str, count: int) -> float:
    """Return the most memory a process holds that prints ``count`` notices one way."""
    chosen = product if way == "product" else default
    for place in range(count):
        chosen(facts(place))
    return round(peak_mb(), 1)


def chunk(places: Sequence[int]) -> tuple[int, float, float, list[tuple[int, bytes]]]:
    """Print some notices; return the process, its peak memory, the CPU seconds spent, and each file by its place."""
    started = time.process_time()
    made = [(place, product(facts(place))) for place in places]
    return os.getpid(), peak_mb(), time.process_time() - started, made


# --- over processes -------------------------------------------------------------------------------


def in_process(work: Callable[..., Any], *arguments: object) -> Any:
    """Do a piece of work in a fresh process, so that no other has touched its memory."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def spread(count: int, processes: int) -> tuple[dict[str, Any], list[bytes]]:
    """Print ``count`` notices over some processes and return figures, and the files in order."""
    parts = [range(first, min(first + CHUNK, count)) for first in range(0, count, CHUNK)]
    memory: dict[int, list[tuple[int, float]]] = {}
    files, cpu = [b""] * count, 0.0
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        list(pool.map(chunk, [range(1)] * processes))  # started, with fonts read
        started = time.perf_counter()
        for pid, peak, spent, made in pool.map(chunk, parts):
            done = memory.setdefault(pid, [(0, peak)])
            done.append((done[-1][0] + len(made), peak))
            cpu += spent
            for place, pdf in made:
                files[place] = pdf
        seconds = time.perf_counter() - started
    figures = {
        "processes": processes,
        "notices": count,
        "seconds": round(seconds, 1),
        "ms_each": round(seconds / count * 1000, 1),
        "cpu_ms_each": round(cpu / count * 1000, 1),
        "per_second": round(count / seconds, 2),
        "peak_mb_each": round(max(peak for rows in memory.values() for _, peak in rows), 1),
        "growth_mb_per_1000": round(max(_slope(rows) for rows in memory.values()), 2),
    }
    return figures, files


def _slope(rows: list[tuple[int, float]]) -> float:
    """Return the growth of peak memory per thousand notices over the last two thirds, when caches are full."""
    settled = rows[len(rows) // 3 :]
    span = settled[-1][0] - settled[0][0]
    return (settled[-1][1] - settled[0][1]) / span * 1000 if span else 0.0


def run(count: int, pairs: int) -> dict[str, Any]:
    """Return every figure."""
    beside = in_process(paired, pairs)
    one, files = spread(count, 1)
    two, again = spread(count, 2)
    started = time.process_time()
    joined = print_file.merge(files)
    merging = (time.process_time() - started) * 1000
    return {
        "beside_the_default": beside,
        "peak_mb": {way: in_process(alone, way, 20) for way in ("product", "default")},
        "one_process": one,
        "two_processes": two,
        "speed_up": round(one["seconds"] / two["seconds"], 2),
        "same_bytes": files == again,
        "print_file": {
            "pages": print_file.pages(joined),
            "kilobytes_each": round(len(joined) / count / 1024, 1),
            "cpu_ms_each": round(merging / count, 1),
        },
        "goals": {
            "ratio": beside["ratio"] <= GOAL_RATIO,
            "memory_flat": one["growth_mb_per_1000"] <= GOAL_SLOPE_MB,
            "same_bytes": files == again,
        },
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "weasyprint": weasyprint.__version__},
    }


def main(argv: Sequence[str]) -> int:
    """Measure and print, as JSON or for people."""
    parser = argparse.ArgumentParser(prog="dev bench notices", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--count", type=int, default=500, help="different notices to print (default 500)")
    parser.add_argument("--pairs", type=int, default=PAIRS, help="notices printed both ways by turns")
    options = parser.parse_args(argv)
    found = run(options.count, options.pairs)
    if options.json:
        print(json.dumps(found))
        return 0
    beside = found["beside_the_default"]
    for way in ("product", "default"):
        row = beside[way]
        print(
            f"{way:8} {row['cpu_ms_median']:7.1f} CPU ms (least {row['cpu_ms_least']:.1f})  {row['kilobytes']:6.1f} KB  {found['peak_mb'][way]:6.1f} MB"
        )
    print(f"ratio    {beside['ratio']:.3f} per core (goal {GOAL_RATIO}), of the sums {beside['ratio_of_sums']:.3f}")
    for name in ("one_process", "two_processes"):
        row = found[name]
        print(
            f"{row['processes']} process: {row['notices']} notices in {row['seconds']} s, {row['ms_each']} ms each "
            f"({row['cpu_ms_each']} CPU ms), "
            f"peak {row['peak_mb_each']} MB, growth {row['growth_mb_per_1000']} MB per 1,000"
        )
    row = found["print_file"]
    print(f"speed-up {found['speed_up']}, same bytes: {found['same_bytes']}")
    print(f"print file: {row['pages']} pages, {row['kilobytes_each']} KB and {row['cpu_ms_each']} CPU ms a notice")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

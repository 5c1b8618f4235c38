"""The round seal as a vector page of its own: what it says along the rim, a star, and what it is for."""

from __future__ import annotations

import base64
import io
import math
from functools import lru_cache
from html import escape

from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration

from app.documents.render import PackagedAssets

SIZE_MM = 42
RED = "#c8102e"
_RIM, _CENTRE = 19.6, 21.0
_SHEET = """
@font-face { font-family: Print; font-weight: 700; src: url("asset:NotoSansSC-Bold.ttf") }
@font-face { font-family: Rare; src: url("asset:NotoSansSC-Rare.ttf") }
@page { size: 42mm 42mm; margin: 0 }
body { margin: 0 } svg, img { display: block; width: 42mm; height: 42mm }
img { object-fit: contain }
"""


@lru_cache(maxsize=32)
def drawn(company: str, mark: str) -> bytes:
    """Return a page of 42 mm with the seal of a company; ``mark`` stands below the star, empty for nothing."""
    return _page(_svg(company, mark))


def pictured(picture: bytes) -> bytes:
    """Return the same page with a picture (PNG) of the seal the company uses."""
    return _page(f'<img src="data:image/png;base64,{base64.b64encode(picture).decode("ascii")}">')


def _page(body: str) -> bytes:
    fonts, fetcher = FontConfiguration(), PackagedAssets()
    sheet = CSS(string=_SHEET, font_config=fonts, url_fetcher=fetcher)
    file = io.BytesIO()
    page = HTML(string=f"<!doctype html><body>{body}", base_url=None, url_fetcher=fetcher)
    page.write_pdf(file, stylesheets=[sheet], font_config=fonts)
    return file.getvalue()


def _svg(company: str, mark: str) -> str:
    letters = list(company[:40]) or [" "]
    # up to twelve letters stand at their ease; more of them share the arc and shrink
    size = min(4.4, 62.0 / (len(letters) + 2))
    step = min(22.0, 236.0 / max(1, len(letters) - 1))
    first = -step * (len(letters) - 1) / 2
    around = "".join(
        f'<text x="{_CENTRE}" y="{_CENTRE - _RIM + size + 1.5:.2f}" font-size="{size:.2f}" text-anchor="middle" '
        f'fill="{RED}" transform="rotate({first + step * place:.2f} {_CENTRE} {_CENTRE})">{escape(letter)}</text>'
        for place, letter in enumerate(letters)
    )
    below = (
        f'<text x="{_CENTRE}" y="{_CENTRE + 12.5}" font-size="3.6" text-anchor="middle" fill="{RED}">'
        f"{escape(mark)}</text>"
        if mark
        else ""
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE_MM} {SIZE_MM}" '
        'font-family="Print, Rare" font-weight="700">'
        f'<circle cx="{_CENTRE}" cy="{_CENTRE}" r="{_RIM}" fill="none" stroke="{RED}" stroke-width="1.1"/>'
        f'<polygon points="{_star()}" fill="{RED}"/>{around}{below}</svg>'
    )


def _star() -> str:
    points = []
    for place in range(10):
        radius = 6.2 if place % 2 == 0 else 6.2 * 0.382
        angle = math.radians(36 * place - 90)
        points.append(f"{_CENTRE + radius * math.cos(angle):.3f},{_CENTRE + radius * math.sin(angle):.3f}")
    return " ".join(points)

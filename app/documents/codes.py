"""QR codes as small one-bit pictures: cheaper to draw than vectors, as sharp on paper."""

from __future__ import annotations

import base64
import io
from functools import lru_cache

import segno

QUIET_MODULES = 2
"""White modules around a code; the templates leave at least two more as margin."""
PIXELS = 8
"""Pixels a module: printers and scanners see straight edges, and the picture stays below a kilobyte."""


def link_code(url: str) -> str:
    """Return the picture of an address for phones (level M: the paper may be creased)."""
    return _picture(url, "m")


@lru_cache(maxsize=8)
def number_code(number: str) -> str:
    """Return the picture of a document's number for scanners (level Q: version 1 holds sixteen letters and digits)."""
    return _picture(number, "q")


def _picture(text: str, error: str) -> str:
    code = segno.make(text, error=error, boost_error=False, micro=False)
    file = io.BytesIO()
    code.save(file, kind="png", scale=PIXELS, border=QUIET_MODULES)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")

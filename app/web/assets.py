"""Static files under names that carry their hash, compressed once, kept by browsers for ever; and icons, inlined."""

from __future__ import annotations

import gzip
import hashlib
import re
from functools import lru_cache
from pathlib import Path

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from app.domain.errors import not_found

STATIC = Path(__file__).resolve().parent / "static"
ICONS = STATIC / "vendor" / "tabler-icons@3.51.0"
MEDIA_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
FOR_EVER = "public, max-age=31536000, immutable"

_CLASS = re.compile(r'\s+class="[^"]*"')
_SIZE = re.compile(r'\s+(?:width|height)="24"')
_EMPTY = re.compile(r'\s*<path stroke="none"[^>]*/>')


def _hashed() -> dict[str, Path]:
    """Return every served file under its hashed name: ``theme.1f3a….css``."""
    found = {}
    for path in sorted(STATIC.rglob("*")):
        if path.suffix in MEDIA_TYPES and path.is_file():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
            found[f"{path.stem}.{digest}{path.suffix}"] = path
    return found


_SERVED = _hashed()
_NAMES = {path.relative_to(STATIC).as_posix(): name for name, path in _SERVED.items()}
_BODIES = {name: path.read_bytes() for name, path in _SERVED.items()}
_PACKED = {name: gzip.compress(body, 9, mtime=0) for name, body in _BODIES.items()}


def address(name: str) -> str:
    """Return the address of ``theme.css`` or ``vendor/…``; an unknown name is a programmer's mistake."""
    return f"/static/{_NAMES[name]}"


def weight(name: str) -> int:
    """Return the bytes that go over the line for ``theme.css`` or ``vendor/…``."""
    return len(_PACKED[_NAMES[name]])


def takes_gzip(request: Request) -> bool:
    """Say whether the caller unpacks gzip; every browser does, a program may not."""
    return any(part.split(";")[0].strip() == "gzip" for part in request.headers.get("accept-encoding", "").split(","))


def serve(name: str, request: Request) -> Response:
    """Answer with one file; names are looked up, never joined to a folder."""
    if name not in _SERVED:
        raise not_found("access.not_found")
    media_type = MEDIA_TYPES[_SERVED[name].suffix]
    headers = {"Cache-Control": FOR_EVER, "Vary": "Accept-Encoding"}
    if takes_gzip(request):
        return Response(_PACKED[name], media_type=media_type, headers={**headers, "Content-Encoding": "gzip"})
    return Response(_BODIES[name], media_type=media_type, headers=headers)


@lru_cache(maxsize=256)
def icon(name: str) -> Markup:
    """Return an icon as inline SVG, hidden from screen readers: the words beside it say the same."""
    svg = (ICONS / f"{name}.svg").read_text()
    svg = _EMPTY.sub("", _SIZE.sub("", _CLASS.sub("", svg)))
    svg = " ".join(svg.split()).replace("> <", "><")
    return Markup(svg.replace("<svg", '<svg class="ico" aria-hidden="true" focusable="false"', 1))  # noqa: S704 - our own file

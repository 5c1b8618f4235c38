"""Pages: the Jinja environment, how figures are written, and the frame every staff page shares."""

from __future__ import annotations

import datetime as dt
import gzip
import re
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app import clock
from app.domain.access import Permission
from app.domain.errors import Refusal
from app.domain.registry import BEFORE_RECORDS
from app.i18n import zh_cn
from app.store import db, sessions
from app.web import assets, forms, menu
from app.web.deps import Here, engine_of, settings_of

if TYPE_CHECKING:
    from collections.abc import Mapping

WORTH_PACKING, PACKING = 4_000, 4

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "pages"

# What a page sends says which community it showed; what changes that or concerns the person goes without.
FORM = re.compile(r'<form\b(?![^>]*action="/(?:community|logout|theme|density|me)\b)[^>]*\bmethod="post"[^>]*>')
AT_COMMUNITY = f'<input type="hidden" name="{forms.AT_COMMUNITY}" value="{{}}">'


def yuan(fen: int | None) -> str:
    """Write fen as a column of figures does: ``1,234.50``, negative in brackets."""
    if fen is None:
        return ""
    text = f"{abs(fen) // 100:,}.{abs(fen) % 100:02d}"
    return f"({text})" if fen < 0 else text


def total(fen: int | None) -> str:
    """Write fen as a total: ``¥1,234.50``."""
    return "" if fen is None else f"¥{yuan(fen)}"


def day(value: dt.date | None) -> str:
    """Write a civil date as lists do."""
    return "" if value is None else value.isoformat()


def since(from_on: dt.date) -> str:
    """Write from when something holds; where a list gave no day, say that and no day."""
    if from_on == BEFORE_RECORDS:
        return zh_cn.LABELS["since.before_records"]
    return zh_cn.LABELS["since.day"].format(day=from_on.isoformat())


def span(from_on: dt.date, to_on: dt.date) -> str:
    """Write the period of a bill: in months where it is whole months, ``2026-07 – 2026-09``."""
    whole = from_on.day == 1 and (to_on + dt.timedelta(days=1)).day == 1
    first, last = (value.isoformat()[:7] if whole else value.isoformat() for value in (from_on, to_on))
    return first if first == last else f"{first} – {last}"


def moment(value: dt.datetime | None) -> str:
    """Write an instant in the office's own time, to the minute."""
    return "" if value is None else value.astimezone(clock.SHANGHAI).strftime("%Y-%m-%d %H:%M")


def named(value: object, noun: str) -> str:
    """Return the label of a stored value of a noun: that of ``cash`` among payment methods."""
    return zh_cn.LABELS.get(f"{noun}.{value}", str(value))


def said(code: str, **facts: str | int | None) -> str:
    """Return the sentence of a code that was written down earlier, with its facts."""
    told = Refusal(code)
    told.facts.update(facts)
    return zh_cn.sentence(told)


def area(area_e3: int) -> str:
    """Write thousandths of a square metre with two decimals, or three where the third is needed."""
    whole, rest = divmod(area_e3, 1000)
    return f"{whole}.{rest:03d}" if rest % 10 else f"{whole}.{rest // 10:02d}"


def price(price_e4: int) -> str:
    """Write a unit price of ten-thousandths of a yuan with two decimals, or up to four where they are needed."""
    whole, rest = divmod(price_e4, 10_000)
    decimals = f"{rest:04d}".rstrip("0").ljust(2, "0")
    return f"{whole}.{decimals}"


def percent(ratio: str) -> str:
    """Write a stored ratio (``1/2``, ``0.5``) in per cent."""
    text = f"{float(Fraction(ratio) * 100):.2f}".rstrip("0").rstrip(".")
    return f"{text}%"


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "yuan": yuan,
        "total": total,
        "day": day,
        "since": since,
        "moment": moment,
        "area": area,
        "price": price,
        "span": span,
        "percent": percent,
    }
    made.filters["named"] = named
    made.filters["said"] = said
    made.filters |= {"label": zh_cn.label, "twice": lambda value: (value, value)}
    made.filters["labelled"] = lambda value, noun: (value, named(value, noun))
    made.globals |= {"asset": assets.address, "icon": assets.icon, "Permission": Permission}
    return made


_templates = _environment()


def fragment(name: str, **context: Any) -> str:  # noqa: ANN401 - what the template names
    """Return a rendered template."""
    return _templates.get_template(name).render(**context)


def page(
    request: Request,
    name: str,
    *,
    here: Here | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,  # noqa: ANN401 - what the template names
) -> HTMLResponse:
    """Render a page inside the frame; ``here`` brings the menu, the name and the theme."""
    settings = settings_of(request)
    body = fragment(
        name,
        request=request,
        here=here,
        menu=menu.entries(here, request.url.path) if here else (),
        theme=here.theme if here else "auto",
        density=here.density if here else "compact",
        is_demo=here.is_demo if here else settings.demo,
        today=clock.today(),
        **context,
    )
    if here is not None and len(here.communities) > 1:
        body = FORM.sub(lambda found: f"{found[0]}{AT_COMMUNITY.format(here.community_id)}", body)
    return packed(request, HTMLResponse(body, status_code=status, headers=dict(headers or {})))


def packed(request: Request, answer: HTMLResponse) -> HTMLResponse:
    """Compress a page that is worth it: a list is ten times shorter then.

    No page holds a secret next to what a stranger could have it echo: cookies stay home on requests of other sites.
    """
    body = bytes(answer.body)
    answer.headers.add_vary_header("Accept-Encoding")
    if len(body) < WORTH_PACKING or not assets.takes_gzip(request):
        return answer
    answer.body = gzip.compress(body, PACKING, mtime=0)
    answer.headers["Content-Encoding"] = "gzip"
    answer.headers["Content-Length"] = str(len(answer.body))
    return answer


def back_to(
    request: Request, where: str, *, here: Here | None = None, code: str = "", **facts: str | int
) -> RedirectResponse:
    """Lead to ``where`` after a successful POST, leaving a line for that page to show."""
    if here is not None and code:
        told = Refusal(code)
        told.facts.update(facts)
        with db.transaction(engine_of(request)) as session:
            sessions.set_flash(session, session_id=here.session_id, text=zh_cn.sentence(told))
    return RedirectResponse(where, status_code=303)


def download(body: bytes, *, name: str, media_type: str, inline: bool = False) -> Response:
    """Answer with a file; the name may hold Chinese (RFC 6266)."""
    kind = "inline" if inline else "attachment"
    plain = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-_.") else "_" for sign in name)
    return Response(
        body,
        media_type=media_type,
        headers={"Content-Disposition": f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"},
    )


def pdf(content: bytes, *, name: str) -> Response:
    """Answer with a PDF that opens in the browser; it may run nothing."""
    answer = download(content, name=name, media_type="application/pdf", inline=True)
    # Chromium's own viewer needs its plugin and styles; the bytes are ours, so only scripts and framing stay shut.
    answer.headers["Content-Security-Policy"] = (
        "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    )
    return answer

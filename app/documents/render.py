"""From frozen facts to a PDF: Jinja2 writes the page, WeasyPrint lays it out; the same facts give the same bytes."""

from __future__ import annotations

import io
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jinja2
from weasyprint import CSS, HTML
from weasyprint.css import ColorProfile
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from app.documents import codes, coverage
from app.documents.contexts import Facts
from app.domain import statutes
from app.domain.errors import Refusal
from app.i18n import numerals, print_words

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "notices"
PDF_VARIANT = "pdf/a-3u"
COLOURS = "print"


class PackagedAssets(URLFetcher):  # WeasyPrint is untyped
    """Serves the shipped fonts and pictures drawn here; no file, no host and no redirect besides."""

    def __init__(self) -> None:
        super().__init__(allowed_protocols=("asset", "data"), allow_redirects=False)

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        """Return a packaged asset.

        Raises:
            ValueError: for any other address; WeasyPrint then goes on without it.

        """
        scheme, _, name = url.partition(":")
        if scheme == "asset" and unquote(name) in coverage.FONT_FILES:
            return URLFetcherResponse(url, (coverage.FONTS / name).read_bytes(), {"Content-Type": "font/ttf"})
        if url.startswith("data:image/png;base64,"):
            return super().fetch(url, headers)
        message = f"not a packaged asset: {url[:60]}"
        raise ValueError(message)


class ScreenColours(ColorProfile):
    """The colour profile PDF/A asks for, as the very bytes of its file.

    WeasyPrint's own way opens the file anew, and unclosed, for every document; and what the colour library writes back
    of a profile it holds differs from the first time to the second.
    """

    def __init__(self, profile: bytes) -> None:
        super().__init__(io.BytesIO(profile), "sRGB2014.icc", "relative-colorimetric", (["r"], ["g"], ["b"]))
        self._bytes = profile

    @property
    def content(self) -> bytes:
        """The file's bytes."""
        return self._bytes


def html(facts: Facts) -> str:
    """Return the page the PDF is made from.

    Raises:
        Refusal: ``document.template_unknown`` for facts frozen by a newer version.

    """
    try:
        template = _environment().get_template(f"{facts.template}.html")
    except jinja2.TemplateNotFound as error:
        raise Refusal("document.template_unknown", template=facts.template) from error
    return template.render(facts=facts)


def lay_out(facts: Facts) -> Any:  # noqa: ANN401 - WeasyPrint is untyped
    """Return the laid-out document, whose pages can be counted or joined."""
    fetcher, fonts, sheet, colours = _styles()
    page = HTML(string=html(facts), base_url=None, url_fetcher=fetcher)
    return page.render(
        stylesheets=[sheet],
        font_config=fonts,
        color_profiles=dict(colours),
        output_intent=COLOURS,
        pdf_variant=PDF_VARIANT,
    )


def pdf(facts: Facts) -> tuple[bytes, int]:
    """Return the PDF and how many pages it has."""
    document = lay_out(facts)
    file = io.BytesIO()
    document.write_pdf(file, pdf_variant=PDF_VARIANT, output_intent=COLOURS)
    return file.getvalue(), len(document.pages)


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        # A process that is running keeps the templates it began with; they go with its code.
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "amount": numerals.amount,
        "yuan": numerals.yuan,
        "capitals": numerals.capitals,
        "day": numerals.day,
        "short_day": numerals.short_day,
        "thousandths": numerals.thousandths,
        "price": numerals.price,
        "cite": lambda article, on: print_words.citation(statutes.article(article, on=on)),
        "method": lambda code: print_words.METHODS.get(code, code),
        "component": lambda code: print_words.COMPONENTS[code],
        "link_code": codes.link_code,
        "number_code": codes.number_code,
    }
    environment.globals["period"] = print_words.period
    return environment


@lru_cache(maxsize=1)
def _styles() -> tuple[PackagedAssets, FontConfiguration, CSS, dict[str, ColorProfile]]:
    """Return what every document of this process shares: making it anew each time costs a third of the whole."""
    fetcher, fonts = PackagedAssets(), FontConfiguration()
    sheet = CSS(string=(TEMPLATES / "print-1.css").read_text("utf-8"), font_config=fonts, url_fetcher=fetcher)
    return fetcher, fonts, sheet, {COLOURS: ScreenColours((files("weasyprint.pdf") / "sRGB2014.icc").read_bytes())}

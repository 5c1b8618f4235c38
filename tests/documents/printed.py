"""Reads back what was printed: text, pictures, boxes; each document is rendered once a run."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pypdf
import zxingcpp

from app.documents import render
from app.documents.contexts import Facts

PX_A_MM = 96 / 25.4


@lru_cache(maxsize=64)
def file(facts: Facts) -> bytes:
    return render.pdf(facts)[0]


@lru_cache(maxsize=64)
def pages(facts: Facts) -> tuple[str, ...]:
    """Return the text of every page without any white space."""
    reader = pypdf.PdfReader(io.BytesIO(file(facts)))
    return tuple("".join(page.extract_text().split()) for page in reader.pages)


def text(facts: Facts) -> str:
    return "".join(pages(facts))


def fonts(facts: Facts) -> set[str]:
    reader = pypdf.PdfReader(io.BytesIO(file(facts)))
    found = set()
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():
            found.add(str(font.get_object()["/BaseFont"]).split("+")[-1])
    return found


def codes(facts: Facts) -> list[Any]:
    """Return what a scanner reads in the pictures of the document."""
    reader = pypdf.PdfReader(io.BytesIO(file(facts)))
    pictures = [picture.image.convert("L") for page in reader.pages for picture in page.images if picture.image]
    return [code for picture in pictures for code in zxingcpp.read_barcodes(_framed(picture))]


def _framed(picture: Any) -> Any:
    """Return a picture with the white paper around it, doubled as a scanner would see it."""
    from PIL import Image

    paper = Image.new("L", (picture.width + 80, picture.height + 80), 255)
    paper.paste(picture, (40, 40))
    return paper


def boxes(facts: Facts, name: str) -> Iterator[tuple[int, Any]]:
    """Return (page, box) of every element that has the class ``name``, or is of that tag."""
    for number, page in enumerate(render.lay_out(facts).pages):
        for box in _inside(page._page_box):
            element = box.element
            if element is None or isinstance(element, str):
                continue
            if box.element_tag == name or name in (element.get("class") or "").split():
                yield number, box


def _inside(box: Any) -> Iterator[Any]:
    """Yield a box and what lies in it, absolutely placed boxes too."""
    box = getattr(box, "_box", box)
    yield box
    for child in getattr(box, "children", ()):
        yield from _inside(child)

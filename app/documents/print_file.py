"""Many documents as one file for the printer, in the order given: a copy to print from, never the document itself."""

from __future__ import annotations

import io
from collections.abc import Iterable

import pikepdf

from app.documents import shared_fonts

MOST_DOCUMENTS = 500
"""A building's worth: more make a file that printers and people handle badly, so a batch is printed in parts."""


def merge(pdfs: Iterable[bytes], *, is_duplex: bool = False) -> bytes:
    """Return the documents joined in their order; with ``is_duplex`` each begins on the front of a sheet.

    The pages are drawn exactly as stored; only the fonts, which every document carries, are written once.
    """
    with pikepdf.new() as joined:
        for pdf in pdfs:
            with pikepdf.open(io.BytesIO(pdf)) as one:
                joined.pages.extend(one.pages)
                if is_duplex and len(one.pages) % 2:
                    joined.add_blank_page(page_size=_size(one.pages[-1]))
        shared_fonts.share(joined)
        file = io.BytesIO()
        joined.save(
            file, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate, compress_streams=True
        )
        return file.getvalue()


def pages(pdf: bytes) -> int:
    """Return how many pages a document has."""
    with pikepdf.open(io.BytesIO(pdf)) as one:
        return len(one.pages)


def _size(page: pikepdf.Page) -> tuple[float, float]:
    left, bottom, right, top = (float(edge) for edge in page.mediabox)
    return right - left, top - bottom

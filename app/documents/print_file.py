"""Many documents as one file for the printer, in the order given: a copy to print from, never the document itself."""

from __future__ import annotations

import io
from collections.abc import Iterable

import pikepdf

from app.documents.shared_fonts import SharedFonts


def merge(pdfs: Iterable[bytes], *, is_duplex: bool = False) -> bytes:
    """Return the documents joined in their order; with ``is_duplex`` each begins on the front of a sheet.

    The pages are drawn exactly as stored; only the fonts, which every document carries, are written once. The same
    documents give the same bytes.
    """
    fonts = SharedFonts()
    with pikepdf.new() as joined:
        for pdf in pdfs:
            # A page copied from another file keeps that whole file in memory: let it be a small one.
            with pikepdf.open(io.BytesIO(_without_fonts(pdf, fonts))) as one:
                joined.pages.extend(one.pages)
                if is_duplex and len(one.pages) % 2:
                    joined.add_blank_page(page_size=_size(one.pages[-1]))
        fonts.give(joined)
        return _written(joined)


def pages(pdf: bytes) -> int:
    """Return how many pages a document has."""
    with pikepdf.open(io.BytesIO(pdf)) as one:
        return len(one.pages)


def _without_fonts(pdf: bytes, fonts: SharedFonts) -> bytes:
    with pikepdf.open(io.BytesIO(pdf)) as one:
        fonts.take(one)
        return _written(one)


def _written(pdf: pikepdf.Pdf) -> bytes:
    file = io.BytesIO()
    pdf.save(file, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return file.getvalue()


def _size(page: pikepdf.Page) -> tuple[float, float]:
    left, bottom, right, top = (float(edge) for edge in page.mediabox)
    return right - left, top - bottom

"""A mark on every page of a copy: who took it, when, of which case."""

from __future__ import annotations

import datetime as dt
import io

import pikepdf

from app.domain.errors import Refusal

_SIZE, _MARGIN, _TURN = 9, 24, 28


def marked(pdf: bytes, *, login: str, number: str, at: dt.datetime) -> bytes:
    """Return a copy of ``pdf`` with login, instant (UTC) and number of the case across and below each page.

    Only signs every viewer has a font for: the mark has to be there wherever the copy ends up. It covers whatever seal
    the original bore, so a copy is never the proof; the original stays as it was.

    Raises:
        Refusal: ``watermark.unreadable``.

    """
    text = _plain(f"{login}  {at:%Y-%m-%d %H:%M} UTC  {number}")
    try:
        with pikepdf.open(io.BytesIO(pdf)) as document:
            for page in document.pages:
                _mark(document, page, text)
            out = io.BytesIO()
            document.save(out)
    except pikepdf.PdfError as fault:
        raise Refusal("watermark.unreadable") from fault
    return out.getvalue()


def _mark(document: pikepdf.Pdf, page: pikepdf.Page, text: str) -> None:
    left, bottom, right, top = (float(edge) for edge in page.mediabox)
    middle_x, middle_y = (left + right) / 2, (bottom + top) / 2
    half = len(text) * _SIZE * 0.8
    content = (
        f"q 0.55 g BT /QMark {_SIZE} Tf 1 0 0 1 {left + _MARGIN:.1f} {bottom + _MARGIN / 2:.1f} Tm ({text}) Tj ET\n"
        f"BT /QMark {_TURN} Tf 2 Tr 0.2 w 0.92 g 0.85 G 0.8192 0.5736 -0.5736 0.8192 "
        f"{middle_x - half:.1f} {middle_y - half * 0.7:.1f} Tm ({text}) Tj ET Q"
    )
    font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    page.add_resource(document.make_indirect(font), pikepdf.Name.Font, pikepdf.Name.QMark)
    # the copy's own content may leave any state behind: ours starts from a clean one
    page.contents_add(pikepdf.Stream(document, b"q"), prepend=True)
    page.contents_add(pikepdf.Stream(document, b"Q\n" + content.encode("ascii")))


def _plain(text: str) -> str:
    kept = "".join(sign if sign.isascii() and sign.isprintable() else "?" for sign in text)
    return kept.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")

"""Papers and exhibits as one page-numbered A4 file: each source page is wrapped whole, so that nothing is drawn over.

Measured: wrapping is faster than appending and drawing on top, keeps turned pages upright, and stores repeats once.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import img2pdf
import pikepdf

from app.documents.stamp_font import StampFont, embed
from app.domain.errors import Refusal
from app.i18n import print_words

_SHORT, _LONG = 595.276, 841.89
_MARGIN, _FOOT = 12.0, 34.0
_SIZE = 8.0
PDF = "application/pdf"
IMAGES = frozenset({"image/jpeg", "image/png", "image/tiff"})


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing in the file: its bookmark, how deep it lies, its bytes, and the number it has as an exhibit.

    What cannot be shown on paper gets a page of ``lines`` in its place.
    """

    title: str
    level: int = 0
    content: bytes = b""
    media_type: str = PDF
    exhibit: int = 0
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Merged:
    """The file, how many pages it has, and on which page (from 1) each piece begins and how many it has."""

    content: bytes
    pages: int
    places: tuple[tuple[int, int], ...]


@dataclass(slots=True)
class _Source:
    """A piece made ready: the PDF its pages come from, or none."""

    piece: Piece
    pdf: pikepdf.Pdf | None
    pages: int = field(init=False)

    def __post_init__(self) -> None:
        self.pages = 0 if self.pdf is None else len(self.pdf.pages)
        if not self.pages and self.piece.lines:
            self.pages = 1


def page_counts(pieces: Sequence[Piece]) -> list[int]:
    """Return how many pages each piece will have."""
    counts = []
    for piece in pieces:
        source = _opened(piece)
        counts.append(source.pages)
        if source.pdf is not None:
            source.pdf.close()
    return counts


def is_locked(content: bytes) -> bool:
    """Tell whether a PDF asks for a password before it opens."""
    if not content.startswith(b"%PDF"):
        return False
    try:
        pikepdf.open(io.BytesIO(content)).close()
    except pikepdf.PasswordError:
        return True
    except pikepdf.PdfError:
        return False
    return False


def merge(pieces: Sequence[Piece], *, title: str) -> Merged:
    """Return everything as one file; the same pieces give the same bytes."""
    sources = [_opened(piece) for piece in pieces]
    total = sum(source.pages for source in sources)
    stamps = _stamps(sources, total)
    with pikepdf.new() as joined:
        texts = {text for pair in stamps for text in pair} | {line for one in pieces for line in one.lines}
        font = embed(joined, texts)
        places = []
        for source in sources:
            places.append((len(joined.pages) + 1, source.pages))
            for place in range(source.pages):
                _add_page(joined, font, source, place, stamps[len(joined.pages)])
        _bookmarks(joined, sources, places)
        joined.docinfo["/Title"] = pikepdf.String(title)
        joined.Root.Lang = pikepdf.String("zh-CN")
        joined.Root.ViewerPreferences = pikepdf.Dictionary(DisplayDocTitle=True)
        file = io.BytesIO()
        joined.save(file, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    for source in sources:
        if source.pdf is not None:
            source.pdf.close()
    return Merged(file.getvalue(), total, tuple(places))


def _opened(piece: Piece) -> _Source:
    """Return a piece ready to be copied from.

    Raises:
        Refusal: ``bundle.unreadable`` naming the piece, when it says it is a PDF or a picture and is none.

    """
    if not piece.content:
        return _Source(piece, None)
    try:
        content = piece.content if piece.media_type == PDF else _picture(piece.content)
        pdf = pikepdf.open(io.BytesIO(content))
        # else seals and signatures, which are annotations, would be lost from the copy
        if any("/Annots" in page for page in pdf.pages):
            pdf.flatten_annotations("all")
    except (pikepdf.PdfError, img2pdf.ImageOpenError, ValueError, TypeError, OSError) as error:
        raise Refusal("bundle.unreadable", name=piece.title, why=type(error).__name__) from error
    return _Source(piece, pdf)


def _picture(content: bytes) -> bytes:
    """Return a picture as a PDF page; its own bytes stay as they are inside."""
    layout = img2pdf.get_layout_fun((_SHORT, _LONG), auto_orient=True, fit=img2pdf.FitMode.into)
    return bytes(
        img2pdf.convert(
            content, layout_fun=layout, rotation=img2pdf.Rotation.ifvalid, nodate=True, engine=img2pdf.Engine.internal
        )
    )


def _stamps(sources: Sequence[_Source], total: int) -> list[tuple[str, str]]:
    """Return the words at the foot of every page, left and right."""
    found: list[tuple[str, str]] = []
    for source in sources:
        for place in range(1, source.pages + 1):
            if source.piece.exhibit:
                left = print_words.exhibit_stamp(source.piece.exhibit, place, source.pages)
            else:
                left = source.piece.title
            found.append((left, print_words.page_stamp(len(found) + 1, total)))
    return found


def _add_page(joined: pikepdf.Pdf, font: StampFont, source: _Source, place: int, stamp: tuple[str, str]) -> None:
    wide, high = _SHORT, _LONG
    resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(S=font.resource))
    drawn = b""
    if source.pdf is not None:
        original = source.pdf.pages[place]
        form = joined.copy_foreign(original.as_form_xobject())
        if _is_landscape(original):
            wide, high = high, wide
        resources.XObject = pikepdf.Dictionary(P=form)
        room = pikepdf.Rectangle(_MARGIN, _FOOT, wide - _MARGIN, high - _MARGIN)
        blank = pikepdf.Page(
            pikepdf.Dictionary(Type=pikepdf.Name.Page, MediaBox=[0, 0, wide, high], Resources=resources)
        )
        drawn = blank.calc_form_xobject_placement(form, pikepdf.Name.P, room, allow_expand=False)
    else:
        drawn = _written(font, source.piece.lines)
    left, right = stamp
    at = wide - 28 - font.width(right, _SIZE)
    foot = b"q 0.4 w 28 30 m %d 30 l S Q BT /S %.1f Tf 28 18 Td %s Tj ET BT /S %.1f Tf %.2f 18 Td %s Tj ET" % (
        round(wide - 28), _SIZE, font.shown(left), _SIZE, at, font.shown(right),
    )  # fmt: skip
    page = pikepdf.Dictionary(
        Type=pikepdf.Name.Page,
        MediaBox=[0, 0, wide, high],
        Resources=resources,
        Contents=joined.make_stream(drawn + b"\n" + foot),
    )
    joined.pages.append(pikepdf.Page(page))


def _is_landscape(page: pikepdf.Page) -> bool:
    box = page.cropbox
    is_wide = float(box[2]) - float(box[0]) > float(box[3]) - float(box[1])
    return is_wide != (int(page.obj.get("/Rotate", 0)) % 180 == 90)


def _written(font: StampFont, lines: Sequence[str]) -> bytes:
    """Return lines of text in the middle of the page."""
    shown = []
    for place, line in enumerate(lines):
        size = 14 if place == 0 else 10
        shown.append(b"BT /S %d Tf 60 %d Td %s Tj ET" % (size, 560 - 26 * place, font.shown(line)))
    return b"\n".join(shown)


def _bookmarks(joined: pikepdf.Pdf, sources: Sequence[_Source], places: Sequence[tuple[int, int]]) -> None:
    """Write the outline: a piece lies below the last one before it that is less deep."""
    with joined.open_outline() as outline:
        above: list[pikepdf.OutlineItem] = []
        for source, (page, _) in zip(sources, places, strict=True):
            at = min(page, len(joined.pages)) - 1
            item = pikepdf.OutlineItem(source.piece.title, at)
            del above[source.piece.level :]
            (above[-1].children if above else outline.root).append(item)
            above.append(item)
    assert all(first[0] <= second[0] for first, second in pairwise(places))

"""Signed slips in a scan or a photo: every code on every page, and each slip laid straight around its code."""

from __future__ import annotations

import io
import math
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import pypdfium2
import zxingcpp
from PIL import Image, ImageDraw, ImageOps, ImageStat

from app.documents import slip_frame
from app.documents.slip_frame import TICKS, Point, Quad

DPI = 200
MOST_PAGES = 500
MOST_SIDE = 6000
SHOWN_SIDE = 1400
_MOST_PIXELS = 60_000_000
_LEAST_CODE = 20
"""A code smaller than so many pixels cannot have been read; what claims to be one is a mistake."""

_QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
_FOOT = 12
"""Millimetres below a slip that belong to it: the foot of its page."""
_NUMBER = re.compile(r"CJ[0-9]{10,14}", re.ASCII)
_LOCK = threading.Lock()
"""PDFium is one for the whole process and cannot be asked by two threads at once."""


class UnreadableScan(Exception):
    """The file cannot be opened: damaged, locked by a password, too many pages."""


@dataclass(frozen=True, slots=True)
class Code:
    """A number read from a code, and where it lies on the page."""

    number: str
    corners: Quad


@dataclass(frozen=True, slots=True)
class FoundSlip:
    """One slip: its number, pictures laid straight (JPEG), and what its boxes look like: a proposal, no more."""

    number: str
    place: int
    corners: Quad
    slip: bytes
    ticks: bytes
    signature: bytes
    ink: dict[str, int]
    proposal: tuple[str, ...]
    confidence: int


@dataclass(frozen=True, slots=True)
class PageRead:
    """A page with the slips on it; a small picture of it where something may have been missed."""

    page: int
    slips: list[FoundSlip] = field(default_factory=list)
    has_rest: bool = False
    """There is print outside the slips that were read, and it is not the rest of a notice."""
    shown: bytes = b""


# --- pages ----------------------------------------------------------------------------------------


def count(content: bytes, media_type: str) -> int:
    """Return how many pages there are.

    Raises:
        UnreadableScan: when the file cannot be opened.

    """
    if media_type != "application/pdf":
        return 1
    with _LOCK:
        try:
            document = pypdfium2.PdfDocument(content)
            pages = len(document)
            document.close()
        except pypdfium2.PdfiumError as error:
            raise UnreadableScan from error
    if not 0 < pages <= MOST_PAGES:
        raise UnreadableScan
    return pages


def read(content: bytes, media_type: str) -> Iterator[PageRead]:
    """Yield the pages of a scan, one at a time.

    Raises:
        UnreadableScan: when the file cannot be opened.

    """
    for page in range(1, count(content, media_type) + 1):
        yield read_page(picture_of(content, media_type, page), page)


def picture_of(content: bytes, media_type: str, page: int) -> Image.Image:
    """Return a page as a grey picture, upright as the camera says.

    Raises:
        UnreadableScan: when it cannot be painted.

    """
    try:
        return _painted(content, page) if media_type == "application/pdf" else _photo(content)
    except UnreadableScan:
        raise
    except Exception as error:  # a crooked file makes PDFium and Pillow raise whatever it likes
        raise UnreadableScan from error


def _painted(content: bytes, page: int) -> Image.Image:
    with _LOCK:
        document = pypdfium2.PdfDocument(content)
        try:
            sheet = document[page - 1]
            scale = min(DPI / 72, MOST_SIDE / max(*sheet.get_size(), 1))
            painted: Image.Image = sheet.render(scale=scale, grayscale=True).to_pil()
            return painted.convert("L")
        finally:
            document.close()


def _photo(content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content), formats=["JPEG", "PNG", "WEBP"]) as opened:
        if opened.width * opened.height > _MOST_PIXELS:
            raise UnreadableScan
        upright = ImageOps.exif_transpose(opened)
        if upright.mode in {"RGBA", "LA", "PA", "P"}:
            layer = upright.convert("RGBA")
            paper = Image.new("RGBA", layer.size, "white")
            upright = Image.alpha_composite(paper, layer)
        grey = upright.convert("L")
    grey.thumbnail((MOST_SIDE, MOST_SIDE))
    return grey


# --- one page -------------------------------------------------------------------------------------


def read_page(picture: Image.Image, page: int = 1) -> PageRead:
    """Read one page: all codes first, then the slip around each."""
    codes, has_link = find_codes(picture)
    slips = [_slip(picture, code, place) for place, code in enumerate(codes, 1)]
    has_rest = not has_link and bool(codes) and _has_rest(picture, codes)
    shown = b"" if codes and not has_rest else _small(picture)
    return PageRead(page, slips, has_rest, shown)


def find_codes(picture: Image.Image) -> tuple[list[Code], bool]:
    """Return the numbers on a page from top to bottom, each once, and whether an owner's link is among the codes.

    The page is looked at again, stretched, enlarged and in parts, while nothing was found or more may be there.
    """
    found, has_link = _read(picture)
    if found and (has_link or not _has_rest(picture, found)):
        return _sorted(found), has_link
    for again, scale, left, top in _second_looks(picture):
        more, link = _read(again)
        has_link |= link
        for code in more:
            moved = tuple((x / scale + left, y / scale + top) for x, y in code.corners)
            _add(found, Code(code.number, moved))  # type: ignore[arg-type]  # four of them
        if found and not _has_rest(picture, found):
            break
    return _sorted(found), has_link


def _second_looks(picture: Image.Image) -> Iterator[tuple[Image.Image, float, float, float]]:
    """Yield the page in other lights, with scale and place: contrast, then overlapping parts at twice the size."""
    yield ImageOps.autocontrast(picture, cutoff=2), 1, 0, 0
    side = max(picture.size)
    if side <= 1300:
        yield picture.resize((picture.width * 2, picture.height * 2), Image.Resampling.BICUBIC), 2, 0, 0
        return
    columns, rows = max(1, round(picture.width / 1000)), max(1, round(picture.height / 1000))
    wide, high = picture.width / columns, picture.height / rows
    for row in range(rows):
        for column in range(columns):
            left, top = max(0, int(column * wide - wide * 0.2)), max(0, int(row * high - high * 0.2))
            right, bottom = min(picture.width, int((column + 1.2) * wide)), min(picture.height, int((row + 1.2) * high))
            part = picture.crop((left, top, right, bottom))
            twice = (part.width * 2, part.height * 2)
            yield ImageOps.autocontrast(part.resize(twice, Image.Resampling.BICUBIC), cutoff=1), 2, left, top


def _read(picture: Image.Image) -> tuple[list[Code], bool]:
    codes, has_link = list[Code](), False
    for found in zxingcpp.read_barcodes(picture, formats=_QR, try_invert=False):
        if _NUMBER.fullmatch(found.text):
            at = found.position
            corners = tuple(
                (float(p.x), float(p.y)) for p in (at.top_left, at.top_right, at.bottom_right, at.bottom_left)
            )
            if math.dist(corners[0], corners[1]) >= _LEAST_CODE:
                _add(codes, Code(found.text, corners))  # type: ignore[arg-type]  # four of them
        elif found.text.startswith(("http://", "https://")):
            has_link = True
    return codes, has_link


def _add(codes: list[Code], code: Code) -> None:
    """Add a code unless it is there already: the same number at the same place."""
    reach = math.dist(code.corners[0], code.corners[2])
    if all(one.number != code.number or math.dist(_middle(one), _middle(code)) > reach for one in codes):
        codes.append(code)


def _sorted(codes: Iterable[Code]) -> list[Code]:
    return sorted(codes, key=lambda code: (round(_middle(code)[1]), _middle(code)[0], code.number))


def _middle(code: Code) -> Point:
    return sum(x for x, _ in code.corners) / 4, sum(y for _, y in code.corners) / 4


def _has_rest(picture: Image.Image, codes: Sequence[Code]) -> bool:
    """Say whether there is print on the page outside the slips of these codes: another slip may be among it."""
    step = max(1, max(picture.size) // 400)
    small = picture.reduce(step)
    paper = small.convert("L")
    dark = ImageOps.invert(ImageOps.autocontrast(paper, cutoff=(0, 20))).point([0] * 110 + [255] * 146)
    cover = ImageDraw.Draw(dark)
    least = 1.0
    for code in codes:
        place = slip_frame.turn(code.corners)
        left, top, right, bottom = slip_frame.SLIP
        edge = [
            _placed(place, x, y) for x, y in ((left - 4, top - 3), (right + 4, top - 3), (right + 4, bottom + _FOOT))
        ]
        edge.append(_placed(place, left - 4, bottom + _FOOT))
        cover.polygon([(x / step, y / step) for x, y in edge], fill=0)
        # a slip has twice as much ink; the foot of the page that is torn off with it has far less
        least = max(least, (math.dist(code.corners[0], code.corners[1]) / step) ** 2 * 1.1)
    margin = 4
    inside = dark.crop((margin, margin, dark.width - margin, dark.height - margin))
    return ImageStat.Stat(inside).sum[0] / 255 > least


def _placed(place: Sequence[float], x: float, y: float) -> Point:
    a, b, c, d, e, f, g, h = place
    whole = max(0.05, g * x + h * y + 1)
    return (a * x + b * y + c) / whole, (d * x + e * y + f) / whole


# --- one slip -------------------------------------------------------------------------------------


def _slip(picture: Image.Image, code: Code, place: int) -> FoundSlip:
    turned, boxes = slip_frame.lay(picture, code.corners)
    is_sure = boxes.score >= slip_frame.SURE
    dx, dy = (boxes.dx, boxes.dy) if is_sure else (0.0, 0.0)
    top = slip_frame.BOX_YS[0] - 3.5 + dy
    ticks = (slip_frame.BOX_X - 3 + dx, top, slip_frame.BOX_X + 112 + dx, top + 3 * slip_frame.LINE + 1.5)
    left, up, right, down = slip_frame.SIGNATURE
    lines = dict(zip(TICKS, boxes.ink, strict=True))
    proposal, confidence = propose(boxes.ink, boxes.score)
    return FoundSlip(
        number=code.number,
        place=place,
        corners=code.corners,
        slip=_jpeg(slip_frame.cut(picture, turned, slip_frame.SLIP, slip_frame.WHOLE)),
        ticks=_jpeg(slip_frame.cut(picture, turned, ticks)),
        signature=_jpeg(slip_frame.cut(picture, turned, (left + dx, up + dy, right + dx, down + dy))),
        ink=lines,
        proposal=tuple(TICKS[number] for number in proposal),
        confidence=confidence,
    )


def propose(ink: Sequence[int], score: int) -> tuple[tuple[int, ...], int]:
    """Return which boxes look ticked and how surely, in hundredths; nothing where the boxes were not found."""
    empty = min(ink)
    # hardly anybody ticks all three: where all are dark, it is print that is looked at
    if score < slip_frame.SURE or empty > 25:
        return (), 0
    marked = tuple(number for number, amount in enumerate(ink) if amount - empty >= 10 and amount >= 12)
    if not marked:
        return (), min(99, score) if max(ink) < 8 else 30
    least = min(ink[number] for number in marked)
    most = max((amount for number, amount in enumerate(ink) if number not in marked), default=0)
    return marked, min(99, 40 + 3 * (least - most))


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=80)
    return out.getvalue()


def _small(picture: Image.Image) -> bytes:
    shown = picture.copy()
    shown.thumbnail((SHOWN_SIDE, SHOWN_SIDE))
    return _jpeg(shown)

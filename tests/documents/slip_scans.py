"""Makes scans and photos of signed slips: printed by the product itself, filled in with a pen, and then mistreated."""

from __future__ import annotations

import base64
import io
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import pypdfium2
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from app.documents import codes, print_file, render
from app.documents.slip_frame import BOX_X, BOX_YS, TICKS
from tests.documents import samples

DPI = 200
MM = DPI / 25.4
A4 = (1654, 2339)
SEEDS = (1, 5)


@dataclass(frozen=True, slots=True)
class Slip:
    """A slip before it is scanned: its number and what the owner ticked."""

    number: str
    ticked: tuple[str, ...]
    picture: Image.Image


@dataclass(frozen=True, slots=True)
class Scan:
    """A page as it comes from the scanner or the phone, and what is on it."""

    case: str
    content: bytes
    media_type: str
    slips: tuple[Slip, ...]


@lru_cache(maxsize=1)
def printed() -> tuple[Image.Image, ...]:
    """Return the pages of a print file with slips on them, as grey pictures at 200 dots an inch."""
    file = print_file.merge([render.pdf(samples.notice(seed))[0] for seed in SEEDS])
    document = pypdfium2.PdfDocument(file)
    return tuple(page.render(scale=DPI / 72, grayscale=True).to_pil().convert("L") for page in document)


@lru_cache(maxsize=1)
def blanks() -> tuple[tuple[Image.Image, tuple[int, int]], ...]:
    """Return the slips cut off those pages as scissors would, and where the code's corner is on each."""
    import zxingcpp

    found = []
    for page in printed():
        for code in zxingcpp.read_barcodes(page):
            if code.text.startswith("CJ"):
                x, y = code.position.top_left.x, code.position.top_left.y
                box = (x - _px(166), y - _px(3.4), x + _px(22), y + _px(58.5))
                found.append((page.crop(box), (_px(166), _px(3.4))))
    return tuple(found)


def slip(number: str, rng: random.Random) -> Slip:
    """Fill in a slip: its own code, one tick or two, a signature."""
    blank, (x, y) = blanks()[rng.randrange(len(blanks()))]
    paper = blank.copy()
    data = base64.b64decode(codes.number_code(number).partition(",")[2])
    side = _px(20)
    code = Image.open(io.BytesIO(data)).convert("L").resize((side, side), Image.Resampling.BOX)
    paper.paste(code, (x - _px(1.6), y - _px(1.6)))
    ticked = rng.choice([("received",), ("received",), ("received", "promise"), ("objection",), ()])
    pen = ImageDraw.Draw(paper)
    for name in ticked:
        at = BOX_YS[TICKS.index(name)]
        _tick(pen, x + BOX_X * MM, y + at * MM, rng)
    if ticked:
        _sign(pen, x - _px(142), y + _px(25), rng)
    return Slip(number, ticked, paper)


def _tick(pen: ImageDraw.ImageDraw, x: float, y: float, rng: random.Random) -> None:
    r = rng.uniform(1.0, 1.5) * MM
    width = rng.choice((3, 4))
    if rng.random() < 0.3:
        pen.line([(x - r, y - r), (x + r, y + r)], fill=40, width=width)
        pen.line([(x - r, y + r), (x + r, y - r)], fill=40, width=width)
    else:
        pen.line([(x - r, y - r * 0.1), (x - r * 0.2, y + r * 0.8), (x + r * 1.3, y - r * 1.2)], fill=40, width=width)


def _sign(pen: ImageDraw.ImageDraw, x: float, y: float, rng: random.Random) -> None:
    points = [(x + step * 9, y + rng.uniform(-2.2, 2.2) * MM) for step in range(28)]
    pen.line(points, fill=50, width=3, joint="curve")


# --- what happens to them -------------------------------------------------------------------------


def scans(count: int = 200, seed: int = 1) -> Iterator[Scan]:
    """Yield pages until there were so many slips; what is done to them goes round the list of cases."""
    rng, made = random.Random(seed), 0
    while made < count:
        for case, most in CASES:
            if made >= count:
                return
            slips = tuple(slip(f"CJ01{26}{made + n + 1:06d}", rng) for n in range(min(most, count - made)))
            made += len(slips)
            yield Scan(case, *_CASES[case](slips, rng), slips)


def _flat(slips: Sequence[Slip], rng: random.Random, turn: float = 3, dpi: int = DPI) -> Image.Image:
    """Lay slips on the glass of a scanner, one below the other."""
    sheet = Image.new("L", A4, 250)
    for place, one in enumerate(slips):
        lying = one.picture.rotate(rng.uniform(-turn, turn), Image.Resampling.BILINEAR, expand=True, fillcolor=250)
        sheet.paste(lying, (rng.randint(0, max(0, A4[0] - lying.width)), 40 + place * 570))
    return sheet if dpi == DPI else sheet.resize((A4[0] * dpi // DPI, A4[1] * dpi // DPI), Image.Resampling.BOX)


def _clean(slips: Sequence[Slip], rng: random.Random) -> tuple[bytes, str]:
    return _jpeg(_noisy(_flat(slips, rng), 6, rng), 75)


def _upside_down(slips: Sequence[Slip], rng: random.Random) -> tuple[bytes, str]:
    return _jpeg(_noisy(_flat(slips, rng).rotate(180), 10, rng), 60)


def _sideways(slips: Sequence[Slip], rng: random.Random) -> tuple[bytes, str]:
    return _jpeg(_noisy(_flat(slips, rng).transpose(Image.Transpose.ROTATE_90), 20, rng), 50)


def _any_angle(slips: Sequence[Slip], rng: random.Random) -> tuple[bytes, str]:
    lying = slips[0].picture.rotate(rng.uniform(0, 360), Image.Resampling.BILINEAR, expand=True, fillcolor=250)
    return _jpeg(_noisy(lying, 10, rng), 70)


def _blurred(slips: Sequence[Slip], rng: random.Random) -> tuple[bytes, str]:
    soft = _flat(slips, rng).filter(ImageFilter.GaussianBlur(rng.uniform(0.8, 1.2)))
    return _jpeg(_noisy(soft, 6, rng), 75)


def _fax(slips: Sequence[Slip], rng: random.Random) -> tuple[bytes, str]:
    out = io.BytesIO()
    _flat(slips, rng).point([0] * 150 + [255] * 106).convert("1").save(out, "PNG")
    return out.getvalue(), "image/png"


def _coarse(slips: Sequence[Slip], rng: random.Random) -> tuple[bytes, str]:
    return _jpeg(_noisy(_flat(slips, rng, dpi=150), 8, rng), 60)


def _pdf(slips: Sequence[Slip], rng: random.Random) -> tuple[bytes, str]:
    out = io.BytesIO()
    _noisy(_flat(slips, rng), 6, rng).save(out, "PDF", resolution=DPI)
    return out.getvalue(), "application/pdf"


def _phone(slips: Sequence[Slip], rng: random.Random) -> tuple[bytes, str]:
    """Hold a phone over a slip: at an angle, on a table, in the shadow of the hand."""
    paper = slips[0].picture
    wide, high = paper.width + 300, paper.height + 260
    ground = Image.new("L", (wide, high), 170)
    ground.paste(paper, (150, 130))
    skew = [rng.uniform(0, 0.06) for _ in range(8)]
    near = (wide * skew[0], high * skew[1], wide * skew[2], high * (1 - skew[3]))
    far = (wide * (1 - skew[4]), high * (1 - skew[5]), wide * (1 - skew[6]), high * skew[7])
    seen = ground.transform((wide, high), Image.Transform.QUAD, near + far, Image.Resampling.BILINEAR)
    shade = Image.linear_gradient("L").resize((wide, high)).point([150 + value * 105 // 255 for value in range(256)])
    return _jpeg(_noisy(ImageChops.multiply(seen, shade.rotate(rng.choice((0, 180)))), 8, rng), 60)


def _noisy(picture: Image.Image, sigma: float, rng: random.Random) -> Image.Image:
    """Add grain; the grain is made once and taken from another place each time."""
    grain = _grain(round(sigma))
    x, y = rng.randrange(grain.width), rng.randrange(grain.height)
    tile = Image.new("L", picture.size)
    rolled = ImageChops.offset(grain, x, y)
    for left in range(0, picture.width, grain.width):
        for top in range(0, picture.height, grain.height):
            tile.paste(rolled, (left, top))
    return ImageChops.add(picture, tile, 1, -128)


@lru_cache(maxsize=8)
def _grain(sigma: int) -> Image.Image:
    return Image.effect_noise((512, 512), sigma)


def _jpeg(picture: Image.Image, quality: int) -> tuple[bytes, str]:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue(), "image/jpeg"


def _px(mm: float) -> int:
    return round(mm * MM)


_CASES = {
    "clean": _clean,
    "upside_down": _upside_down,
    "sideways": _sideways,
    "any_angle": _any_angle,
    "blurred": _blurred,
    "fax": _fax,
    "coarse": _coarse,
    "pdf": _pdf,
    "phone": _phone,
}
CASES = (
    ("clean", 4),
    ("phone", 1),
    ("upside_down", 3),
    ("any_angle", 1),
    ("sideways", 4),
    ("blurred", 4),
    ("phone", 1),
    ("fax", 3),
    ("coarse", 4),
    ("pdf", 4),
)
"""What is done to the slips, and how many lie on one page."""

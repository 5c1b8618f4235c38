"""Where things stand on a printed slip, measured from its code, and how a picture of it is laid straight.

All places are in millimetres from the upper left corner of the code (its modules, without the white around them), x to
the right and y down: the frame moves with the code, wherever the slip lies and however it was photographed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

from PIL import Image, ImageChops, ImageFilter, ImageStat

Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]
"""Corners of a code as it was printed: upper left, upper right, lower right, lower left."""

CODE = 16.8
"""Side of the code: 21 of the 25 modules of its picture, which is printed 20 mm wide."""
SLIP = (-163.5, -5.0, 20.0, 60.0)
SIGNATURE = (-162.5, 20.4, -61.0, 37.2)
BOX_X = -159.95
BOX_YS = (7.6, 13.05, 18.6)
BOX = 2.75
"""Side of a tick box, from the middle of one line to the middle of the other."""
LINE = 5.5
TICKS = ("received", "promise", "objection")

SCALE = 8
"""Pixels a millimetre of what is cut out of a slip: what a scanner makes at 200 dots an inch."""
WHOLE = 6
"""The same of the whole slip, which need only be read at a glance."""
SURE = 35
"""From this score on the boxes are where they were found."""
_FINE = 6
_REACH = 5.0
"""So far from their place the boxes are looked for: sixteen millimetres of code tell little about what is 160 away."""
_SKEWED = 0.03


@dataclass(frozen=True, slots=True)
class Boxes:
    """Where the tick boxes were found beside their place, how surely, and how much ink is in each (0 to 100)."""

    dx: float
    dy: float
    score: int
    ink: tuple[int, int, int]


def turn(corners: Quad) -> tuple[float, ...]:
    """Return what takes a place of the frame to a point of the picture: eight numbers, as Pillow wants them.

    A picture taken straight from above needs no perspective, and the one read off a small code would only add error.
    """
    sides = [math.dist(corners[i], corners[(i + 1) % 4]) for i in range(4)]
    is_flat = abs(sides[0] / sides[2] - 1) < _SKEWED and abs(sides[1] / sides[3] - 1) < _SKEWED
    return _flat(corners) if is_flat else _perspective(corners)


def lay(picture: Image.Image, corners: Quad) -> tuple[tuple[float, ...], Boxes]:
    """Return the turn under which the tick boxes are seen best, and where they are then."""
    first = turn(corners)
    boxes = find_boxes(picture, first)
    if boxes.score >= SURE:
        return first, boxes
    for other in (_flat(corners), _perspective(corners)):
        if other != first and (seen := find_boxes(picture, other)).score > boxes.score:
            first, boxes = other, seen
    return first, boxes


def cut(picture: Image.Image, place: Sequence[float], box: Sequence[float], scale: float = SCALE) -> Image.Image:
    """Cut a rectangle of the frame (millimetres) out of a picture and lay it straight; beyond the paper it is white."""
    left, top, right, bottom = box
    size = (round((right - left) * scale), round((bottom - top) * scale))
    a, b, c, d, e, f, g, h = place
    # x = left + u / scale, y = top + v / scale, put into the fraction of the perspective
    w = g * left + h * top + 1
    step = scale * w
    data = (a / step, b / step, (a * left + b * top + c) / w, d / step, e / step, (d * left + e * top + f) / w)
    return picture.transform(
        size, Image.Transform.PERSPECTIVE, (*data, g / step, h / step), Image.Resampling.BILINEAR, fillcolor=255
    )


def find_boxes(picture: Image.Image, place: Sequence[float]) -> Boxes:
    """Look for the three tick boxes around where they should be, one line lower too where the heading took two."""
    reach, half = _REACH, BOX / 2
    top, bottom = BOX_YS[0] - reach - half - 1, BOX_YS[2] + reach + LINE + half + 1
    left = BOX_X - reach - half - 1
    area = (left, top, BOX_X + reach + half + 1, bottom)
    straight = cut(picture, place, area, _FINE)
    dark = ImageChops.invert(_even(straight))
    soft = dark.filter(ImageFilter.BoxBlur(1))
    outline = _mean([_shifted(soft, x, y) for x, y in _outline(half)])
    around = _mean([_shifted(soft, x, y) for x, y in _outline(half * 1.55)])
    one = ImageChops.subtract(outline, around)
    spans = [(y - BOX_YS[0]) * _FINE for y in BOX_YS]
    found = reduce(ImageChops.darker, [_shifted(one, 0, span) for span in spans])
    # the middle of the first box can lie so far and no further
    edge = round((half + 1) * _FINE)
    room = found.crop((edge, edge, found.width - edge, found.height - edge - round(spans[2])))
    x, y, best = _strongest(room)
    # The first sign of the heading looks like a box, too: of two rows of three, one line apart, the lower one is ours.
    below = round(y + LINE * _FINE)
    if below < room.height:
        around_it = (max(0, x - 4), below - 4, min(room.width, x + 5), min(room.height, below + 5))
        x_below, y_below, also = _strongest(room.crop(around_it))
        if also >= best * 0.7:
            x, y, best = around_it[0] + x_below, around_it[1] + y_below, also
    x, y = x + edge, y + edge
    ink = [_ink(dark, x, y + span) for span in spans]
    dx, dy = left + x / _FINE - BOX_X, top + y / _FINE - BOX_YS[0]
    return Boxes(dx, dy, min(100, round(best / 1.2)), (ink[0], ink[1], ink[2]))


def _strongest(picture: Image.Image) -> tuple[int, int, int]:
    """Return the lightest pixel: its place and how light it is."""
    best = int(picture.getextrema()[1])  # type: ignore[arg-type]  # one channel
    at = picture.tobytes().index(best)
    return at % picture.width, at // picture.width, best


def _ink(dark: Image.Image, x: float, y: float) -> int:
    """Return how much of the inside of a box is ink, in hundredths."""
    reach = BOX / 2 * _FINE * 0.66
    inside = dark.crop((round(x - reach), round(y - reach), round(x + reach) + 1, round(y + reach) + 1))
    marked = inside.point([255 if value > 70 else 0 for value in range(256)])
    return round(ImageStat.Stat(marked).mean[0] / 2.55)


def _even(picture: Image.Image) -> Image.Image:
    """Take shadows away: every pixel against the lightest around it."""
    paper = picture.filter(ImageFilter.MaxFilter(9)).filter(ImageFilter.BoxBlur(9))
    away = ImageChops.subtract(paper, picture)
    contrast = max(60, int(away.getextrema()[1]))  # type: ignore[arg-type]  # one channel
    return away.point([255 - min(255, value * 255 // contrast) for value in range(256)])


def _outline(half: float) -> list[Point]:
    steps = (-1.0, -0.5, 0.0, 0.5)
    sides = [[(s, -1.0), (1.0, s), (-s, 1.0), (-1.0, -s)] for s in steps]
    return [(x * half * _FINE, y * half * _FINE) for side in sides for x, y in side]


def _shifted(picture: Image.Image, x: float, y: float) -> Image.Image:
    """Return the picture in which each pixel shows what lies so far right and below it."""
    return picture.transform(picture.size, Image.Transform.AFFINE, (1, 0, round(x), 0, 1, round(y)), fillcolor=0)


def _mean(pictures: Sequence[Image.Image]) -> Image.Image:
    """Return the mean of a power of two of pictures."""
    while len(pictures) > 1:
        pictures = [ImageChops.add(one, other, 2) for one, other in zip(pictures[::2], pictures[1::2], strict=True)]
    return pictures[0]


# --- the geometry ---------------------------------------------------------------------------------


def _flat(corners: Quad) -> tuple[float, ...]:
    """Return the move, turn and scale that fit the four corners best."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners
    right = ((x1 - x0 + x2 - x3) / 2, (y1 - y0 + y2 - y3) / 2)
    down = ((x3 - x0 + x2 - x1) / 2, (y3 - y0 + y2 - y1) / 2)
    # the code is a square: what its two directions say about the turn is averaged
    a = (right[0] + down[1]) / 2 / CODE
    b = (right[1] - down[0]) / 2 / CODE
    x, y = sum(p[0] for p in corners) / 4, sum(p[1] for p in corners) / 4
    half = CODE / 2
    return (a, -b, x - a * half + b * half, b, a, y - b * half - a * half, 0.0, 0.0)


def _perspective(corners: Quad) -> tuple[float, ...]:
    """Return the perspective that takes the square of the code to its four corners (Heckbert)."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners
    dx1, dx2, sx = x1 - x2, x3 - x2, x0 - x1 + x2 - x3
    dy1, dy2, sy = y1 - y2, y3 - y2, y0 - y1 + y2 - y3
    whole = dx1 * dy2 - dx2 * dy1
    if not whole:
        return _flat(corners)
    g, h = (sx * dy2 - dx2 * sy) / whole, (dx1 * sy - sx * dy1) / whole
    a, b, d, e = x1 - x0 + g * x1, x3 - x0 + h * x3, y1 - y0 + g * y1, y3 - y0 + h * y3
    return (a / CODE, b / CODE, x0, d / CODE, e / CODE, y0, g / CODE, h / CODE)

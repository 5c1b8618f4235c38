"""A signature as it was drawn: strokes of points with their times, held to limits before anybody keeps them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from app.domain.errors import Refusal

WIDTH, HEIGHT = 600, 240
MOST_STROKES = 200
MOST_POINTS = 4000
LEAST_POINTS = 8
MOST_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Signature:
    """Strokes in the order drawn; a point is x and y on a field of ``WIDTH`` by ``HEIGHT``, and milliseconds."""

    strokes: tuple[tuple[tuple[int, int, int], ...], ...]

    @property
    def points(self) -> int:
        """How many points there are."""
        return sum(len(stroke) for stroke in self.strokes)

    @property
    def text(self) -> str:
        """The strokes as they are kept."""
        return json.dumps([[list(point) for point in stroke] for stroke in self.strokes], separators=(",", ":"))


def read(text: str) -> Signature | None:
    """Read what the page sent; None where nothing was drawn.

    Raises:
        Refusal: ``signature.unreadable``, ``signature.too_short``.

    """
    if text.strip() in {"", "[]"}:
        return None
    try:
        given = json.loads(text)
        strokes = tuple(tuple(_point(point) for point in stroke) for stroke in given)
    except (ValueError, TypeError, RecursionError) as error:
        raise Refusal("signature.unreadable", field="strokes") from error
    found = Signature(tuple(stroke for stroke in strokes if stroke))
    if len(found.strokes) > MOST_STROKES or found.points > MOST_POINTS:
        raise Refusal("signature.unreadable", field="strokes")
    if found.points < LEAST_POINTS:
        raise Refusal("signature.too_short", field="strokes")
    return found


def _point(given: object) -> tuple[int, int, int]:
    if not isinstance(given, list) or len(given) != 3 or any(type(part) is not int for part in given):
        raise ValueError
    x, y, at = given
    if not (0 <= x <= WIDTH and 0 <= y <= HEIGHT and 0 <= at <= MOST_MS):
        raise ValueError
    return x, y, at

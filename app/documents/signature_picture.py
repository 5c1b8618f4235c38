"""A drawn signature as a picture: painted here from its strokes, so that no picture is taken on trust."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

from app.domain.signature import HEIGHT, WIDTH, Signature

_PEN = 4


def png(signature: Signature) -> bytes:
    """Return the picture; the same strokes give the same bytes."""
    sheet = Image.new("L", (WIDTH, HEIGHT), 255)
    pen = ImageDraw.Draw(sheet)
    for stroke in signature.strokes:
        places = [(x, y) for x, y, _ in stroke]
        if len(places) > 1:
            pen.line(places, fill=0, width=_PEN, joint="curve")
        for x, y in (places[0], places[-1]):
            pen.ellipse((x - _PEN / 2, y - _PEN / 2, x + _PEN / 2, y + _PEN / 2), fill=0)
    out = io.BytesIO()
    sheet.save(out, "PNG", optimize=False)
    return out.getvalue()

"""One font for the few words stamped on the pages of a bundle: a subset of the packaged one, embedded once."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pikepdf
from fontTools import subset
from fontTools.ttLib import TTFont

from app.documents import coverage

_FILE = "NotoSansSC-Regular.ttf"
_MISSING = "□"


@dataclass(frozen=True, slots=True)
class StampFont:
    """The font in a PDF, which character is which glyph, and how wide it is in thousandths."""

    resource: Any
    glyphs: dict[str, int]
    widths: dict[str, int]

    def shown(self, text: str) -> bytes:
        """Return the string operand that shows ``text``."""
        codes = b"".join(self.glyphs.get(sign, self.glyphs[_MISSING]).to_bytes(2, "big") for sign in text)
        return b"<" + codes.hex().encode() + b">"

    def width(self, text: str, size: float) -> float:
        """Return how wide ``text`` is in points."""
        return sum(self.widths.get(sign, 1000) for sign in text) * size / 1000


def embed(pdf: pikepdf.Pdf, texts: set[str]) -> StampFont:
    """Embed what the texts need and return the font."""
    program, glyphs, widths = _program("".join(sorted({sign for text in texts for sign in text} | {_MISSING})))
    stream = pdf.make_stream(program)
    stream.Length1 = len(program)
    descriptor = pdf.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.FontDescriptor,
            FontName=pikepdf.Name("/QQSTMP+NotoSansSC"),
            Flags=4,
            FontBBox=[-1000, -300, 2000, 1200],
            ItalicAngle=0,
            Ascent=880,
            Descent=-120,
            CapHeight=733,
            StemV=80,
            FontFile2=stream,
        )
    )
    by_glyph = sorted((glyph, widths[sign]) for sign, glyph in glyphs.items())
    advances: list[Any] = []
    for glyph, advance in by_glyph:
        advances += [glyph, [advance]]
    descendant = pdf.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Font,
            Subtype=pikepdf.Name.CIDFontType2,
            BaseFont=pikepdf.Name("/QQSTMP+NotoSansSC"),
            CIDSystemInfo=pikepdf.Dictionary(
                Registry=pikepdf.String("Adobe"), Ordering=pikepdf.String("Identity"), Supplement=0
            ),
            FontDescriptor=descriptor,
            DW=1000,
            W=advances,
            CIDToGIDMap=pikepdf.Name.Identity,
        )
    )
    resource = pdf.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Font,
            Subtype=pikepdf.Name.Type0,
            BaseFont=pikepdf.Name("/QQSTMP+NotoSansSC"),
            Encoding=pikepdf.Name("/Identity-H"),
            DescendantFonts=[descendant],
            ToUnicode=pdf.make_stream(_to_unicode(glyphs)),
        )
    )
    return StampFont(resource, glyphs, widths)


@lru_cache(maxsize=8)
def _program(signs: str) -> tuple[bytes, dict[str, int], dict[str, int]]:
    """Return the font program of ``signs``, which glyph each is and how wide; the same signs give the same bytes."""
    options = subset.Options(layout_features=[], hinting=False, notdef_outline=True, name_IDs=[])
    font = TTFont(coverage.FONTS / _FILE, recalcTimestamp=False)
    chooser = subset.Subsetter(options)
    chooser.populate(text=signs)
    chooser.subset(font)
    names, metrics = font.getBestCmap(), font["hmtx"].metrics
    scale = 1000 / font["head"].unitsPerEm
    glyphs = {sign: font.getGlyphID(names[ord(sign)]) for sign in signs if ord(sign) in names}
    widths = {sign: round(metrics[names[ord(sign)]][0] * scale) for sign in glyphs}
    file = io.BytesIO()
    font.save(file, reorderTables=False)
    return file.getvalue(), glyphs, widths


def _to_unicode(glyphs: dict[str, int]) -> bytes:
    pairs = sorted((glyph, sign) for sign, glyph in glyphs.items())
    blocks = []
    for start in range(0, len(pairs), 100):
        some = pairs[start : start + 100]
        lines = "\n".join(f"<{glyph:04X}> <{sign.encode('utf-16-be').hex().upper()}>" for glyph, sign in some)
        blocks.append(f"{len(some)} beginbfchar\n{lines}\nendbfchar")
    body = "\n".join(blocks)
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def /CMapType 2 def\n"
        "1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
        f"{body}\nendcmap CMapName currentdict /CMap defineresource pop end end"
    ).encode()

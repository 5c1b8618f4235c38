"""One font file for many documents: the subsets WeasyPrint embeds keep glyph numbers, so they can be laid together."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

import pikepdf

_KEPT = (b"OS/2", b"cmap", b"head", b"hhea", b"maxp", b"name", b"post")
_MARK = "/QingqianFont"
_LONG_LOCA = struct.pack(">h", 1)
_CHECKSUM_MAGIC = 0xB1B0AFBA
_WORD = 0xFFFFFFFF


@dataclass(slots=True)
class Union:
    """Subsets of one font laid together: glyphs and widths by number, all else from the first subset."""

    name: str
    tables: dict[bytes, bytes]
    font: bytes
    description: bytes
    widths: dict[int, float] = field(default_factory=dict)
    glyphs: dict[int, bytes] = field(default_factory=dict)
    metrics: dict[int, bytes] = field(default_factory=dict)

    def takes(self, font: pikepdf.Object, tables: dict[bytes, bytes]) -> bool:
        """Add a subset, unless a glyph of it differs: then it comes from another version of the font."""
        glyphs = _glyphs(tables)
        if tables[b"head"][18:20] != self.tables[b"head"][18:20]:
            return False
        if any(self.glyphs.get(number, outline) != outline for number, outline in glyphs.items()):
            return False
        self.glyphs |= glyphs
        self.widths |= _widths(font)
        for number, pair in enumerate(_metrics(tables)):
            if number not in self.metrics or any(pair):
                self.metrics[number] = pair
        return True

    def written(self, pdf: pikepdf.Pdf) -> pikepdf.Object:
        """Write the font that serves every subset into a file, and return it."""
        content = self._file()
        stream = pdf.make_stream(content)
        stream.Length1 = len(content)
        description = pdf.make_indirect(pikepdf.Object.parse(self.description))
        description.FontFile2 = stream
        font = pdf.make_indirect(pikepdf.Object.parse(self.font))
        font.FontDescriptor = description
        widths = [part for number in sorted(self.widths) for part in (number, [Decimal(str(self.widths[number]))])]
        font.W = pdf.make_indirect(pikepdf.Array(widths))
        return font

    def _file(self) -> bytes:
        """Return the font file that serves every subset added."""
        offsets, outlines = [0], bytearray()
        for number in range(max(self.metrics) + 1):
            outlines += self.glyphs.get(number, b"")
            outlines += b"\0" * (-len(outlines) % 4)
            offsets.append(len(outlines))
        count = struct.pack(">H", len(offsets) - 1)
        tables = {name: self.tables[name] for name in _KEPT if name in self.tables}
        head = tables[b"head"]
        tables[b"head"] = head[:8] + b"\0\0\0\0" + head[12:50] + _LONG_LOCA + head[52:]
        tables[b"maxp"] = tables[b"maxp"][:4] + count + tables[b"maxp"][6:]
        tables[b"hhea"] = tables[b"hhea"][:34] + count
        tables[b"hmtx"] = b"".join(self.metrics[number] for number in sorted(self.metrics))
        tables[b"loca"] = struct.pack(f">{len(offsets)}I", *offsets)
        tables[b"glyf"] = bytes(outlines)
        return _file(tables)


class SharedFonts:
    """The fonts of documents on their way into one file; a mark in place of each says which union it became part of."""

    def __init__(self) -> None:
        """Begin with none."""
        self._unions: list[Union] = []

    def take(self, pdf: pikepdf.Pdf) -> None:
        """Keep the font files of a document and leave marks in their place."""
        for found in _fonts(pdf, "/DescendantFonts"):
            font = found.DescendantFonts[0]
            if "/FontFile2" in font.FontDescriptor:
                found[_MARK] = self._place(font, _tables(font.FontDescriptor.FontFile2.read_bytes()))
                del found["/DescendantFonts"]

    def give(self, pdf: pikepdf.Pdf) -> None:
        """Put one font where the marks of the same union stand."""
        fonts = [union.written(pdf) for union in self._unions]
        for found in _fonts(pdf, _MARK):
            font = fonts[int(found[_MARK])]
            found.DescendantFonts = pikepdf.Array([font])
            found.BaseFont = font.BaseFont
            del found[_MARK]

    def _place(self, font: pikepdf.Object, tables: dict[bytes, bytes]) -> int:
        name = _name(font)
        for place, union in enumerate(self._unions):
            if union.name == name and union.takes(font, tables):
                return place
        union = Union(
            name, tables, _detached(font, "/FontDescriptor", "/W"), _detached(font.FontDescriptor, "/FontFile2")
        )
        union.takes(font, tables)
        self._unions.append(union)
        return len(self._unions) - 1


def _fonts(pdf: pikepdf.Pdf, key: str) -> list[pikepdf.Dictionary]:
    return [found for found in pdf.objects if isinstance(found, pikepdf.Dictionary) and key in found]


def _name(font: pikepdf.Object) -> str:
    """Return the name of a font without the six letters that tell subsets apart."""
    return str(font.BaseFont).rpartition("+")[2].removeprefix("/")


def _detached(found: pikepdf.Object, *left_out: str) -> bytes:
    """Return a dictionary as it is written in a file, all in one piece."""
    kept = {key: value for key, value in found.items() if key not in left_out}
    return pikepdf.Dictionary(kept).unparse(resolved=True)


def _widths(font: pikepdf.Object) -> dict[int, float]:
    """Return the widths by glyph; WeasyPrint writes each run as its first glyph and the list of its widths."""
    found: dict[int, float] = {}
    entries = list(font.W)
    for first, run in zip(entries[::2], entries[1::2], strict=True):
        found |= {int(first) + place: float(width) for place, width in enumerate(run)}
    return found


def _tables(font: bytes) -> dict[bytes, bytes]:
    found = {}
    for place in range(struct.unpack_from(">H", font, 4)[0]):
        name, _, start, length = struct.unpack_from(">4sIII", font, 12 + 16 * place)
        found[name] = font[start : start + length]
    return found


def _glyphs(tables: dict[bytes, bytes]) -> dict[int, bytes]:
    count = struct.unpack_from(">H", tables[b"maxp"], 4)[0] + 1
    is_long = struct.unpack_from(">h", tables[b"head"], 50)[0]
    size = 1 if is_long else 2
    offsets = struct.unpack_from(f">{count}{'I' if is_long else 'H'}", tables[b"loca"])
    outlines = tables[b"glyf"]
    return {
        number: _padded(outlines[start * size : end * size])
        for number, (start, end) in enumerate(pairwise(offsets))
        if end > start
    }


def _metrics(tables: dict[bytes, bytes]) -> list[bytes]:
    """Return advance and bearing of every glyph, written out where the table abbreviates."""
    count = struct.unpack_from(">H", tables[b"maxp"], 4)[0]
    full = struct.unpack_from(">H", tables[b"hhea"], 34)[0]
    table = tables[b"hmtx"]
    pairs = [table[4 * place : 4 * place + 4] for place in range(full)]
    advance = pairs[-1][:2]
    rest = table[4 * full :]
    return pairs + [advance + rest[2 * place : 2 * place + 2] for place in range(count - full)]


def _padded(outline: bytes) -> bytes:
    return outline + b"\0" * (-len(outline) % 4)


def _checksum(table: bytes) -> int:
    words: tuple[int, ...] = struct.unpack(f">{(len(table) + 3) // 4}I", _padded(table))
    return sum(words) & _WORD


def _file(tables: dict[bytes, bytes]) -> bytes:
    """Write the tables as a TrueType file with right check sums."""
    count = len(tables)
    power = 1 << (count.bit_length() - 1)
    header = struct.pack(">IHHHH", 0x00010000, count, power * 16, power.bit_length() - 1, (count - power) * 16)
    directory, body, head_at = b"", b"", 0
    for name in sorted(tables):
        start = 12 + 16 * count + len(body)
        if name == b"head":
            head_at = start
        directory += struct.pack(">4sIII", name, _checksum(tables[name]), start, len(tables[name]))
        body += _padded(tables[name])
    font = bytearray(header + directory + body)
    struct.pack_into(">I", font, head_at + 8, (_CHECKSUM_MAGIC - _checksum(bytes(font))) & _WORD)
    return bytes(font)

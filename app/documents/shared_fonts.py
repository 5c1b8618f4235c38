"""One font file for many documents: the subsets WeasyPrint embeds keep glyph numbers, so they can be laid together."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pikepdf

_KEPT = (b"OS/2", b"cmap", b"head", b"hhea", b"maxp", b"name", b"post")
_LONG_LOCA = struct.pack(">h", 1)
_CHECKSUM_MAGIC = 0xB1B0AFBA
_WORD = 0xFFFFFFFF


@dataclass(slots=True)
class Union:
    """Glyphs of the subsets of one font, by number, and the tables of the first subset."""

    tables: dict[bytes, bytes]
    glyphs: dict[int, bytes] = field(default_factory=dict)
    metrics: dict[int, bytes] = field(default_factory=dict)
    descriptors: list[Any] = field(default_factory=list)

    def takes(self, tables: dict[bytes, bytes]) -> bool:
        """Add a subset, unless a glyph of it differs: then it comes from another version of the font."""
        glyphs = _glyphs(tables)
        if tables[b"head"][18:20] != self.tables[b"head"][18:20]:
            return False
        if any(self.glyphs.get(number, outline) != outline for number, outline in glyphs.items()):
            return False
        self.glyphs |= glyphs
        for number, pair in enumerate(_metrics(tables)):
            if number not in self.metrics or any(pair):
                self.metrics[number] = pair
        return True

    def font(self) -> bytes:
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


def share(pdf: pikepdf.Pdf) -> None:
    """Let documents that were joined into ``pdf`` use one font file for each font instead of one each."""
    unions: dict[str, list[Union]] = {}
    for found in pdf.objects:
        if not isinstance(found, pikepdf.Dictionary) or "/FontFile2" not in found:
            continue
        name = str(found.FontName).rpartition("+")[2]
        tables = _tables(found.FontFile2.read_bytes())
        union = next((one for one in unions.setdefault(name, []) if one.takes(tables)), None)
        if union is None:
            union = Union(tables)
            union.takes(tables)
            unions[name].append(union)
        union.descriptors.append(found)
    for union in (one for group in unions.values() for one in group if len(one.descriptors) > 1):
        file = union.font()
        stream = pdf.make_stream(file, Length1=len(file))
        for descriptor in union.descriptors:
            descriptor.FontFile2 = stream


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

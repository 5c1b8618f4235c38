"""What the parts of an xlsx file say that the parser does not: true extents, hidden rows, uncalculated formulas."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from xml.etree import ElementTree as ET
from xml.parsers import expat

from app.domain.errors import Refusal
from app.sheets.guard import Limits, unpack


@dataclass(frozen=True, slots=True)
class SheetFacts:
    """Facts of one sheet by Excel's own counting (rows from 1, cells as ``B7``)."""

    rows: int = 0
    columns: int = 0
    hidden_rows: tuple[int, ...] = ()
    hidden_columns: int = 0
    uncalculated: frozenset[tuple[int, int]] = frozenset()


def inspect(data: bytes, limits: Limits) -> dict[str, SheetFacts]:
    """Return the facts of every sheet by name, refusing extents the parser would have to allocate.

    The parser keeps a sheet as one dense block from its first to its last value, so two cells in far
    corners of a five-kilobyte file would otherwise take the whole machine down.
    """
    archive = zipfile.ZipFile(BytesIO(data))
    facts: dict[str, SheetFacts] = {}
    cells = 0
    for info in archive.infolist():
        xml = unpack(data, info, limits.unpacked)
        _refuse_foreign_encoding(xml)
        if not _SHEET.search(xml):
            continue
        found = _facts_of(xml, limits)
        cells += found.rows * found.columns
        if cells > limits.cells * 2:
            raise Refusal("sheet.too_many_cells")
        facts[info.filename.lower()] = found
    return {name: facts[part] for name, part in _sheet_parts(archive) if part in facts}


def _facts_of(xml: bytes, limits: Limits) -> SheetFacts:
    if _is_plain(xml) and not _FAR_PLAIN.search(xml):
        rows = max(map(int, _ROW_NUMBER_PLAIN.findall(xml)), default=0)
        columns = limits.columns
        if rows * columns > limits.cells:
            columns = max((_column(letters) for letters in set(_COLUMN_PLAIN.findall(xml))), default=0)
    else:
        rows, columns = _measure(xml)
    if rows > limits.rows:
        raise Refusal("sheet.too_many_rows", rows=rows, limit=limits.rows)
    if columns > limits.columns:
        raise Refusal("sheet.too_many_columns", columns=columns, limit=limits.columns)
    hidden: tuple[int, ...] = ()
    if b"hidden=" in xml:
        hidden = tuple(
            int(number[1]) for tag in _HIDDEN_ROW.finditer(xml) if (number := _ROW_NUMBER.match(tag[0])) is not None
        )
    hidden_columns = len(_HIDDEN_COLUMN.findall(xml[: xml.find(b"sheetData")]))
    return SheetFacts(rows, columns, hidden, hidden_columns, _uncalculated(xml))


def _is_plain(xml: bytes) -> bool:
    """True when every row and cell begins the way Excel writes them, so that a byte search sees their places."""
    if b":c " in xml or b":row " in xml or (b"&" in xml and _ESCAPED.search(xml)):
        return False
    if any(xml.count(b"<" + name + end) for name in (b"c", b"row") for end in (b"\t", b"\n", b"\r", b">", b"/")):
        return False
    return xml.count(b"<c ") == xml.count(b'<c r="') and xml.count(b"<row ") == xml.count(b'<row r="')


def _uncalculated(xml: bytes) -> frozenset[tuple[int, int]]:
    """Cells that hold a formula and no result: a program wrote the file and no Excel has opened it since."""
    if (b"<f" not in xml and b":f" not in xml) or _FORMULA.search(xml) is None:
        return frozenset()
    return frozenset(
        (int(place[2]) - 1, _column(place[1]) - 1)
        for match in _FORMULA_ALONE.finditer(xml)
        if b't="str"' not in match[1] and (place := _PLACE.search(match[1])) is not None
    )


_TAG = rb"<(?:\w+:)?"
_R = rb"\sr\s*=\s*[\"']"
_SHEET = re.compile(_TAG + rb"(?:row|c)[\s/>]")
_ROW_NUMBER = re.compile(_TAG + rb"row\b[^>]*?" + _R + rb"(\d+)")
_PLACE = re.compile(_R + rb"([A-Za-z]+)(\d+)")
_ROW_NUMBER_PLAIN = re.compile(rb'<row r="(\d{1,9})"')
_COLUMN_PLAIN = re.compile(rb'<c r="([A-Za-z]+)')
_FAR_PLAIN = re.compile(
    rb'<c r="(?:[A-Za-z]{3}|[E-Ze-z][A-Za-z]|[Dd][Q-Zq-z]|[A-Za-z]*(?:[2-9]\d{5}|\d{7,})|[^A-Za-z])'
    rb'|<row r="(?:[2-9]\d{5}|\d{7,}|[^\d])'
)
_ESCAPED = re.compile(_TAG + rb"(?:c|row)\s[^<>]*&")
_HIDDEN_ROW = re.compile(_TAG + rb"row\b[^>]*\shidden=[\"'](?:1|true)[\"'][^>]*>")
_HIDDEN_COLUMN = re.compile(_TAG + rb"col\b[^>]*\shidden=[\"'](?:1|true)[\"']")
_FORMULA = re.compile(_TAG + rb"f[\s/>]")
_FORMULA_ALONE = re.compile(
    rb"(<(?:\w+:)?c\b[^>]*>)\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _measure(xml: bytes) -> tuple[int, int]:
    """The last row and column that hold a value, by a real parse (cells with only a style do not count)."""
    state = _Extents()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = state.start
    parser.EndElementHandler = state.end
    try:
        parser.Parse(xml, True)  # noqa: FBT003 - the parser's own signature
    except expat.ExpatError as error:
        raise Refusal("sheet.damaged") from error
    return state.rows, state.columns


class _Extents:
    """Counts rows and cells the way the parser does, with or without an ``r`` attribute."""

    __slots__ = ("column", "columns", "has_value", "row", "rows")

    def __init__(self) -> None:
        self.rows = self.columns = self.row = self.column = 0
        self.has_value = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        match name.rpartition(" ")[2]:
            case "row":
                number = attributes.get("r", "")
                self.row = int(number) if number.isdecimal() and len(number) < 9 else self.row + 1
                self.column = 0
            case "c":
                place = _PLACE_TEXT.fullmatch(attributes.get("r", ""))
                self.column = _column(place[1].encode()) if place else self.column + 1
                self.row = int(place[2]) if place else self.row
                self.has_value = False
            case "v" | "is" | "t" | "f":
                self.has_value = True
            case _:
                pass

    def end(self, name: str) -> None:
        if self.has_value and name.rpartition(" ")[2] == "c":
            self.rows, self.columns = max(self.rows, self.row), max(self.columns, self.column)


_PLACE_TEXT = re.compile(r"([A-Za-z]{1,7})(\d{1,9})")


def _refuse_foreign_encoding(xml: bytes) -> None:
    if xml[:2] in {b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<"} or b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:
        raise Refusal("sheet.damaged")


def _sheet_parts(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Yield each sheet's name with the lower-case name of its part."""
    try:
        book = ET.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 - no DOCTYPE gets here
        links = ET.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    except (KeyError, ET.ParseError, zipfile.BadZipFile, EOFError, OSError, ValueError):
        return
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    for element in book.iter():
        if element.tag.rpartition("}")[2] != "sheet":
            continue
        link_id = next((value for key, value in element.items() if key.rpartition("}")[2] == "id"), "")
        target = targets.get(link_id, "")
        if target:
            yield element.get("name", ""), posixpath.normpath(posixpath.join("/xl", target)).lstrip("/").lower()

"""The page of a paper as a text document a lawyer can edit: the same words in the same order, tables as tables."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import docx
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from app.documents import render
from app.documents.case_papers import CasePaperFacts

FONT = "SimSun"
HEAD_FONT = "SimHei"
_MADE = (1980, 1, 1, 0, 0, 0)
_SKIPPED = frozenset({"style", "title", "head"})
_VOID = frozenset({"br", "meta", "col", "img", "wbr", "link"})
_BLOCKS = frozenset({"p", "h1", "h2", "td", "th"})
_LABEL_MM = 42
_CENTRED = frozenset({"under", "about", "section", "c"})


@dataclass(slots=True)
class Block:
    """One paragraph or cell: runs of text, bold or not; ``None`` in the runs is a line break."""

    tag: str
    classes: frozenset[str] = frozenset()
    span: int = 1
    runs: list[tuple[str, bool] | None] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The words, lines joined."""
        return "".join("" if run is None else run[0] for run in self.runs)


Row = list[Block]
Part = Block | list[Row]


class Reader(HTMLParser):
    """Reads a paper's page into paragraphs and tables, in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[Part] = []
        self.is_turned = False
        self._block: Block | None = None
        self._rows: list[Row] | None = None
        self._bold = 0
        self._skip = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a block, a table, a row, a cell or a run."""
        given = dict(attrs)
        classes = frozenset((given.get("class") or "").split())
        if tag in _SKIPPED:
            self._skip += 1
        elif tag == "table":
            self._rows = []
            self.parts.append(self._rows)
        elif tag == "tr" and self._rows is not None:
            self._rows.append([])
        elif tag in _BLOCKS:
            self._open(tag, classes, int(given.get("colspan") or 1))
        elif tag == "br" and self._block is not None:
            self._block.runs.append(None)
        elif tag == "b":
            self._bold += 1
        elif tag == "div" and "turned" in classes:
            self.is_turned = True

    def handle_endtag(self, tag: str) -> None:
        """Close what was opened."""
        if tag in _SKIPPED:
            self._skip -= 1
        elif tag == "table":
            self._rows = None
        elif tag == "b":
            self._bold -= 1
        elif tag in _BLOCKS:
            self._block = None

    def handle_data(self, data: str) -> None:
        """Add words to the block that is open."""
        if self._skip or self._block is None:
            return
        words = data.replace("\n", "").replace("\r", "")
        if words:
            self._block.runs.append((words, self._bold > 0))

    def _open(self, tag: str, classes: frozenset[str], span: int) -> None:
        self._block = Block(tag, classes, span)
        if tag in ("td", "th") and self._rows:
            self._rows[-1].append(self._block)
        else:
            self.parts.append(self._block)


def read(page: str) -> Reader:
    """Return the page taken apart."""
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader


def word_file(facts: CasePaperFacts) -> bytes:
    """Return the paper as a docx; the same facts give the same bytes."""
    reader = read(render.html(facts))
    document = _blank(is_turned=reader.is_turned, on=facts.issued_on, title=facts.case.number)
    for part in reader.parts:
        if isinstance(part, Block):
            _paragraph(document, part)
        elif part:
            _table(document, part)
    return _same_every_time(document)


def _blank(*, is_turned: bool, on: dt.date, title: str) -> Any:  # noqa: ANN401 - python-docx is untyped
    document = docx.Document()
    section = document.sections[0]
    long, short = Mm(297), Mm(210)
    section.page_width, section.page_height = (long, short) if is_turned else (short, long)
    section.orientation = WD_ORIENT.LANDSCAPE if is_turned else WD_ORIENT.PORTRAIT
    section.left_margin = section.right_margin = Mm(20)
    section.top_margin = section.bottom_margin = Mm(20)
    style = document.styles["Normal"]
    style.font.name, style.font.size = FONT, Pt(10.5)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), FONT)
    style.paragraph_format.space_after = Pt(2)
    made = dt.datetime(on.year, on.month, on.day, tzinfo=dt.UTC)
    properties = document.core_properties
    properties.created = properties.modified = made
    properties.title, properties.author, properties.last_modified_by = title, "", ""
    properties.comments = ""
    return document


def _paragraph(document: Any, block: Block) -> None:  # noqa: ANN401
    written = document.add_paragraph()
    _fill(written, block)
    if block.tag == "h1" or block.classes & _CENTRED:
        written.alignment = WD_ALIGN_PARAGRAPH.CENTER
    elif "said" in block.classes:
        written.paragraph_format.first_line_indent = Pt(21)


def _table(document: Any, rows: list[Row]) -> None:  # noqa: ANN401
    columns = max(sum(cell.span for cell in row) for row in rows)
    table = document.add_table(rows=len(rows), cols=columns, style="Table Grid")
    is_form = any("row" in cell.classes for row in rows for cell in row)
    for place, row in enumerate(rows):
        at = 0
        for block in row:
            cell = table.cell(place, at)
            if block.span > 1:
                cell = cell.merge(table.cell(place, at + block.span - 1))
            written = cell.paragraphs[0]
            _fill(written, block, small=not is_form)
            if block.tag == "th" or block.classes & _CENTRED:
                written.alignment = WD_ALIGN_PARAGRAPH.CENTER
            elif "n" in block.classes:
                written.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            if is_form and block.span == 1:
                cell.width = Mm(_LABEL_MM) if at == 0 else Mm(170 - _LABEL_MM)
            at += block.span


def _fill(paragraph: Any, block: Block, *, small: bool = False) -> None:  # noqa: ANN401
    is_head = block.tag in ("h1", "h2", "th") or "section" in block.classes
    for run in block.runs:
        if run is None:
            paragraph.add_run().add_break()
            continue
        words, is_bold = run
        written = paragraph.add_run(words)
        written.bold = is_bold or is_head
        name = HEAD_FONT if is_head else FONT
        written.font.name = name
        written.element.get_or_add_rPr().rFonts.set(qn("w:eastAsia"), name)
        if block.tag == "h1":
            written.font.size = Pt(18)
        elif small:
            written.font.size = Pt(8.5)


def _same_every_time(document: Any) -> bytes:  # noqa: ANN401
    """Write the file with one fixed time on every part: a docx is a ZIP, and a ZIP carries the clock."""
    draft = io.BytesIO()
    document.save(draft)
    file = io.BytesIO()
    with zipfile.ZipFile(draft) as old, zipfile.ZipFile(file, "w") as new:
        for name in sorted(old.namelist(), key=lambda one: (one != "[Content_Types].xml", one)):
            entry = zipfile.ZipInfo(name, _MADE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            new.writestr(entry, old.read(name))
    return file.getvalue()

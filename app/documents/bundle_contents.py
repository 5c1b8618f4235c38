"""What goes into a bundle and in which order: papers, exhibits, the file that joins them, its pages and its data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.documents import bundle, bundle_pdf, codec
from app.documents.bundle import Entry
from app.documents.bundle_pdf import IMAGES, PDF, Piece
from app.domain.case_facts import CaseFacts, Exhibit, Paper
from app.i18n import labels_case_papers

_WORDS = labels_case_papers.LABELS
_MAGIC = ((b"%PDF", PDF, ".pdf"), (b"\xff\xd8\xff", "image/jpeg", ".jpg"), (b"\x89PNG", "image/png", ".png"))
PDF_PATH, GUIDE_PATH, BOOK_PATH = (_WORDS[f"bundle_file.{name}"] for name in ("pdf", "guide", "workbook"))
STATEMENT_PATH, CHAIN_PATH = "statement.json", "evidence/chain.json"


@dataclass(frozen=True, slots=True)
class Printed:
    """A paper as it was printed; ``docx`` is empty where it has none."""

    kind: Paper
    pdf: bytes
    docx: bytes = b""


@dataclass(frozen=True, slots=True)
class Marks:
    """What the bundle says of itself, in words, and whether it is sealed."""

    is_sealed: bool
    drafted: str
    sealed: str = ""
    seal_text: str = ""
    stamp_text: str = ""
    demo_text: str = ""


@dataclass(frozen=True, slots=True)
class Material:
    """All there is to put in: originals by the number of their exhibit, and what others wrote for it."""

    case: CaseFacts
    papers: Mapping[Paper, Printed]
    originals: Mapping[int, bytes]
    workbook: bytes
    chain: Mapping[str, Any]
    tokens: Sequence[tuple[str, bytes, bool]]


def main_paper(case: CaseFacts) -> Paper:
    """Return the paper the case is filed with."""
    return {"payment_order": Paper.PAYMENT_ORDER, "mediation": Paper.MEDIATION}.get(case.path, Paper.COMPLAINT)


def papers_of(case: CaseFacts) -> tuple[Paper, ...]:
    """Return the papers a bundle holds besides the list of exhibits, the one it is filed with first."""
    found = [main_paper(case), Paper.POWER, Paper.DEMAND, Paper.DELIVERY, Paper.LIMITATION, Paper.CALCULATION]
    if case.settlement is not None:
        found.append(Paper.INSTALMENTS)
    if case.judgment is not None:
        found.append(Paper.ENFORCEMENT)
    return tuple(found)


def page_counts(case: CaseFacts, papers: Mapping[Paper, Printed], originals: Mapping[int, bytes]) -> dict[int, int]:
    """Return how many pages each exhibit has, by its number."""
    counts = bundle_pdf.page_counts([_exhibit_piece(one, papers, originals) for one in case.exhibits])
    return {one.number: count for one, count in zip(case.exhibits, counts, strict=True)}


def joined(material: Material) -> bundle_pdf.Merged:
    """Return the one file in the order of the complaint: the paper it is filed with, the list, exhibits, the power."""
    case, papers = material.case, material.papers
    first = main_paper(case)
    pieces = [_paper_piece(papers[first]), _paper_piece(papers[Paper.EXHIBIT_LIST])]
    for group, members in case.grouped():
        pieces.append(Piece(_WORDS[f"bundle_group.{group.value}"]))
        pieces += [_exhibit_piece(one, papers, material.originals) for one in members]
    pieces.append(_paper_piece(papers[Paper.POWER]))
    return bundle_pdf.merge(pieces, title=_WORDS["bundle.title"].format(number=case.number))


def entries(material: Material, *, pdf: bytes, pages: int, marks: Marks) -> list[Entry]:
    """Return every file but the manifest, the page that opens first on top."""
    case = material.case
    papers = [_paper_files(one) for one in material.papers.values()]
    exhibits = {
        one.number: Entry(exhibit_path(one, material.originals[one.number]), material.originals[one.number], one.name)
        for one in case.exhibits
        if one.number in material.originals
    }
    chain_text = _WORDS["bundle.chain_text"].format(
        count=len(material.chain["entries"]), roots=len(material.chain["roots"])
    )
    told = {
        "case": case,
        "drafted": marks.drafted,
        "sealed": marks.sealed,
        "seal_text": marks.seal_text,
        "stamp_text": marks.stamp_text,
        "chain_text": chain_text,
        "pdf": PDF_PATH,
        "guide": GUIDE_PATH,
    }
    index = bundle.page(
        "index.html",
        **told,
        is_sealed=marks.is_sealed,
        pages=pages,
        gaps=[gap_text(one.code, one.count) for one in case.gaps],
        papers=[
            {"name": _WORDS[f"paper.{one.kind.value}"], "pdf": made[0].path, "docx": made[1].path if made[1:] else ""}
            for one, made in zip(material.papers.values(), papers, strict=True)
        ],
        workbook=BOOK_PATH,
        statement=STATEMENT_PATH,
        groups=[
            {
                "name": _WORDS[f"bundle_group.{group.value}"],
                "members": [_shown(one, exhibits, material.papers) for one in members],
            }
            for group, members in case.grouped()
        ],
    )
    guide = bundle.page("guide.html", **told, format=bundle.FORMAT, has_sm3=bundle.has_sm3(), demo_text=marks.demo_text)
    statement = codec.to_json(replace(case, gaps=()))
    return [
        Entry("index.html", index),
        Entry(GUIDE_PATH, guide),
        Entry(PDF_PATH, pdf),
        *(entry for made in papers for entry in made),
        *exhibits.values(),
        Entry(BOOK_PATH, material.workbook),
        Entry(STATEMENT_PATH, (bundle.canonical(statement) + "\n").encode()),
        Entry(CHAIN_PATH, (bundle.canonical(material.chain) + "\n").encode()),
        *(Entry(name, token) for name, token, _ in material.tokens),
        Entry("verify.py", bundle.checker()),
    ]


def gap_text(code: str, count: int) -> str:
    """Return what is missing and how that is mended."""
    return _WORDS[f"gap.{code}"].format(count=count) + "：" + _WORDS[f"gap_fix.{code}"]


def exhibit_path(one: Exhibit, content: bytes) -> str:
    """Return where an exhibit's original lies in the bundle."""
    name = bundle.safe_name(_WORDS["bundle_file.exhibit"].format(number=one.number, name=one.name))
    return f"{_WORDS['bundle_file.exhibits']}/{name}{_ending(one, content)}"


def _shown(one: Exhibit, exhibits: Mapping[int, Entry], papers: Mapping[Paper, Printed]) -> dict[str, Any]:
    path, sha256 = "", one.sha256
    if one.number in exhibits:
        path = exhibits[one.number].path
    elif one.paper and Paper(one.paper) in papers:
        path = _paper_path(Paper(one.paper)) + ".pdf"
    return {
        "number": one.number,
        "name": one.name,
        "proves": one.proves,
        "pages": one.pages,
        "from_page": one.from_page,
        "path": path,
        "sha256": sha256,
    }


def _paper_path(kind: Paper) -> str:
    return f"{_WORDS['bundle_file.papers']}/{_WORDS[f'paper.{kind.value}']}"


def _paper_files(one: Printed) -> list[Entry]:
    name, path = _WORDS[f"paper.{one.kind.value}"], _paper_path(one.kind)
    found = [Entry(f"{path}.pdf", one.pdf, name)]
    return [*found, Entry(f"{path}.docx", one.docx, name)] if one.docx else found


def _paper_piece(one: Printed) -> Piece:
    return Piece(_WORDS[f"paper.{one.kind.value}"], content=one.pdf)


def _exhibit_piece(one: Exhibit, papers: Mapping[Paper, Printed], originals: Mapping[int, bytes]) -> Piece:
    title = _WORDS["bundle_file.exhibit"].format(number=one.number, name=one.name)
    if one.paper:
        return Piece(title, 1, papers[Paper(one.paper)].pdf, PDF, one.number)
    content = originals.get(one.number, b"")
    media_type = media_type_of(one, content)
    if (media_type == PDF or media_type in IMAGES) and not bundle_pdf.is_locked(content):
        return Piece(title, 1, content, media_type, one.number)
    why = "locked_page" if media_type == PDF else "no_page"
    said = _WORDS[f"bundle.{why}"].format(name=one.file_name or one.name)
    return Piece(title, 1, b"", "", one.number, (title, said, one.sha256))


def media_type_of(one: Exhibit, content: bytes) -> str:
    """Return what the bytes are; their own beginning is believed before any name."""
    return next((kind for magic, kind, _ in _MAGIC if content.startswith(magic)), one.media_type)


def _ending(one: Exhibit, content: bytes) -> str:
    found = next((ending for magic, _, ending in _MAGIC if content.startswith(magic)), "")
    _, dot, ending = one.file_name.rpartition(".")
    return found or (f".{bundle.safe_name(ending)[:8]}" if dot else ".bin")

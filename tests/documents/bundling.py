"""A whole bundle in memory, made from the sample case: for tests of the file and for the benchmark."""

from __future__ import annotations

import hashlib
import io
from functools import lru_cache

import pikepdf

from app.documents import bundle as files
from app.documents import bundle_contents, case_papers
from app.documents.bundle_contents import Marks, Material, Printed
from app.domain import merkle
from app.domain.case_facts import Paper
from app.sheets import claim_book
from app.store import chain
from app.store.types import canonical
from tests.documents import case_samples


def pdf(pages: int = 1) -> bytes:
    with pikepdf.new() as made:
        for _ in range(pages):
            made.add_blank_page(page_size=(595, 842))
        file = io.BytesIO()
        made.save(file, deterministic_id=True)
    return file.getvalue()


def proved() -> dict[str, object]:
    """Return a chain of three entries and a root that proves its head."""
    entries, prev = [], chain.GENESIS
    for seq in (1, 2, 3):
        text = canonical({"unit": 7, "seq": seq, "facts": "{}"})
        digest = chain.digest(prev, text)
        entries.append({"seq": seq, "text": text, "prev_hash": prev, "hash": digest})
        prev = digest
    leaves = [canonical({"unit": unit, "evidence": [3, prev], "ledger": [0, chain.GENESIS]}) for unit in (3, 7, 9)]
    text = canonical({"day": "2026-11-19", "merkle_root": merkle.root(leaves)})
    root = {
        "day": "2026-11-19",
        "merkle_root": merkle.root(leaves),
        "prev_hash": chain.GENESIS,
        "hash": chain.digest(chain.GENESIS, text),
        "text": text,
        "leaf": leaves[1],
        "proof": [{"sha256": step.sha256, "is_left": step.is_left} for step in merkle.proof(leaves, 1)],
        "stamped": chain.digest(chain.GENESIS, text),
        "tokens": ["evidence/root-2026-11-19-1.tsr"],
    }
    return {"unit": 7, "entries": entries, "roots": [root]}


@lru_cache(maxsize=1)
def material() -> Material:
    case = case_samples.case()
    wanted = (*bundle_contents.papers_of(case), Paper.EXHIBIT_LIST)
    papers = {kind: Printed(kind, pdf(), b"PK docx" if kind is Paper.COMPLAINT else b"") for kind in wanted}
    originals = {one.number: pdf(2) for one in case.exhibits if not one.paper}
    counts = bundle_contents.page_counts(case, papers, originals)
    numbered = case_papers.numbered(case.exhibits, pages=counts, first=3)
    import dataclasses

    placed = dataclasses.replace(case, exhibits=numbered)
    told = proved()
    stamp = bytes.fromhex(told["roots"][0]["stamped"])  # type: ignore[index]
    tokens = [("evidence/root-2026-11-19-1.tsr", b"\x30\x20" + stamp, True)]
    return Material(placed, papers, originals, claim_book.workbook(placed), told, tokens)


@lru_cache(maxsize=1)
def packed() -> files.Packed:
    made = material()
    joined = bundle_contents.joined(made)
    marks = Marks(is_sealed=False, drafted="陈会计，2026年11月20日")
    entries = bundle_contents.entries(made, pdf=joined.content, pages=joined.pages, marks=marks)
    manifest = files.manifest_of(
        entries,
        {
            "case": made.case.number,
            "state": "draft",
            "pdf": bundle_contents.PDF_PATH,
            "pages": joined.pages,
            "evidence": bundle_contents.CHAIN_PATH,
        },
    )
    token = b"\x30\x20" + hashlib.sha256(manifest).digest()
    return files.pack(entries, manifest=manifest, token=token)

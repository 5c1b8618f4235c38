"""A bundle of 200 pages joined, numbered and packed, beside the way of a first try: pypdf appends and draws on top."""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import resource
import sys
import time
import zipfile
from collections.abc import Callable, Sequence

import img2pdf
import pypdf
from PIL import Image
from weasyprint import HTML

from app.documents import bundle, bundle_pdf, case_papers, render
from app.documents.bundle_pdf import Piece
from app.domain.case_facts import Paper
from tests.documents import case_samples

PAGES = 200
PHOTOS = 60
GOAL_SECONDS = 10.0


def material() -> list[Piece]:
    """Return printed papers and photographs, together about 200 pages; none of it is part of what is timed."""
    case = case_samples.case(bills=12)
    printed = [
        render.pdf(case_papers.facts_of(kind, case, issued_on=case.as_of))
        for kind in (Paper.COMPLAINT, Paper.CALCULATION, Paper.LIMITATION)
    ]
    pieces = [Piece(f"证据{at}", 0, photo(at), "image/jpeg", at) for at in range(1, PHOTOS + 1)]
    at = PHOTOS
    pages = PHOTOS
    while pages < PAGES:
        content, count = printed[at % len(printed)]
        at += 1
        pages += count
        pieces.append(Piece(f"证据{at}", 0, content, bundle_pdf.PDF, at))
    return pieces


def photo(seed: int) -> bytes:
    picture = Image.effect_noise((900, 1200), 20 + seed % 40).convert("RGB")
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=70)
    return file.getvalue()


def product(pieces: Sequence[Piece]) -> int:
    """Join, stamp and pack as the product does; return the pages."""
    merged = bundle_pdf.merge(pieces, title="案卷")
    entries = [bundle.Entry("案卷.pdf", merged.content)]
    entries += [bundle.Entry(f"证据/{one.title}", one.content) for one in pieces]
    packed = bundle.pack(entries, manifest=bundle.manifest_of(entries, {"case": "x", "state": "draft"}))
    assert packed.content
    return merged.pages


def naive(pieces: Sequence[Piece]) -> int:
    """Append with pypdf, lay a page with the number on top of each, and put it all into a ZIP."""
    writer = pypdf.PdfWriter()
    for piece in pieces:
        content = piece.content if piece.media_type == bundle_pdf.PDF else img2pdf.convert(piece.content)
        writer.append(io.BytesIO(content))
    mark = pypdf.PdfReader(io.BytesIO(HTML(string="<p>1 / 200</p>").write_pdf())).pages[0]
    for page in writer.pages:
        page.merge_page(mark)
    file = io.BytesIO()
    writer.write(file)
    with zipfile.ZipFile(io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bundle.pdf", file.getvalue())
        for piece in pieces:
            archive.writestr(piece.title, piece.content)
            hashlib.sha256(piece.content).hexdigest()
    return len(writer.pages)


def timed(work: Callable[[Sequence[Piece]], int], pieces: Sequence[Piece], runs: int) -> tuple[float, int]:
    best, pages = float("inf"), 0
    for _ in range(runs):
        start = time.perf_counter()
        pages = work(pieces)
        best = min(best, time.perf_counter() - start)
    return best, pages


def main() -> int:
    """Print both times and their ratio; exit 1 when the product misses its goal."""
    parser = argparse.ArgumentParser(prog="bench bundle", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", type=int, default=2)
    arguments = parser.parse_args()
    pieces = material()
    ours, pages = timed(product, pieces, arguments.runs)
    theirs, _ = timed(naive, pieces, arguments.runs)
    found = {
        "pages": pages,
        "seconds": round(ours, 2),
        "naive_seconds": round(theirs, 2),
        "ratio": round(ours / theirs, 3),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "goal_seconds": GOAL_SECONDS,
        "ok": ours <= GOAL_SECONDS,
    }
    if arguments.json:
        print(json.dumps(found))
    else:
        print(f"{pages} pages: {ours:.2f} s, naive {theirs:.2f} s, ratio {found['ratio']}, peak {found['peak_mb']} MB")
    return 0 if found["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())

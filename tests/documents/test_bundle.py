"""A bundle anybody can check: whatever byte of it changes, the program names the file."""

from __future__ import annotations

import io
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import pikepdf
import pytest

from app.documents import bundle as files
from app.documents import bundle_contents, bundle_pdf
from app.documents.bundle_pdf import Piece
from app.domain.errors import Refusal
from tests.documents import bundling

INSIDE = [path for path, _, _ in bundling.packed().files]


def rewritten(path: str, content: bytes) -> bytes:
    """Return the bundle with the content of one file replaced, as somebody would who knows how a ZIP is made."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(bundling.packed().content)) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            new.writestr(entry, content if name == path else old.read(name))
    return target.getvalue()


def content_of(path: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(bundling.packed().content)) as archive:
        return archive.read(path)


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def test_a_bundle_that_nobody_touched_is_sound() -> None:
    found = files.check(bundling.packed().content)
    assert found.is_sound, found.problems
    assert found.checked > len(INSIDE)
    assert rewritten("", b"") == bundling.packed().content


@pytest.mark.parametrize("path", INSIDE)
def test_a_flipped_byte_in_any_file_is_named(path: str) -> None:
    content = content_of(path)
    for place in {0, len(content) // 2, len(content) - 1}:
        problems = files.check(rewritten(path, flipped(content, place))).problems
        assert problems
        assert all(where.startswith(path) for where, _ in problems), (place, problems)


def test_a_flipped_byte_anywhere_in_the_zip_is_noticed() -> None:
    raw = bundling.packed().content
    chosen = random.Random(7).sample(range(len(raw)), 60)
    ends = [len(raw) - 1 - place for place in range(22)]
    for place in [*chosen, *ends, 0, 10, 28]:
        assert not files.check(flipped(raw, place)).is_sound, place
    assert not files.check(raw + b"x").is_sound
    assert not files.check(raw[:-1]).is_sound
    assert not files.check(b"").is_sound


def test_a_file_that_is_missing_or_slipped_in_is_named() -> None:
    raw = bundling.packed().content
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            if name != "statement.json":
                new.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), old.read(name))
        new.writestr("证据/新增.pdf", b"%PDF")
    named = {where for where, _ in files.check(target.getvalue()).problems}
    assert named == {"statement.json", "证据/新增.pdf"}


def test_a_chain_rewritten_with_its_hashes_is_still_named() -> None:
    told = bundling.proved()
    told["entries"][1]["text"] += " "  # type: ignore[index]
    report = files._program()["Report"]()
    files._program()["check_chain"]({"c": files.canonical(told).encode()}, "c", report)
    assert [where for where, _ in report.problems] == ["c 第 2 条"]
    told = bundling.proved()
    told["roots"][0]["proof"][0]["sha256"] = "0" * 64  # type: ignore[index]
    report = files._program()["Report"]()
    files._program()["check_chain"]({"c": files.canonical(told).encode()}, "c", report)
    assert report.problems == [("c 每日根 2026-11-19", "默克尔树证明不成立")]


def test_the_program_in_the_bundle_runs_alone(tmp_path: Path) -> None:
    zipped, program = tmp_path / "案卷.zip", tmp_path / "verify.py"
    program.write_bytes(content_of("verify.py"))

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", str(program), *arguments]
        return subprocess.run(command, capture_output=True, encoding="utf-8", check=False, env={"PYTHONUTF8": "1"})

    zipped.write_bytes(bundling.packed().content)
    sound = run(str(zipped))
    assert (sound.returncode, "全部一致" in sound.stdout) == (0, True), sound
    zipped.write_bytes(rewritten("index.html", b"<p>"))
    broken = run(str(zipped))
    assert broken.returncode == 1
    assert "index.html" in broken.stdout
    folder = tmp_path / "opened"
    with zipfile.ZipFile(io.BytesIO(bundling.packed().content)) as archive:
        archive.extractall(folder)
    assert run(str(folder)).returncode == 0
    (folder / "statement.json").write_text("{}")
    assert "statement.json" in run(str(folder)).stdout
    assert run("a", "b").returncode == 2


def test_the_joined_file_is_numbered_and_bookmarked_in_the_order_of_the_complaint() -> None:
    joined = bundle_contents.joined(bundling.material())
    with pikepdf.open(io.BytesIO(joined.content)) as pdf:
        assert len(pdf.pages) == joined.pages
        for page in pdf.pages:
            assert sorted(round(float(edge)) for edge in page.mediabox)[2:] == [595, 842]
        with pdf.open_outline() as outline:
            titles = [item.title for item in outline.root]
            inside = [child.title for item in outline.root for child in item.children]
    assert titles[:3] == ["民事起诉状", "证据目录", "第一组　主体资格"]
    assert titles[-1] == "授权委托书"
    assert inside[0].startswith("证据01")
    text = "".join(page.extract_text() for page in _pages(joined.content))
    assert "证据1" in text
    assert f"合订本第{joined.pages}页/共{joined.pages}页" in "".join(text.split())
    assert bundle_contents.joined(bundling.material()).content == joined.content


def _pages(content: bytes) -> list[object]:
    import pypdf

    return list(pypdf.PdfReader(io.BytesIO(content)).pages)  # type: ignore[return-value]


def test_what_cannot_be_printed_gets_a_page_and_what_is_broken_is_refused() -> None:
    pieces = [Piece("证据1 录音", exhibit=1, lines=("证据1 录音", "原始文件随包提交")), Piece("组")]
    merged = bundle_pdf.merge(pieces, title="x")
    assert merged.places == ((1, 1), (2, 0))
    with pytest.raises(Refusal, match=r"bundle\.unreadable"):
        bundle_pdf.merge([Piece("坏的", content=b"%PDF-1.7 nonsense")], title="x")
    assert bundle_pdf.is_locked(bundling.pdf()) is False
    assert bundle_pdf.is_locked(b"GIF89a") is False


def test_turned_pages_stand_upright_and_wide_ones_lie() -> None:
    with pikepdf.new() as made:
        made.add_blank_page(page_size=(842, 595))
        made.add_blank_page(page_size=(595, 842))
        made.pages[1].Rotate = 90
        file = io.BytesIO()
        made.save(file)
    merged = bundle_pdf.merge([Piece("a", content=file.getvalue())], title="x")
    with pikepdf.open(io.BytesIO(merged.content)) as pdf:
        assert [float(page.mediabox[2]) > float(page.mediabox[3]) for page in pdf.pages] == [True, True]


def test_names_are_those_of_files() -> None:
    assert bundle_files_name('a/b\\c:*?"<>|') == "a_b_c_______"
    assert bundle_files_name(" .. ") == "_"


def bundle_files_name(name: str) -> str:
    return files.safe_name(name)

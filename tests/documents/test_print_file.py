"""The print file shows every document as it is stored, in the order given, with each font written once."""

from __future__ import annotations

import io

import pikepdf
import pypdf
import pytest

from app.documents import print_file, render
from tests.documents import samples


@pytest.fixture(scope="module")
def notices() -> list[bytes]:
    texts = [("张三", 1), ("李四、啟", 2), ("王五龙", 3)]
    return [
        render.pdf(samples.notice(bills, owners=(owner,), seed=place + 10))[0]
        for place, (owner, bills) in enumerate(texts)
    ]


def words(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]


def font_files(pdf: bytes) -> list[bytes]:
    with pikepdf.open(io.BytesIO(pdf)) as one:
        found = {}
        for thing in one.objects:
            if isinstance(thing, pikepdf.Dictionary) and "/FontFile2" in thing:
                found[thing.FontFile2.objgen] = thing.FontFile2.read_bytes()
        return list(found.values())


def test_every_page_follows_in_the_order_given(notices: list[bytes]) -> None:
    order = [notices[2], notices[0], notices[1]]
    joined = print_file.merge(iter(order))
    assert words(joined) == [page for pdf in order for page in words(pdf)]
    assert print_file.pages(joined) == sum(print_file.pages(pdf) for pdf in order)


def test_each_font_is_written_once(notices: list[bytes]) -> None:
    alone = max(len(font_files(pdf)) for pdf in notices)
    joined = print_file.merge(notices * 5)
    assert len(font_files(joined)) == alone
    assert len(joined) < sum(map(len, notices)) * 5 / 3


def test_the_shared_font_draws_every_glyph_as_each_subset_did(notices: list[bytes]) -> None:
    from fontTools.pens.recordingPen import RecordingPen
    from fontTools.ttLib import TTFont

    def outlines(file: bytes) -> dict[str, object]:
        font = TTFont(io.BytesIO(file), checkChecksums=2)
        glyphs, found = font.getGlyphSet(), {}
        for name in font.getGlyphOrder():
            pen = RecordingPen()
            glyphs[name].draw(pen)
            if pen.value:
                found[font.getGlyphID(name), len(pen.value)] = (glyphs[name].width, pen.value)
        return {str(key): value for key, value in found.items()}

    whole = [outlines(file) for file in font_files(print_file.merge(notices))]
    for file in (file for pdf in notices for file in font_files(pdf)):
        mine = outlines(file)
        assert any(mine.items() <= shared.items() for shared in whole)


def test_a_font_of_another_version_stays_its_own(notices: list[bytes]) -> None:
    with pikepdf.open(io.BytesIO(notices[0])) as one:
        for thing in one.objects:
            if isinstance(thing, pikepdf.Dictionary) and "/FontFile2" in thing:
                content = bytearray(thing.FontFile2.read_bytes())
                place = content.index(b"glyf")
                start = int.from_bytes(content[place + 8 : place + 12], "big")
                content[start + 10] ^= 1
                thing.FontFile2 = one.make_stream(bytes(content))
        file = io.BytesIO()
        one.save(file)
    joined = print_file.merge([notices[0], file.getvalue()])
    assert len(font_files(joined)) == len(font_files(notices[0])) * 2


def test_the_same_documents_give_the_same_bytes(notices: list[bytes]) -> None:
    assert print_file.merge(notices) == print_file.merge(iter(notices))


def test_for_both_sides_of_the_sheet_each_document_begins_on_a_front(notices: list[bytes]) -> None:
    joined = print_file.merge(notices, is_duplex=True)
    firsts, place = [], 0
    found = words(joined)
    for pdf in notices:
        firsts.append(found[place])
        place += print_file.pages(pdf) + print_file.pages(pdf) % 2
    assert firsts == [words(pdf)[0] for pdf in notices]
    assert len(found) == place


def test_files_that_came_from_elsewhere_join_as_they_are() -> None:
    file = io.BytesIO()
    with pikepdf.new() as other:
        other.add_blank_page(page_size=(300, 200))
        other.save(file)
    joined = print_file.merge([file.getvalue(), file.getvalue()])
    assert print_file.pages(joined) == 2


def test_nothing_to_print_is_a_file_without_pages() -> None:
    assert print_file.pages(print_file.merge([])) == 0

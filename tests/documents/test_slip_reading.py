"""Reading signed slips: two hundred of them, mistreated in ten ways, each filed right or not at all."""

from __future__ import annotations

import io
from collections import Counter

import pikepdf
import pytest
from PIL import Image

from app.documents import slip_frame, slip_reading
from app.documents.slip_reading import UnreadableScan
from tests.documents import slip_scans
from tests.documents.slip_scans import Scan

SLIPS = 200


@pytest.fixture(scope="module")
def read() -> list[tuple[Scan, list[slip_reading.PageRead]]]:
    return [(scan, list(slip_reading.read(scan.content, scan.media_type))) for scan in slip_scans.scans(SLIPS)]


Read = list[tuple[Scan, list[slip_reading.PageRead]]]


def test_of_two_hundred_slips_nearly_all_are_read_and_none_is_taken_for_another(read: Read) -> None:
    wanted = Counter(slip.number for scan, _ in read for slip in scan.slips)
    found = Counter(slip.number for _, pages in read for page in pages for slip in page.slips)
    strangers = [
        slip.number
        for scan, pages in read
        for page in pages
        for slip in page.slips
        if slip.number not in {one.number for one in scan.slips}
    ]
    assert len(wanted) == SLIPS
    assert strangers == []
    assert max(found.values()) == 1
    assert len(found) >= SLIPS * 0.99


def test_a_proposed_tick_is_right_and_mostly_there_is_one(read: Read) -> None:
    right, silent, wrong = 0, 0, []
    for scan, pages in read:
        marked = {slip.number: set(slip.ticked) for slip in scan.slips}
        for slip in [slip for page in pages for slip in page.slips]:
            if set(slip.proposal) == marked[slip.number]:
                right += 1
            elif not slip.proposal:
                silent += 1
            else:
                wrong.append((scan.case, slip.number, slip.ink))
    assert wrong == []
    assert right >= SLIPS * 0.95
    assert right + silent >= SLIPS * 0.99


def test_slips_are_counted_from_the_top_of_the_page(read: Read) -> None:
    for scan, pages in read:
        if scan.case == "clean":
            assert [slip.number for slip in pages[0].slips] == [slip.number for slip in scan.slips]
            assert [slip.place for slip in pages[0].slips] == list(range(1, len(scan.slips) + 1))


def test_what_is_cut_out_is_laid_straight_and_of_one_size(read: Read) -> None:
    left, top, right, bottom = slip_frame.SLIP
    size = (round((right - left) * slip_frame.WHOLE), round((bottom - top) * slip_frame.WHOLE))
    for scan, pages in read[:9]:
        for slip in pages[0].slips:
            straight = Image.open(io.BytesIO(slip.slip))
            assert straight.size == size, scan.case
            again, _ = slip_reading.find_codes(straight.convert("L"))
            assert [code.number for code in again] == [slip.number], scan.case
            (x, y), side = again[0].corners[0], slip_frame.CODE * slip_frame.WHOLE
            assert abs(x + left * slip_frame.WHOLE) < side * 0.08, scan.case
            assert abs(y + top * slip_frame.WHOLE) < side * 0.08, scan.case


def test_a_page_without_a_slip_is_shown_and_nothing_is_made_up() -> None:
    blank = slip_reading.read_page(Image.new("L", (1200, 800), 255))
    assert (blank.slips, blank.has_rest) == ([], False)
    assert Image.open(io.BytesIO(blank.shown)).size == (1200, 800)


def test_a_slip_that_could_not_be_read_beside_one_that_could_is_pointed_at() -> None:
    scan = next(one for one in slip_scans.scans(4) if one.case == "clean")
    page = Image.open(io.BytesIO(scan.content)).convert("L")
    codes, _ = slip_reading.find_codes(page)
    torn = codes[1].corners
    page.paste(255, (round(min(x for x, _ in torn)), round(min(y for _, y in torn)), page.width, round(torn[2][1]) + 9))
    found = slip_reading.read_page(page)
    assert len(found.slips) == 3
    assert found.has_rest
    assert found.shown


def test_a_whole_notice_is_read_with_its_slip_and_nothing_else_is_suspected() -> None:
    found = slip_reading.read_page(slip_scans.printed()[0])
    assert [slip.number for slip in found.slips] == [slip_scans.samples.notice(slip_scans.SEEDS[0]).number]
    assert not found.has_rest


def test_a_photo_is_turned_as_the_camera_says() -> None:
    scan = next(one for one in slip_scans.scans(8) if one.case == "phone")
    upright = Image.open(io.BytesIO(scan.content))
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    upright.transpose(Image.Transpose.ROTATE_90).save(out, "JPEG", exif=exif, quality=90)
    assert slip_reading.picture_of(out.getvalue(), "image/jpeg", 1).size == upright.size


def test_what_cannot_be_opened_is_said_so() -> None:
    locked = io.BytesIO()
    with pikepdf.new() as made:
        made.add_blank_page()
        made.save(locked, encryption=pikepdf.Encryption(owner="a", user="b"))
    for content, kind in (
        (b"%PDF-1.7 nothing", "application/pdf"),
        (locked.getvalue(), "application/pdf"),
        (b"\xff\xd8\xff nothing", "image/jpeg"),
    ):
        with pytest.raises(UnreadableScan):
            list(slip_reading.read(content, kind))


@pytest.mark.parametrize(
    ("ink", "score", "proposal"),
    [
        ((60, 2, 1), 90, (0,)),
        ((60, 50, 1), 90, (0, 1)),
        ((1, 2, 1), 90, ()),
        ((60, 2, 1), 10, ()),  # the boxes were not found
        ((60, 55, 52), 90, ()),  # all dark: print, not ticks
    ],
)
def test_a_tick_is_proposed_only_where_one_box_stands_out(
    ink: tuple[int, int, int], score: int, proposal: tuple[int, ...]
) -> None:
    found, confidence = slip_reading.propose(ink, score)
    assert found == proposal
    assert 0 <= confidence <= 99

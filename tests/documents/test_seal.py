"""Seals in PDFs: certified, seen, checked by pyHanko and poppler; a later signature beside it; every change named."""

from __future__ import annotations

import datetime as dt
import io
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest
from weasyprint import HTML

from app.documents import render, seal, seal_drawing
from app.documents.seal import SealKey
from app.domain.errors import Refusal
from app.domain.evidence import SealLevel, SealReport
from app.gateways.certificates import SelfMade
from app.gateways.timestamps import LocalTimestamps
from tests.documents import samples

NOW = dt.datetime(2026, 11, 23, 2, 0, tzinfo=dt.UTC)
Sealing = Callable[..., bytes]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> SelfMade:
    return SelfMade(tmp_path_factory.mktemp("keys") / "certificates", lambda: NOW)


@pytest.fixture(scope="module")
def key(made: SelfMade) -> SealKey:
    company = made.company()
    return SealKey(company.key, company.certificate, company.chain, (made.root(),), is_demo=True)


@pytest.fixture(scope="module")
def plain() -> bytes:
    return render.pdf(samples.notice())[0]


@pytest.fixture(scope="module")
def drawing() -> bytes:
    return seal_drawing.drawn("青前物业服务有限公司", "演示·无效")


@pytest.fixture(scope="module")
def sealing(made: SelfMade, key: SealKey, drawing: bytes) -> Sealing:
    stamp = LocalTimestamps(made, lambda: NOW).stamp

    def act(pdf: bytes, *, field: str = "company", level: SealLevel = SealLevel.B_T, at: dt.datetime = NOW) -> bytes:
        shown = drawing if field == "company" else b""
        return seal.seal(
            pdf, signer=key, reason="通知书盖章", at=at, field=field, level=level, stamp=stamp, drawing=shown
        )

    return act


@pytest.fixture(scope="module")
def sealed(plain: bytes, sealing: Sealing) -> bytes:
    return sealing(plain)


@pytest.fixture(scope="module")
def check(made: SelfMade) -> Callable[[bytes], SealReport]:
    root, demo = made.root(), frozenset({made.company().certificate.sha256.hex()})
    return lambda pdf: seal.validate(pdf, roots=[root], demo=demo)


@pytest.mark.parametrize("level", list(SealLevel))
def test_a_seal_of_each_level_leaves_the_file_as_it_was_and_holds(
    level: SealLevel, plain: bytes, sealing: Sealing, check: Callable[[bytes], SealReport]
) -> None:
    made = sealing(plain, level=level)
    assert made.startswith(plain)
    assert len(made) < len(plain) + 60_000
    report = check(made)
    assert report.is_sound
    first = report.seals[0]
    assert (first.field, first.level, first.at, first.is_demo) == ("company", level.value, NOW, True)
    assert len(report.seals) == (2 if level == SealLevel.B_LTA else 1)


@pytest.mark.parametrize("level", [SealLevel.B_T, SealLevel.B_LTA])
def test_the_receivers_signature_keeps_the_seal_valid(
    level: SealLevel, plain: bytes, sealing: Sealing, check: Callable[[bytes], SealReport]
) -> None:
    first = sealing(plain, level=level)
    both = sealing(first, field="receiver", at=NOW + dt.timedelta(days=3))
    assert both.startswith(first)
    report = check(both)
    assert report.is_sound
    assert {one.field for one in report.seals} >= {"company", "receiver"}


def test_the_seal_stands_where_the_letter_says_and_nothing_of_pdf_a_is_lost(plain: bytes, sealed: bytes) -> None:
    with pikepdf.open(io.BytesIO(plain)) as before, pikepdf.open(io.BytesIO(sealed)) as after:
        assert "/OutputIntents" in after.Root
        assert after.open_metadata().pdfa_status == before.open_metadata().pdfa_status == "3U"
        fields = {str(field.T): field for field in after.Root.AcroForm.Fields}
        assert set(fields) == {"company", "receiver"}
        left, low, right, high = (float(number) for number in fields["company"].Rect)
        assert abs((right - left) - (high - low)) <= 1
        page = after.pages[0].mediabox
        assert float(page[2]) / 2 < left
        assert right <= float(page[2])
        fonts = [
            font
            for one in after.objects
            if isinstance(one, pikepdf.Dictionary) and one.get("/Type") == "/FontDescriptor"
            for font in one
            if font.startswith("/FontFile")
        ]
        descriptors = [
            one
            for one in after.objects
            if isinstance(one, pikepdf.Dictionary) and one.get("/Type") == "/FontDescriptor"
        ]
        assert len(fonts) == len(descriptors)
        assert fields["company"].F & 4  # it prints


def test_a_paper_without_a_place_gets_its_seal_low_on_the_last_page(sealing: Sealing) -> None:
    pdf = HTML(string="<p>一</p><p style='break-before:page'>二</p>").write_pdf()
    number, (left, low, right, high) = seal.place(pdf)
    assert number == 1
    assert left > 300
    assert low < 100
    assert right - left == high - low


def test_poppler_finds_the_signatures_valid(sealed: bytes, sealing: Sealing, tmp_path: Path) -> None:
    pdfsig = shutil.which("pdfsig")
    if pdfsig is None:
        pytest.skip("pdfsig is not on this machine")
    (tmp_path / "a.pdf").write_bytes(sealing(sealed, field="receiver"))
    done = subprocess.run([pdfsig, "-nocert", "a.pdf"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.count("Signature is Valid") == 2, done.stdout


def test_any_changed_byte_is_named(plain: bytes, sealed: bytes, check: Callable[[bytes], SealReport]) -> None:
    start = sealed.index(b"/Contents <", len(plain)) + len(b"/Contents ")
    end = sealed.index(b">", start)
    chance = random.Random(7)
    # before the signature, behind it, and in the signature's room: its own first part, and the zeros that fill it
    places = [*chance.sample(range(start), 14), *chance.sample(range(end + 1, len(sealed)), 8)]
    places += [start, start + 1, end, end - 1, end - 400]
    for place in places:
        changed = sealed[:place] + bytes([sealed[place] ^ (1 << chance.randrange(7))]) + sealed[place + 1 :]
        assert not check(changed).is_sound, place
        assert check(changed).faults, place


def test_what_is_done_to_a_sealed_paper_afterwards_is_named(
    sealed: bytes, check: Callable[[bytes], SealReport]
) -> None:
    assert check(sealed + b"\n% more\n").faults
    assert check(sealed[:-20]).faults
    file = io.BytesIO()
    with pikepdf.open(io.BytesIO(sealed)) as pdf:
        pdf.save(file)
    assert "seal.changed" in check(file.getvalue()).faults or "seal.broken" in check(file.getvalue()).faults


def test_a_page_slipped_in_behind_the_seal_is_named(sealed: bytes, check: Callable[[bytes], SealReport]) -> None:
    import pypdf

    writer = pypdf.PdfWriter(io.BytesIO(sealed), incremental=True)
    writer.add_blank_page(200, 200)
    file = io.BytesIO()
    writer.write(file)
    assert file.getvalue().startswith(sealed)
    assert "seal.modified_after" in check(file.getvalue()).faults


def test_a_seal_of_somebody_else_is_not_trusted(sealed: bytes, tmp_path: Path) -> None:
    stranger = SelfMade(tmp_path / "certificates", lambda: NOW)
    assert seal.validate(sealed, roots=[stranger.root()]).faults == ("seal.not_trusted",)
    assert seal.validate(sealed, roots=[]).is_sound


def test_a_paper_without_a_seal_and_a_file_that_is_none_are_told_apart(
    plain: bytes, check: Callable[[bytes], SealReport]
) -> None:
    assert check(plain).faults == ("seal.missing",)
    assert check(b"no pdf").faults == ("seal.broken",)
    assert not check(plain).is_sound


def test_what_cannot_be_sealed_is_refused(sealing: Sealing, key: SealKey, sealed: bytes, plain: bytes) -> None:
    for pdf, field in ((b"no pdf", "company"), (sealed, "company")):
        with pytest.raises(Refusal, match=r"seal\.unreadable"):
            sealing(pdf, field=field)
    with pytest.raises(Refusal, match=r"timestamp\.unavailable"):
        seal.seal(plain, signer=key, reason="", at=NOW, level=SealLevel.B_T)


def test_long_names_and_signs_are_drawn(made: SelfMade) -> None:
    for name in ("", "<&>", "青前物业服务管理集团股份有限公司南京江宁分公司第三项目部"):
        assert seal_drawing.drawn(name, "").startswith(b"%PDF")

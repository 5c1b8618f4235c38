"""Files handed in: what they are is read from their bytes; bombs, two-in-one files and pages in disguise stay out."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from app.domain.errors import Refusal
from app.gateways import uploads
from app.gateways.files import FileStore
from app.gateways.uploads import EVIDENCE, PAPERS, check


def picture(kind: str = "JPEG", size: tuple[int, int] = (60, 40), **more: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 60, 60)).save(out, kind, **more)
    return out.getvalue()


def pdf(**more: object) -> bytes:
    out, made = io.BytesIO(), pikepdf.new()
    made.add_blank_page()
    made.save(out, **more)
    return out.getvalue()


def packed(main: str = "word/document.xml", extra: dict[str, bytes] | None = None) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("[Content_Types].xml", "<Types/>")
        made.writestr(main, "<w/>")
        for name, content in (extra or {}).items():
            made.writestr(name, content)
    return out.getvalue()


def refused(content: bytes, name: str, **more: object) -> str:
    with pytest.raises(Refusal) as caught:
        check(content, name, **{"allow": PAPERS, **more})
    return caught.value.code


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (pdf(), "合同.pdf", "pdf"),
        (picture(), "IMG_0001.JPG", "jpg"),
        (picture("PNG"), "截图.png", "png"),
        (picture("WEBP"), "a.webp", "webp"),
        (packed(), "说明.docx", "docx"),
        (packed("xl/workbook.xml"), "明细.xlsx", "xlsx"),
    ],
)
def test_what_offices_and_owners_send_is_taken_and_kept_byte_for_byte(
    content: bytes, name: str, kind: str, tmp_path: Path
) -> None:
    found = check(content, name, allow=PAPERS)
    assert (found.kind.name, found.name, found.content) == (kind, name, content)
    assert FileStore(tmp_path).get(FileStore(tmp_path).put(found.content)) == content


def test_the_copy_to_show_is_upright_small_and_knows_neither_place_nor_device() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Maker of telephones"  # turned by a quarter
    original = picture(size=(3000, 1500), exif=exif)
    found = check(original, "a.jpg")
    assert b"Maker of telephones" in found.content
    assert b"Maker of telephones" not in found.shown
    assert b"Exif" not in found.shown
    with Image.open(io.BytesIO(found.shown)) as shown:
        assert (shown.width, shown.height) == (1000, 2000)


def test_a_see_through_picture_is_shown_on_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(out, "PNG")
    with Image.open(io.BytesIO(check(out.getvalue(), "a.png").shown)) as shown:
        assert shown.getpixel((1, 1)) == (255, 255, 255)


def test_a_locked_pdf_is_taken_and_marked() -> None:
    locked = pdf(encryption=pikepdf.Encryption(owner="o", user="u"))
    assert check(locked, "a.pdf").is_encrypted
    assert not check(pdf(), "a.pdf").is_encrypted


@pytest.mark.parametrize(
    "name", ["../a.jpg", "..\\a.jpg", "/etc/passwd.jpg", "a/b.jpg", "C:\\a.jpg", "", ".jpg", "a\x00.jpg", "a..jpg"]
)
def test_a_name_that_points_elsewhere_is_refused(name: str) -> None:
    assert refused(picture(), name) == "upload.name"


def test_what_cannot_be_seen_is_taken_off_a_name_and_a_long_one_keeps_its_ending() -> None:
    assert uploads.clean_name("a\u202egpj.jpg") == "agpj.jpg"
    assert uploads.clean_name("长" * 300 + ".jpeg").endswith(".jpeg")
    assert len(uploads.clean_name("长" * 300 + ".jpeg")) == 120


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!DOCTYPE html><script>alert(1)</script>"


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (SVG, "a.svg", "upload.kind"),
        (HTML, "a.html", "upload.kind"),
        (b"MZ\x90\x00", "a.exe", "upload.kind"),
        (picture("GIF"), "a.gif", "upload.kind"),
        (picture(), "a.jpg.exe", "upload.kind"),
        (picture(), "noending", "upload.kind"),
        (SVG, "a.png", "upload.mismatch"),
        (HTML, "a.pdf", "upload.mismatch"),
        (picture("PNG"), "a.jpg", "upload.mismatch"),
        (packed("xl/workbook.xml"), "a.docx", "upload.mismatch"),
        (packed("readme.txt"), "a.docx", "upload.mismatch"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "a.webp", "upload.mismatch"),
        (b"", "a.pdf", "upload.empty"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00", "IMG_1.HEIC", "upload.heic"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00", "a.jpg", "upload.heic"),
        (b"%PDF-1.7\n", "a.pdf", "upload.broken"),
        (b"%PDF-1.7\nnothing\n%%EOF", "a.pdf", "upload.broken"),
        (picture()[:200], "a.jpg", "upload.broken"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 40, "a.png", "upload.broken"),
        (packed()[:-30], "a.docx", "upload.broken"),
    ],
)
def test_what_we_cannot_show_or_trust_is_refused_with_its_reason(content: bytes, name: str, code: str) -> None:
    assert refused(content, name) == code


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (picture() + packed(), "a.jpg"),  # opens as a picture and as an archive
        (pdf() + packed(), "a.pdf"),
        (picture(comment=b"%PDF-1.4 1 0 obj"), "a.jpg"),
        (picture(comment=b"<script>alert(1)</script>"), "a.jpg"),
        (pdf().replace(b"%PDF-1.", b"%PDF-1.", 1)[:9] + b"<html><script>1</script>" + pdf()[9:], "a.pdf"),
        (picture("PNG") + packed(), "a.png"),
    ],
)
def test_a_file_that_is_two_things_at_once_is_refused(content: bytes, name: str) -> None:
    assert refused(content, name) == "upload.two_in_one"


def test_the_second_picture_that_telephones_append_is_no_reason_to_refuse() -> None:
    assert check(picture() + picture(size=(8, 8)), "a.jpg").kind.name == "jpg"


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_unpacked() -> None:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 1_000_000)) + chunk(b"IEND", b"")
    assert refused(bomb, "a.png") == "upload.too_many_pixels"


def test_a_document_that_unpacks_without_end_is_refused() -> None:
    assert refused(packed(extra={"word/a.xml": b"\0" * 30_000_000}), "a.docx") == "upload.unpacks_too_large"
    many = {f"word/{place}.xml": b"" for place in range(uploads.MAX_MEMBERS)}
    assert refused(packed(extra=many), "a.docx") == "upload.unpacks_too_large"


def test_a_document_with_macros_or_climbing_names_is_refused() -> None:
    assert refused(packed(extra={"word/vbaProject.bin": b"x"}), "a.docx") == "upload.macros"
    assert refused(packed(extra={"../../etc/passwd": b"x"}), "a.docx") == "upload.broken"
    assert refused(packed(extra={"/etc/passwd": b"x"}), "a.docx") == "upload.broken"


def test_a_file_over_the_limit_is_refused_unread() -> None:
    assert refused(b"%PDF-" + b"x" * 100, "a.pdf", max_bytes=50) == "upload.too_large"


def test_only_what_the_field_takes_is_taken() -> None:
    assert refused(packed(), "a.docx", allow=EVIDENCE) == "upload.kind"

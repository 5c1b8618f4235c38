"""What a file handed in really is: read from its bytes, held to limits, pictures copied without their hidden data."""

from __future__ import annotations

import io
import warnings
import zipfile
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import pikepdf
from PIL import Image, ImageOps

from app.domain.errors import Refusal

MB = 1024 * 1024
MAX_BYTES = 10 * MB
MAX_UNPACKED = 60 * MB
MAX_RATIO = 200
MAX_MEMBERS = 2000
MAX_PIXELS = 50_000_000
SHOWN_SIDE = 2000
"""The working copy of a picture is at most so many pixels wide and high: enough to read a document on it."""
SNIFFED = 1024
"""So many first bytes do browsers and PDF readers look at when they guess what a file is."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file we take: how it begins, what its names end in, and Pillow's name of it where it is a picture."""

    name: str
    media_type: str
    suffixes: tuple[str, ...]
    start: bytes
    also: tuple[int, bytes] = (0, b"")
    picture: str = ""
    must_hold: str = ""
    """A packed document is known by this member."""


PDF = Kind("pdf", "application/pdf", (".pdf",), b"%PDF-")
JPEG = Kind("jpg", "image/jpeg", (".jpg", ".jpeg"), b"\xff\xd8\xff", picture="JPEG")
PNG = Kind("png", "image/png", (".png",), b"\x89PNG\r\n\x1a\n", picture="PNG")
WEBP = Kind("webp", "image/webp", (".webp",), b"RIFF", also=(8, b"WEBP"), picture="WEBP")
_OPEN_XML = "application/vnd.openxmlformats-officedocument."
DOCX = Kind("docx", f"{_OPEN_XML}wordprocessingml.document", (".docx",), b"PK\x03\x04", must_hold="word/document.xml")
XLSX = Kind("xlsx", f"{_OPEN_XML}spreadsheetml.sheet", (".xlsx",), b"PK\x03\x04", must_hold="xl/workbook.xml")

PICTURES = (JPEG, PNG, WEBP)
EVIDENCE = (PDF, *PICTURES)
PAPERS = (*EVIDENCE, DOCX, XLSX)

# Never taken under any name: each would run or redirect when a browser opens it.
_MARKUP = (b"<!doctype", b"<html", b"<script", b"<svg", b"<?php", b"<iframe", b"<body", b"#!/")
_HEIC = (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftyphevc", b"ftypmsf1")
_MACROS = ("vbaproject.bin", "vbadata.xml")


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that may be kept: the very bytes, and for a picture a copy that is safe to show."""

    name: str
    kind: Kind
    content: bytes
    shown: bytes = b""
    """The working copy: turned upright, at most ``SHOWN_SIDE`` wide and high, without place, device or other data."""
    shown_type: str = ""
    is_encrypted: bool = False
    """A PDF that asks for a password: taken as evidence, but nobody here can look into it."""

    @property
    def media_type(self) -> str:
        """What the original is."""
        return self.kind.media_type


def check(content: bytes, name: str, *, allow: tuple[Kind, ...] = EVIDENCE, max_bytes: int = MAX_BYTES) -> Checked:
    """Return what the file is, or refuse it.

    Raises:
        Refusal: ``upload.empty``, ``upload.too_large``, ``upload.name``, ``upload.kind``, ``upload.heic``,
            ``upload.mismatch`` (the bytes are not what the name says), ``upload.two_in_one``, ``upload.broken``,
            ``upload.too_many_pixels``, ``upload.unpacks_too_large``, ``upload.macros``.

    """
    plain = clean_name(name)
    if not content:
        raise Refusal("upload.empty", name=plain)
    if len(content) > max_bytes:
        raise Refusal("upload.too_large", name=plain, most=max_bytes // MB)
    kind = _kind(content, plain, allow)
    found = Checked(plain, kind, content)
    if kind.must_hold:
        _check_packed(found)
        return found
    _refuse_a_second_nature(found)
    if kind.picture:
        return _with_copy(found)
    return replace(found, is_encrypted=_is_encrypted(found))


def clean_name(name: str) -> str:
    """Return the name without what cannot be seen; one that points elsewhere is refused.

    Raises:
        Refusal: ``upload.name``.

    """
    plain = "".join(sign for sign in name if sign.isprintable()).strip()
    if not plain or plain.startswith(".") or "/" in plain or "\\" in plain or ".." in plain or "\x00" in name:
        raise Refusal("upload.name")
    suffix = PurePosixPath(plain).suffix[-10:]
    return plain if len(plain) <= 120 else plain[: 120 - len(suffix)] + suffix


def _kind(content: bytes, name: str, allow: tuple[Kind, ...]) -> Kind:
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in {".heic", ".heif"} or content[4:12] in _HEIC:
        raise Refusal("upload.heic", name=name)
    named = [kind for kind in allow if suffix in kind.suffixes]
    if not named:
        kinds = ", ".join(kind.name.upper() for kind in allow)
        raise Refusal("upload.kind", name=name, kinds=kinds)
    kind, (place, mark) = named[0], named[0].also
    if not content.startswith(kind.start) or content[place : place + len(mark)] != mark:
        raise Refusal("upload.mismatch", name=name)
    return kind


def _refuse_a_second_nature(found: Checked) -> None:
    """Refuse a file that another program would take for something else: a zip at its end, a PDF or a page inside."""
    head = found.content[:SNIFFED].lower()
    is_other = found.kind is not PDF and b"%pdf-" in head
    if is_other or any(mark in head for mark in _MARKUP) or zipfile.is_zipfile(io.BytesIO(found.content)):
        raise Refusal("upload.two_in_one", name=found.name)
    if found.kind is PDF and b"%%EOF" not in found.content[-SNIFFED * 64 :]:
        raise Refusal("upload.broken", name=found.name)


# --- pictures -------------------------------------------------------------------------------------


def _with_copy(found: Checked) -> Checked:
    """Verify a picture and paint it anew: what is shown was made here, pixel by pixel."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about large pictures: the limit below is stricter and refuses
            with Image.open(io.BytesIO(found.content), formats=[found.kind.picture]) as probe:
                width, height = probe.size
                if width * height > MAX_PIXELS:
                    raise Refusal("upload.too_many_pixels", name=found.name, most=MAX_PIXELS // 1_000_000)
                probe.verify()
            with Image.open(io.BytesIO(found.content), formats=[found.kind.picture]) as opened:
                copy, media_type = _painted(opened)
    except Refusal:
        raise
    except Image.DecompressionBombError as error:
        raise Refusal("upload.too_many_pixels", name=found.name, most=MAX_PIXELS // 1_000_000) from error
    except Exception as error:  # Pillow's plugins raise whatever a crooked file makes them raise
        raise Refusal("upload.broken", name=found.name) from error
    return replace(found, shown=copy, shown_type=media_type)


def _painted(opened: Image.Image) -> tuple[bytes, str]:
    opened.draft("RGB", (SHOWN_SIDE, SHOWN_SIDE))  # a JPEG is then decoded small at once
    upright = ImageOps.exif_transpose(opened)
    upright.thumbnail((SHOWN_SIDE, SHOWN_SIDE))
    plain = Image.new("RGB", upright.size, "white")
    layer = upright.convert("RGBA")
    plain.paste(layer, mask=layer.getchannel("A"))
    out = io.BytesIO()
    if opened.format == "PNG":
        plain.save(out, "PNG", optimize=False)
        return out.getvalue(), PNG.media_type
    plain.save(out, "JPEG", quality=85)
    return out.getvalue(), JPEG.media_type


# --- PDF and packed documents ---------------------------------------------------------------------


def _is_encrypted(found: Checked) -> bool:
    try:
        with pikepdf.open(io.BytesIO(found.content)) as opened:
            if not len(opened.pages):
                raise Refusal("upload.broken", name=found.name)
            return opened.is_encrypted
    except pikepdf.PasswordError:
        return True
    except Refusal:
        raise
    except Exception as error:  # whatever qpdf finds wrong with it
        raise Refusal("upload.broken", name=found.name) from error


def _check_packed(found: Checked) -> None:
    """Unpack a document chunk by chunk and count: what its own directory says of the sizes is not believed."""
    try:
        with zipfile.ZipFile(io.BytesIO(found.content)) as packed:
            members = packed.infolist()
            _check_members(found, members)
            left = min(MAX_UNPACKED, len(found.content) * MAX_RATIO)
            for member in members:
                with packed.open(member) as stream:
                    while chunk := stream.read(64 * 1024):
                        left -= len(chunk)
                        if left < 0:
                            raise Refusal("upload.unpacks_too_large", name=found.name)
    except Refusal:
        raise
    except Exception as error:  # a zip can be crooked in many ways, and zipfile has a word for few
        raise Refusal("upload.broken", name=found.name) from error


def _check_members(found: Checked, members: list[zipfile.ZipInfo]) -> None:
    names = {member.filename.lower() for member in members}
    if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > MAX_UNPACKED:
        raise Refusal("upload.unpacks_too_large", name=found.name)
    if not {found.kind.must_hold, "[content_types].xml"} <= names:
        raise Refusal("upload.mismatch", name=found.name)
    if any(name.rsplit("/", 1)[-1] in _MACROS for name in names):
        raise Refusal("upload.macros", name=found.name)
    climbs = any(".." in name.split("/") or name.startswith("/") or "\\" in name for name in names)
    if climbs or len(names) != len(members) or any(member.flag_bits & 0x1 for member in members):
        raise Refusal("upload.broken", name=found.name)

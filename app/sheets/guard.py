"""What may be opened at all: the true format, and limits that hold before any parser sees the bytes."""

from __future__ import annotations

import re
import zipfile
import zlib
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO

from app.domain.errors import Refusal

PACKED_LIMIT = 20 * 2**20
UNPACKED_LIMIT = 300 * 2**20
PART_LIMIT = 2_000
RATIO_LIMIT = 150
RATIO_MATTERS_FROM = 8 * 2**20
ROW_LIMIT = 200_000
COLUMN_LIMIT = 120
CELL_LIMIT = 4_000_000

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CHUNK = 1 << 20


class Format(StrEnum):
    """The formats that are read."""

    XLSX = "xlsx"
    XLS = "xls"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes a workbook may have; tests use smaller ones."""

    packed: int = PACKED_LIMIT
    unpacked: int = UNPACKED_LIMIT
    parts: int = PART_LIMIT
    rows: int = ROW_LIMIT
    columns: int = COLUMN_LIMIT
    cells: int = CELL_LIMIT


STANDARD = Limits()


def check(file_name: str, data: bytes, limits: Limits = STANDARD) -> Format:
    """Return the file's format, or refuse it with the reason and the remedy."""
    suffix = file_name.rpartition(".")[2].lower() if "." in file_name else ""
    if len(data) > limits.packed:
        raise Refusal("sheet.file_too_large", size_mib=len(data) >> 20, limit_mib=limits.packed >> 20)
    if not data:
        raise Refusal("sheet.file_empty")
    if suffix in {"xlsm", "xltm", "xlam", "xlsb"}:
        raise Refusal("sheet.has_macros" if suffix != "xlsb" else "sheet.suffix_unknown", suffix=suffix)
    if suffix not in set(Format):
        raise Refusal("sheet.suffix_unknown", suffix=suffix[:10])
    wanted = Format(suffix)
    if data.startswith(_OLE) and _utf16("EncryptedPackage") in data:
        raise Refusal("sheet.has_password")
    actual = _by_content(data)
    if actual is not wanted:
        raise Refusal("sheet.suffix_differs", suffix=suffix)
    if actual is Format.XLSX:
        _check_archive(data, limits)
    if actual is Format.XLS and _utf16("_VBA_PROJECT_CUR") in data:
        raise Refusal("sheet.has_macros", suffix=suffix)
    return actual


def unpack(data: bytes, info: zipfile.ZipInfo, limit: int) -> bytes:
    """Unpack one part, counting what really comes out and not what the directory declares."""
    start = info.header_offset
    head = data[start : start + 30]
    if len(head) < 30 or not head.startswith(_ZIP):  # the fixed size of a local header
        raise Refusal("sheet.damaged")
    start += 30 + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
    packed = memoryview(data)[start : start + info.compress_size]
    if info.compress_type == zipfile.ZIP_STORED:
        return bytes(packed[:limit])
    inflate = zlib.decompressobj(-15)
    try:
        content = inflate.decompress(packed, limit + 1)
    except zlib.error as error:
        raise Refusal("sheet.damaged") from error
    if len(content) > limit:
        raise Refusal("sheet.unpacks_too_large", limit_mib=UNPACKED_LIMIT >> 20)
    return content


def _by_content(data: bytes) -> Format:
    if data.startswith(_ZIP):
        return Format.XLSX
    if data.startswith(_OLE):
        return Format.XLS
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" not in data[:_CHUNK]:
        return Format.CSV
    raise Refusal("sheet.damaged")


def _check_archive(data: bytes, limits: Limits) -> None:
    try:
        infos = zipfile.ZipFile(BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError) as error:
        raise Refusal("sheet.damaged") from error
    if len(infos) > limits.parts:
        raise Refusal("sheet.too_many_parts", parts=len(infos), limit=limits.parts)
    names = {info.filename.lower() for info in infos}
    if any(name.endswith(("vbaproject.bin", "macrosheets")) or "/macrosheets/" in name for name in names):
        raise Refusal("sheet.has_macros", suffix="xlsx")
    if "xl/workbook.xml" not in names and not any(name.endswith("workbook.xml") for name in names):
        raise Refusal("sheet.not_a_workbook")
    for info in infos:
        if info.flag_bits & 1:
            raise Refusal("sheet.has_password")
        if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise Refusal("sheet.damaged")
    if len(names) != len(infos) or sum(info.compress_size for info in infos) > len(data):
        raise Refusal("sheet.damaged")
    _check_unpacked(data, infos, limits)


def _check_unpacked(data: bytes, infos: list[zipfile.ZipInfo], limits: Limits) -> None:
    too_large = Refusal("sheet.unpacks_too_large", limit_mib=limits.unpacked >> 20)
    if sum(info.file_size for info in infos) > limits.unpacked:
        raise too_large
    for info in infos:
        if info.file_size > RATIO_MATTERS_FROM and info.file_size > RATIO_LIMIT * max(info.compress_size, 1):
            raise too_large
    left = limits.unpacked
    for info in infos:
        content = unpack(data, info, left)
        left -= len(content)
        if len(content) > max(info.file_size, RATIO_MATTERS_FROM):
            raise too_large
        if _DOCTYPE.search(content[:4096]):
            raise Refusal("sheet.damaged")


_DOCTYPE = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)|<\0!\0D\0O\0C\0", re.IGNORECASE)


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-le")

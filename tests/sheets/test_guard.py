"""What is opened at all: the true format, and limits that hold before any parser sees the bytes."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import Refusal
from app.sheets import guard, parsing, reading
from app.sheets.guard import Limits
from tests.sheets.workbooks import xlsx

SMALL = Limits(packed=2**20, unpacked=2**20, parts=40, rows=100, columns=20, cells=2_000)
HEAD = ["房号", "业主", "建筑面积"]


def plain() -> bytes:
    return xlsx({"表": [HEAD, ["1-1-101", "张三", 90]]})


def repacked(data: bytes, **parts: bytes) -> bytes:
    """The same workbook with parts added or replaced (``__`` stands for a slash, ``_dot_`` for a dot)."""
    target = io.BytesIO()
    fresh = {name.replace("__", "/").replace("_dot_", "."): content for name, content in parts.items()}
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            if info.filename not in fresh:
                new.writestr(info.filename, old.read(info))
        for name, content in fresh.items():
            new.writestr(name, content)
    return target.getvalue()


def refused(name: str, data: bytes, limits: Limits = SMALL) -> str:
    with pytest.raises(Refusal) as caught:
        reading.read(name, data, limits)
    return caught.value.code


def sheet_xml(body: str, dimension: str = "A1") -> bytes:
    return (
        '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f'<dimension ref="{dimension}"/><sheetData>{body}</sheetData></worksheet>'
    ).encode()


def with_cells(body: str) -> bytes:
    return repacked(plain(), xl__worksheets__sheet1_dot_xml=sheet_xml(body))


def test_a_good_workbook_is_read() -> None:
    assert reading.read("a.xlsx", plain(), SMALL)[0].rows[1][0] == "1-1-101"


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.xlsx", b"", "sheet.file_empty"),
        ("a.xlsx", b"x" * (2**20 + 1), "sheet.file_too_large"),
        ("a.pdf", b"%PDF", "sheet.suffix_unknown"),
        ("a", b"abc", "sheet.suffix_unknown"),
        ("a.et", b"abc", "sheet.suffix_unknown"),
        ("a.xlsm", b"abc", "sheet.has_macros"),
        ("a.xlsb", b"abc", "sheet.suffix_unknown"),
        ("a.xlsx", b"name,area\n", "sheet.suffix_differs"),
        ("a.csv", b"PK\x03\x04rest", "sheet.suffix_differs"),
        ("a.xls", b"PK\x03\x04rest", "sheet.suffix_differs"),
        ("a.xlsx", b"PK\x03\x04rest", "sheet.damaged"),
        ("a.csv", b"a\x00b", "sheet.damaged"),
        ("a.csv", b"\x81\xff\xff\x81,b", "sheet.encoding_unknown"),
        ("a.csv", b'"a,b\n', "sheet.damaged"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "sheet.damaged"),
    ],
)
def test_what_is_no_workbook_is_refused_with_its_reason(name: str, data: bytes, code: str) -> None:
    assert refused(name, data) == code


def test_a_password_is_named_as_the_reason() -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
    assert refused("a.xlsx", ole + "EncryptedPackage".encode("utf-16-le")) == "sheet.has_password"
    assert refused("a.xls", ole + "_VBA_PROJECT_CUR".encode("utf-16-le")) == "sheet.has_macros"


def test_macros_are_refused_whatever_the_suffix_says() -> None:
    assert refused("a.xlsx", repacked(plain(), xl__vbaProject_dot_bin=b"code")) == "sheet.has_macros"
    assert refused("a.xlsx", repacked(plain(), xl__macrosheets__sheet1_dot_xml=b"<x/>")) == "sheet.has_macros"


def test_a_zip_that_is_no_workbook_is_refused() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as new:
        new.writestr("readme.txt", "hello")
    assert refused("a.xlsx", target.getvalue()) == "sheet.not_a_workbook"


def test_a_small_file_that_unpacks_to_two_hundred_megabytes_is_refused() -> None:
    bomb = repacked(plain(), xl__media__image1_dot_bin=b"\0" * (200 * 2**20))
    assert len(bomb) < 2**20
    with pytest.raises(Refusal, match=r"sheet\.unpacks_too_large"):
        guard.check("a.xlsx", bomb)


def test_a_part_that_declares_less_than_it_unpacks_to_is_refused() -> None:
    data = bytearray(repacked(plain(), zz_dot_bin=b"\0" * (12 * 2**20)))
    at = data.rindex(b"PK\x01\x02")
    struct.pack_into("<I", data, at + 24, 10)
    with pytest.raises(Refusal, match=r"sheet\.unpacks_too_large"):
        guard.check("a.xlsx", bytes(data))
    assert refused("a.xlsx", bytes(data)) == "sheet.unpacks_too_large"


def test_too_many_parts_are_refused() -> None:
    assert refused("a.xlsx", repacked(plain(), **{f"p{n}": b"x" for n in range(60)})) == "sheet.too_many_parts"


def test_parts_that_overlap_are_refused() -> None:
    data = bytearray(repacked(plain(), zz_dot_bin=zlib.compress(b"0")))
    at = data.rindex(b"PK\x01\x02")
    struct.pack_into("<I", data, at + 20, 2**19)
    assert refused("a.xlsx", bytes(data)) == "sheet.damaged"


def test_an_entity_is_never_expanded() -> None:
    body = sheet_xml('<row r="1"><c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row>')
    body = body.replace(b"<worksheet", b'<!DOCTYPE w [<!ENTITY b "bomb">]><worksheet', 1)
    assert refused("a.xlsx", repacked(plain(), xl__worksheets__sheet1_dot_xml=body)) == "sheet.damaged"
    assert refused("a.xlsx", repacked(plain(), xl__a_dot_xml="<a/>".encode("utf-16"))) == "sheet.damaged"


CORNERS = [
    '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="A1048576"><v>1</v></c></row>',
    '<row r="1"><c r="A1"><v>1</v></c><c r="XFD1048576"><v>1</v></c></row>',
    "<row r='1'><c r='A1'><v>1</v></c><c r='xfd900000'><v>1</v></c></row>",
    '<row r="1"><c\tr="A1"><v>1</v></c></row><row\nr="999999"><c\nr="A999999"><v>1</v></c></row>',
    '<x:row xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main" r="999999">'
    '<x:c r="A999999"><x:v>1</x:v></x:c></x:row>',
    '<row r="1"><c r="&#65;999999"><v>1</v></c></row>',
]


@pytest.mark.parametrize("body", CORNERS)
def test_two_cells_in_far_corners_never_reach_the_parser(body: str) -> None:
    """The parser keeps a dense block: five kilobytes would ask for half a terabyte and end the process."""
    assert refused("a.xlsx", with_cells(body)) in {"sheet.too_many_rows", "sheet.too_many_columns"}


def test_cells_without_an_address_are_counted_too() -> None:
    wide = "".join("<c><v>1</v></c>" for _ in range(30))
    assert refused("a.xlsx", with_cells(f'<row r="1">{wide}</row>')) == "sheet.too_many_columns"
    tall = "".join("<row><c><v>1</v></c></row>" for _ in range(120))
    assert refused("a.xlsx", with_cells(tall)) == "sheet.too_many_rows"


def test_a_far_cell_that_only_has_a_style_does_no_harm() -> None:
    body = '<row r="1"><c r="A1"><v>1</v></c><c r="XFD1" s="0"/></row><row r="900000" s="0"/>'
    assert len(reading.read("a.xlsx", with_cells(body), SMALL)[0].rows) == 1


def test_many_sheets_of_allowed_size_are_too_much_together() -> None:
    rows = [["x"] * 20] * 99
    assert refused("a.xlsx", xlsx({f"s{n}": rows for n in range(3)})) == "sheet.too_many_cells"


def test_a_text_file_has_the_same_limits() -> None:
    assert refused("a.csv", b"a\n" * 101) == "sheet.too_many_rows"
    assert refused("a.csv", b"," * 30) == "sheet.too_many_columns"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_text_file_is_read_in_the_encodings_of_the_trade(encoding: str) -> None:
    data = "房号,业主,建筑面积\n1-1-101,张三,90.5\n".encode(encoding)
    sheet = parsing.parse("名单.csv", data).sheets[0]
    assert (sheet.name, len(sheet.records)) == ("名单", 1)


def test_tabs_and_semicolons_separate_as_well() -> None:
    for sign in "\t;":
        data = f"房号{sign}业主{sign}建筑面积\n1-1-101{sign}张三{sign}90.5\n".encode()
        assert len(parsing.parse("a.csv", data).sheets[0].records) == 1


def test_hidden_rows_and_formulas_without_a_result_are_reported() -> None:
    body = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>房号</t></is></c>'
        '<c r="B1" t="inlineStr"><is><t>建筑面积</t></is></c></row>'
        '<row r="2" hidden="1"><c r="A2" t="inlineStr"><is><t>1-1-101</t></is></c><c r="B2"><v>90</v></c></row>'
        '<row r="3"><c r="A3" t="inlineStr"><is><t>1-1-102</t></is></c><c r="B3"><f>1+1</f></c></row>'
        '<row r="4"><c r="A4" t="inlineStr"><is><t>1-1-103</t></is></c><c r="B4"><f>1+1</f><v></v></c></row>'
        '<row r="5"><c r="A5" t="inlineStr"><is><t>1-1-104</t></is></c><c r="B5"><f>90+1</f><v>91</v></c></row>'
    )
    sheet = parsing.parse("a.xlsx", with_cells(body)).sheets[0]
    assert [warned.code for warned in sheet.warnings] == ["import.rows_hidden", "import.formulas_without_value"]
    assert [(fault.row, fault.refusal.code) for fault in sheet.faults] == [
        (3, "import.formula_without_value"),
        (4, "import.formula_without_value"),
    ]
    assert [record.row for record in sheet.records] == [2, 5]


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for name in ("a.xlsx", "a.xls", "a.csv"):
        for content in (data, b"PK\x03\x04" + data, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + data):
            try:
                parsing.parse(name, content, SMALL)
            except Refusal as refusal:
                assert refusal.code.startswith("sheet.")

"""Workbooks for tests: written cell by cell, and look-alikes of another system's import books."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl

ROOT = Path(__file__).resolve().parents[2]
OFFICE = ROOT / "tests/samples/office"
REAL_OTHER_SYSTEM = ROOT.parent / "shared/samples/hc"

Rows = Sequence[Sequence[Any]]


def xlsx(sheets: Mapping[str, Rows], merges: Mapping[str, Sequence[str]] | None = None) -> bytes:
    """Return a workbook with these sheets; a tuple cell is (value, number format)."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for number, row in enumerate(rows, start=1):
            for position, value in enumerate(row, start=1):
                if value is None:
                    continue
                cell = sheet.cell(number, position)
                cell.value, style = value if isinstance(value, tuple) else (value, None)
                if style:
                    cell.number_format = style
        for merge in (merges or {}).get(name, ()):
            sheet.merge_cells(merge)
    target = BytesIO()
    book.save(target)
    return target.getvalue()


def beside(rows: list[list[Any]], at: tuple[int, int], notes: Rows) -> Rows:
    """Put explanations to the right of a table, as that system's books have them."""
    top, left = at
    for offset, note in enumerate(notes):
        while len(rows) <= top + offset:
            rows.append([])
        row = rows[top + offset]
        row.extend([None] * (left - len(row)))
        row[left:] = note
    return rows


def other_system_book() -> bytes:
    """Buildings, owners, fee settings, rooms and parking by code; rooms 6 to 8 name owners that do not exist."""
    buildings: list[list[Any]] = [["楼栋号", "单元编号", "总层数", "是否有电梯"]]
    buildings += [[number, entrance, 18, "有"] for number in range(1, 5) for entrance in (1, 2)]
    beside(buildings, (3, 7), [["说明"], ["楼栋号", "楼栋编号"], ["单元编号", "一单元填写 1"]])
    owners: list[list[Any]] = [
        ["编号", "业主名称", "性别", "年龄", "手机号", "身份证号", "业主类型", "业主编号"],
        [1, "钱多福", "男", 41, 18999999999, "11010519491231002X", 1001, 1],
        [2, "单雨桐", "女", 33, 13912345678, "111111111111111111", 1001, 2],
        [3, "仇子安", "男", 1, 13912345679, "110105194912310021", 1001, 3],
        [4, "尉迟静", "女", 29, 13912345680, "", 1001, 4],
        [5, "覃小米", "女", 52, 13912345681, "", 1001, 5],
    ]
    beside(owners, (7, 9), [["说明"], ["业主编号", "必须为唯一值，不能重复"], ["手机号", "没有时固定写18999999999"]])
    fees: list[list[Any]] = [
        ["费用编号", "费用类型", "收费项目", "费用标识", "付费类型", "缴费周期", "出账类型", "计费起始时间",
         "计费结束时间", "计算公式", "计费单价", "固定费用"],
        [1, "物业费", "住宅物业服务费", "周期性费用", "预付费", 6, "每月1日", "2021-3-1", "2037-1-1", 1001, 1.85, 15],
        [2, "物业费", "公共能耗费", "周期性费用", "预付费", 3, "每月1日", "2021-3-1", "2037-1-1", 2002, 0, 30],
    ]  # fmt: skip
    beside(fees, (3, 14), [["说明"], ["计算公式", 1001, "面积*单价+附加费"], [None, 2002, "固定费用\n   "]])
    rooms: list[list[Any]] = [
        ["房屋编号", "楼栋编号", "单元编号", "房屋楼层", "房屋户型", "建筑面积", "业主编号", "房屋费用",
         "费用开始时间", "房屋类型", "室内面积", "租金"]
    ]  # fmt: skip
    for number in range(1, 9):
        both = number % 3 == 1
        fee, start = ("1#2", "2021-03-01#2021-04-01") if both else (number % 2 + 1, "2021-03-01")
        rooms.append([1010 + number, 1, 1, 1, "10102", 88.8, number, fee, start, 110, 80, 0])
    beside(rooms, (5, 13), [["说明"], ["房屋费用", "费用信息间用#号分隔"], ["房屋编号", "房屋真实编号"]])
    parking: list[list[Any]] = [["停车场编号", "车位编码", "停车场类型", "面积", "业主编号", "车牌号"]]
    parking.append([1, "C0001", "地上停车位", 98.32, None, None])
    sheets = {"楼栋单元": buildings, "业主信息": owners, "费用设置": fees, "房屋信息": rooms, "车位信息": parking}
    return xlsx(sheets)


def payment_history() -> bytes:
    """What was paid for which period, all dates as bare serial numbers, ends exclusive."""
    rows: list[list[Any]] = [
        ["房屋", "收费项目", "缴费周期", "开始时间", "结束时间", "缴费时间", "应缴金额", "实缴金额", "收银员", "备注"],
        ["1-1-1011", "住宅物业服务费", 12, 42370, 42736, 42736, 1200, 1200, "王收银", "手工导入"],
        ["1-1-1011", "住宅物业服务费", 12, 42736, 43101, 42736, 1200, 1200, "王收银", "手工导入"],
        ["1-1-1011", "住宅物业服务费", 12, 43101, 43466, 42736, 1200, 700, "王收银", "手工导入"],
        ["1-0-商铺3", "住宅物业服务费", 12, 43101, 43466, 42736, 1200, 1200, "王收银", "没有这一户"],
    ]
    beside(rows, (2, 11), [["说明："], ["房屋", "楼栋-单元-房屋 如果是商铺 楼栋-0-商铺"]])
    return xlsx({"房屋缴费历史": rows})


def rooms_and_owners() -> bytes:
    """Rooms with owners in one sheet; family and tenants repeat the room on rows of their own."""
    head = ["楼号", "单元", "房间", "楼层", "总层数", "是否有电梯", "房屋类型", "房屋户型", "建筑面积", "室内面积",
            "租金", "房屋状态", "业主名称", "性别", "手机号", "身份证号", "业主类型"]  # fmt: skip

    def room(number: str, name: str, phone: Any, relation: int, usage: int = 110) -> list[Any]:
        return [2, 1, number, 1, 18, "有", usage, 10102, 76.5, 70, 0, 2001, name, "男", phone, "", relation]

    rows = [
        head,
        room("1001", "华清扬", 13812340001, 1001),
        room("1001", "华小扬", 13812340002, 1002),
        room("1001", "祝租客", 13812340003, 1003),
        room("1002", "盖天行,盖天明", 13812340004, 1001, 120),
        room("1003", "", "", 1001),
    ]
    beside(rows, (6, 18), [["说明", "请一定看下面说明"], ["楼号", "楼栋编号"]])
    return xlsx({"资产信息": rows})


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)

"""Labels of what is written into workbooks."""

from __future__ import annotations

LABELS: dict[str, str] = {
    "row_status.rejected": "未导入",
    "row_status.warned": "请核对",
    "row_status.imported": "正常",
    "sheet_kind.units": "房屋业主",
    "sheet_kind.owners": "业主",
    "sheet_kind.tariffs": "收费标准",
    "sheet_kind.arrears": "欠费",
    "sheet_kind.receipts": "收款",
    "sheet_kind.ignored": "未读取",
}

"""Words of the workbook a claim's calculation is handed over in."""

from __future__ import annotations

TITLE = "违约金计算"
STRETCHES = "逐段计算"
BILLS = "欠费明细"
ROUNDED = "本笔合计，四舍五入到分"
CAPPED = "本笔按合同上限计"
LESS = "已减去已缴和减免"
TOTAL = "合计"
STRETCH_HEADS = (
    "序号",
    "费用项目",
    "费用期间",
    "起",
    "止",
    "天数",
    "欠缴本金（元）",
    "每日比例",
    "本金×比例×天数",
    "违约金（元）",
)
BILL_HEADS = (
    "序号",
    "费用项目",
    "期间起",
    "期间止",
    "应缴日",
    "应收（元）",
    "已收（元）",
    "欠缴本金（元）",
    "违约金（元）",
)

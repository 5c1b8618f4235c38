"""The few words printed documents build in code: how a statute is cited, a period named, a method of payment called."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from app.domain.statutes import Article
from app.i18n import numerals

METHODS = {
    "cash": "现金",
    "wechat": "微信",
    "alipay": "支付宝",
    "bank": "银行转账",
    "pos": "刷卡",
    "other": "其他",
}
COMPONENTS = {"principal": "", "late_charge": "（违约金）", "costs": "（费用）"}


def citation(article: Article) -> str:
    """Return ``《中华人民共和国民法典》第九百四十四条``."""
    return f"《{article.instrument}》第{numerals.number(article.number)}条"


def listed(names: Sequence[str]) -> str:
    """Return names one after the other."""
    return "、".join(names)


def content_line(head: Mapping[str, Any]) -> str:
    """Return what the slip of the post says is inside (内件品名): the very notice, its number and its pages."""
    pages = f" 共{head['pages']}页" if head["pages"] else ""
    return f"{head['community']}{head['label']}物业费催缴通知书 编号{head['number']}{pages}"[:120]


def period(from_on: dt.date, to_on: dt.date) -> str:
    """Return ``2026年4月`` or ``2026年4–6月`` for whole months of a year, else both days."""
    if from_on.day == 1 and (to_on + dt.timedelta(days=1)).day == 1:
        months = f"{from_on.month}月" if from_on.month == to_on.month else f"{from_on.month}–{to_on.month}月"
        if from_on.year == to_on.year:
            return f"{from_on.year}年{months}"
        return f"{from_on.year}年{from_on.month}月–{to_on.year}年{to_on.month}月"
    return f"{from_on:%Y.%m.%d}–{to_on:%Y.%m.%d}"


def exhibit_stamp(number: int, page: int, pages: int) -> str:
    """Return what stands at the foot of a page of an exhibit."""
    return f"证据{number}　第{page}页 共{pages}页"


def page_stamp(page: int, pages: int) -> str:
    """Return which page of the whole file it is."""
    return f"合订本 第 {page} 页 / 共 {pages} 页"

"""Sentences for the nightly run, the worker and what verification finds."""

from __future__ import annotations

SENTENCES: dict[str, str] = {
    "close.in_future": "{on} 还没有到，不能提前日结。请改为今天或更早的日期。",
    "nightly.account_failed": "这一户的夜间日结没有完成：账目数据有异常。该户停在上一个日结日，其他户不受影响；请运行账目核对（qingqian verify）查明后重试。",
}

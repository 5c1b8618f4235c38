"""Sentences for what the printed documents refuse."""

from __future__ import annotations

SENTENCES: dict[str, str] = {
    "statute.unknown": "法条表中没有“{article}”。请使用已登记的条目，或先登记该法条及其施行日期。",
    "statute.not_in_force": "“{article}”在 {on} 并非现行条文编号，不能引用。请改用当日有效的条目。",
    "document.glyph_missing": "以下内容含有字库没有的字，无法印制：{where}。请核对写法（是否为错字或私造字）；确为正式用字的，请管理员补入字库后再出。",
    "document.template_unknown": "找不到版式“{template}”。这份文书由更新的版本生成，请升级后再打开。",
}

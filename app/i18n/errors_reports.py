"""Sentences for the desk and the reports."""

from __future__ import annotations

SENTENCES: dict[str, str] = {
    "report.unknown": "没有这张报表：地址可能写错了。请从“报表”首页选择。",
    "steward.unknown": "未保存：所选的人已停用，或不在本小区任职。请重新选择。",
    "steward.saved": "管家已保存：{count} 栋楼有管家。",
    "steward.building_unknown": "未保存：楼栋名单已变化。请刷新页面后重新选择。",
}

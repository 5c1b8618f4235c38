"""Words of the menu and of small choices on the pages."""

from __future__ import annotations

LABELS: dict[str, str] = {
    "menu.dashboard": "工作台",
    "menu.arrears": "欠费清单",
    "menu.units": "房产与业主",
    "menu.notices": "催缴通知",
    "menu.waivers": "减免审批",
    "menu.billing": "出账",
    "menu.imports": "导入",
    "menu.audit": "操作日志",
    "menu.users": "用户与岗位",
    "theme.auto": "自动",
    "theme.light": "浅色",
    "theme.dark": "深色",
}

"""Words of the frame, search, saved views and the list of arrears."""

from __future__ import annotations

LABELS: dict[str, str] = {
    "density.compact": "紧凑",
    "density.loose": "宽松",
    "count.arrears": "户有逾期未缴",
    "count.notices": "个批次未完成",
    "count.waivers": "件待审批",
    "count.requests": "件待答复",
    "count.rates": "份待发布",
    "count.billing": "份待复核",
    "count.collect": "笔待认领",
    "search.room": "房号",
    "search.owner": "业主姓名 / 拼音",
    "search.phone": "手机后四位",
    "search.receipt": "收据",
    "search.notice": "通知书",
    "job_kind.notice_batch": "催缴通知批次",
    "job_kind.import": "导入",
    "job_kind.billing": "出账",
    "job_kind.export": "导出",
    "job_state.waiting": "等待中",
    "job_state.running": "进行中",
    "job_state.done": "已完成",
    "job_state.failed": "失败",
    "job_state.cancelled": "已停止",
    "action.job.cancelled": "停止后台任务",
}

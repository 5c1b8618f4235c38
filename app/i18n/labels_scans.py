"""Labels about scans."""

from __future__ import annotations

LABELS: dict[str, str] = {
    "job_kind.scan": "识别回执",
    "scan_failure.unreadable": "文件打不开：可能已损坏、设了密码或超过 500 页。请重新扫描后再交。",
    "scan_state.waiting": "识别中",
    "scan_state.done": "已识别",
    "scan_state.failed": "打不开",
    "slip_state.found": "待确认",
    "slip_state.double": "重复",
    "slip_state.unknown": "编号不明",
    "slip_state.unreadable": "没有读到编号",
    "slip_state.confirmed": "已登记",
    "slip_state.rejected": "已作废",
    "slip_tick.received": "已收到",
    "slip_tick.promise": "确认欠款并承诺付款",
    "slip_tick.objection": "有异议",
    "slip_decision.numbered": "填写编号",
    "slip_decision.confirmed": "登记签收",
    "slip_decision.rejected": "作废",
    "slip_decision.undone": "撤回",
    "acknowledgement_channel.screen": "在业主页面",
    "acknowledgement_channel.paper": "在纸质回执上",
    "acknowledgement_channel.door": "当面在屏幕上",
    "action.scan.handed_in": "交回执扫描件",
    "action.scan.slip_numbered": "填写回执编号",
    "action.scan.slip_confirmed": "登记回执签收",
    "action.scan.slip_rejected": "作废回执",
    "action.scan.slip_undone": "撤回回执登记",
    "action.notice.signed_at_door": "当面签收通知书",
}

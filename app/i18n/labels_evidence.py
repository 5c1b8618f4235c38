"""Labels about evidence."""

from __future__ import annotations

# Names in self-made certificates: whoever opens a token or a seal reads at once that it proves nothing.
DEMO_ROOT = "演示用根证书，不具法律效力"
DEMO_SEAL = "演示用签章，不具法律效力"
DEMO_TIMESTAMP = "演示用时间戳，不具法律效力"
# Along the foot of a drawn seal whose key is a self-made one.
DEMO_MARK = "演示·无效"

# Where a paper says the seal goes, and how many points above or below those words: in the dashed circle of a letter, or
# on the line at the end of a sheet.
SEAL_PLACES = {"（公章）": -13.0, "（盖章）": 0.0, "签字、盖章": 0.0}

# What a seal says it was set for.
SEALED_COPY = "电子送达文书 {number}"

LABELS: dict[str, str] = {
    "setting.evidence": "证据链与签章",
    "setting_hint.evidence": "每日根、时间戳、签章证书和有效期",
    "evidence.notice.issued": "通知书定稿",
    "evidence.notice.printed": "通知书成文件",
    "evidence.document.sealed": "文件盖章",
    "evidence.case.opened": "建案",
    "evidence.case.moved": "登记案件阶段",
    "evidence.case.step_undone": "撤销案件阶段",
    "evidence.case.day_added": "登记案件日程",
    "evidence.case.day_changed": "更新案件日程",
    "evidence.case.judgment_recorded": "登记裁判结果",
    "evidence.case.plan_recorded": "登记和解或分期",
    "evidence.case.cost_recorded": "登记案件费用",
    "evidence.case.cost_taken_back": "撤回案件费用",
    "evidence.case.party_added": "增加当事人",
    "evidence.case.party_changed": "更正当事人",
    "evidence.case.party_removed": "移除当事人",
    "evidence.case.assigned": "案件交给律师",
    "evidence.case.unassigned": "收回律师授权",
    "evidence.case.commented": "案件备注",
    "evidence.case.file_added": "案件归档文件",
    "evidence.case.file_taken": "下载案件文件",
    "evidence.case.report_exported": "导出案件报表",
    "evidence.case.plan": "和解与分期",
    "evidence.delivery.event": "送达记录",
    "evidence.scan.confirmed": "扫描回执确认",
    "evidence_state.pending": "待补盖",
    "evidence_state.failed": "待补盖，多次未成",
    "evidence_state.stamped": "已盖",
    "seal_level.B-B": "签章",
    "seal_level.B-T": "签章带时间戳",
    "seal_level.B-LTA": "签章长期可验",
}

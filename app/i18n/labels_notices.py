"""Words for notices: why a unit is left out, and how far a batch is."""

from __future__ import annotations

LABELS: dict[str, str] = {
    "skip_reason.paid": "已缴清",
    "skip_reason.not_yet": "未达到本级的逾期天数或金额",
    "skip_reason.changed": "截至日期之后余额有变：已缴部分未列入；整户未列入的，请重新生成",
    "skip_reason.already_noticed": "当日已有同级通知",
    "skip_reason.contact_stopped": "已约定暂停联系",
    "skip_reason.on_hold": "账单暂缓催缴",
    "skip_reason.paused": "距上次通知时间较短",
    "skip_reason.no_owner": "未登记现业主",
    "skip_reason.former_owner": "账单属于前业主",
    "skip_reason.name_unprintable": "业主姓名有字体缺少的字，请核对",
    "notice_warning.address_local": "业主查询地址 QINGQIAN_PUBLIC_URL 只有本机能打开，所印二维码业主扫不开。请设置后再正式发送",
    "notice_warning.as_of_in_future": "截至日期晚于今天：通知按该日出具，其中的违约金到该日才发生。请勿提前送达",
    "batch_state.draft": "待发布",
    "batch_state.released": "生成中",
    "batch_state.done": "已完成",
    "batch_state.cancelled": "已作废",
}

"""Sentences for refusals of bills, payments, waivers and owners, and for what a check of the ledger finds."""

from __future__ import annotations

SENTENCES: dict[str, str] = {
    # text, prices, versions
    "text.too_long": "这里最多填写 {limit} 个字。请缩短后再提交。",
    "text.unreadable": "文字里有无法保存的控制字符。请删去后重新填写（可先粘贴到记事本再复制）。",
    "tariff.price_out_of_range": "单价须在 0 到 10,000 元之间。请核对小数点。",
    "tariff.already_billed": "该收费项目已出账到 {through}，新单价只能从之后的日期生效，已出的账单不会改价。请改晚生效日期。",
    "policy.exists": "{on} 已有一版违约金约定。请换一个生效日期。",
    "policy.clause_missing": "请写明依据的合同条款，通知书和计算说明会引用它。",
    # bills
    "bill.amount_not_positive": "账单金额须大于 0。减少应收请登记优惠或减免，不要录入零元或负数账单。",
    "bill.exists": "该户该收费项目在这个费用区间已有账单，没有重复生成。请在房产页面核对原账单。",
    "bill.period_reversed": "费用区间的截止日早于起始日。请核对两个日期后再提交。",
    "bill.unknown": "没有找到这笔账单，或它不属于这一户。请刷新页面后重新选择。",
    "billing.no_items": "这个小区在该期间没有可出账的收费项目。请先在“收费标准”中设置收费项目、单价和适用户。",
    "fee_item.unknown": "没有找到这个收费项目，或它不属于本小区。请刷新页面后重新选择。",
    "date.in_future": "日期 {on} 晚于今天，不能登记尚未发生的事项。请核对日期。",
    "money.not_positive": "金额须大于 0。退款或更正请使用“红冲”。",
    # estate
    "community.unknown": "没有找到这个小区。请核对小区名称，或先导入房产资料。",
    "unit.unknown": "没有找到房号“{unit}”。请核对楼栋、单元和室号。",
    "unit.ambiguous": "有多个小区都有房号“{unit}”。请同时指定小区。",
    "person.unknown": "没有找到该业主或联系人。请刷新页面后重新选择。",
    "owner.name_missing": "请填写新业主的姓名。",
    "owner.none": "请至少填写一位新业主。",
    "owner.nothing_to_end": "过户日期 {on} 不晚于现业主的起始日期，无法办理。请核对过户日期。",
    # payments
    "payment.unknown": "没有找到这笔收款，或它不属于这一户。请刷新页面后重新选择。",
    "payment.back_dated": "收款日期 {on} 早于今天，补登以前日期的收款需要相应权限。请由有权限的同事登记，或改用今天的日期。",
    "reversal.before_payment": "红冲日期 {on} 早于收款日期。请使用收款当日或之后的日期。",
    "reversal.reason_missing": "请填写红冲或撤销的原因，它会留在账上供日后核对。",
    "reversal.twice": "这笔记录已经红冲过，没有重复红冲。请刷新页面查看最新情况。",
    "form.key_reused": "同一张表单带着不同的内容提交了两次，第二次没有生效。请刷新页面，核对后重新填写。",
    # waivers
    "waiver.unknown": "没有找到这份减免申请。请刷新页面后重新选择。",
    "waiver.no_bills": "请至少选择一笔账单。",
    "waiver.nothing_outstanding": "所选账单没有可减免的未结金额。请核对账单和截至日期。",
    "waiver.pay_by_missing": "附条件减免须写明缴清期限。",
    "waiver.pay_by_past": "缴清期限不能早于今天。请改为今天或之后的日期。",
    "waiver.reason_note_missing": "选择“其他”原因时，请写明具体情况。",
    "waiver.note_missing": "不同意时请写明意见，方便申请人补充材料。",
    "waiver.same_person": "申请人不能审批自己的申请。请由另一位有权限的同事审批。",
    "waiver.decided_already": "这份申请已经有结论，刚才的操作没有生效。请刷新页面查看。",
    "waiver.over_limit": "减免金额 {effect_fen} 超过您的审批额度 {limit_fen}。请提交额度更高的同事审批。",
    "waiver.expired": "这份申请已过有效期，没有生效。如仍需减免，请重新申请。",
    "waiver.not_yours": "只有申请人本人可以撤回尚未审批的申请。",
    "waiver.discharged": "减免生效后，相应债务已经消灭（民法典第五百七十五条），不能单方撤销。如系误操作，请与业主协商后另行登记。",
    # documents
    "document.unknown": "没有找到这份文书，或它不在您负责的小区内。",
    # what qingqian verify finds
    "verify.account_missing": "账簿有记录，但该户没有账户。",
    "verify.allocations_differ": "收款与账单的对应关系与账簿重算结果不一致。",
    "verify.chain_broken": "这条记录与前一条的校验链断开。",
    "verify.chain_end_differs": "账户记着的最后一条与账簿末尾不一致，可能有记录被删除。",
    "verify.credit_differs": "预存余额与账簿重算结果不一致。",
    "verify.entry_changed": "这条记录的内容与它的校验值不符，可能被改动。",
    "verify.entry_missing": "记录的序号不连续，中间缺少记录。",
    "verify.facts_changed": "文书的事实内容与它的校验值不符，可能被改动。",
    "verify.file_changed": "文件的内容与登记的校验值不符，可能被改动或损坏。",
    "verify.file_missing": "登记的文件不在数据文件夹中。",
    "verify.holds_differ": "暂停计算违约金的期间与账簿重算结果不一致。",
    "verify.row_differs": "业务记录与账簿中的原文不一致，可能被改动。",
    "verify.row_missing": "账簿里有这条记录，对应的业务记录却不存在。",
    "verify.row_without_entry": "业务记录没有对应的账簿记录。",
    "verify.state_differs": "账单的当前状态与账簿重算结果不一致。",
}

"""Sentences for prices, billing runs and the mapping of imports."""

from __future__ import annotations

SENTENCES: dict[str, str] = {
    # 收费标准
    "tariff.unknown": "没有找到这一版单价，或它不在您负责的小区内。",
    "tariff.used": "这一版单价已用于 {count} 笔账单（如 {unit} 的 {period}），只能看、不能收回。请从以后的日期另立新版本；账单有误请红冲。",
    "tariff.clause_missing": "请写明依据的合同条款、备案或决定，账单和通知书会引用它。",
    "tariff_draft.unknown": "没有找到这份编制，或它不在您负责的小区内。",
    "tariff_draft.not_waiting": "这份编制已经有人处理过。请刷新页面看现在的状态。",
    "tariff_draft.same_person": "编制人不能发布自己编制的收费标准。请由另一位有权限的同事复核发布。",
    "tariff_draft.reason_missing": "请写明原因，编制人会看到。",
    "rate_plan.unknown": "没有找到这份违约金约定。请重新选择。",
    "fee_item.exists": "已有名为“{name}”的收费项目或违约金约定。请换一个名称，或给原项目加新版本。",
    "form.not_a_price": "“{given}”不是可用的单价。请填最多四位小数的数字，如 2.35。",
    "form.not_a_rate": "“{given}”不是可用的数字。请只写数字和小数点，如 1 或 0.5。",
    "trial.nobody": "请填房号，或选一个楼栋。",
    "done.tariff_drafted": "已编制，等另一人发布。下面可以看影响、试算。",
    "done.tariff_published": "已发布，从生效日期起适用。",
    "done.tariff_withdrawn": "已撤回。",
    "done.tariff_refused": "已退回，编制人会看到原因。",
    # 出账
    "billing.nothing_to_bill": "{period} 没有新账单要生成：范围内的账单都已经有了，或没有到账期的项目。请核对账期和范围。",
    "billing_draft.unknown": "没有找到这份编制，或它不在您负责的小区内。",
    "billing_draft.not_waiting": "这份编制已经有人处理过。请刷新页面看现在的状态。",
    "billing_draft.not_released": "这份编制还没有发布，不能出账。请先由另一人复核。",
    "billing_draft.same_person": "编制人不能复核自己编制的出账或红冲。请由另一位有权限的同事发布。",
    "billing_draft.reason_missing": "请写明原因，编制人会看到。",
    "billing_draft.waits_already": "同一范围已有一份在等复核（{number} 号）。请先处理那一份。",
    "billing_draft.changed": "编制之后数据有变：编制时 {then_bills} 笔 {then_amount_fen}，现在 {now_bills} 笔 {now_amount_fen}。没有写入任何内容，请退回后重新试算、编制。",
    "billing_run.unknown": "没有找到这次出账，或它不在您负责的小区内。",
    "billing_run.has_dependents": "{unit} 等 {count} 户的账单已有收款、减免、暂停或通知，不能整批红冲。请勾选保留这些账单，或先逐户处理。",
    "billing_run.nothing_to_reverse": "没有可以红冲的账单：已红冲过，或都有后续记录。",
    "bill.clause_missing": "请写明依据的条款或单据，业主问起时要能说清。",
    "bill.period_long": "费用期间超过 {years} 年，多半是年份有误。请核对起止日期。",
    "bill.due_before_issue": "应缴日早于开具日 {issued}。请把应缴日改到开具日或以后。",
    "done.billing_drafted": "已编制，等另一人复核发布。",
    "done.billing_reversal_drafted": "红冲已编制，等另一人复核发布。",
    "done.billing_released": "已发布。离开本页不影响处理，结果在本页和“后台任务”里看。",
    "done.billing_withdrawn": "已撤回。",
    "done.billing_refused": "已退回，编制人会看到原因。",
    "done.bill_posted": "已出这笔账单。",
}

"""Sentences for the till, deposits, unclaimed money and closing."""

from __future__ import annotations

SENTENCES: dict[str, str] = {
    # 收款
    "payment.boxes_many": "各账单的“本次收”不能这样分配：一次收款里最多只有一笔账单可以部分缴，且不能超过该笔尚欠。请把其中一笔缴足，或分两次收款。",
    "payment.boxes_differ": "各账单“本次收”合计 {boxes_fen}，多于收款金额 {amount_fen}。请改收款金额，或改各账单金额。",
    "payment.box_not_a_number": "“本次收”只能填 0 或金额，例如 1234.50。请改正标出的一行。",
    # 押金
    "deposit.unknown": "没有这笔押金，可能不属于您负责的小区。请从押金清单进入。",
    "deposit.unknown_kind": "没有这个押金种类。请从列表中选择，或先在下方添加种类。",
    "deposit.kind_exists": "这个押金种类已经有了，不必再加。请直接选用。",
    "deposit.not_enough": "这笔押金只剩 {held_fen}，不够退还或扣除这么多。请核对金额。",
    "deposit.reason_missing": "扣除押金须写明原因和依据（例如验收记录、照片编号）。请填写后再提交。",
    "deposit.evidence_missing": "扣除押金须有依据。请上传照片或单据，或在原因里写明验收记录编号（不少于 8 个字）。",
    "deposit.to_whom_missing": "没有写退给谁，以后无法核对。请填写领款人姓名。",
    "deposit.reversed_already": "这一笔已经红冲过，不能再冲。请核对押金明细。",
    "deposit.is_reversal": "这一笔本身就是红冲，不能再红冲。如需恢复，请重新登记。",
    "deposit.spent": "这笔押金已有退还或扣除，余额 {held_fen} 小于要红冲的 {amount_fen}。请先红冲后面的退还或扣除。",
    # 待认领
    "unclaimed.unknown": "没有这笔待认领款项，可能不属于您负责的小区。请从待认领清单进入。",
    "unclaimed.nothing_known": "缴款人、流水号、备注都没有填，以后无从认领。请至少填写一项。",
    "unclaimed.same_person": "这笔款项是您登记的，认领或退回须由另一人办理，避免一人经手到底。请交给财务或项目经理。",
    "unclaimed.not_enough": "这笔款项只剩 {left_fen} 未认领，不够这次的金额。请核对金额。",
    "unclaimed.other_community": "这一户不在收到款项的小区，不能认领过去。请选本小区的房号。",
    "unclaimed.unit_missing": "没有找到“{text}”对应的唯一一户。请写完整房号，例如 3-2-1502。",
    "unclaimed.to_whom_missing": "没有写退给谁。请填写收款人姓名或账户名。",
    "unclaimed.reason_missing": "退回款项须写明原因，例如“误转，缴款人要求退回”。请填写后再提交。",
    # 交账
    "shift.unknown": "没有这张交账单，可能不属于您负责的小区。请从交账清单进入。",
    "shift.nothing": "本班没有未交的款项，不用交账。",
    "shift.changed": "清点之后又有新的收款或红冲：现在共 {lines} 笔、{total_fen}。请按新的合计重新清点后再交账。",
    "shift.reason_missing": "清点的现金与账面相差 {difference_fen}，须说明原因才能交账。请核对张数，或填写原因。",
    "shift.pieces": "张数只能填 0 到 99999 的整数。请改正后再提交。",
    "shift.same_person": "这张交账单是您自己交的，须由另一人清点确认。请交给财务或项目经理。",
    "shift.confirmed_already": "这张交账单已由 {by} 确认，不用再确认。",
    # 结账
    "period.closed": "{on} 在已结账的期间（{first} 至 {last}）内，不能再记收款、红冲、账单或减免。请改用未结账的日期；确需补记的，请有“重新开账”权限的人（项目经理或财务）先在“结账”页重新开账。",
    "period.unreadable": "没有看懂要结账的日期或期间。请从“结账”页的列表进入。",
    "period.not_over": "{last} 还没有到，不能提前结账。请在当天营业结束后再结。",
    "period.closed_already": "{first} 起的这个期间已经结账，不用再结。",
    "period.still_open": "还有未办完的事项（未交账、待认领或计算异常）。请先办完；确要先结账的，请勾选“知道并继续”。",
    "period.ledger_differs": "有 {count} 笔收款不在账本链上，数据可能被改动，不能结账。请立即告诉管理员运行“校验账本”。",
    "period.not_closed": "{first} 起的这个期间没有结账，不用重新开账。",
    "period.reason_missing": "重新开账须写明原因，会记入操作日志。请填写后再提交。",
    # 办完了
    "done.payment_recorded": "已收 {amount_fen}，收据 {number}。可以接着收下一户。",
    "done.deposit_taken": "押金已收，收据 {number} 可打印。",
    "done.deposit_deducted": "已从押金中扣除 {amount_fen}。",
    "done.deposit_returned": "押金已退，请打印退款单由领款人签字。",
    "done.deposit_reversed": "押金记录已红冲。",
    "done.deposit_kind_added": "已添加押金种类“{name}”。",
    "done.unclaimed_recorded": "已登记待认领款项 {amount_fen}。",
    "done.unclaimed_matched": "已认领 {amount_fen} 到 {unit}，收据 {number}。",
    "done.unclaimed_returned": "已登记退回 {amount_fen}。",
    "done.shift_handed_over": "已交账，请打印交账单签字，并请另一人清点确认。",
    "done.shift_confirmed": "已确认这张交账单。",
    "done.period_closed": "已结账。这段时间不能再补记收款、红冲、账单和减免。",
    "done.period_reopened": "已重新开账，补记后请再次结账。",
}

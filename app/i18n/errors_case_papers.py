"""Sentences about case papers."""

from __future__ import annotations

SENTENCES: dict[str, str] = {
    "case_paper.unknown": "没有找到这份文书。请回到案件的文书页重新选择。",
    "case_paper.frozen_already": "这份文书已经定稿，不能再改。需要改动的，请重新起草一份。",
    "case_paper.needs_more": "这份文书要等后续程序：强制执行申请书需要先登记判决或支付令。请先到案件页登记。",
    "case_paper.no_bills": "案件没有列入账单，文书没有内容可写。请重新开案并选入欠费账单。",
    "bundle.unknown": "没有找到这份案卷。请回到案件的案卷页重新选择。",
    "bundle.not_built": "案卷还没有生成好，暂时不能封存或下载。请稍等片刻再刷新。",
    "bundle.sealed_already": "这份案卷已经封存，不能再改。需要改动的，请重新起草一份。",
    "bundle.same_person": "起草人和封存人不能是同一人。请由另一位有权限的同事核对后封存。",
    "bundle.out_of_date": "起草以后又有了更新的草稿。请封存最新的一份。",
    "bundle.unreadable": "“{name}”打不开（{why}），不能装入案卷。请到房产“文件”页核对或重新上传。",
    "bundle.none_chosen": "没有选择案件。请勾选要生成案卷的案件。",
    "bundle.too_many": "一次最多生成 {most} 份案卷。请分几次选择。",
    "bundle.not_built_error": "案卷没有生成，原因已记入日志。请重新起草一份；仍失败的请告知管理员。",
    "bundle.receiver_missing": "请填写移交给谁。",
}

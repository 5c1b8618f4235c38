"""Sentences about scans."""

from __future__ import annotations

SENTENCES: dict[str, str] = {
    "scan.unknown": "没有找到这份扫描件。请回到回执列表重新打开。",
    "scan.none_chosen": "还没有选择文件。请选择扫描得到的 PDF，或手机拍的照片。",
    "scan.decided": "这张回执已经有人处理过了，没有重复登记。要改正的，先撤回原来的处理。",
    "scan.not_decided": "这张回执还没有处理，没有可以撤回的登记。",
    "scan.not_filed": "这张回执还没有对应到通知书。请先照回执上的编号填写。",
    "scan.number_unknown": "没有找到这个编号的通知书。请对照回执核对编号（CJ 开头的数字）。",
    "scan.received_in_future": "签收日期在今天之后。请照回执上写的日期填写。",
    "scan.received_before_notice": "签收日期早于通知书的计算日 {first}。请核对回执上写的日期和编号。",
    "scan.receiver_missing": "没有填写签收人。请照回执上的签名填写；认不出的，点清楚后再登记。",
    "scan.signed_already": "这份通知书已经有签收记录，没有再登记一次。重复的回执请填写原因后作废。",
    "scan.reason_missing": "请写明原因，一句话就可以。",
    "done.scans_handed_in": "已收下 {files} 个文件，正在识别；可以离开本页，识别完会在右上角提示。",
    "done.scans_again": "收下 {files} 个新文件；另有 {again} 个以前交过，没有重复登记。",
    "done.slip_confirmed": "已登记签收。",
    "done.slip_rejected": "已作废，原件仍保存。",
    "done.slip_numbered": "已对应到通知书，请核对后登记。",
    "done.slip_undone": "已撤回，原来的登记保留在记录里。",
    "done.door_signed": "已签收，签名和通知书的校验码已保存。",
    "door.not_printed": "这份通知书还没有打印出 PDF，不能签收。请先打印。",
    "door.strokes_missing": "还没有手写签名。请让签收人在框内签名。",
    "door.not_agreed": "请先让签收人确认收到，并勾选。",
}

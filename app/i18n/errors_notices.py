"""Sentences for refusals around notices, batches and stored files."""

from __future__ import annotations

SENTENCES: dict[str, str] = {
    "notice.level_unknown": "本小区的催缴流程里没有第 {level} 级，或该级已停用。请先在催缴流程中启用，或改选其他级别。",
    "notice.as_of_in_future": "截至日期 {on} 晚于今天，届时的违约金和账单还没有发生，不能据此发通知。请把截至日期改为今天或更早。",
    "notice.nobody": "选中的房产都不在本次通知之列（已缴清、暂缓或刚发过通知等，共 {skipped} 户），没有生成批次。请查看每户原因，或调整条件。",
    "notice.too_many_units": "一次选中了 {units} 户，超过每批 {most} 户的上限。请按楼栋或欠费时间分批生成。",
    "notice_batch.unknown": "没有找到这个通知批次。请回到批次列表重新选择。",
    "notice_batch.not_draft": "这个批次已经发布或作废，不能再更改。如需重新通知，请新建一个批次。",
    "notice_batch.address_local": "业主查询地址“{address}”只有本机能打开（或未填写），印出的二维码业主扫不开。请先由管理员设置 QINGQIAN_PUBLIC_URL 为业主能访问的网址，重启后再发布。",
    "notice_batch.not_released": "这个批次还没有发布，不能生成通知。请由有权限的同事先发布。",
    "file.missing": "系统里找不到这份文件（校验值 {sha256} 开头）。请从备份恢复后再试，并告知管理员。",
    "file.damaged": "这份文件的内容与登记的校验值 {sha256} 不符，已停止使用。请从备份恢复，并告知管理员。",
}

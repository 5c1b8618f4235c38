"""Sentences for what the printed documents refuse."""

from __future__ import annotations

SENTENCES: dict[str, str] = {
    "statute.unknown": "法条表中没有“{article}”。请使用已登记的条目，或先登记该法条及其施行日期。",
    "statute.not_in_force": "“{article}”在 {on} 并非现行条文编号，不能引用。请改用当日有效的条目。",
    "document.glyph_missing": "以下内容含有字库没有的字，无法印制：{where}。请核对写法（是否为错字或私造字）；确为正式用字的，请管理员补入字库后再出。",
    "document.template_unknown": "找不到版式“{template}”。这份文书由更新的版本生成，请升级后再打开。",
    "document.text_forbidden": "文书中出现了不得使用的词“{word}”（{where}）。请改用平实的说法。",
    "notice.nothing_selected": "按所选条件没有可出通知的户。请放宽逾期天数、金额或日期后再试。",
    "notice_batch.unknown": "没有这个通知批次，或您无权查看。请从“催缴通知”重新进入。",
    "notice_batch.not_draft": "这个批次已经发出或已取消，不能再发出或取消。请刷新查看最新状态。",
    "notice_batch.not_released": "这个批次尚未发出，还没有可下载的文件。请先核对并发出。",
    "notice.level_unknown": "本小区没有第 {level} 级催缴。请在催缴程序中设置后再出通知。",
    "notice.company_incomplete": "小区资料缺少：{missing}。通知书必须写明收款单位和联系方式，请先补全小区资料。",
}

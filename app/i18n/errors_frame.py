"""Sentences for the frame, search, saved views and the list of arrears."""

from __future__ import annotations

SENTENCES: dict[str, str] = {
    "job.unknown": "没有这项后台任务，或者它不属于您负责的小区。请从“后台任务”列表打开。",
    "job.over": "这项任务已经结束，无需停止。请看它的结果。",
    "job.not_yours": "只有发起人或项目经理可以停止这项任务。请联系发起人。",
    "done.job_stopping": "已要求停止，做完手头这一步就停。",
}

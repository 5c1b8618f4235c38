"""Sentences for the frame, search, saved views and the list of arrears."""

from __future__ import annotations

SENTENCES: dict[str, str] = {
    "job.unknown": "没有这项后台任务，或者它不属于您负责的小区。请从“后台任务”列表打开。",
    "job.over": "这项任务已经结束，无需停止。请看它的结果。",
    "job.not_yours": "只有发起人或项目经理可以停止这项任务。请联系发起人。",
    "done.job_stopping": "已要求停止，做完手头这一步就停。",
    "view.unknown": "没有这个视图，或者它是别人的。请从“管理视图”里选。",
    "view.name_missing": "视图没有名称。请写几个字，方便以后认出来。",
    "view.name_shipped": "“{name}”是系统自带视图的名称。请换一个名称。",
    "view.name_taken": "您已有名为“{name}”的视图。请换一个名称，或先删除那一个。",
    "view.too_many": "每个小区最多保存 {most} 个视图。请先删掉不用的。",
    "view.too_many_pinned": "工作台最多固定 {most} 个视图。请先取消固定一个。",
    "view.gone": "删除已超过十分钟，不能撤销。请重新筛选并保存。",
    "view.not_a_list": "这个地址不是可以保存的列表。请在欠费清单里筛选后再保存。",
    "done.view_saved": "已保存视图“{name}”。",
    "done.view_renamed": "已改名。",
    "done.view_shared": "同事现在也能看到这个视图。",
    "done.view_unshared": "现在只有您自己能看到这个视图。",
    "done.view_restored": "已恢复。",
    "done.view_pinned": "已固定到工作台。",
    "done.view_unpinned": "已从工作台取下。",
    "done.view_default": "以后打开欠费清单先显示这个视图。",
    "done.view_no_default": "以后打开欠费清单显示全部。",
}

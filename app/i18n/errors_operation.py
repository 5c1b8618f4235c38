"""Sentences for refusals of backup, restore and the other commands of operation."""

from __future__ import annotations

SENTENCES: dict[str, str] = {
    "demo.folder_in_use": "文件夹“{path}”里已有其他内容，不能用来生成演示数据。请换一个文件夹，或先自行移走。",
    "backup.target_exists": "文件“{path}”已存在，备份不会覆盖任何文件。请换一个文件名。",
    "backup.folder_not_empty": "文件夹“{path}”不是空的，恢复不会覆盖任何数据。请指定一个新文件夹，核对无误后再切换使用。",
    "backup.database_not_empty": "目标数据库里已有数据表，恢复不会覆盖任何数据。请新建一个空数据库再试。",
    "backup.newer_version": "这份备份来自更新的版本（{head}），本版本无法读取。请先升级程序再恢复。",
    "backup.not_a_backup": "“{path}”不是本系统的备份文件，或文件不完整。请核对文件，必要时换另一份备份。",
    "backup.damaged": "备份文件“{path}”中的“{member}”与清单的校验值不符，已停止恢复。请换另一份备份。",
    "backup.references_missing": "备份中的数据互相对不上（有记录引用了不存在的记录），没有恢复任何内容。请换另一份备份。",
}

"""Words of units, owners, contacts, holds and files."""

from __future__ import annotations

LABELS: dict[str, str] = {
    "skip_reason.do_not_dun": "此户标记为不催",
    "flag.no_dunning": "不催",
    "flag.elderly": "老年户",
    "flag.disabled": "残障户",
    "flag.note": "有备注",
    "flag.disputed": "有争议",
    "flag.held": "暂缓",
    "flag.vacant": "空置",
}

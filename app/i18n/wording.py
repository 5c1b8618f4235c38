"""Data of the wording of notices: the blanks an office may use, and the words no notice may hold."""

from __future__ import annotations

from collections.abc import Mapping

# The blank as people write it, and what fills it in (see app.documents.drafting.wording_values).
BLANKS: Mapping[str, str] = {
    "业主": "owners",
    "房号": "unit",
    "小区": "community",
    "截至日": "as_of",
    "缴费期限": "deadline",
    "笔数": "bills",
    "本金": "principal",
    "违约金": "late_charge",
    "合计": "total",
    "第几次": "nth",
    "公司": "company",
    "联系人": "contact",
    "联系电话": "phone",
    "服务时间": "hours",
}

# Cutting off supplies is forbidden outright (Civil Code 944); naming people in public and threats with their standing
# are not the office's to make; and nobody has been served before he was.
FORBIDDEN = (
    "停水",
    "停电",
    "停气",
    "停热",
    "停暖",
    "断水",
    "断电",
    "断气",
    "限水",
    "限电",
    "黑名单",
    "失信",
    "老赖",
    "赖账",
    "门禁",
    "禁止通行",
    "车牌",
    "征信",
    "公示",
    "曝光",
    "张榜",
    "视为送达",
    "后果自负",
    "坐牢",
    "拘留",
    "刑事",
    "报警",
    "子女上学",
    "单位领导",
    "罚款",
    "滞纳金",
)

# What old contracts call the late charge: never the office's own word, but the template may quote the clause.
OLD_NAME = "滞纳金"

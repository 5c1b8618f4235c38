"""Sentences about evidence."""

from __future__ import annotations

SENTENCES: dict[str, str] = {
    "timestamp.unavailable": "时间戳服务暂时没有回应（{why}）。今天的根已经保存，稍后会自动补盖，不影响其他工作。",
    "seal.key_unreadable": "签章证书文件 {file} 打不开：文件不在、密码不对，或里面不是 RSA 私钥。请管理员检查证书设置。",
    "seal.roots_unreadable": "信任证书文件 {file} 读不出来，请管理员换成 PEM 格式的根证书。",
    "seal.unreadable": "这份文件不能签章：它不是完好的 PDF，或者已有的签章不允许再改动。请重新生成文件后再签。",
    "seal.not_set_up": "本机没有设置签章，不能盖章。请管理员在设置里指定证书，或使用演示证书。",
    # what a check of the evidence names
    "verify.evidence_seal_missing": "证据链的序号不连续，这条之前缺少记录。",
    "verify.evidence_missing": "证据链里还有这条记录的校验值，记录本身却不在了，可能被删除。",
    "verify.evidence_chain_broken": "证据链的这条记录与前一条的校验值对不上。",
    "verify.evidence_changed": "证据链的这条记录与它的校验值不符，可能被改动。",
    "verify.evidence_unsealed": "这条证据记录没有进入证据链，可能不是由本系统写入。",
    "verify.evidence_forged": "每日根记下的证据链与现在的不同：这户的证据链可能被整条重做或截短。",
    "verify.ledger_forged": "每日根记下的账簿与现在的不同：这户的账簿可能被整条重做或截短。",
    "verify.audit_forged": "每日根记下的操作日志与现在的不同：日志可能被整条重做或截短。",
    "verify.clock_differs": "账单记着的诉讼时效与按事由重新计算的结果不一致，可能被改动。请不要按页面上的日期行事，先联系管理员。",
    "verify.root_chain_broken": "这一天的根与前一天的根接不上，中间可能被删除或替换。",
    "verify.root_changed": "这一天的根与它的校验值不符，可能被改动。",
    "verify.root_leaves_differ": "用当天各户的证据重新计算，得不出这一天的根。",
    "timestamp.imprint_differs": "时间戳盖的不是这一天的根。",
    "timestamp.invalid": "时间戳本身损坏，或签名不成立。",
    "timestamp.not_trusted": "时间戳的证书不在信任的根证书之下。",
    "seal.broken": "签章损坏，读不出完整的签名。",
    "seal.missing": "文件里没有签章。",
    "seal.changed": "盖章之后文件内容被改动，签章已失效。",
    "seal.modified_after": "盖章之后文件被加上了不允许的内容。",
    "seal.appended": "最后一个签章之后，文件末尾又加了内容。",
    "seal.not_trusted": "签章证书不在信任的根证书之下。",
    "seal.expired": "盖章时证书不在有效期内。",
    "seal.time_invalid": "签章里的时间戳不成立。",
}

"""Sentences about evidence."""

from __future__ import annotations

SENTENCES: dict[str, str] = {
    "timestamp.unavailable": "时间戳服务暂时没有回应（{why}）。今天的根已经保存，稍后会自动补盖，不影响其他工作。",
    "seal.key_unreadable": "签章证书文件 {file} 打不开：文件不在、密码不对，或里面不是 RSA 私钥。请管理员检查证书设置。",
    "seal.roots_unreadable": "信任证书文件 {file} 读不出来，请管理员换成 PEM 格式的根证书。",
    "seal.unreadable": "这份文件不能签章：它不是完好的 PDF，或者已有的签章不允许再改动。请重新生成文件后再签。",
    "seal.not_set_up": "本机没有设置签章，不能盖章。请管理员在设置里指定证书，或使用演示证书。",
}

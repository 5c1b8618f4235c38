"""Sentences for second factor, sessions, users and the log."""

from __future__ import annotations

SENTENCES: dict[str, str] = {
    "factor.needed": "这项操作须先启用两步验证。请到“密码与登录”设置。",
    "factor.already_on": "两步验证已启用，不用重复设置。要换手机，请先关闭或请管理员取消。",
    "factor.not_begun": "还没有开始设置两步验证。请先点“开始设置”。",
    "factor.first_code_wrong": "验证码不对，两步验证没有启用。请等下一个 6 位数字出现后再输入；手机时间须与网络时间一致。",
    "factor.code_wrong": "验证码不对，或已经用过。请等验证器上的下一个数字出现后再输入。",
    "factor.over": "验证没有通过：超过 5 分钟，或连续输错。请从用户名和密码重新登录；连续输错 5 次须等 15 分钟。",
    "factor.locked": "验证码连续输错 5 次，请等待 15 分钟后再试。",
    "factor.needed_by_role": "您的岗位能收款或审批，不能关闭两步验证。换手机请管理员取消后重新设置。",
    "confirm.empty": "请输入验证码或密码。",
    "confirm.another_waits": "等待确认的操作已换成另一项（可能在别的窗口提交过）。请看清上面写的操作，再确认一次。",
    "confirm.too_large": "这份内容太大，不能保留到确认之后。请先重新登录，再提交一次。",
    "done.session_ended_all": "已退出该用户的所有登录。",
    "done.sessions_ended": "其他设备已退出。",
    "done.factor_off": "两步验证已关闭。",
    "done.factor_reset": "已取消该用户的两步验证，本人下次登录后重新设置。",
    "done.nothing_waits": "没有等待确认的操作，或已超过 10 分钟。请回到原来的页面重新提交。",
    "done.user_changed": "用户资料已保存；岗位、小区有变动时，其登录已退出。",
    "done.password_set": "密码已设好，请用新密码登录。",
    "user.last_admin": "这是最后一位能管理全部小区的系统管理员，不能停用、改岗或限定小区。请先新增另一位管理员。",
    "user.own_rights": "不能改自己的岗位、限额和小区。请由另一位管理员操作。",
    "user.link_over": "这个链接已经用过、已过期，或有了更新的链接。请联系管理员重新生成。",
    "user.limit_without_right": "“{role}”没有审批权，限额须为 0。请改岗位或把限额填 0。",
    "user.name_missing": "请填写姓名。",
    "request.unknown_host": "不能用这个网址访问本系统。请用管理员给您的网址；管理员可在“允许的网址”设置里添加。",
    "audit.too_many": "一次最多导出 {limit} 条记录，当前有 {count} 条。请缩短日期范围或加筛选条件。",
}

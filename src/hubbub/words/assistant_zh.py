"""Chinese sentences of the assistant on platforms that come for their answers, and of its administration."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        "chat.thinking": "这个问题有点难，助手还在思考中...\n\n回复“1”查看回复。",
        "chat.too_fast": "抱歉，您的回复太快啦，助手还在思考前一个问题呢！\n\n回复“1”查看前一个问题的回复。",
        "chat.next_part": "（未完，回复“1”查看下一部分）",
        "command.myid.help": "查看你在本平台的 ID",
        "command.whitelist.help": "不受限额约束的人：{prefix}whitelist [add|remove] 平台:ID",
        "command.whitelist.list": "不受限额约束：{names}",
        "command.whitelist.add": "{names} 从现在起不受限额约束。",
        "command.whitelist.remove": "{names} 从现在起按限额使用。",
        "limit.none_listed": "没有人",
        "command.policy.help": "查看管理员、白名单和限额：{prefix}policy [平台]",
        "command.stats.help": "查看对话统计：{prefix}stats [平台]",
        "command.usermodel.help": "为某人选择模型：{prefix}usermodel 平台:ID 模型|default",
        "command.usermodel.done": "{owner} 从现在起使用模型 {model}。",
        "command.usermodel.default": "{owner} 从现在起使用默认模型。",
        "command.admintoken.help": "更换三行管理消息使用的令牌：{prefix}admintoken 新令牌",
        "command.admintoken.done": "新令牌已生效。",
        "command.admintoken.short": "令牌至少要有 {least} 个字符，且不能含有空格。",
        "command.audit.help": "查看管理员的操作记录：{prefix}audit [条数]",
        "command.audit.none": "还没有操作记录。",
        "command.audit.line": "{time} {by}：{act} {detail}",
        "command.old.done": "操作成功！",
        "command.old.malformed": "操作失败，命令格式错误：{reason}",
        "command.old.refused": "操作失败，令牌错误或没有权限。",
        "limit.today": "抱歉，您今日的聊天次数已达上限，请明日再来！",
        "limit.today_mail": (
            "抱歉，您今日的聊天次数已达上限，请明日再来！\n\n"
            "如希望解除限制，请发送您的ID({user})至邮箱 {email} ，并附上一个充分的理由。"
        ),
        "error.topic": (
            "抱歉，这个话题我们已经聊了太多了。我没法再聊下去了。或许您可以总结一下前面的内容，然后我们再尝试往下聊！"
        ),
        "error.system": "抱歉，系统错误，请稍候再试！",
    }
)

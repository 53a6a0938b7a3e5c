"""Chinese sentences. ``{name}`` is a mark that the phrase's values fill; a literal brace is doubled."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        # --- answers of a model
        "prompt.default": "你是一个乐于助人的助手。请用提问者所用的语言回答。",
        "prompt.summary": "对话此前已经开始，之前内容的摘要如下：",
        "prompt.summarize": (
            "请为你自己总结下面的对话，以便之后继续：事实、名字、愿望、决定和未解决的问题。"
            "只回复摘要本身，不超过 {words} 个词。"
        ),
        "error.internal": "系统内部出错了，请稍后再试。错误编号：{id}",
        "error.model_failed": "模型暂时无法回答，请稍后再试。（错误编号 {id}）",
        "error.model_timeout": "模型回答超时，请稍后再试。（错误编号 {id}）",
        "error.model_busy": "模型正忙或额度已用完，请稍后再试。（错误编号 {id}）",
        "error.model_auth": "模型拒绝了密钥，请联系管理员检查设置。（错误编号 {id}）",
        "error.model_context": "内容超出了模型的长度限制，请缩短内容，或用 /new 开始新对话。（错误编号 {id}）",
        "error.model_empty": "模型没有给出任何内容，可以用 /retry 再问一次。（错误编号 {id}）",
        "error.model_refused": "模型没有接受这个请求，请换一种说法。（错误编号 {id}）",
        "error.no_model": "还没有设置模型，请联系管理员添加。（错误编号 {id}）",
        "chat.stopped": "（已停止）",
        "chat.empty": "我在，请问有什么可以帮你？",
        "chat.no_vision": "当前模型看不了图片，请用文字描述一下。",
        "chat.unreadable": "我目前只能看懂文字和图片，请改用文字。",
        "chat.nothing_to_retry": "还没有可以重新提问的内容。",
        "chat.unknown_model": "没有名为 {name} 的模型。",
        # --- commands in general
        "command.unknown": "没有 {name} 这个命令，发送 {help} 查看全部命令。",
        "command.nearest": "没有 {name} 这个命令，你是不是想用 {nearest}？",
        "command.forbidden": "你没有使用 {name} 的权限。",
        "command.only_private": "{name} 只能在私聊中使用。",
        "command.only_group": "{name} 只能在群里使用。",
        # --- each command: what it does, in one line
        "command.help.help": "列出你可以使用的命令；{prefix}help 命令名 查看某个命令的说明",
        "command.echo.help": "原样回复你写的内容",
        "command.sid.help": "查看你的各种 ID：你是谁，用的是谁的数据",
        "command.status.help": "查看运行状态",
        "command.new.help": "开始新对话，旧对话会保留",
        "command.retry.help": "重新提问上一个问题",
        "command.stop.help": "停止正在生成的回答",
        # --- what they answer
        "command.help.head": "你可以使用：",
        "command.help.line": "{prefix}{name}：{text}",
        "command.help.aliases": "也可以写作：{names}",
        "command.help.chat": "其他内容都会作为问题发给模型。",
        "command.sid": "你：{user}（{role}）\n数据归属：{owner}\n房间：{room}\n分支：{branch}",
        "command.new.done": "新对话开始了。",
        "command.new.kept": "新对话开始了，旧对话已保存为 {name}。",
        "command.stop.done": "已停止。",
        "command.stop.nothing": "当前没有正在生成的回答。",
        "command.status": "Hubbub {version}，已运行 {uptime}\n模型：{model}",
        "command.status.not_ready": "仍在启动中。",
        "command.status.no_model": "无（{reason}）",
        "command.status.work": "等待：{waiting}，进行中：{running}，未送达：{undelivered}",
        "command.status.up": "{account}：已连接",
        "command.status.down": "{account}：未连接（{reason}）",
        "duration.days": "{days} 天 {hours} 小时",
        "duration.hours": "{hours} 小时 {minutes} 分钟",
        "duration.minutes": "{minutes} 分钟",
        "role.blocked": "已屏蔽",
        "role.guest": "访客",
        "role.user": "用户",
        "role.admin": "管理员",
        "role.owner": "所有者",
        # --- branches
        "branch.bad_name": "这个名字不能用：请使用 1 到 {longest} 个可见字符，且不以点开头。",
        # --- the page at /
        "page.running": "Hubbub 正在运行。",
        "page.version": "版本",
        "page.model": "模型",
        "page.no_model": "尚未设置",
        "page.accounts": "账号",
        "page.accounts_up": "{all} 个中已连接 {up} 个",
        "page.next": "接下来可以：",
        "page.next_chat": "在终端里和模型对话",
        "page.next_doctor": "检查配置，看看哪里需要修正",
        "page.next_docs": "HTTP 接口",
    }
)

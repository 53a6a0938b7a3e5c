"""Chinese sentences of commands and of access. See `hubbub.words.zh`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        # --- what stands behind a command
        "argument.number": "请给出 {least} 到 {most} 之间的整数。",
        "argument.choice": "{command} 后面应是以下之一：{names}。",
        "argument.missing": "缺少内容：{command} {usage}",
        "confirm.how": "如要继续，请在 {minutes} 分钟内发送 {command}",
        # --- the running conversation
        "command.edit.help": "修改上一个问题并重新提问",
        "command.undo.help": "撤回上一个问题和回答；{prefix}undo 3 撤回三个",
        "command.undo.done": "已撤回：{words}",
        "command.undo.nothing": "没有可以撤回的内容。",
        "command.undo.picture": "一张图片",
        "command.compact.help": "压缩较长的对话，以节省用量",
        "chat.compacted": "之前的 {count} 条消息已压缩为摘要。",
        "chat.compacted_without": "之前的 {count} 条消息已压缩为节选。",
        "chat.nothing_to_compact": "当前对话还很短，无需压缩。",
        # --- conversations that were put aside
        "command.history.help": "列出以前的对话",
        "command.history.head": "以前的对话：",
        "command.history.line": "{number}. {time} {words}（{name}）",
        "command.history.none": "这里没有以前的对话。",
        "command.history.more": "更多：{command}",
        "command.history.resume": "继续某个对话：{command} 编号",
        "command.resume.help": "继续以前的对话，用 {prefix}history 中的编号或名称",
        "command.branch.help": "按分支管理对话：list 列表、new 新建、use 切换、rename 重命名、delete 删除、fork 分叉",
        "branch.none": "没有名为 {name} 的对话。",
        "branch.current": "当前：{name} {words}",
        "branch.more": "还有 {count} 个",
        "branch.new": "新对话 {name} 开始了。",
        "branch.forked": "{name} 将从这里继续，原来的对话保持不变。",
        "branch.used": "继续对话 {name}。{words}",
        "branch.renamed": "{old} 已改名为 {name}。",
        "branch.deleted": "{name} 已删除。",
        "branch.in_use": "{name} 是当前对话，请先切换到其他对话。",
        "branch.exists": "已经有名为 {name} 的对话。",
        "branch.numeric": "名称不能只是数字：数字表示列表中的编号。",
        "branch.chosen_by_sender": "你的程序自己指定了对话（{name}），请在那里切换。",
        # --- export, forget
        "command.export.help": "把对话导出为文件：{prefix}export [md|json] [编号|名称|all]",
        "command.export.done": "对话：{conversations} 个，消息：{turns} 条。",
        "command.export.nothing": "还没有可以导出的内容。",
        "command.export.too_large": "内容超过 {megabytes} MB，请逐个导出对话。",
        "command.export.cut": "这里不能发送文件，以下是最后 {characters} 个字符。",
        "export.head": "导出时间：{time}",
        "export.user": "你",
        "export.assistant": "助手",
        "export.empty": "（空）",
        "command.forget.help": "删除系统中保存的关于你的一切",
        "command.forget.ask": (
            "这会删除此处保存的关于你的一切：对话（{count} 个）、提示词、设置，以及你的消息和回答的内容。"
            "删除后无法恢复。"
        ),
        "command.forget.done": "关于你的一切都已删除。",
        "command.forget.shared": "这里全群共用一份记忆，只有群管理员可以删除。",
    }
)

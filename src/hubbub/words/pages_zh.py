"""More sentences of the pages, in Chinese. See `hubbub.words.zh`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        "page.error_blocked": "你已被此系统屏蔽。请联系管理员解除。",
        "reason.looking": "正在查找可用的模型",
        "reason.set": "已设置 {name}",
        "reason.settings": "设置里写明了 {count} 个模型",
        "reason.settings_one": "设置里写明了一个模型",
        "reason.server": "{address} 上有 {server} 在运行",
        "reason.demo": "没有密钥，也没有本机模型服务：使用内置演示模型",
        "reason.demo_note": "演示用，只会英文；想要更好的模型，请设置密钥、运行 Ollama，或使用 hubbub models pull",
        "reason.closed": "连接已断开",
        "reason.logged_out": "账号已在平台上下线",
        "console.person_limits": "限额",
        "console.person_limits_how": "留空：使用系统的限额；0：不限。",
        "console.person_messages_day": "每天消息数",
        "console.person_tokens_day": "每天 token 数",
        "console.strangers": "等待准入",
        "console.strangers_why": "他们给机器人发过消息并拿到了配对码。核对配对码后，可以让认识的人进来。",
        "console.stranger_code": "配对码",
        "console.stranger_let_in": "准入",
        "console.stranger_until": "{time}内有效",
        "console.token_limit": "每分钟 {count} 次请求",
        "page.delete": "删除",
        "page.delete_named": "删除：{title}",
        "page.delete_sure": "删除“{title}”？它会从列表中移除，不再使用。要彻底清除自己的全部数据，请发送 /forget。",
        "page.delete_running": "这个对话正在生成回答，请先停止。",
        "page.deleted": "已删除：{title}",
        "page.undo": "撤销",
        "page.secret_lost": "第一次启动时显示过密钥。忘了？设置 HUBBUB_ADMIN_PASSWORD，重新启动。",
        "duration.now": "不到 1 分钟",
        "console.better_pull": "在 Hubbub 里运行的小模型，不写名字则列出可选的：",
        "scope.messages": "对话（/api/v1）",
        "scope.openai": "OpenAI 接口（/v1）",
        "scope.repeater": "Repeater 的接口",
        "scope.status": "运行状况",
        "scope.metrics": "Prometheus 指标",
        "scope.admin": "一切",
        "console.given_up": "无法处理的消息",
        "console.given_up_why": (
            "这些消息已经收到，但每次处理都会出错，因此已放弃；能通知发送者的已经通知。8 天后会从列表中清除。"
        ),
    }
)

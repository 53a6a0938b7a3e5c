"""Chinese sentences of pictures, documents and exports. See `hubbub.words.zh`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        "command.render.help": "把回答做成图片：on、off 或 auto（有表格、公式、代码或较长时）",
        "command.render.always": "回答会以图片发送。",
        "command.render.never": "回答会以文字发送。",
        "command.render.auto": "带表格、公式、代码的回答和较长的回答会以图片发送。",
        "command.render.reset": "是否发送图片重新由这里的设置决定。",
        "command.render.how": "更改：{command} on、{command} off、{command} auto 或 {command} reset",
        "command.render.no_images": "这里不能显示图片，所以回答仍是文字。",
        "command.style.help": "查看或选择图片的风格",
        "command.style.now": "图片的风格是 {name}。",
        "command.style.all": "可选：{names}。这样选择：{command} {name}",
        "command.style.unknown": "没有风格 {name}。可选：{names}。",
        "command.style.reset": "图片恢复为默认风格。",
        "waiting.working": "正在处理……",
        "waiting.seconds": "（{seconds} 秒）",
        "command.export.reading": "正在读取第 {number} 个对话，共 {of} 个……",
        "command.export.making": "正在用 {turns} 条消息生成 {format}……",
        "command.export.no_files": "这里不能发送文件，{format} 也不能写成文字。请改用 md。",
        "command.export.link": "在 {hours} 小时内可以下载：{url}",
        "command.export.failed": "文件没能生成。用 md 格式则不受长度限制。",
        "command.export.bad_range": "请用两个数字给出范围，例如 3-10。",
        "export.title": "对话记录",
    }
)

"""Chinese sentences about the role of the model and about pictures that a model paints."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        "command.help.menu": (
            "这里是帮助菜单：\n"
            "@help：帮助菜单\n"
            "@clear：清除聊天上下文和角色设置\n"
            "@image：根据你的描述生成图片，例如：@image 生成一只黑色的猫\n"
            "@prompt-set：设置角色，例如：@prompt-set 你是一个资深的程序员\n"
            "@export：导出你的对话内容\n"
            "全部命令：/help。其他内容都会作为问题发给模型。"
        ),
        "command.prompt_set.help": "设置默认角色描述：{prefix}prompt-set 你是一个资深的程序员",
        "command.prompt_set.done": "遵命，主人",
        "command.image.help": "根据描述生成图片：{prefix}image 一只黑色的猫；修改图片：{prefix}image edit 内容",
        "command.image.none": "还没有设置生成图片的模型，请联系管理员。",
        "command.image.no_room": "这里不能发送图片。",
        "command.image.which": "没有找到可以修改的图片，请先发送一张图片。",
        "command.image.failed": "稍后再试试，小助理的老爸去出差了（错误编号 {id}）",
        "command.clear.done": '主人已经开启新的对话啦，你可以使用"@prompt-set 新的角色（提示）"给我啦~',
    }
)

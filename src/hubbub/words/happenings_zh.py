"""Chinese sentences about what happens in rooms, and what is done there."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        "act.mute.admin": "群主和管理员不能被禁言。",
        "act.mute.no_right": "我没有禁言的权限，请先把我设为管理员。",
        "act.mute.not_here": "这里不能禁言。",
        "act.mute.only_groups": "只有在群里才能禁言。",
        "act.refused": "操作失败：平台拒绝了这个请求。",
        "command.approve.help": "按代码同意申请：{prefix}approve 代码",
        "command.farewell.help": "设置群成员离开时说的话：{prefix}farewell 内容（或 on、off）",
        "command.filter.help": "含有关键词的消息不问模型直接回复：{prefix}filter add 词 = 回复，del 词，list",
        "command.mutelottery.help": "抽取一个随机的禁言时间（最长一分钟）",
        "command.recall.help": "撤回我发的消息：回复那条消息并发送 {prefix}recall",
        "command.reject.help": "按代码拒绝申请：{prefix}reject 代码",
        "command.requests.help": "列出等待处理的申请",
        "command.welcome.help": "设置新成员入群时说的话：{prefix}welcome 内容（或 on、off）",
        "filter.admins_only": "所有群通用的过滤词由管理员设置；在本群设置请去掉 all。",
        "filter.gone": "不再过滤“{word}”。",
        "filter.head": "过滤词：",
        "filter.line": "{word} → {answer}",
        "filter.none": "还没有过滤词。",
        "filter.silence": "（不回复）",
        "filter.too_long": "词最长 {word} 字，回复最长 {answer} 字。",
        "filter.too_many": "过滤词已经有 {most} 个了。",
        "filter.unknown": "这里没有过滤词“{word}”。",
        "happening.approve": "同意",
        "happening.approved": "正在同意 {name}（{user}）的申请：{kind}。",
        "happening.farewell": "有人离开了群聊~",
        "happening.muted": "已禁言{seconds}秒",
        "happening.no_requests": "没有等待处理的申请。",
        "happening.poked": "在呢，发送 /help 可查看全部指令。",
        "happening.recall.not_here": "这里不能撤回消息。",
        "happening.recall.not_mine": "那不是我发的消息。",
        "happening.recall.not_yours": "只有提问的人和管理员可以让我撤回那条消息。",
        "happening.recall.which": "请回复要撤回的那条消息并发送 {command}。",
        "happening.recalled": "{name} 撤回了：{text}",
        "happening.reject": "拒绝",
        "happening.rejected": "正在拒绝 {name}（{user}）的申请：{kind}。",
        "happening.request": "{name}（{user}）{kind}。附言：{comment}\n/approve {code} 同意，/reject {code} 拒绝",
        "happening.request.friend": "请求加为好友",
        "happening.request.invite": "邀请机器人入群",
        "happening.request.join": "申请入群",
        "happening.too_long": "请不要超过 {most} 字。",
        "happening.unknown_code": "没有代码为 {code} 的申请，/requests 可查看全部。",
        "happening.welcome": "{at} 欢迎新成员加入~,发送 /help 可查看机器人全部指令",
        "happening.words.how": "{command} 内容 可以修改，{command} on 用默认的，{command} off 关闭。可用标记：{marks}",
        "happening.words.off": "现在不说话。",
        "happening.words.on": "现在使用默认的话。",
        "happening.words.text": "现在说：{text}",
    }
)

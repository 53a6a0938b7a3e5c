"""Chinese sentences about people on several platforms, their limits, and personas that are taken over."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        # --- joining accounts
        "link.help": "绑定你在多个平台上的账号：{prefix}link",
        "link.unlink_help": "解除此账号的绑定：{prefix}unlink [copy]",
        "link.code": "你的绑定码：{code}\n请在 {minutes} 分钟内用另一个账号向我发送 {command}，"
        "我会先在那里、再在这里请你确认。",
        "link.what": "绑定后的账号共用一套对话、提示词、设置和限额，以生成绑定码的账号为准；"
        "另一个账号的内容会以不重复的名称"
        "一并带来。权限仍然属于各自的账号，群聊中的对话保持独立。",
        "link.joined": "已与此账号绑定：{names}。",
        "link.groups_on": "在这个平台的群聊中也使用绑定后的对话，我在那里的回答可能会透露其中的内容。",
        "link.groups_off": "在这个平台的群聊中不使用绑定后的对话。",
        "link.consent": "这个绑定码由 {platform} 上的“{name}”生成。那是你自己的账号吗？\n"
        "如果继续，并在那里也确认，那个账号就能看到并继续你在这里的全部对话；此账号将使用那个账号的对话、提示词、"
        "设置和限额，自己的内容会一并带去。如果绑定码是别人给你的，请不要继续。",
        "link.consent_all": "这个绑定码由 {platform} 上的“{name}”生成。那是你自己的账号吗？\n"
        "如果继续，并在那里也确认，那个账号就能看到并继续你在这里以及在 {others} 的全部对话；这些账号都将使用"
        "那个账号的对话、提示词、设置和限额，自己的内容会一并带去。如果绑定码是别人给你的，请不要继续。",
        "link.entered": "我正在询问你在 {platform} 的账号，请在那里确认。",
        "link.take_back": "在那之前可以发送 {command} 取消。",
        "link.ask": "{platform} 上的“{name}”输入了你的绑定码。这是你本人吗？要绑定这个账号吗？",
        "link.ask_all": "已与它绑定的账号（{others}）也会一并绑定。",
        "link.how": "请发送 {yes} 或 {no}",
        "link.button_yes": "确认绑定",
        "link.button_no": "拒绝",
        "link.done": "{platform} 上的“{name}”已与此账号绑定。",
        "link.done_there": "此账号已与你在 {platform} 上的账号绑定。",
        "link.renamed": "以新名称带来的内容：{names}",
        "link.left": "另有 {count} 个较早的留在原处，解绑后仍可看到。",
        "link.refused": "绑定码已失效，没有绑定任何账号。",
        "link.refused_there": "{platform} 上的“{name}”没有同意，没有绑定任何账号。",
        "link.unknown_code": "没有这个绑定码，或者它已过期。",
        "link.already": "这些账号已经绑定了。",
        "link.alone": "此账号没有绑定其他账号。可以用 {command} 绑定。",
        "link.nothing_open": "没有人输入你的绑定码，或者它已过期。",
        "link.too_many_codes": "生成的绑定码太多，请一小时后再试。",
        "link.too_many_tries": "输错的绑定码太多，请十分钟后再试。",
        "link.try_again": "内容刚刚发生了变化，请再试一次。",
        "link.no_bots": "机器人不能绑定。",
        "link.part_other": "此账号（{platform}）将恢复绑定之前的内容，绑定之后的内容全部留在 {main}。"
        "在命令后加上 copy 可以带走一份副本。",
        "link.part_copy": "此账号（{platform}）将恢复绑定之前的内容，并得到现有全部内容的副本；"
        "这些内容同时保留在 {main}。",
        "link.part_main": "其他账号（{names}）将各自恢复绑定之前的内容，绑定之后的内容全部留在此账号。",
        "link.parted": "此账号已解除绑定。",
        # --- limits
        "limit.cost": "你今天的 {limit} 额度已用完，或不足以回答这个问题，请在 {when}后再来。",
        "limit.group_minute": "本群太快了：每分钟最多 {limit} 条消息，请等待 {seconds} 秒。",
        "limit.group_messages": "本群今天的 {limit} 个问题已经用完，请在 {when}后再来。",
        "limit.group_tokens": "本群今天的 {limit} 个 token 已用完，请在 {when}后再来。",
        "limit.group_cost": "本群今天的 {limit} 额度已用完，请在 {when}后再来。",
        "limit.hub_minute": "现在问我的人太多了，请等待 {seconds} 秒。",
        "limit.hub_messages": "我今天为所有人回答的次数已用完，请在 {when}后再来。",
        "limit.hub_tokens": "我今天为所有人准备的 token 已用完，请在 {when}后再来。",
        "limit.hub_cost": "我今天为所有人准备的额度已用完，请在 {when}后再来。",
        "limit.hours": "{hours} 小时 {minutes} 分钟",
        "limit.minutes": "{minutes} 分钟",
        "command.limit.group": "本群所有人合计",
        "command.limit.minute": "每分钟的消息数：{messages}",
        "command.limit.money": "每天的金额：{money} {currency}",
        # --- personas
        "command.persona.page": "第 {page}/{pages} 页，共 {count} 个人设。更多：{next}；搜索：{search}",
        "command.persona.found": "包含“{words}”的人设共 {count} 个：",
        "command.persona.nothing_found": "没有包含“{words}”的人设。",
        "command.persona.next": "下一页",
        "command.persona.before": "上一页",
        "command.persona.import_how": '请发送格式为 [{{"act": "...", "prompt": "..."}}] 的文件并附上 {command}，'
        "或者回复这样的文件，也可以在命令后写上文件地址。",
        "command.persona.import_broken": '文件格式应为 [{{"act": "...", "prompt": "..."}}]。',
        "command.persona.import_gone": "无法取得文件。",
        "command.persona.import_large": "文件太大：最多 {megabytes} MB、{most} 个人设。",
        "command.persona.imported": "已导入 {count} 个人设，所有人都可以使用。",
        "command.persona.import_known": "{count} 个已经存在。",
        "command.persona.import_renamed": "名称已被占用而改名：{names}",
        "command.persona.import_left": "{count} 个没有导入，缺少名称或内容，或者太长：第 {entries} 项",
        # --- on the owner's pages
        "console.person_money_day": "每天的金额",
        "console.person_cost": "费用 {money}",
        "console.person_money": "每天金额最多 {most}",
        "console.person_joined": "与 {names} 是同一个人",
        "console.person_joined_to": "已绑定到 {name}",
        # --- usage
        "command.usage.chart_messages": "最近 {days} 天 · 每天的消息数，最多 {most}",
        "command.usage.chart_tokens": "最近 {days} 天 · 每天的 token 数，最多 {most}",
        "command.usage.of_group": "本群所有人合计：",
        "command.usage.of_all": "所有平台所有人合计：",
        "command.usage.no_group": "这里不是群聊。",
        "command.usage.anew": "下一天在 {when}后开始。",
        "command.usage.spent": "费用：今天 {today} {currency}，本月 {month} {currency}",
        "command.usage.cost_left": "今天剩余额度：{left} / {limit} {currency}",
    }
)

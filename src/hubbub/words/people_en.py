"""English sentences about people on several platforms, their limits, and personas that are taken over."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        # --- joining accounts
        "link.help": "joins your accounts on several platforms: {prefix}link",
        "link.unlink_help": "makes this account one of its own again: {prefix}unlink [copy]",
        "link.code": "Your code: {code}\nSend {command} to this bot from your other account within {minutes} minutes;"
        " I ask you there whether you mean it, and then here whether it was you.",
        "link.what": "Joined accounts have one set of conversations, prompts, settings and limits: those of the account"
        " that made the code. What the other one has comes along under names of its own. Rights stay with each"
        " account, and groups keep conversations of their own.",
        "link.joined": "Joined with this account: {names}.",
        "link.groups_on": "In groups of this platform the joined conversations are used, too: what I answer there may"
        " tell of them.",
        "link.groups_off": "In groups of this platform the joined conversations are not used.",
        "link.consent": "This code was made by {name} on {platform}. Is that account yours?\n"
        "If you go on, and agree there, too, that account reads and continues all that you said here, and this account"
        " has that one's conversations, prompts, settings and limits; what it has itself comes along. If somebody else"
        " gave you the code, do not go on.",
        "link.consent_all": "This code was made by {name} on {platform}. Is that account yours?\n"
        "If you go on, and agree there, too, that account reads and continues all that you said here and on {others},"
        " and all these accounts have that one's conversations, prompts, settings and limits; what they have themselves"
        " comes along. If somebody else gave you the code, do not go on.",
        "link.entered": "Your account on {platform} is asked now; agree there.",
        "link.take_back": "Until then {command} takes it back.",
        "link.ask": "{name} on {platform} entered your code. Is that you, and shall this account join yours?",
        "link.ask_all": "With it come the accounts that are joined to it, on {others}.",
        "link.how": "Send {yes} or {no}.",
        "link.button_yes": "Yes, join",
        "link.button_no": "No",
        "link.done": "{name} on {platform} and this account are one now.",
        "link.done_there": "This account and yours on {platform} are one now.",
        "link.renamed": "Came along under other names: {names}",
        "link.left": "{count} older ones stay where they were, and are there when you part again.",
        "link.refused": "The code works no more; nothing was joined.",
        "link.refused_there": "{name} on {platform} does not agree; nothing was joined.",
        "link.unknown_code": "There is no such code, or it has lapsed.",
        "link.already": "These accounts are one already.",
        "link.alone": "This account is joined to no other one. {command} does that.",
        "link.nothing_open": "Nobody entered a code of yours, or it has lapsed.",
        "link.too_many_codes": "That were many codes; please come again in an hour.",
        "link.too_many_tries": "That were many wrong codes; please come again in ten minutes.",
        "link.try_again": "Something changed at this very moment. Please try again.",
        "link.no_bots": "Bots cannot be joined.",
        "link.part_other": "This account ({platform}) gets back what it had before it was joined. All that came since"
        " then stays with {main}. With the word copy behind the command you take a copy of it along.",
        "link.part_copy": "This account ({platform}) gets back what it had before it was joined, and a copy of all"
        " that is joined now, which stays with {main}, too.",
        "link.part_main": "The others ({names}) get back what they had before they were joined. All that came since"
        " then stays with this account.",
        "link.parted": "This account is one of its own again.",
        # --- limits
        "limit.cost": "Your {limit} for today are used up, or would not suffice for this question; more in {when}.",
        "limit.group_minute": "This group is too fast: at most {limit} messages a minute. Please wait {seconds} s.",
        "limit.group_messages": "This group has asked {limit} questions today, which is all; more in {when}.",
        "limit.group_tokens": "This group's {limit} tokens for today are used up; more in {when}.",
        "limit.group_cost": "This group's {limit} for today are used up; more in {when}.",
        "limit.hub_minute": "Everybody together asks me too much at the moment. Please wait {seconds} s.",
        "limit.hub_messages": "I have answered as many questions as I may for everybody today; more in {when}.",
        "limit.hub_tokens": "I have used as many tokens as I may for everybody today; more in {when}.",
        "limit.hub_cost": "I have spent as much as I may for everybody today; more in {when}.",
        "limit.hours": "{hours} h {minutes} min",
        "limit.minutes": "{minutes} min",
        "command.limit.group": "Everybody in this group together",
        "command.limit.minute": "Messages a minute: {messages}",
        "command.limit.money": "Money a day: {money} {currency}",
        # --- personas
        "command.persona.page": "Page {page} of {pages}, {count} personas. More: {next}; search: {search}",
        "command.persona.found": "{count} personas with “{words}”:",
        "command.persona.nothing_found": "No persona with “{words}”.",
        "command.persona.next": "Next page",
        "command.persona.before": "Previous page",
        "command.persona.import_how": 'Send a file of the form [{{"act": "...", "prompt": "..."}}] with'
        " {command} as its words, or answer such a file with it, or put its address behind it.",
        "command.persona.import_broken": 'This is no list of the form [{{"act": "...", "prompt": "..."}}].',
        "command.persona.import_gone": "The file cannot be had.",
        "command.persona.import_large": "The file is too large: at most {megabytes} MB and {most} personas.",
        "command.persona.imported": "{count} personas are there now for everybody.",
        "command.persona.import_known": "{count} were there already.",
        "command.persona.import_renamed": "Names that were taken, and now are: {names}",
        "command.persona.import_left": "{count} were left out, without a name or text, or too long: entries {entries}",
        # --- on the owner's pages
        "console.person_money_day": "Money a day",
        "console.person_cost": "cost {money}",
        "console.person_money": "at most {most} of money a day",
        "console.person_joined": "the same person as {names}",
        "console.person_joined_to": "joined to {name}",
        # --- usage
        "command.usage.chart_messages": "The last {days} days · messages a day, at most {most}",
        "command.usage.chart_tokens": "The last {days} days · tokens a day, at most {most}",
        "command.usage.of_group": "Everybody in this group together:",
        "command.usage.of_all": "Everybody together, on all platforms:",
        "command.usage.no_group": "This is no group.",
        "command.usage.anew": "The next day begins in {when}.",
        "command.usage.spent": "Cost: {today} {currency} today, {month} {currency} this month",
        "command.usage.cost_left": "Left today: {left} of {limit} {currency}",
    }
)

"""English sentences of the assistant on platforms that come for their answers, and of its administration."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        "chat.thinking": "This one is hard, the assistant is still thinking ...\n\nReply 1 to see the answer.",
        "chat.too_fast": (
            "Sorry, that was too quick: the assistant is still thinking about the question before!"
            "\n\nReply 1 to see its answer."
        ),
        "chat.next_part": "(There is more. Reply 1 to see the next part.)",
        "command.myid.help": "shows your id on this platform",
        "command.whitelist.help": "who has no limits: {prefix}whitelist [add|remove] PLATFORM:ID",
        "command.whitelist.list": "Without limits: {names}",
        "command.whitelist.add": "From now on without limits: {names}.",
        "command.whitelist.remove": "From now on within the limits: {names}.",
        "limit.none_listed": "nobody",
        "command.policy.help": "shows admins, the white list and limits: {prefix}policy [PLATFORM]",
        "command.stats.help": "shows how much people chat: {prefix}stats [PLATFORM]",
        "command.usermodel.help": "chooses somebody's model: {prefix}usermodel PLATFORM:ID MODEL|default",
        "command.usermodel.done": "{owner} uses the model {model} from now on.",
        "command.usermodel.default": "{owner} uses the default model from now on.",
        "command.admintoken.help": "changes the token of admin messages of three lines: {prefix}admintoken TOKEN",
        "command.admintoken.done": "The new token counts from now on.",
        "command.admintoken.short": "A token has at least {least} characters and no spaces.",
        "command.audit.help": "shows what admins did: {prefix}audit [NUMBER]",
        "command.audit.none": "Nothing was done yet.",
        "command.audit.line": "{time} {by}: {act} {detail}",
        "command.old.done": "Done!",
        "command.old.malformed": "Failed, the command is malformed: {reason}",
        "command.old.refused": "Failed: the token is wrong, or you have no right to this.",
        "limit.today": "Sorry, you have reached today's number of messages. Please come back tomorrow!",
        "limit.today_mail": (
            "Sorry, you have reached today's number of messages. Please come back tomorrow!\n\n"
            "To be freed of the limit, send your ID ({user}) to {email} with a good reason."
        ),
        "error.topic": (
            "Sorry, we have talked too much about this; I cannot go on."
            " Perhaps sum up what was said, and we try again from there!"
        ),
        "error.system": "Sorry, a system error. Please try again later!",
    }
)

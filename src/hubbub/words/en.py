"""English sentences. ``{name}`` is a mark that the phrase's values fill; a literal brace is doubled."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        # --- answers of a model
        "prompt.default": "You are a helpful assistant. Answer in the language of the person who asks.",
        "prompt.summary": "The conversation began earlier. What was said until then, in short:",
        "prompt.summarize": (
            "Summarize the conversation below for yourself, so that you can go on with it: facts, names, wishes, "
            "decisions and open questions. Answer with the summary alone, in at most {words} words."
        ),
        "error.internal": "Something went wrong in the hub. Error id: {id}",
        "error.model_failed": "The model could not answer. Please try again later. (error {id})",
        "error.model_timeout": "The model took too long to answer. Please try again later. (error {id})",
        "error.model_busy": "The model is busy or its quota is used up. Please try again later. (error {id})",
        "error.model_auth": "The model refused the hub's key; whoever runs the hub has to set it right. (error {id})",
        "error.model_context": "That is too long for the model. Send less, or start afresh with /new. (error {id})",
        "error.model_empty": "The model answered with nothing. Send /retry to ask again. (error {id})",
        "error.model_refused": "The model did not accept this request. Please put it differently. (error {id})",
        "error.no_model": "No model is set up yet; whoever runs the hub has to add one. (error {id})",
        "chat.stopped": "(stopped)",
        "chat.empty": "I am here. What would you like to ask?",
        "chat.no_vision": "This model cannot see pictures. Please describe it in words.",
        "chat.unreadable": "I can read text and pictures only. Please write it as text.",
        "chat.nothing_to_retry": "There is nothing to ask again yet.",
        "chat.unknown_model": "There is no model {name}.",
        # --- commands in general
        "command.unknown": "There is no command {name}. {help} lists what there is.",
        "command.nearest": "There is no command {name}. Did you mean {nearest}?",
        "command.forbidden": "You may not use {name}.",
        "command.only_private": "{name} works in a private chat only.",
        "command.only_group": "{name} works in a group only.",
        # --- each command: what it does, in one line
        "command.help.help": "lists what you can do; {prefix}help NAME tells more about one command",
        "command.echo.help": "answers what you wrote behind it",
        "command.sid.help": "tells your ids: who you are here, and whose data is used",
        "command.status.help": "tells how the hub is doing",
        "command.new.help": "starts a new conversation; the old one is kept aside",
        "command.retry.help": "asks the last question again",
        "command.stop.help": "stops the answer that is being written",
        # --- what they answer
        "command.help.head": "What you can do here:",
        "command.help.line": "{prefix}{name}: {text}",
        "command.help.aliases": "Also: {names}",
        "command.help.chat": "Anything else is a question to the model.",
        "command.sid": "You: {user} ({role})\nOwner: {owner}\nRoom: {room}\nBranch: {branch}",
        "command.new.done": "A new conversation begins.",
        "command.new.kept": "A new conversation begins. The old one is kept as {name}.",
        "command.stop.done": "Stopped.",
        "command.stop.nothing": "Nothing is running.",
        "command.status": "Hubbub {version}, up for {uptime}\nModel: {model}",
        "command.status.not_ready": "Still starting.",
        "command.status.no_model": "none ({reason})",
        "command.status.work": "Waiting: {waiting}, running: {running}, undelivered: {undelivered}",
        "command.status.up": "{account}: connected",
        "command.status.down": "{account}: not connected ({reason})",
        "duration.days": "{days} d {hours} h",
        "duration.hours": "{hours} h {minutes} min",
        "duration.minutes": "{minutes} min",
        "role.blocked": "blocked",
        "role.guest": "guest",
        "role.user": "user",
        "role.admin": "admin",
        "role.owner": "owner",
        # --- branches
        "branch.bad_name": "That cannot be a name: use 1 to {longest} visible characters, not a dot first.",
        # --- the page at /
        "page.running": "Hubbub is running.",
        "page.version": "Version",
        "page.model": "Model",
        "page.no_model": "none yet",
        "page.accounts": "Accounts",
        "page.accounts_up": "{up} of {all} connected",
        "page.next": "Where to go next:",
        "page.next_chat": "talk to the model in a terminal",
        "page.next_doctor": "check the set-up and see what to mend",
        "page.next_docs": "the HTTP API",
    }
)

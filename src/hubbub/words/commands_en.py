"""English sentences of commands and of access. See `hubbub.words.en`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        # --- what stands behind a command
        "argument.number": "Please give a whole number from {least} to {most}.",
        "argument.choice": "{command} needs one of these words: {names}.",
        "argument.missing": "Something is missing: {command} {usage}",
        "confirm.how": "To go on, send {command} within {minutes} minutes.",
        # --- the running conversation
        "command.edit.help": "asks something else in place of your last question",
        "command.undo.help": "takes back your last question and its answer; {prefix}undo 3 takes back three",
        "command.undo.done": "Taken back: {words}",
        "command.undo.nothing": "There is nothing to take back.",
        "command.undo.picture": "a picture",
        "command.compact.help": "makes a long conversation short, so that it costs less",
        "chat.compacted": "{count} earlier messages are now remembered as a summary.",
        "chat.compacted_without": "{count} earlier messages are now remembered as a short extract of them.",
        "chat.nothing_to_compact": "The conversation is short already.",
        # --- conversations that were put aside
        "command.history.help": "lists your earlier conversations",
        "command.history.head": "Your earlier conversations:",
        "command.history.line": "{number}. {time} {words} ({name})",
        "command.history.none": "There are no earlier conversations here.",
        "command.history.more": "More: {command}",
        "command.history.resume": "Go on with one: {command} NUMBER",
        "command.resume.help": "goes on with an earlier conversation, by its number in {prefix}history or its name",
        "command.branch.help": "keeps conversations as branches: list, new, use, rename, delete, fork",
        "branch.none": "There is no conversation {name}.",
        "branch.current": "Now: {name} {words}",
        "branch.more": "and {count} more",
        "branch.new": "A new conversation {name} begins.",
        "branch.forked": "{name} goes on from here; the conversation before stays as it is.",
        "branch.used": "You go on with {name}. {words}",
        "branch.renamed": "{old} is now called {name}.",
        "branch.deleted": "{name} is deleted.",
        "branch.in_use": "{name} is the conversation that you are in; go on with another one first.",
        "branch.exists": "There is a conversation {name} already.",
        "branch.numeric": "A name cannot be a number only: numbers stand for places in the list.",
        "branch.chosen_by_sender": "Your program names the conversation itself ({name}); choose another one there.",
        # --- export, forget
        "command.export.help": "gives you conversations as a file: {prefix}export [md|json] [NUMBER|NAME|all]",
        "command.export.done": "Conversations: {conversations}, messages: {turns}.",
        "command.export.nothing": "There is nothing to export yet.",
        "command.export.too_large": "That is more than {megabytes} MB; please export single conversations.",
        "command.export.cut": "This room takes no files, so this is the last part, {characters} characters.",
        "export.head": "Exported on {time}",
        "export.user": "You",
        "export.assistant": "Assistant",
        "export.empty": "(empty)",
        "command.forget.help": "deletes everything that the hub keeps of you",
        "command.forget.ask": (
            "This deletes all that is kept of you here: conversations ({count}), prompts, settings, and the texts of"
            " your messages and their answers. It cannot be undone."
        ),
        "command.forget.done": "Everything that was kept of you is deleted.",
        "command.forget.shared": "Here the whole group shares one memory; only an admin of the group can delete it.",
    }
)

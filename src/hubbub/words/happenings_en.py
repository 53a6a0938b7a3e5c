"""English sentences about what happens in rooms, and what is done there."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        "act.mute.admin": "Whoever runs the group cannot be muted.",
        "act.mute.no_right": "I cannot mute anybody here: please make me an admin of the group.",
        "act.mute.not_here": "Nobody can be muted here.",
        "act.mute.only_groups": "People can be muted in groups only.",
        "act.refused": "That did not work: the platform refused it.",
        "command.approve.help": "let in who asked, by the code: {prefix}approve CODE",
        "command.farewell.help": "what is said when somebody leaves the group: {prefix}farewell TEXT, on or off",
        "command.filter.help": "answer messages with a word by itself: {prefix}filter add WORD = ANSWER, del, list",
        "command.mutelottery.help": "be muted for up to a minute, as chance will have it",
        "command.recall.help": "take back a message of mine: reply to it with {prefix}recall",
        "command.reject.help": "turn away who asked, by the code: {prefix}reject CODE",
        "command.requests.help": "who asked to be let in and waits",
        "command.welcome.help": "what is said to new members of the group: {prefix}welcome TEXT, on or off",
        "filter.admins_only": 'Filters of all rooms are the admins\'; here in a group leave out "all".',
        "filter.gone": '"{word}" is not filtered any more.',
        "filter.head": "Filtered words:",
        "filter.line": "{word} → {answer}",
        "filter.none": "No words are filtered.",
        "filter.silence": "(silence)",
        "filter.too_long": "A word has at most {word} characters, an answer at most {answer}.",
        "filter.too_many": "There are {most} filters already.",
        "filter.unknown": 'There is no filter "{word}" here.',
        "happening.approve": "Let in",
        "happening.approved": "{name} ({user}) is being let in: {kind}.",
        "happening.farewell": "Somebody has left the group.",
        "happening.muted": "Muted for {seconds} seconds.",
        "happening.no_requests": "Nobody waits.",
        "happening.poked": "Yes? /help lists what I can do.",
        "happening.recall.not_here": "Messages cannot be taken back here.",
        "happening.recall.not_mine": "That is no message of mine.",
        "happening.recall.not_yours": "Only whoever asked for that message, and admins, may have it taken back.",
        "happening.recall.which": "Reply to the message of mine that shall go with {command}.",
        "happening.recalled": "{name} took back: {text}",
        "happening.reject": "Turn away",
        "happening.rejected": "{name} ({user}) is being turned away: {kind}.",
        "happening.request": "{name} ({user}) {kind}. Comment: {comment}\n/approve {code} or /reject {code}",
        "happening.request.friend": "wants to be the bot's friend",
        "happening.request.invite": "invites the bot to a group",
        "happening.request.join": "wants to join a group",
        "happening.too_long": "At most {most} characters, please.",
        "happening.unknown_code": "Nobody waits with the code {code}; /requests lists who does.",
        "happening.welcome": "{at} Welcome! /help lists what I can do.",
        "happening.words.how": "{command} TEXT, {command} on (my own words), {command} off; marks: {marks}",
        "happening.words.off": "Nothing is said.",
        "happening.words.on": "My own words are said.",
        "happening.words.text": "This is said: {text}",
    }
)

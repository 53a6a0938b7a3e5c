"""In which language, and in which form, a person is told something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubbub.chat.settings import AUTO
from hubbub.core.messages import Message, Text, text_of
from hubbub.core.ports import Answer
from hubbub.words import choose, filled, guess, say

if TYPE_CHECKING:
    from hubbub.chat.reply import Reply
    from hubbub.chat.settings import ChatSettings
    from hubbub.conversations.preferences import Preferences
    from hubbub.core.events import Event, Received
    from hubbub.core.phrases import Phrase


class Speech:
    """The hub's own sentences, and the form of a model's answer."""

    def __init__(self, settings: ChatSettings) -> None:
        self._settings = settings

    def language(self, chosen: Preferences, event: Received) -> str:
        """What the owner chose, else the room, else the setting.

        The setting "auto" goes by the platform's locale and the message's script.
        """
        setting, room = self._settings.language, self._settings.room_language(event.room)
        if setting != AUTO:
            return choose(chosen.language, room, setting)
        return choose(chosen.language, room, event.locale, guess(text_of(event.message)))

    def say(self, phrase: Phrase, chosen: Preferences, event: Received) -> str:
        """A sentence in the person's language; in the platform's own words where it has such."""
        own = self.own(phrase, event)
        return own if own is not None else say(phrase, self.language(chosen, event))

    def own(self, phrase: Phrase, event: Event) -> str | None:
        """What is said on a platform instead of a sentence."""
        customs = self._settings.customs.get(event.room.platform)
        sentence = customs.sentences.get(phrase.key) if customs is not None else None
        return None if sentence is None else filled(sentence, {**phrase.values, "user": event.author.id})

    def tell(self, phrase: Phrase, chosen: Preferences, event: Received) -> Answer:
        """A sentence as the answer."""
        message: Message = (Text(self.say(phrase, chosen, event), verbatim=True),)
        return Answer(message, self.quotes(event))

    def quotes(self, event: Received) -> bool:
        """The answer quotes the question."""
        return self._settings.quote_in_groups and not event.room.direct

    def written(self, reply: Reply, content: str) -> str:
        """What a model said, as Markdown; what it thought stands before it if the settings want that."""
        if not self._settings.show_reasoning or not reply.reasoning:
            return content
        return "> " + reply.reasoning.replace("\n", "\n> ") + "\n\n---\n\n" + content

"""What a person sends from the page, on the one road of all messages: accepted, stored, answered in order."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import HTMLResponse, Response

from hubbub.chat.job import UNANSWERED, left_over
from hubbub.console.asks import Ask, Asks, Behind
from hubbub.console.errors import Missing, PageError, TooLarge
from hubbub.console.forms import Form, form_of
from hubbub.console.listing import Lister, new_name
from hubbub.console.pictures import picture_of
from hubbub.console.templates import HEADERS
from hubbub.console.turns import Question
from hubbub.console.writing import pictures_of
from hubbub.conversations.branches import valid_name
from hubbub.conversations.contexts import turn_of
from hubbub.core.addresses import Room
from hubbub.core.errors import UserError
from hubbub.core.events import Received
from hubbub.core.identities import Author
from hubbub.core.messages import Message, Text
from hubbub.core.phrases import Phrase
from hubbub.core.work import Branch

if TYPE_CHECKING:
    from starlette.requests import Request

    from hubbub.console.desk import Desk
    from hubbub.console.looks import Look
    from hubbub.console.visitors import Visitor

LONGEST_TEXT = 100_000
MOST_PICTURES = 4
_KEY = re.compile(r"[A-Za-z0-9-]{8,64}")
_RETRY, _STOP = "retry", "stop"


@dataclass(frozen=True, slots=True)
class Draft:
    """What the form says. ``behind``: the node that the question goes behind in another version, None for the end."""

    conversation: str
    key: str
    text: str
    pictures: tuple[str, ...] = ()
    model: str = ""
    behind: int | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Put:
    """A message on its way: to which branch, under which key, how it is to be taken."""

    branch: str
    key: str
    message: Message
    options: dict[str, object] = field(default_factory=dict)


class Sending:
    """The writes of the chat page."""

    def __init__(self, desk: Desk, asks: Asks, lister: Lister) -> None:
        """``asks`` follows what is sent."""
        self._desk = desk
        self._asks = asks
        self._lister = lister
        self._services = desk.services

    async def send(self, request: Request) -> Response:
        """Accept a message and answer with the place where its answer will appear."""
        look, visitor = await self._desk.write(request)
        draft = _draft(await form_of(request, self._services.settings.max_body_bytes))
        branch = await self._branch(visitor, draft)
        ask = await self._asks.start(await self._ask(look, visitor, draft, branch))
        name = ask.event.branch
        headers = dict(HEADERS)
        if ask.behind is not None:
            return Response(headers=headers | {"hx-redirect": _address(name)})
        if not draft.conversation:
            headers["hx-push-url"] = _address(name)
        html = self._desk.templates.part(
            "live.html",
            look,
            question=Question(ask.text, pictures=pictures_of(ask.event.message)),
            sealed=await self._desk.seals.seal(visitor.owner, ask.entry),
            name=name,
        )
        return HTMLResponse(html, headers=headers)

    async def stop(self, request: Request) -> Response:
        """End the answer that is being written."""
        look, visitor = await self._desk.write(request)
        form = await form_of(request)
        conversation = _conversation(form)
        put = Put(conversation, secrets.token_hex(16), (self._command(_STOP),))
        await self._services.exchange.ask(self._event(look, visitor, put))
        return Response(status_code=204, headers=dict(HEADERS))

    async def _branch(self, visitor: Visitor, draft: Draft) -> Branch:
        name = draft.conversation
        if not name:
            return Branch(visitor.owner, "context", new_name(self._services.clock()))
        return await self._services.store.conversations.branch(visitor.owner, "context", name)

    async def _ask(self, look: Look, visitor: Visitor, draft: Draft, branch: Branch) -> Ask:
        now = self._services.clock()
        if draft.again:
            text = await self._last_question(branch)
            put = Put(branch.name, draft.key, (self._command(_RETRY),))
            return Ask(self._event(look, visitor, put), text, branch.head, now, again=True)
        message: Message = (*map(picture_of, draft.pictures), *((Text(draft.text),) if draft.text else ()))
        if not message:
            raise PageError(Phrase("page.error_empty"))
        behind, name, options = None, branch.name, self._options(draft)
        if draft.behind is not None:
            behind = Behind(branch.name, _place(branch, draft.behind))
            name = await self._lister.next_version(visitor.owner, branch.name)
            options["behind"] = {"branch": behind.branch, "node": behind.node}
        event = self._event(look, visitor, Put(name, draft.key, message, options))
        return Ask(event, draft.text, behind.node if behind else branch.head, now, behind)

    def _options(self, draft: Draft) -> dict[str, object]:
        known = draft.model and any(each.name == draft.model for each in self._services.models())
        return {"model": draft.model} if known else {}

    def _event(self, look: Look, visitor: Visitor, put: Put) -> Received:
        owner = visitor.owner
        return Received(
            id=f"{quote(owner, safe='')}/{put.key}",
            room=Room("http", visitor.account, "private", owner, put.branch),
            author=Author(owner, room_role="owner" if visitor.admin else "member"),
            message=put.message,
            time=self._services.clock(),
            message_id=put.key,
            addressed=True,
            locale=look.language,
            owner=owner,
            branch=put.branch,
            options=put.options,
        )

    def _command(self, name: str) -> Text:
        sign = self._services.settings.command_sign
        if not sign:
            raise PageError(Phrase("page.error_no_commands"))
        return Text(f"{sign}{name}")

    async def _last_question(self, branch: Branch) -> str:
        aside = await self._services.store.conversations.branch(branch.owner, "context", UNANSWERED, limit=1)
        left = left_over(branch, aside)
        if left is not None:
            return left.content
        turns = (turn_of(node.body) for node in reversed(branch.nodes))
        return next((turn.content for turn in turns if turn is not None and turn.role == "user"), "")


def _draft(form: Form) -> Draft:
    """Raises PageError for what no page sends."""
    text = form.get("text", LONGEST_TEXT + 1)
    pictures = tuple(filter(None, form.all("picture")))
    if len(text) > LONGEST_TEXT:
        raise TooLarge(Phrase("page.error_long", {"longest": LONGEST_TEXT}))
    if len(pictures) > MOST_PICTURES:
        raise TooLarge(Phrase("page.error_pictures", {"most": MOST_PICTURES}))
    key = form.get("key")
    behind = form.get("behind")
    return Draft(
        conversation=_conversation(form),
        key=key if _KEY.fullmatch(key) else secrets.token_hex(16),
        text=text.strip(),
        pictures=pictures,
        model=form.get("model"),
        behind=int(behind) if behind.isdecimal() and len(behind) <= 18 else None,
        again=form.get("again") == "1",
    )


def _conversation(form: Form) -> str:
    name = form.get("c")
    if not name:
        return ""
    try:
        return valid_name(name)
    except UserError as error:
        raise Missing(Phrase("page.error_missing")) from error


def _place(branch: Branch, node: int) -> int:
    """The node that a question is put behind: 0, or one of this very branch. Raises Missing."""
    if node and all(each.id != node for each in branch.nodes):
        raise Missing(Phrase("page.error_missing"))
    return node


def _address(name: str) -> str:
    return f"/?c={quote(name)}"

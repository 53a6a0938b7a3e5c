"""The chat page and the parts of it that are fetched by themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, Response

from hubbub.chat.job import UNANSWERED, left_over
from hubbub.console.errors import Missing
from hubbub.console.forms import form_of
from hubbub.console.listing import Lister, root_of, title_of
from hubbub.console.removing import Removing
from hubbub.console.templates import HEADERS
from hubbub.console.turns import Question, Round, rounds_of, versions_of
from hubbub.console.writing import message_html, pictures_of, verbatim_html
from hubbub.conversations.branches import since, valid_name
from hubbub.core.errors import UserError
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from starlette.requests import Request

    from hubbub.console.asks import Ask, Asks
    from hubbub.console.desk import Desk
    from hubbub.console.looks import Look
    from hubbub.console.visitors import Visitor
    from hubbub.core.work import Branch, Row

SHOWN = 40
LONGEST_SEARCH = 200


@dataclass(frozen=True, slots=True)
class Conversation:
    """What the page shows of a conversation. ``earlier``: there are this many rounds before the first that is shown."""

    name: str = ""
    title: str = ""
    rounds: tuple[Round, ...] = ()
    earlier: int = 0
    live: Ask | None = None
    sealed: str = ""
    found: bool = True


class ChatPage:
    """Reads what owners keep, by their own names for it only."""

    def __init__(self, desk: Desk, asks: Asks, lister: Lister) -> None:
        """``asks`` knows what is asked now."""
        self._desk = desk
        self._asks = asks
        self._lister = lister
        self._removing = Removing(desk.services.store.conversations, asks)
        self._conversations = desk.services.store.conversations

    async def show(self, request: Request) -> Response:
        """The page, with the conversation that the address names, or a new one."""
        look, visitor = await self._desk.visit(request)
        shown = await self._conversation(look, visitor, _named(request))
        services = self._desk.services
        return self._desk.page(
            request,
            "talk.html",
            look,
            200 if shown.found else 404,
            shown=shown,
            question=_question_of(shown.live) if shown.live else None,
            listing=await self._lister.part(visitor.owner),
            gone=await self._removing.gone(visitor.owner, request.query_params.get("gone", "")),
            searched="",
            current=root_of(shown.name),
            hub=services.control.status(),
            models=services.models(),
            sign=services.settings.command_sign,
        )

    async def conversations(self, request: Request) -> Response:
        """The list from a place on, or what a search finds."""
        look, visitor = await self._desk.visit(request)
        query = request.query_params
        searched = " ".join(query.get("q", "")[:LONGEST_SEARCH].split())
        skip = query.get("skip", "0")
        listing = (
            await self._lister.search(visitor.owner, searched)
            if searched
            else await self._lister.part(visitor.owner, int(skip[:9]) if skip.isdecimal() else 0)
        )
        current = root_of(query.get("c", ""))
        return self._part("conversations.html", look, listing=listing, gone=None, current=current, searched=searched)

    async def delete(self, request: Request) -> Response:
        """Put a conversation aside; what is left of it in the list can bring it back."""
        look, visitor = await self._desk.write(request)
        form = await form_of(request)
        name = form.get("name")
        gone = await self._removing.delete(visitor.owner, name)
        if root_of(form.get("c")) == root_of(name):
            return Response(headers=dict(HEADERS) | {"hx-redirect": f"/?gone={gone.mark}"})
        return self._part("gone.html", look, gone=gone)

    async def restore(self, request: Request) -> Response:
        """Bring a deleted conversation back."""
        look, visitor = await self._desk.write(request)
        back = await self._removing.restore(visitor.owner, (await form_of(request)).get("mark"))
        return self._part("conversation.html", look, each=back, current="")

    async def turns(self, request: Request) -> Response:
        """Earlier rounds of a conversation, or the place for an answer that the page still waits for."""
        look, visitor = await self._desk.visit(request)
        name, query = _named(request), request.query_params
        sealed = query.get("live", "")
        if sealed:
            if await self._desk.seals.opened(visitor.owner, sealed) is None:
                raise Missing(Phrase("page.error_missing"))
            return self._part("live.html", look, question=Question(""), sealed=sealed, name=name)
        before = query.get("before", "0")
        branch = await self._conversations.branch(visitor.owner, "context", name)
        rounds = await self._rounds(branch, look)
        end = min(len(rounds), int(before[:9]) if before.isdecimal() else 0)
        start = max(0, end - SHOWN)
        return self._part("earlier.html", look, rounds=rounds[start:end], earlier=start, name=name)

    async def finished(self, ask: Ask, look: Look) -> str:
        """The round of a question that is answered, as the page keeps it."""
        event = ask.event
        branch = await self._conversations.branch(event.owner, "context", event.branch)
        new = tuple(node for node in branch.nodes if node.id > ask.head)
        rounds = await self._rounds(replace(branch, nodes=new), look, branch) if new else []
        asked = _question_of(ask)
        changed = False
        if rounds and rounds[0].question is not None:
            question = rounds[0].question
            pictures = question.pictures or asked.pictures
            gone = question.pictures_gone and not pictures
            rounds[0] = replace(rounds[0], question=replace(question, pictures=pictures, pictures_gone=gone))
        else:
            html = verbatim_html(look.phrase(ask.failure)) if ask.failure else _rows_html(ask.rows, look)
            rounds = [Round(None if ask.again else asked, note=html, unanswered=await self._waits(branch))]
            if ask.again:
                rounds = [*(await self._rounds(branch, look))[-1:], *rounds]
            changed = branch.head != ask.head
        return self._desk.templates.part("rounds.html", look, rounds=rounds, changed=changed)

    async def _conversation(self, look: Look, visitor: Visitor, name: str) -> Conversation:
        if not name:
            return Conversation()
        live = self._asks.running(visitor.owner, name)
        branch = await self._conversations.branch(visitor.owner, "context", name)
        if live is not None:
            branch = await self._base(branch, live)
        rounds = await self._rounds(branch, look)
        if live is None:
            rounds += await self._left(branch, look)
        sealed = await self._desk.seals.seal(visitor.owner, live.entry) if live else ""
        start = max(0, len(rounds) - SHOWN)
        return Conversation(
            name, title_of(branch), tuple(rounds[start:]), start, live, sealed, found=bool(rounds or live)
        )

    async def _base(self, branch: Branch, live: Ask) -> Branch:
        """What stands before a question that is not answered yet."""
        if live.behind is not None:
            branch = await self._conversations.branch(branch.owner, "context", live.behind.branch)
            position = next((at + 1 for at, node in enumerate(branch.nodes) if node.id == live.behind.node), 0)
            return since(branch, position)
        if live.again:
            roles = [isinstance(node.body, dict) and node.body.get("role") for node in branch.nodes]
            if "user" in roles:
                return since(branch, len(roles) - 1 - roles[::-1].index("user"))
        return branch

    async def _rounds(self, branch: Branch, look: Look, whole: Branch | None = None) -> list[Round]:
        family = await self._lister.family(branch) if branch.nodes else ()
        return rounds_of(branch.nodes, look.language, versions_of(whole or branch, family) if family else None)

    async def _left(self, branch: Branch, look: Look) -> list[Round]:
        """The question that got no answer, if it is the last one."""
        aside = await self._conversations.branch(branch.owner, "context", UNANSWERED, limit=1)
        turn = left_over(branch, aside)
        if turn is None:
            return []
        return [Round(Question(turn.content), note=verbatim_html(look.say("page.unanswered")), unanswered=True)]

    async def _waits(self, branch: Branch) -> bool:
        aside = await self._conversations.branch(branch.owner, "context", UNANSWERED, limit=1)
        return left_over(branch, aside) is not None

    def _part(self, name: str, look: Look, /, **values: object) -> Response:
        return HTMLResponse(self._desk.templates.part(name, look, **values), headers=dict(HEADERS))


def _question_of(ask: Ask) -> Question:
    return Question(ask.text, pictures=pictures_of(ask.event.message))


def _rows_html(rows: list[Row], look: Look) -> str:
    return "".join(message_html(row.out.message, look.language) for row in rows)


def _named(request: Request) -> str:
    """The branch that the address names, "" without one. Raises Missing for what can be none."""
    name = request.query_params.get("c", "")
    if not name:
        return ""
    try:
        valid = valid_name(name)
    except UserError as error:
        raise Missing(Phrase("page.error_missing")) from error
    if valid != name:
        raise Missing(Phrase("page.error_missing"))
    return name

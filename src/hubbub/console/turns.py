"""What was said in a conversation, as the page shows it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hubbub.console.writing import markdown_html, message_html
from hubbub.conversations.contexts import turn_of
from hubbub.core.messages import Image

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hubbub.core.turns import Turn
    from hubbub.core.work import Branch, Node


@dataclass(frozen=True, slots=True)
class Versions:
    """A question that was also put in other words: this is one of ``count``, ``before`` and ``after`` name branches."""

    number: int
    count: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Question:
    """What a person said. ``node`` is where it stands (0: not stored), ``parent`` what it stands behind."""

    text: str
    node: int = 0
    parent: int = 0
    pictures: tuple[str, ...] = ()
    pictures_gone: bool = False
    versions: Versions | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What a model said; ``html`` and ``reasoning`` are safe to show."""

    html: str
    reasoning: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Round:
    """A question with what was answered. ``note``: a sentence of the hub's own instead of an answer."""

    question: Question | None
    answers: tuple[Said, ...] = ()
    note: str = ""
    unanswered: bool = False


def rounds_of(nodes: Sequence[Node], language: str, versions: Mapping[int, Versions] | None = None) -> list[Round]:
    """The rounds of a part of a branch; what stands before its first question is a round without one."""
    rounds: list[Round] = []
    question: Question | None = None
    answers: list[Said] = []
    for node in nodes:
        turn = turn_of(node.body)
        if turn is None:
            continue
        if turn.role == "user":
            if question is not None or answers:
                rounds.append(Round(question, tuple(answers)))
            question, answers = _question(node, turn, (versions or {}).get(node.id)), []
        elif turn.role == "assistant" and (turn.content or turn.reasoning or turn.images):
            answers.append(_answer(turn, language))
    if question is not None or answers:
        rounds.append(Round(question, tuple(answers)))
    return rounds


def said(content: str, reasoning: str, model: str, language: str) -> Said:
    """An answer of a model."""
    return Said(
        markdown_html(content, language) if content else "",
        markdown_html(reasoning, language) if reasoning else "",
        model,
    )


def _answer(turn: Turn, language: str) -> Said:
    """An answer as it is kept, with the pictures that were made for it."""
    words = said(turn.content, turn.reasoning, turn.model, language)
    pictures = message_html(tuple(Image(media) for media in turn.images), language)
    return replace(words, html=words.html + pictures) if pictures else words


def versions_of(branch: Branch, family: Sequence[Branch]) -> dict[int, Versions]:
    """For questions of ``branch`` that were put otherwise on branches of its family (newest first): which there are."""
    others: dict[int, dict[int, str]] = {}
    for each in (branch, *family):
        for node in each.nodes:
            if _is_question(node):
                others.setdefault(node.parent, {}).setdefault(node.id, each.name)
    found = {}
    for node in branch.nodes:
        siblings = others.get(node.parent, {}) if _is_question(node) else {}
        if len(siblings) > 1:
            order = sorted(siblings)
            at = order.index(node.id)
            found[node.id] = Versions(
                at + 1,
                len(order),
                siblings[order[at - 1]] if at else "",
                siblings[order[at + 1]] if at + 1 < len(order) else "",
            )
    return found


def _is_question(node: Node) -> bool:
    return isinstance(node.body, dict) and node.body.get("role") == "user"


def _question(node: Node, turn: Turn, versions: Versions | None) -> Question:
    # A picture that came as data is not kept with the context; what is left of it is an empty list.
    gone = isinstance(node.body, dict) and node.body.get("images") is not None
    return Question(turn.content, node.id, node.parent, pictures_gone=gone, versions=versions)

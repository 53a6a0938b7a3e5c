"""Conversations as files that people keep: Markdown, HTML and PDF to read, JSON for programs. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Literal

from hubbub.conversations.contexts import body_of
from hubbub.conversations.shelf import excerpt, first_words, turns_of
from hubbub.conversations.zones import shown
from hubbub.core.errors import UserError
from hubbub.core.phrases import Phrase
from hubbub.core.pictures import Chapter, Paper, Said

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from hubbub.core.turns import Turn
    from hubbub.core.work import Branch, Node

Format = Literal["markdown", "json", "html", "pdf"]
MIME = {"markdown": "text/markdown", "json": "application/json", "html": "text/html", "pdf": "application/pdf"}
SUFFIX = {"markdown": "md", "json": "json", "html": "html", "pdf": "pdf"}
FORMATS: dict[str, Format] = {
    "md": "markdown",
    "markdown": "markdown",
    "json": "json",
    "html": "html",
    "htm": "html",
    "pdf": "pdf",
}
_NOT_IN_NAMES = re.compile(r"[^\w.-]+")
_LONGEST_CALL = 300
_RANGE = re.compile(r"(\d{1,6})?-(\d{1,6})?")
_STYLE = """
body{max-width:46rem;margin:2rem auto;padding:0 1rem;font:16px/1.6 system-ui,sans-serif;color:#1f2328}
h1{font-size:1.5rem;border-bottom:1px solid #d8dee4;padding-bottom:.3rem}
h2{font-size:1rem;border-left:4px solid #69a9e2;padding-left:.6rem;margin-top:2rem}h2.assistant{border-color:#b8c2cc}
h2 small{color:#6b7280;font-weight:400}pre{background:#f3f5f8;padding:.8rem;border-radius:6px;overflow:auto}
code{background:#f3f5f8;padding:.1em .3em;border-radius:4px}pre code{padding:0}table{border-collapse:collapse}
th,td{border:1px solid #d8dee4;padding:.3rem .6rem}blockquote{border-left:4px solid #d8dee4;margin-left:0;
padding-left:1rem;color:#57606a}p.head{color:#6b7280}.code-head{color:#6b7280;font-size:.8rem}
"""


@dataclass(frozen=True, slots=True)
class Titles:
    """What stands over parts of an export, in the reader's language. ``exported`` has the time in it already."""

    exported: str
    user: str
    assistant: str
    empty: str
    title: str = "Hubbub"


def file_name(found: Sequence[Branch], day: str, form: Format, *, everything: bool = False) -> str:
    """A name that every platform and disk takes."""
    about = "all" if everything else _NOT_IN_NAMES.sub("-", found[0].name).strip("-.")[:40] if found else ""
    return f"hubbub-{about or 'chat'}-{day}.{SUFFIX[form]}"


def between(branch: Branch, wanted: str) -> Branch:
    """Some turns of a branch that was read whole: "3-10", "3-" or "-10", counted from 1.

    Raises:
        UserError: these are no two numbers, or nothing is between them.
    """
    match = _RANGE.fullmatch(wanted)
    nodes = [node for node in branch.nodes if _is_turn(branch, node)]
    first, last = (int(match[1] or 1), int(match[2] or len(nodes))) if match else (0, 0)
    chosen = tuple(nodes[max(first, 1) - 1 : last])
    if not match or wanted == "-" or not chosen:
        raise UserError(Phrase("command.export.bad_range"))
    return replace(branch, nodes=chosen)


def is_range(word: str) -> bool:
    """A word says which turns are wanted."""
    return word != "-" and _RANGE.fullmatch(word) is not None


def _is_turn(branch: Branch, node: Node) -> bool:
    return bool(turns_of(replace(branch, nodes=(node,))))


def size_of(branch: Branch) -> int:
    """Characters that were said on a branch that was read whole."""
    return sum(len(turn.content) for turn in turns_of(branch))


def as_json(owner: str, branches: Sequence[Branch], now: float) -> str:
    """Conversations that were read whole, with all that is kept of every turn."""
    conversations = [
        {
            "name": branch.name,
            "updated_at": branch.updated_at,
            "turns": [{**body_of(turn), "time": turn.time} for turn in turns_of(branch)],
        }
        for branch in branches
    ]
    found = {"owner": owner, "exported_at": now, "conversations": conversations}
    return json.dumps(found, ensure_ascii=False, indent=2) + "\n"


def as_markdown(branches: Sequence[Branch], titles: Titles, zone: tzinfo | None) -> str:
    """Conversations that were read whole, as a person reads them."""
    parts = [_conversation(branch, titles, zone) for branch in branches]
    return "\n\n".join([titles.exported, *parts]) + "\n"


def as_html(branches: Sequence[Branch], titles: Titles, zone: tzinfo | None) -> str:
    """Conversations that were read whole, as one page that needs nothing else and runs nothing."""
    from hubbub.markup.html import HtmlWriter  # noqa: PLC0415 - loaded on first use
    from hubbub.markup.rich import read  # noqa: PLC0415 - loaded on first use

    writer = HtmlWriter()
    parts = [f"<h1>{escape(titles.title)}</h1>", f'<p class="head">{escape(titles.exported)}</p>']
    for branch in branches:
        parts.append(f"<h1>{escape(_head(branch))}</h1>")
        turns = turns_of(branch)
        if not turns:
            parts.append(f"<p>{escape(titles.empty)}</p>")
        for turn in turns:
            said = _said(turn, titles, zone)
            when = f" <small>{escape(said.when)}</small>" if said.when else ""
            parts.append(f'<h2 class="{escape(said.kind)}">{escape(said.who)}{when}</h2>')
            parts += writer.write(read(said.text))
    return (
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{escape(titles.title)}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src"
        f' data:"><style>{_STYLE}</style></head><body>' + "\n".join(parts) + "</body></html>\n"
    )


def as_paper(branches: Sequence[Branch], titles: Titles, zone: tzinfo | None) -> Paper:
    """Conversations that were read whole, as what a renderer makes a PDF of."""
    chapters = tuple(
        Chapter(_head(branch), tuple(_said(turn, titles, zone) for turn in turns_of(branch))) for branch in branches
    )
    heads = (_head(branches[0]),) if len(branches) == 1 else ()
    return Paper(titles.title, (*heads, titles.exported), chapters)


def _head(branch: Branch) -> str:
    begin = first_words(branch)
    return branch.name + (f": {begin}" if begin else "")


def _conversation(branch: Branch, titles: Titles, zone: tzinfo | None) -> str:
    turns = turns_of(branch)
    head = f"# {_head(branch)}"
    return "\n\n".join([head, *(_turn(turn, titles, zone) for turn in turns)] if turns else [head, titles.empty])


def _turn(turn: Turn, titles: Titles, zone: tzinfo | None) -> str:
    said = _said(turn, titles, zone)
    when = f", {said.when}" if said.when else ""
    return f"## {said.who}{when}\n\n{said.text}".rstrip()


def _said(turn: Turn, titles: Titles, zone: tzinfo | None) -> Said:
    """Who said what when. Uses of tools stand below the words, and pictures, by their address."""
    who = {"user": turn.name or titles.user, "assistant": titles.assistant}.get(turn.role, turn.role)
    model = f" ({turn.model})" if turn.model else ""
    uses = "".join(f"\n\n`{call.name}({_quotable(call.arguments)})`" for call in turn.tool_calls)
    pictures = "".join(f"\n\n![]({media.url})" for media in turn.images if media.url)
    text = turn.content + uses + pictures
    text = text if turn.content else text.lstrip("\n")
    return Said(turn.role, who + model, shown(turn.time, zone) if turn.time else "", text)


def _quotable(arguments: str) -> str:
    """What a tool was told, as it can stand in code on one line."""
    return "" if arguments == "{}" else excerpt(arguments.replace("`", "'"), _LONGEST_CALL)

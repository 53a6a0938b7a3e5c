"""`hubbub chat`: a conversation in the terminal."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from types import FrameType
from typing import Annotated

import typer

from hubbub.cli.options import Config, DataDir, settings_of
from hubbub.cli.outcome import Exit, Failure, told
from hubbub.cli.talk import Partner, Piece, Reply, Talk, talking
from hubbub.core.errors import HubbubError

HISTORY = "chat.history"
HISTORY_LINES = 1000
QUOTES = '"""'
LEAVE = ("/quit", "/exit", "/bye")
GREETING = f"""\
/help lists the hub's commands, /quit leaves. Ctrl-C ends an answer.
A line that ends with \\ goes on in the next; {QUOTES} begins and ends a text of several lines."""

Once = Annotated[
    str | None, typer.Option("--once", metavar="TEXT", help="Send this one message (- reads it from stdin).")
]
Owner = Annotated[str, typer.Option(help="Whose conversation it is.")]
Conversation = Annotated[
    str, typer.Option("--conversation", metavar="NAME", help="Which one; default: the current one.")
]


def chat(
    once: Once = None,
    owner: Owner = "terminal",
    conversation: Conversation = "",
    *,
    config: Config = None,
    data: DataDir = None,
) -> None:
    """Talk to the hub in the terminal.

    It is the one that runs on this data folder, or one opened for the purpose. The conversation goes on where it was
    left, whoever serves it. With --once the answer goes to stdout, and which model gave it to stderr.
    """
    with told():
        settings = settings_of(config, data)
        partner = Partner(owner, conversation)
        if once is not None:
            text = sys.stdin.read() if once == "-" else once
            if not text.strip():
                message = "there is nothing to send"
                raise Failure(message)
            with talking(settings, partner) as talk:
                _once(talk, text)
            return
        with talking(settings, partner) as talk, _history(settings.server.data_dir / HISTORY):
            print(f"model: {talk.model}\n{GREETING}", file=sys.stderr)
            for text in messages():
                _answer(talk, text)


def _once(talk: Talk, text: str) -> None:
    print(f"model: {talk.model}", file=sys.stderr)
    try:
        printed = show(talk.say(text))
    except KeyboardInterrupt:
        talk.stop()
        raise
    if not printed:
        message = "no answer came; the hub's log may say why"
        raise Failure(message)


def _answer(talk: Talk, text: str) -> None:
    """One question and its answer."""
    try:
        with _stoppable(talk):
            show(talk.say(text))
    except KeyboardInterrupt:
        print(file=sys.stderr)
    except HubbubError as error:
        print(f"hubbub: {error}", file=sys.stderr)


@contextmanager
def _stoppable(talk: Talk) -> Iterator[None]:
    """A first Ctrl-C asks the hub to end the answer, whose part so far still comes; a second one waits no longer."""

    def stop() -> None:
        try:
            talk.stop()
        except HubbubError as error:
            print(f"hubbub: cannot stop the answer: {error}", file=sys.stderr)

    def interrupted(_signal: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        Thread(target=stop, daemon=True).start()

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def show(coming: Iterator[Piece | Reply]) -> bool:
    """Print an answer as it comes; False if nothing came.

    Pieces are a preview: where the kept reply is not what they showed, it is printed whole.
    """
    shown, any_reply = "", False
    for item in coming:
        if isinstance(item, Piece):
            shown += item.content
            print(item.content, end="", flush=True)
        else:
            any_reply = True
            _finish(shown, item.text)
            shown = ""
    if shown:
        print(flush=True)
    return any_reply or bool(shown)


def _finish(shown: str, text: str) -> None:
    if not shown.strip():
        print(text, flush=True)
    elif text.strip().startswith(shown.strip()):
        print(text.strip()[len(shown.strip()) :], flush=True)
    else:
        print(f"\n{text}", flush=True)


def messages() -> Iterator[str]:
    """What the person types, message by message, until they leave."""
    while True:
        try:
            text = _typed()
        except EOFError:
            print(file=sys.stderr)
            return
        except KeyboardInterrupt:
            print(file=sys.stderr)
            raise SystemExit(Exit.DONE) from None
        if text.strip().lower() in LEAVE:
            return
        if text.strip():
            yield text


def _typed() -> str:
    first, more = ("> ", "… ") if sys.stdin.isatty() else ("", "")
    line = input(first)
    if line.lstrip().startswith(QUOTES):
        lines = [line.lstrip()[len(QUOTES) :]]
        while not lines[-1].rstrip().endswith(QUOTES):
            lines.append(input(more))
        lines[-1] = lines[-1].rstrip()[: -len(QUOTES)]
        return "\n".join(lines).strip("\n")
    lines = [line]
    while lines[-1].endswith("\\"):
        lines[-1] = lines[-1][:-1]
        lines.append(input(more))
    return "\n".join(lines)


@contextmanager
def _history(file: Path) -> Iterator[None]:
    """What was typed, to be called back with the arrow keys, also in the next session."""
    try:
        import readline  # noqa: PLC0415 - not there on every system
    except ImportError:
        yield
        return
    readline.set_history_length(HISTORY_LINES)
    readline.set_auto_history(sys.stdin.isatty())
    try:
        file.touch(mode=0o600)
        readline.read_history_file(file)
    except OSError:
        yield  # without one, typing works all the same
        return
    try:
        yield
    finally:
        readline.write_history_file(file)

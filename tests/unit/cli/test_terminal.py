"""`hubbub chat` in a real terminal: Ctrl-C ends an answer, not the conversation."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

from hubbub.core.messages import Text
from tests.fakes.doors import MemoryHub
from tests.unit.cli.beside import beside

WITHIN = 20.0


class Terminal:
    """A command with a terminal of its own."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.shown = ""
        self._end, inside = pty.openpty()
        environ = {name: value for name, value in os.environ.items() if not name.startswith("HUBBUB_")}
        command = [sys.executable, "-m", "hubbub", *arguments]
        self.process = subprocess.Popen(
            command, cwd=folder, env={**environ, "TERM": "dumb"}, stdin=inside, stdout=inside, stderr=inside
        )
        os.close(inside)

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + WITHIN
        while text not in self.shown:
            assert time.monotonic() < deadline, self.shown
            if select.select([self._end], [], [], 0.1)[0]:
                self.shown += os.read(self._end, 65536).decode(errors="replace")

    def type(self, text: str) -> None:
        os.write(self._end, text.encode())

    def close(self) -> int:
        code = self.process.wait(WITHIN)
        os.close(self._end)
        return code


def test_ctrl_c_ends_the_answer_and_the_conversation_goes_on(tmp_path: Path) -> None:
    with beside(MemoryHub(pieces=("once upon ",)), tmp_path / "data") as running:
        hub = running.hub
        hub.go.clear()
        terminal = Terminal(tmp_path, "chat")
        terminal.wait_for("> ")
        terminal.type("long story\n")
        terminal.wait_for("once upon")
        terminal.process.send_signal(signal.SIGINT)
        deadline = time.monotonic() + WITHIN
        while len(hub.entries) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        hub.go.set()
        terminal.wait_for("echo: long story")
        terminal.type("go on\n")
        terminal.wait_for("echo: go on")
        terminal.type("/quit\n")
        assert terminal.close() == 0
    asked = [entry.event.message[0] for entry in hub.entries.values() if entry.event.type == "received"]
    assert asked == [Text("long story"), Text("/stop"), Text("go on")]
    history = (tmp_path / "data" / "chat.history").read_text(encoding="utf-8")
    assert history.splitlines() == ["long story", "go on", "/quit"]

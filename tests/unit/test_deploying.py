"""`make deploy`: the scripts against a stand-in for the engine, over a stand-in for SSH and over a real server."""

from __future__ import annotations

import getpass
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="shell scripts")

# Keeps containers and images in a JSON file. A folder that has a file "sick" makes a container that never comes up.
DOCKER = f"""#!{sys.executable}
import json, pathlib, sys
state_file = pathlib.Path(__file__).parent / "docker.json"
state = json.loads(state_file.read_text()) if state_file.exists() else {{"images": {{}}, "containers": {{}}}}
words = sys.argv[1:]
images, containers = state["images"], state["containers"]

def end(code=0):
    state_file.write_text(json.dumps(state))
    sys.exit(code)

command = words[0]
if command == "build":
    context = pathlib.Path(words[-1])
    if not (context / "Dockerfile").is_file() or not (context / "src/hubbub/__init__.py").is_file():
        end(1)
    images[words[words.index("--tag") + 1]] = (context / "sick").exists()
elif command == "run":
    image = next(word for word in words if word in images)
    if "--rm" not in words:
        name = words[words.index("--name") + 1]
        if name in containers:
            end(125)
        containers[name] = {{"image": image, "up": True, "words": words}}
elif command == "container":
    end(0 if words[-1] in containers else 1)
elif command == "exec":
    found = containers.get(words[1])
    end(0 if found and found["up"] and not images[found["image"]] else 1)
elif command == "logs":
    print("log of", containers[words[-1]]["image"])
elif command in ("stop", "start"):
    containers[words[-1]]["up"] = command == "start"
elif command == "rename":
    containers[words[2]] = containers.pop(words[1])
elif command == "rm":
    if containers.pop(words[-1], None) is None:
        end(1)
elif command == "rmi":
    end(0 if images.pop(words[-1], None) is not None else 1)
else:
    end(64)
end()
"""

SSH = """#!/bin/sh
# As the real one: the command is one string for the shell of a home.
[ "$1" = -- ] || exit 64
echo "$2" >> "$DEPLOY_HOSTS"
cd "$DEPLOY_HOME" && exec env HOME="$DEPLOY_HOME" sh -c "$3"
"""


@dataclass
class Machine:
    """Another machine, and the folder that is deployed."""

    home: Path
    project: Path
    environ: dict[str, str]
    address: str = "user@host.example"
    versions: int = 0

    def deploy(self, port: str = "") -> subprocess.CompletedProcess[str]:
        command = ["make", "--no-print-directory", "deploy", f"DEPLOY_HOST={self.address}"]
        command += [f"PORT={port}"] if port else []
        self.versions += 1
        environ = self.environ | {"DEPLOY_VERSION": f"20260101-00000{self.versions}"}
        return subprocess.run(
            command, cwd=self.project, env=environ, capture_output=True, text=True, timeout=50, check=False
        )

    @property
    def docker(self) -> dict[str, object]:
        state: dict[str, object] = json.loads((self.home / "bin" / "docker.json").read_text())
        return state

    @property
    def containers(self) -> dict[str, dict[str, object]]:
        return self.docker["containers"]  # type: ignore[return-value]  # as the stand-in writes it


def program(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    file.chmod(0o755)


def project_in(folder: Path) -> Path:
    """What is sent, with the hub's package in small."""
    for name in (
        "Dockerfile",
        ".dockerignore",
        "LICENSE",
        "README.md",
        "pyproject.toml",
        "requirements/run.lock",
        "Makefile",
        "deploy/deploy.sh",
        "deploy/remote.sh",
        "src/hubbub/__init__.py",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    home = tmp_path / "home"
    program(home / "bin" / "docker", DOCKER)
    program(tmp_path / "bin" / "ssh", SSH)
    environ = {name: value for name, value in os.environ.items() if name not in ("PORT", "MAKEFLAGS", "MAKELEVEL")}
    environ |= {
        "PATH": f"{tmp_path / 'bin'}{os.pathsep}{home / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "DEPLOY_HOME": str(home),
        "DEPLOY_HOSTS": str(tmp_path / "hosts"),
        "DEPLOY_PAUSE": "0",
    }
    return Machine(home, project_in(tmp_path / "project"), environ)


def test_it_builds_and_starts_there(machine: Machine) -> None:
    (machine.project / ".env").write_text("OPENAI_API_KEY=sk-1\n", encoding="utf-8")
    done = machine.deploy()
    assert done.returncode == 0, done.stderr
    words = machine.containers["hubbub"]["words"]
    assert isinstance(words, list)
    assert words[words.index("--publish") + 1] == "9090:8080"
    assert f"{machine.home}/hubbub/data:/app/data" in words
    assert f"{machine.home}/hubbub/.env:/app/.env:ro" in words
    assert words[words.index("--restart") + 1] == "unless-stopped"
    assert (machine.home / "hubbub").stat().st_mode & 0o777 == 0o700
    assert (machine.home / "hubbub" / ".env").read_text() == "OPENAI_API_KEY=sk-1\n"
    assert "runs on port 9090" in done.stdout
    assert set((machine.project.parent / "hosts").read_text().split()) == {"user@host.example"}


def test_a_new_version_keeps_data_settings_and_log(machine: Machine) -> None:
    machine.deploy("8099")
    home = machine.home / "hubbub"
    (home / "data" / "hubbub.db").write_text("kept")
    (home / ".env").write_text("MINE=1\n")
    (machine.project / ".env").write_text("OTHER=2\n")
    first = machine.containers["hubbub"]["image"]
    done = machine.deploy("8099")
    assert done.returncode == 0, done.stderr
    assert list(machine.containers) == ["hubbub"]
    assert machine.containers["hubbub"]["image"] != first
    assert (home / "data" / "hubbub.db").read_text() == "kept"
    assert (home / ".env").read_text() == "MINE=1\n"
    (log,) = (home / "logs").iterdir()
    assert log.read_text() == f"log of {first}\n"


def test_old_versions_are_removed(machine: Machine) -> None:
    for _ in range(4):
        assert machine.deploy().returncode == 0
    assert len(list((machine.home / "hubbub" / "versions").iterdir())) == 3
    images = machine.docker["images"]
    assert isinstance(images, dict)
    assert len(images) == 3


def test_a_version_that_does_not_come_up_leaves_the_one_before(machine: Machine) -> None:
    machine.deploy()
    first = machine.containers["hubbub"]["image"]
    script = machine.project / "deploy" / "deploy.sh"
    script.write_text(script.read_text().replace("deploy/remote.sh |", "deploy/remote.sh sick |"), encoding="utf-8")
    (machine.project / "sick").touch()
    done = machine.deploy()
    assert done.returncode != 0
    assert "the version before runs again" in done.stderr
    assert machine.containers == {"hubbub": machine.containers["hubbub"] | {"image": first, "up": True}}


def test_an_image_that_cannot_be_built_changes_nothing(machine: Machine) -> None:
    machine.deploy()
    before = machine.containers
    (machine.project / "src" / "hubbub" / "__init__.py").unlink()
    assert machine.deploy().returncode != 0
    assert machine.containers == before


@pytest.mark.parametrize(
    ("address", "port", "told"),
    [("", "", "DEPLOY_HOST=user@host"), ("-oProxyCommand=x", "", "user@host"), ("a@b", "80;x", "a number")],
)
def test_what_is_wrong_is_told_before_anything_is_sent(machine: Machine, address: str, port: str, told: str) -> None:
    machine.address = address
    done = machine.deploy(port)
    assert done.returncode != 0
    assert told in done.stderr
    assert not (machine.project.parent / "hosts").exists()


# --- over a real server ---


def sshd() -> str | None:
    return os.environ.get("HUBBUB_TEST_SSHD") or shutil.which("sshd", path=f"/usr/sbin{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def server(machine: Machine, tmp_path: Path) -> Iterator[Machine]:
    """The same machine behind OpenSSH on loopback, for whoever runs the test."""
    program_ = sshd()
    if program_ is None or shutil.which("ssh") is None:
        pytest.skip("no OpenSSH server here")
    folder = tmp_path / "ssh"
    folder.mkdir(mode=0o700)
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True, timeout=30)
    (folder / "authorized").write_text(
        f'command="cd {machine.home} && HOME={machine.home} DEPLOY_PAUSE=0'
        f' PATH={machine.home}/bin:$PATH sh -c \\"$SSH_ORIGINAL_COMMAND\\"" ' + (folder / "user.pub").read_text()
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder / 'host'}\nAuthorizedKeysFile {folder / 'authorized'}\n"
        f"StrictModes no\nUsePAM no\nPidFile none\nPasswordAuthentication no\nPermitRootLogin yes\n"
    )
    (folder / "config").write_text(
        f"Host *\n  IdentityFile {folder / 'user'}\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n"
        "  LogLevel ERROR\n  BatchMode yes\n"
    )
    program(tmp_path / "bin" / "ssh", f'#!/bin/sh\nexec {shutil.which("ssh")} -F {folder / "config"} "$@"\n')
    running = subprocess.Popen(
        [program_, "-D", "-e", "-f", folder / "sshd_config"], stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        _listening(port, running)
        machine.address = f"ssh://{getpass.getuser()}@127.0.0.1:{port}"
        yield machine
    finally:
        running.terminate()
        running.communicate(timeout=20)


def _listening(port: int, running: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 20
    while running.poll() is None and time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    running.kill()
    pytest.skip(f"the OpenSSH server does not run here: {running.communicate()[1].decode()}")


@pytest.mark.peers
def test_over_a_real_server(server: Machine) -> None:
    done = server.deploy("9191")
    assert done.returncode == 0, done.stderr
    words = server.containers["hubbub"]["words"]
    assert isinstance(words, list)
    assert words[words.index("--publish") + 1] == "9191:8080"
    again = server.deploy("9191")
    assert again.returncode == 0, again.stderr
    assert len(list((server.home / "hubbub" / "logs").iterdir())) == 1

"""The compose file of a cluster: what can be tried of it without Docker, which is all but Docker itself.

Its processes are started with the very commands that it names, behind nginx with the configuration that it mounts.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from hubbub.cli.serve import parser
from tests.cluster.hubs import Hubs, hubs
from tests.crash.program import free_port

HERE = Path(__file__).parents[2] / "docs" / "deploy"
PORT = 8080
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((HERE / "cluster.compose.yaml").read_text(encoding="utf-8"))["services"]
    return found


def roles() -> dict[str, list[str]]:
    """The roles of each hub of the file."""
    commands = {name: each["command"] for name, each in services().items() if each.get("image") == "hubbub"}
    assert all(command[:2] == ["hubbub", "run"] for command in commands.values())
    return {name: parser().parse_args(command[2:]).role for name, command in commands.items()}


def test_what_the_file_names_is_there() -> None:
    assert roles() == {
        "gateway-1": ["gateway"],
        "gateway-2": ["gateway"],
        "worker-1": ["worker", "scheduler"],
        "worker-2": ["worker", "scheduler"],
    }
    given = services()
    for each in given.values():
        for source in (volume.partition(":")[0] for volume in each.get("volumes", ())):
            if source.startswith("./") and Path(source).suffix:
                assert (HERE / source).is_file(), source
        assert set(each.get("depends_on", ())) <= set(given)
    upstream = re.findall(r"server ([\w-]+):(\d+)", (HERE / "nginx.conf").read_text(encoding="utf-8"))
    assert upstream == [(name, str(PORT)) for name, each in roles().items() if each == ["gateway"]]


@asynccontextmanager
async def proxy(folder: Path, cluster: Hubs) -> AsyncIterator[str]:
    """nginx with the file's configuration, but for names and ports; where it listens."""
    assert NGINX is not None
    port = free_port()
    own = (HERE / "nginx.conf").read_text(encoding="utf-8").replace("listen 80;", f"listen 127.0.0.1:{port};")
    for number in (1, 2):
        own = own.replace(f"gateway-{number}:{PORT}", cluster.url(f"gateway{number}").removeprefix("http://"))
    kept = "\n".join(
        f"{what}_temp_path {folder / what};" for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = f"daemon off;\npid {folder / 'pid'};\nevents {{}}\nhttp {{\naccess_log off;\n{kept}\n{own}\n}}\n"
    (folder / "nginx.conf").write_text(whole, encoding="utf-8")
    command = [NGINX, "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    process = await asyncio.create_subprocess_exec(*command, stdin=subprocess.DEVNULL)
    try:
        async with asyncio.timeout(20):
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    async with cluster.http.get(f"http://127.0.0.1:{port}/healthz"):
                        break
                assert process.returncode is None
                await asyncio.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 20)


async def ask(cluster: Hubs, url: str, token: str, text: str, key: str) -> tuple[int, str]:
    body, headers = {"owner": "anna", "text": text}, {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    async with cluster.http.post(f"{url}/api/v1/messages", json=body, headers=headers) as response:
        answer = await response.json()
        return response.status, "".join(reply["text"] for reply in answer.get("replies", ()))


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
async def test_people_get_through_the_proxy_whichever_gateway_is_there(tmp_path: Path, dsn: str) -> None:
    async with hubs(tmp_path, dsn, {"HUBBUB_PLATFORMS__ONEBOT__ACCESS_TOKEN": "onebot-secret"}) as cluster:
        await cluster.start(*(each[0] for each in roles().values()))
        made = await asyncio.to_thread(cluster.processes["worker1"].command, "token", "create", "proxy")
        token = made.stdout.strip()
        folder = tmp_path / "nginx"
        folder.mkdir()
        async with proxy(folder, cluster) as url:
            async with cluster.http.get(f"{url}/metrics") as response:
                assert response.status == 404
            assert (await ask(cluster, url, "hub_wrong", "hello", "w"))[0] == 401
            async with cluster.http.post(f"{url}/api/v1/messages", json={"owner": "a", "text": "b"}) as response:
                assert response.status == 401, "nobody is trusted for the proxy's address"
            for number in range(6):
                assert await ask(cluster, url, token, f"n{number}", f"k{number}") == (200, f"LLM-OK n{number}")
                # The other gateway is next, and gives the same answer.
                assert await ask(cluster, url, token, f"n{number}", f"k{number}") == (200, f"LLM-OK n{number}")
            assert len(cluster.model.requests) == 6
            cluster.kill("gateway1")
            cluster.kill("worker1")
            for number in range(6, 12):
                assert await ask(cluster, url, token, f"n{number}", f"k{number}") == (200, f"LLM-OK n{number}")
            headers = {"X-Self-ID": "1", "Authorization": "Bearer onebot-secret"}
            async with cluster.http.ws_connect(f"{url}/onebot/v11/ws", headers=headers) as socket:
                assert not socket.closed

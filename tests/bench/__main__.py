"""`make bench`: how fast and how large the hub is, loaded by the tests' OneBot peer and fake model.

Every figure comes from a fresh `hubbub run` with its defaults: durable, one processor for the hub, another for the
rest. Medians over the rounds. Figures vary from machine to machine: compare ratios from one run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import time
import urllib.request
from dataclasses import dataclass
from typing import Any

from tests.bench.running import OTHER_CPU, RunningHub, fake_model, hub, pin
from tests.fakes.onebot_load import Load, LoadPeer, connect_when_listening


@dataclass(frozen=True)
class Workload:
    """``model`` is the behaviour of the fake model; ``users`` with as many messages in flight are that many chats."""

    name: str
    load: Load
    model: dict[str, Any]


def workloads(scale: float) -> list[Workload]:
    def messages(number: int) -> int:
        return max(200, int(number * scale))

    marker = "LLM-OK"
    return [
        Workload("echo, 1 in flight", Load(messages(4000), 1), {}),
        Workload("echo, 64 in flight", Load(messages(40_000), 64), {}),
        Workload("echo in groups, 64 in flight", Load(messages(20_000), 64, scene="group"), {}),
        Workload("echo of 4 users, 64 in flight", Load(messages(20_000), 64, users=4), {}),
        Workload(
            "model at 0 ms, 64 in flight",
            Load(messages(8000), 64, text="hello {token}", marker=marker),
            {"check": False},
        ),
        Workload(
            "model at 500 ms, 1000 chats",
            Load(messages(12_000), 1000, users=1000, text="hello {token}", marker=marker),
            {"first_ms": 500.0, "check": False},
        ),
    ]


async def measure(running: RunningHub, chosen: list[Workload], model_port: int) -> dict[str, Any]:
    """All workloads on one hub, and its size before and after."""
    peer = await connect_when_listening(running.onebot, 30)
    start = time.monotonic() - running.started
    figures: dict[str, Any] = {"start to WebSocket, s": round(start, 3)}
    await asyncio.sleep(3)
    figures["idle memory, MB"] = round(running.megabytes(), 1)
    for workload in chosen:
        _behave(model_port, workload.model)
        figures[workload.name] = await _load(running, peer, workload)
    figures["memory after, MB"] = round(running.megabytes(), 1)
    peer.close()
    return figures


async def _load(running: RunningHub, peer: LoadPeer, workload: Workload) -> dict[str, Any]:
    await peer.run(Load(200, 16, text=workload.load.text))
    before = running.cpu_seconds()
    report = await peer.run(workload.load)
    used = running.cpu_seconds() - before
    return {
        "per second": round(report.per_second, 1),
        "p50 ms": round(report.p50, 2),
        "p99 ms": round(report.p99, 2),
        "CPU ms a reply": round(used * 1000 / max(1, report.answered), 3),
        "faults": report.lost + report.twice + report.misordered + report.misrouted + report.unmarked + report.stray,
    }


def _behave(port: int, behaviour: dict[str, Any]) -> None:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/__behave", json.dumps(behaviour).encode(), method="POST")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=5) as response:
        response.read()


def table(rounds: list[dict[str, Any]], chosen: list[Workload]) -> str:
    lines = ["| figure | median |", "|---|---|"]
    sizes = ("start to WebSocket, s", "idle memory, MB", "memory after, MB")
    lines += [f"| {name} | {round(statistics.median(each[name] for each in rounds), 3)} |" for name in sizes]
    columns = ("per second", "p50 ms", "p99 ms", "CPU ms a reply")
    lines += ["", f"| workload | {' | '.join(columns)} | faults |", "|---|" + "---|" * (len(columns) + 1)]
    for workload in chosen:
        results = [each[workload.name] for each in rounds]
        cells = [str(round(statistics.median(result[column] for result in results), 3)) for column in columns]
        lines.append(f"| {workload.name} | {' | '.join(cells)} | {sum(result['faults'] for result in results)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser("make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="how many messages, as a factor")
    parser.add_argument("--only", default="", help="a part of the names of the workloads")
    chosen_args = parser.parse_args()
    chosen = [each for each in workloads(chosen_args.scale) if chosen_args.only in each.name]
    pin(os.getpid(), OTHER_CPU)
    rounds = []
    with fake_model() as model_port:
        for number in range(chosen_args.rounds):
            with hub(model_port) as running:
                rounds.append(asyncio.run(measure(running, chosen, model_port)))
            print(f"round {number + 1}: {json.dumps(rounds[-1])}", flush=True)
    print()
    print(table(rounds, chosen))


if __name__ == "__main__":
    main()

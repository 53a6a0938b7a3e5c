"""The child process that runs a model: ``python -m hubbub.providers.embedded.child``.

Protocol: one line of JSON on stdin (`Order`), one line of JSON on stdout: ``{"url": ...}`` when the server listens,
or ``{"error": ...}``. The child ends when its stdin is closed, so it never outlives the hub.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from dataclasses import dataclass
from typing import Any

_PR_SET_PDEATHSIG = 1
_LONGEST_ANSWER = 1024  # tokens; small models do not always find an end


@dataclass(frozen=True, slots=True)
class Order:
    """What to run. ``context_tokens`` is for one conversation, ``slots`` how many are answered at once."""

    path: str
    name: str
    api_key: str
    context_tokens: int
    slots: int
    threads: int


def main() -> None:
    """Serve until the parent goes away."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the library prints must not get among the answers
    _die_with_parent()
    line = sys.stdin.readline()
    if not line:
        return  # the hub is gone already
    order = Order(**json.loads(line))
    server, told = _serve(order)
    answers.write(json.dumps(told) + "\n")
    answers.flush()
    if server is None:
        return  # in peace, so that the library writes its reasons into the log
    sys.stdin.read()
    os._exit(0)  # its threads need no farewell


def _serve(order: Order) -> tuple[Any, dict[str, str]]:
    try:
        import xllamacpp  # noqa: PLC0415 - loaded on first use
    except ModuleNotFoundError as error:
        return None, {"error": f"the package xllamacpp is missing ({error}); install hubbub[embedded]"}
    except ImportError as error:
        remedy = "install that library (on Debian and Ubuntu: apt install libgomp1)"
        return None, {"error": f"llama.cpp cannot be loaded: {error}; {remedy}"}
    try:
        server = xllamacpp.Server(_parameters(xllamacpp.CommonParams(), order))
    except RuntimeError as error:
        return None, {"error": f"llama.cpp cannot load {order.path}: {error}"}
    return server, {"url": server.listening_address}


def _parameters(params: Any, order: Order) -> Any:
    params.model.path = order.path
    params.model_alias = {order.name}
    params.api_keys = [order.api_key]
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_ctx = order.context_tokens * order.slots
    params.n_parallel = order.slots
    params.n_predict = _LONGEST_ANSWER
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = order.threads
    params.sampling.temp = 0.2
    params.sampling.top_p = 0.9
    params.sampling.penalty_repeat = 1.1
    params.verbosity = 1
    params.cache_ram_mib = 0
    params.warmup = params.ui = params.endpoint_slots = params.fit_params = False
    return params


def _die_with_parent() -> None:
    """Also while the library loads a model and no thread of ours can watch the pipe."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


if __name__ == "__main__":
    main()

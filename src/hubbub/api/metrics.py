"""``/metrics`` in Prometheus' text format, made from plain numbers at the moment they are asked for."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from hubbub.api.answers import answer, refuse
from hubbub.api.errors import Refused, refusal_of
from hubbub.api.services import Services
from hubbub.core.asgi import Receive, Scope, Send
from hubbub.core.errors import StoreError
from hubbub.core.status import HubStatus

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.metrics_core import Metric

KIND = b"text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The route. Private: trusted networks, or a token with the scope "metrics"."""

    def __init__(self, services: Services) -> None:
        """Nothing is loaded before the first request."""
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - the signature of ASGI
        """Collect and answer."""
        client = (scope.get("client") or ("",))[0]
        try:
            await self._services.access.require(client, scope["headers"], "metrics")
            stored = await self._services.store.stats()
        except (Refused, StoreError) as error:
            refusal = refusal_of(error)
            assert refusal is not None  # noqa: S101 - both kinds have one
            await refuse(scope, send, refusal)
            return
        numbers = {**self._services.counters(), **{f"store_{name}": value for name, value in stored.items()}}
        text = await asyncio.to_thread(_render, self._services.control.status(), numbers)
        await answer(send, 200, KIND, text)


class Snapshot:
    """One moment's numbers as a prometheus collector."""

    def __init__(self, status: HubStatus, numbers: Mapping[str, float]) -> None:
        """The numbers' names get the prefix ``hubbub_``."""
        self._status = status
        self._numbers = numbers

    def collect(self) -> Iterator[Metric]:
        """What `prometheus_client` asks a collector for."""
        from prometheus_client.metrics_core import (  # noqa: PLC0415 - loaded on first use
            CounterMetricFamily,
            GaugeMetricFamily,
            InfoMetricFamily,
        )

        status = self._status
        yield InfoMetricFamily("hubbub", "This hub.", {"version": status.version, "model": status.model})
        for name, value in (
            ("ready", float(status.ready)),
            ("started_at_seconds", status.started_at),
            ("entries_waiting", status.waiting),
            ("conversations_running", status.running),
            ("deliveries_undelivered", status.undelivered),
        ):
            yield GaugeMetricFamily(f"hubbub_{name}", f"{name.replace('_', ' ').capitalize()}.", value)
        up = GaugeMetricFamily("hubbub_account_up", "Whether an account can send.", labels=("platform", "account"))
        for account in status.accounts:
            up.add_metric((account.platform, account.account), float(account.up))
        yield up
        for name, value in self._numbers.items():
            plain = re.sub(r"\W", "_", name, flags=re.ASCII)
            family = CounterMetricFamily if plain.endswith("_total") else GaugeMetricFamily
            yield family(f"hubbub_{plain}", f"{plain.replace('_', ' ').capitalize()}.", value)


def _render(status: HubStatus, numbers: Mapping[str, float]) -> bytes:
    from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest  # noqa: PLC0415 - as above

    registry: CollectorRegistry = CollectorRegistry(auto_describe=False)
    registry.register(Snapshot(status, numbers))
    ProcessCollector(registry=registry)
    return generate_latest(registry)

"""English sentences about the processes that share the data."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        "console.nodes": "Processes",
        "console.nodes_why": "They share one database; when one is gone, the others take over what it held.",
        "console.node_at": "at {address}",
        "console.node_holds": "holds {names}",
        "console.node_lanes": "conversations at work: {count}",
        "console.node_heard": "heard {time} ago",
        "console.node_silent": "silent for {time}",
        "console.nodes_lag": "messages that wait: {waiting}, the oldest for {seconds} s",
    }
)

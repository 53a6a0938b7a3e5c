"""Chinese sentences about the processes that share the data."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        "console.nodes": "进程",
        "console.nodes_why": "它们共用一个数据库；其中一个退出后，其余的会接手它负责的工作。",
        "console.node_at": "地址 {address}",
        "console.node_holds": "负责 {names}",
        "console.node_lanes": "正在处理 {count} 个会话",
        "console.node_heard": "{time}前有响应",
        "console.node_silent": "已 {time}没有响应",
        "console.nodes_lag": "{waiting} 条消息等待处理，最久的已等 {seconds} 秒",
    }
)

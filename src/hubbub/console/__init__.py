"""The web pages: the chat page at ``/`` and the owner's pages at ``/console``, rendered by the hub itself.

What is imported here is cheap; templates and writers are loaded when the first page is asked for.
"""

from hubbub.console.recent import RecentLog
from hubbub.console.routes import console_routes
from hubbub.console.services import ConsoleServices, ConsoleSettings, Guide

__all__ = ["ConsoleServices", "ConsoleSettings", "Guide", "RecentLog", "console_routes"]

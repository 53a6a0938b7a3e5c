"""What every store must do, whatever keeps its data.

An engine's test file makes a `StoreHarness` on fresh data and inherits `StoreSuite`; `store_machine` does the same
things in every order.
"""

from __future__ import annotations

from tests.contract.store_collecting import CollectingSuite
from tests.contract.store_conversations import ConversationSuite
from tests.contract.store_files import FileSuite
from tests.contract.store_inbox import AcceptanceSuite, ClaimSuite, UnitSuite
from tests.contract.store_outbox import OutboxSuite
from tests.contract.store_reports import ReportSuite
from tests.contract.store_rest import LeaseSuite, NoteSuite, SecretSuite, StoreWholeSuite, TimerSuite


class StoreSuite(
    AcceptanceSuite,
    ClaimSuite,
    UnitSuite,
    OutboxSuite,
    ReportSuite,
    ConversationSuite,
    CollectingSuite,
    LeaseSuite,
    TimerSuite,
    NoteSuite,
    SecretSuite,
    FileSuite,
    StoreWholeSuite,
):
    """Inherit it, and give it a fixture ``harness``."""

"""Which connection an account is reached over."""

from typing import Any

from hubbub.platforms.onebot.accounts import Accounts
from tests.fakes.platform_host import FakeHost


class Wire:
    def __init__(self) -> None:
        self.unsupported: set[str] = set()

    async def call(self, action: str, params: dict[str, Any]) -> Any:
        return action


def test_a_late_clean_up_leaves_the_new_connection_alone() -> None:
    fake = FakeHost()
    accounts, old, new = Accounts(fake.host), Wire(), Wire()
    accounts.attach("1", old)
    accounts.attach("1", new)
    accounts.detach("1", old, "closed")
    assert accounts.line("1") is new
    assert fake.up == {"1": None}
    accounts.detach("1", old, "closed again")
    assert accounts.line("1") is new
    accounts.detach("1", new, "closed")
    assert accounts.line("1") is None
    assert fake.up == {"1": "closed"}


def test_the_newest_connection_is_used_and_the_older_one_after_it() -> None:
    accounts, first, second = Accounts(FakeHost().host), Wire(), Wire()
    accounts.attach("1", first)
    accounts.attach("1", second)
    assert accounts.line("1") is second
    accounts.detach("1", second, "gone")
    assert accounts.line("1") is first


def test_http_stands_behind_every_websocket() -> None:
    accounts, socket, http = Accounts(FakeHost().host), Wire(), Wire()
    accounts.attach("1", socket)
    accounts.attach("1", http, preferred=False)
    assert accounts.line("1") is socket
    accounts.detach("1", socket, "gone")
    assert accounts.line("1") is http


def test_accounts_are_apart() -> None:
    fake = FakeHost()
    accounts, one, two = Accounts(fake.host), Wire(), Wire()
    accounts.attach("1", one)
    accounts.attach("2", two)
    accounts.detach("1", two, "not mine")
    assert accounts.line("1") is one
    assert accounts.line("2") is two
    accounts.detach("2", two, "gone")
    assert fake.up == {"1": None, "2": "gone"}


def test_an_account_that_is_logged_out_is_down_until_it_is_back() -> None:
    fake = FakeHost()
    accounts, wire = Accounts(fake.host), Wire()
    accounts.online("1", up=True)
    assert fake.up == {}
    accounts.attach("1", wire)
    accounts.online("1", up=False, reason="kicked")
    assert fake.up == {"1": "kicked"}
    accounts.online("1", up=True)
    assert fake.up == {"1": None}
    accounts.online("1", up=False, reason="kicked")
    accounts.attach("1", Wire())
    assert fake.up == {"1": None}


def test_who_may_connect() -> None:
    host = FakeHost().host
    assert Accounts(host).allowed("5")
    assert Accounts(host, ("1", "2")).allowed("2")
    assert not Accounts(host, ("1", "2")).allowed("5")

"""`hubbub token`: bearer tokens of the HTTP API."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from hubbub.cli.hub import RunningHub
from hubbub.cli.options import AsJson, Config, DataDir, settings_of
from hubbub.cli.outcome import Failure, told
from hubbub.cli.stored import with_store
from hubbub.cli.table import print_json, print_table, when
from hubbub.core.store import Store, Token
from hubbub.settings import Settings

DAY = 86_400.0

app = typer.Typer(help="Tokens that let programs use the HTTP API.", no_args_is_help=True)

Scopes = Annotated[
    list[str],
    typer.Option(
        "--scope", help="What it may do: messages, openai, repeater, status, metrics, admin or *; several times."
    ),
]


@app.command()
def create(  # noqa: PLR0913 - each is an option of the command line
    name: Annotated[str, typer.Argument(help="What it is for, shown in the list.")],
    scope: Scopes = ["messages", "openai"],  # noqa: B006 - Typer copies it
    owner: Annotated[str, typer.Option(help="Bind it to this owner: it can speak as nobody else.")] = "",
    days: Annotated[float | None, typer.Option(min=0, help="Days until it expires; without it never does.")] = None,
    per_minute: Annotated[
        int | None, typer.Option(min=1, max=1_000_000, help="Requests a minute; without it any number.")
    ] = None,
    *,
    as_json: AsJson = False,
    config: Config = None,
    data: DataDir = None,
) -> None:
    """Make a token and print its secret, which cannot be shown again."""
    with told():
        expires = None if days is None else time.time() + days * DAY
        body = {
            "name": name,
            "scopes": scope,
            "owner": owner or None,
            "expires_at": expires,
            "per_minute": per_minute,
        }
        made = _create(settings_of(config, data), body)
        if as_json:
            print_json([made])
        else:
            print(made["secret"])


@app.command("list")
def listed(*, as_json: AsJson = False, config: Config = None, data: DataDir = None) -> None:
    """List the tokens, oldest first, without their secrets."""
    with told():
        found = _tokens(settings_of(config, data))
        if as_json:
            print_json(found)
        elif found:
            heads = ("id", "name", "scopes", "owner", "a minute", "made", "expires")
            print_table(heads, [(*_cells(each), when(each["created_at"]), when(each["expires_at"])) for each in found])
        else:
            print("none")


@app.command()
def revoke(
    token: Annotated[str, typer.Argument(metavar="ID", help="Its id, as the list shows it.")],
    *,
    config: Config = None,
    data: DataDir = None,
) -> None:
    """Make a token worthless at once."""
    with told():
        settings = settings_of(config, data)
        if hub := RunningHub.find(settings):
            hub.delete(f"/tokens/{token}")
        elif not with_store(settings, lambda store: store.secrets.token_drop(token)):
            message = f"there is no token {token}; `hubbub token list` shows what there is"
            raise Failure(message)
        print(f"{token} is revoked")


def _cells(token: dict[str, Any]) -> tuple[str, ...]:
    limit = str(token["per_minute"] or "")
    return token["id"], token["name"], ",".join(token["scopes"]), token["owner"], limit


def _create(settings: Settings, body: dict[str, Any]) -> dict[str, Any]:
    if hub := RunningHub.find(settings):
        made: dict[str, Any] = hub.post("/tokens", body)
        return {**made["token"], "secret": made["secret"]}

    async def issue(store: Store) -> tuple[Token, str]:
        from hubbub.api.auth import Access  # noqa: PLC0415 - loaded on first use

        limits = {"expires_at": body["expires_at"], "per_minute": body["per_minute"] or 0}
        return await Access(store.secrets).issue(body["name"], body["scopes"], owner=body["owner"] or "", **limits)

    try:
        token, secret = with_store(settings, issue)
    except ValueError as error:
        raise Failure(str(error)) from error
    return {**_plain(token), "secret": secret}


def _tokens(settings: Settings) -> list[dict[str, Any]]:
    if hub := RunningHub.find(settings):
        found: list[dict[str, Any]] = hub.get("/tokens")["tokens"]
        return found
    return [_plain(token) for token in with_store(settings, lambda store: store.secrets.tokens())]


def _plain(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "scopes": list(token.scopes),
        "owner": token.owner,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "per_minute": token.per_minute,
    }

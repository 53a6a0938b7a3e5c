"""Bearer tokens: listed, made, taken away."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from hubbub.api.errors import Refused
from hubbub.api.native.wire import TokenIn, TokenJSON, TokenMade, Tokens
from hubbub.api.services import Services
from hubbub.core.store import Token


class TokenRoutes:
    """The handlers; one for the whole application."""

    def __init__(self, services: Services) -> None:
        """Asks the access of these services."""
        self._access = services.access

    async def listed(self) -> Tokens:
        """List all tokens, oldest first, without their secrets."""
        return Tokens(tokens=[_json(token) for token in await self._access.tokens()])

    async def make(self, body: TokenIn) -> TokenMade:
        """Make a token. Its secret is in this answer alone."""
        try:
            token, secret = await self._access.issue(
                body.name,
                body.scopes,
                owner=body.owner or "",
                expires_at=body.expires_at,
                per_minute=body.per_minute or 0,
            )
        except ValueError as error:
            raise Refused(422, "invalid_request", str(error)) from error
        return TokenMade(token=_json(token), secret=secret)

    async def drop(self, token: Annotated[str, Path(max_length=100, description="The token's id")]) -> Response:
        """Make a token worthless, from now on."""
        if not await self._access.revoke(token):
            lists = "GET /api/v1/tokens or `hubbub token list` shows what there is."
            raise Refused(404, "no_such_token", f"There is no token of this id. {lists}")
        return Response(status_code=204)


def _json(token: Token) -> TokenJSON:
    return TokenJSON(
        id=token.id,
        name=token.name,
        scopes=list(token.scopes),
        owner=token.owner,
        created_at=token.created_at,
        expires_at=token.expires_at,
        per_minute=token.per_minute,
    )

"""Personas that were taken over for everybody: listed, taken over, removed."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import Field
from starlette.responses import Response

from hubbub.api.errors import Refused
from hubbub.api.native.segments import Wire
from hubbub.api.services import Services
from hubbub.conversations import library, personas

Named = Annotated[str, Path(max_length=100, description="A persona's name")]


class Persona(Wire):
    """A persona that everybody may choose."""

    name: str
    text: str


class Personas(Wire):
    """All that were taken over; those of the settings and of folders are not among them."""

    personas: list[Persona]


class Act(Wire):
    """One entry of a list: a name and what a model is told."""

    act: str = Field(max_length=1000)
    prompt: str = Field(max_length=library.LONGEST)


class Acts(Wire):
    """A list of them."""

    acts: list[Act] = Field(max_length=library.MOST)


class TakenOver(Wire):
    """How many are new, how many were there already, names that others became, and entries that are left out.

    Those are named by their places, from 1 on.
    """

    new: int
    known: int
    renamed: list[str]
    left: list[str]
    full: bool = Field(description="There was no room for all")


class PersonaRoutes:
    """The handlers; one for the whole application."""

    def __init__(self, services: Services) -> None:
        """Works on the services' store."""
        self._conversations = services.store.conversations

    async def listed(self) -> Personas:
        """List personas that were taken over."""
        kept, owner = self._conversations, library.OWNER
        names = await library.names(kept)
        return Personas(personas=[Persona(name=each, text=await personas.read(kept, owner, each)) for each in names])

    async def take(self, body: Acts) -> TakenOver:
        """Take personas of a list over for everybody; what is there already stays as it is."""
        acts = library.acts_of((each.act, each.prompt) for each in body.acts)
        done = await library.take(self._conversations, acts)
        return TakenOver(
            new=done.new, known=done.known, renamed=list(done.renamed), left=list(done.left), full=done.full
        )

    async def drop(self, name: Named) -> Response:
        """Remove one that was taken over."""
        kept = await personas.branch(self._conversations, library.OWNER, name)
        if not kept.head:
            raise Refused(404, "no_such_persona", "There is no such persona.")
        await self._conversations.change(personas.delete(kept))
        return Response(status_code=204)

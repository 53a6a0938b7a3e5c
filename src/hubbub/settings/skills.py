"""The section about tools that models use."""

from __future__ import annotations

from pydantic import Field

from hubbub.settings.sections import Section


class Skills(Section):
    """Tools that models may use while they answer. Off until one is named."""

    on: tuple[str, ...] = Field(
        (),
        examples=[["clock", "calculator", "image"]],
        description="Tools that models may use: clock, calculator, image (needs painting.model), or a package's.",
    )
    unasked: tuple[str, ...] = Field(
        ("image",),
        description="Tools that may change something or spend without the person's consent, within limits; others wait"
        " for the command tools allow.",
    )
    rounds: int = Field(4, ge=1, le=20, description="How often a model may use tools before it has to answer.")
    calls: int = Field(8, ge=1, le=64, description="Most uses of tools for one answer.")
    seconds: float = Field(20.0, gt=0, description="Longest time that one use may take; painting has its own.")
    characters: int = Field(20_000, ge=100, description="Longest result of a tool that a model is shown.")

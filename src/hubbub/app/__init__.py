"""The composition root: the only part that knows every other."""

from hubbub.app.hub import Hub, open_hub
from hubbub.app.serve import run

__all__ = ["Hub", "open_hub", "run"]

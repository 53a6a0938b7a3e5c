"""Models behind an API of the OpenAI kind: most of the world's, and the local servers'."""

from hubbub.providers.openai_compatible.client import OpenAICompatible
from hubbub.providers.openai_compatible.session import new_session

__all__ = ["OpenAICompatible", "new_session"]

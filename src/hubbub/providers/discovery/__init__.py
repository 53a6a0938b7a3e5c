"""Which models there are when nobody set any: by keys in the environment, by servers on this machine, of our own."""

from hubbub.providers.discovery.choice import Choice, choose
from hubbub.providers.discovery.local import LocalServer, probe

__all__ = ["Choice", "LocalServer", "choose", "probe"]

"""One self-hosted backend that joins chat platforms, language models and people's rooms."""

__version__ = "0.1.0"

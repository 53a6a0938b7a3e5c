"""Telegram bots."""

import os

# The library reads it whenever it is asked for a length of time; without it each such question is a warning.
os.environ.setdefault("PTB_TIMEDELTA", "true")

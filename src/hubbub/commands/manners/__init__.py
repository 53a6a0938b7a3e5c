"""How the bot behaves in rooms beside answering: words for who comes and goes, filters, requests that wait.

The settings say it for all rooms. What people with the right to do so set in a chat is kept in the store as a log of
changes, as `hubbub.commands.access` keeps its own.
"""

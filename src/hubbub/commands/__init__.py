"""Commands that people give in a chat.

A command is one `Command` in the ``COMMANDS`` of a family's file (`basics`, `conversation`), and a sentence for its
help in `hubbub.words`. A new family is a new file, named in `builtin`.
"""

"""Who is let in, as what, and where: decided here and nowhere else, by `gate.Gate`.

The settings' lists go first. What people with the right to do so change in a chat is kept in the store as a log of
changes (`log`), so that two who change something at once do not undo one another.
"""

"""What owners keep: contexts, prompts and settings, each in branches.

Everything here is pure: it reads what `store.Conversations` gave and returns the `Write` values that a unit stores.
"""

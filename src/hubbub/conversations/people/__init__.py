"""One person on several platforms: identities that were joined, codes by which they are, and what comes along.

An *identity* is the owner of somebody's private conversations on one platform (`core.identities.owner_of`).
"""

"""A platform without a platform: the template of an adapter, and what tests of the hub talk through."""

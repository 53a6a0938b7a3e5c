"""Random pictures by tags, from a service of the form of api.lolicon.app/setu/v2."""

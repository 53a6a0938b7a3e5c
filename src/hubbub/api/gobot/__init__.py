"""The one route of GoBot's HTTP API, for clients that are there."""

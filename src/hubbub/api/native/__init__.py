"""The hub's own HTTP API, version 1. Its routes are listed in the README beside this file."""

"""Discord bots."""

"""The doors: one web server, who may come in, and the HTTP APIs behind it."""

"""The API of OpenAI over the hub's models, for the clients that there are. Its routes are in the README beside this."""

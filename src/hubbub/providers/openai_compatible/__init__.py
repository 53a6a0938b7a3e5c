"""Models behind an API of the OpenAI kind: most of the world's, and the local servers'."""

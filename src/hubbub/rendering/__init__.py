"""Markdown as pictures and documents, by typst in processes of its own."""

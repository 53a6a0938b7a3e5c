"""The one reader of Markdown, what it becomes where there is none, and cutting texts to a platform's size.

Nothing here is imported by the others at start but this file and `split`; the parser's library loads on first use.
"""

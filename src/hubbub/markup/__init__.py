"""The one reader of Markdown, what it becomes where there is none, and cutting texts to a platform's size.

`parse`, `tree` and `writer` are loaded with the parser's library when the first text with markup comes along.
"""

"""A stand-in for WeCom: its API with the rules that it keeps, and its callbacks by hand."""

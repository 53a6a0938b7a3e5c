"""The embedded engine: one process, one SQLite file, one writer thread."""

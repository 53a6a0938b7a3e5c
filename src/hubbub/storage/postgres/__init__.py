"""The engine for several processes on several machines: one PostgreSQL database, one writing task a process."""

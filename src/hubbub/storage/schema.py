"""The schema as it is now, and its version.

A new database is made from these statements at once; an older one is brought here by the migrations beside this file
(Alembic, imported only then). A test holds that both ways end at the same schema.
"""

from __future__ import annotations

VERSION = "0001"

# States of an outbox row as stored. Below OPEN: somebody may still have to act on it (the partial index).
OPEN = 10
STATE_CODES = {"queued": 0, "sending": 1, "unknown": 2, "dead": 3, "sent": 10, "kept": 11, "dropped": 12}
STATE_NAMES = {code: name for name, code in STATE_CODES.items()}

# States of an inbox entry as stored.
WAITING, DONE, GIVEN_UP = 0, 1, 2

SQLITE = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE inbox(
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, lane TEXT NOT NULL, event BLOB NOT NULL, at REAL NOT NULL,
  state INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '');
CREATE INDEX inbox_waiting ON inbox(lane) WHERE state = 0;
CREATE TABLE outbox(
  id INTEGER PRIMARY KEY, room TEXT NOT NULL, entry INTEGER NOT NULL, message BLOB NOT NULL,
  reply_to TEXT NOT NULL, delivery TEXT NOT NULL, state INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
  message_id TEXT NOT NULL DEFAULT '', error TEXT NOT NULL DEFAULT '', created_at REAL NOT NULL,
  next_at REAL NOT NULL DEFAULT 0);
CREATE INDEX outbox_open ON outbox(id) WHERE state < 10;
CREATE INDEX outbox_kept ON outbox(entry) WHERE state = 11;
CREATE INDEX outbox_message ON outbox(message_id, room) WHERE message_id <> '';
CREATE TABLE node(
  id INTEGER PRIMARY KEY, parent INTEGER NOT NULL, owner TEXT NOT NULL, body BLOB NOT NULL, at REAL NOT NULL);
CREATE TABLE branch(
  owner TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, head INTEGER NOT NULL, updated_at REAL NOT NULL,
  PRIMARY KEY(owner, kind, name)) WITHOUT ROWID;
CREATE TABLE branch_log(
  id INTEGER PRIMARY KEY, owner TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, head INTEGER NOT NULL,
  reason TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX branch_log_owner ON branch_log(owner, kind, name);
CREATE TABLE branch_current(
  owner TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY(owner, kind)) WITHOUT ROWID;
CREATE TABLE lease(
  name TEXT PRIMARY KEY, node TEXT NOT NULL, fence INTEGER NOT NULL, until REAL NOT NULL, address TEXT NOT NULL)
  WITHOUT ROWID;
CREATE TABLE timer(
  name TEXT PRIMARY KEY, due REAL NOT NULL, lane TEXT NOT NULL, event BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX timer_due ON timer(due);
CREATE TABLE token(
  id TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE, name TEXT NOT NULL, scopes TEXT NOT NULL, owner TEXT NOT NULL,
  created_at REAL NOT NULL, expires_at REAL) WITHOUT ROWID;
CREATE TABLE alembic_version(version_num VARCHAR(32) NOT NULL PRIMARY KEY);
"""

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

# What a platform told of a row afterwards, as stored; 0: nothing. What has the greater number is what holds.
TOLD_CODES = {"sent": 1, "failed": 2, "delivered": 3, "read": 4}
TOLD_NAMES = {code: name for name, code in TOLD_CODES.items()}

# States of an inbox entry as stored.
WAITING, DONE, GIVEN_UP = 0, 1, 2

SQLITE = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE inbox(
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, lane TEXT NOT NULL, event BLOB NOT NULL, at REAL NOT NULL,
  state INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '',
  begun INTEGER NOT NULL DEFAULT 0);
CREATE INDEX inbox_waiting ON inbox(lane) WHERE state = 0;
CREATE INDEX inbox_given_up ON inbox(id) WHERE state = 2;
CREATE TABLE outbox(
  id INTEGER PRIMARY KEY, room TEXT NOT NULL, entry INTEGER NOT NULL, message BLOB NOT NULL,
  reply_to TEXT NOT NULL, delivery TEXT NOT NULL, state INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
  message_id TEXT NOT NULL DEFAULT '', error TEXT NOT NULL DEFAULT '', created_at REAL NOT NULL,
  next_at REAL NOT NULL DEFAULT 0, edits INTEGER NOT NULL DEFAULT 0, told INTEGER NOT NULL DEFAULT 0,
  told_at REAL NOT NULL DEFAULT 0);
CREATE INDEX outbox_open ON outbox(id) WHERE state < 10;
CREATE INDEX outbox_kept ON outbox(entry) WHERE state = 11;
CREATE INDEX outbox_message ON outbox(message_id, room) WHERE message_id <> '';
CREATE INDEX outbox_draft ON outbox(entry) WHERE edits < 0;
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
CREATE TABLE usage(
  owner TEXT NOT NULL, day TEXT NOT NULL, messages INTEGER NOT NULL, prompt_tokens INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL, room TEXT NOT NULL, at REAL NOT NULL, cost INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY(owner, day)) WITHOUT ROWID;
CREATE TABLE hold(
  id TEXT NOT NULL, scope TEXT NOT NULL, day TEXT NOT NULL, tokens INTEGER NOT NULL, cost INTEGER NOT NULL,
  until REAL NOT NULL, PRIMARY KEY(id, scope)) WITHOUT ROWID;
CREATE INDEX hold_scope ON hold(scope, day);
CREATE TABLE pace(scope TEXT PRIMARY KEY, level REAL NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE call_log(
  id INTEGER PRIMARY KEY, owner TEXT NOT NULL, model TEXT NOT NULL, at REAL NOT NULL, record BLOB NOT NULL);
CREATE INDEX call_log_at ON call_log(at);
CREATE INDEX call_log_owner ON call_log(owner, at);
CREATE TABLE lease(
  name TEXT PRIMARY KEY, node TEXT NOT NULL, fence INTEGER NOT NULL, until REAL NOT NULL, address TEXT NOT NULL)
  WITHOUT ROWID;
CREATE TABLE timer(
  name TEXT PRIMARY KEY, due REAL NOT NULL, lane TEXT NOT NULL, event BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX timer_due ON timer(due);
CREATE TABLE token(
  id TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE, name TEXT NOT NULL, scopes TEXT NOT NULL, owner TEXT NOT NULL,
  created_at REAL NOT NULL, expires_at REAL, per_minute INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE note(
  key TEXT PRIMARY KEY, owner TEXT NOT NULL, value TEXT NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX note_owner ON note(owner);
CREATE INDEX note_at ON note(at);
CREATE TABLE file(
  id TEXT PRIMARY KEY, owner TEXT NOT NULL, name TEXT NOT NULL, mime TEXT NOT NULL, size INTEGER NOT NULL,
  expires_at REAL NOT NULL, data BLOB NOT NULL);
CREATE INDEX file_expiry ON file(expires_at, size);
CREATE INDEX file_owner ON file(owner) WHERE owner <> '';
CREATE TABLE alembic_version(
  version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY(version_num));
"""

# Names are compared by their bytes, as SQLite does. `conv` holds a lane only while somebody works on it or could, and
# `waiting` an entry only until it is done, so both stay small and what is large is never written twice.
POSTGRES = """
CREATE SEQUENCE fence;
CREATE TABLE meta(key text COLLATE "C" PRIMARY KEY, value text NOT NULL);
CREATE TABLE writer(
  id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, batch bigint NOT NULL, at double precision NOT NULL);
CREATE TABLE member(
  node text COLLATE "C" PRIMARY KEY, incarnation bigint NOT NULL, until double precision NOT NULL,
  address text NOT NULL, roles text NOT NULL, at double precision NOT NULL);
CREATE TABLE conv(
  lane text COLLATE "C" PRIMARY KEY, node text COLLATE "C" NOT NULL, fence bigint NOT NULL DEFAULT nextval('fence'),
  waiting integer NOT NULL, behind boolean NOT NULL DEFAULT false, ready double precision)
  WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX conv_ready ON conv(ready) WHERE ready IS NOT NULL;
CREATE TABLE inbox(
  id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, key text COLLATE "C" NOT NULL UNIQUE,
  lane text COLLATE "C" NOT NULL, event bytea NOT NULL, at double precision NOT NULL, error text);
CREATE INDEX inbox_given_up ON inbox(id) WHERE error IS NOT NULL;
CREATE TABLE waiting(
  lane text COLLATE "C" NOT NULL, id bigint NOT NULL, attempts integer NOT NULL DEFAULT 0,
  begun integer NOT NULL DEFAULT 0, PRIMARY KEY(lane, id))
  WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
CREATE TABLE outbox(
  id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, room text COLLATE "C" NOT NULL, entry bigint NOT NULL,
  message bytea NOT NULL, reply_to text NOT NULL, delivery text NOT NULL, state smallint NOT NULL,
  attempts integer NOT NULL DEFAULT 0, message_id text COLLATE "C" NOT NULL DEFAULT '', error text NOT NULL DEFAULT '',
  created_at double precision NOT NULL, next_at double precision NOT NULL DEFAULT 0,
  edits bigint NOT NULL DEFAULT 0, told smallint NOT NULL DEFAULT 0, told_at double precision NOT NULL DEFAULT 0,
  node text COLLATE "C" NOT NULL DEFAULT '');
CREATE INDEX outbox_open ON outbox(state, id) WHERE state < 10;
CREATE INDEX outbox_unsent ON outbox(room, id) WHERE state < 2;
CREATE INDEX outbox_kept ON outbox(entry) WHERE state = 11;
CREATE INDEX outbox_message ON outbox(hashtextextended(message_id, 0)) WHERE message_id <> '';
CREATE INDEX outbox_draft ON outbox(entry) WHERE edits < 0;
CREATE TABLE node(
  id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, parent bigint NOT NULL, owner text COLLATE "C" NOT NULL,
  body bytea NOT NULL, at double precision NOT NULL);
CREATE TABLE branch(
  owner text COLLATE "C" NOT NULL, kind text COLLATE "C" NOT NULL, name text COLLATE "C" NOT NULL,
  head bigint NOT NULL, updated_at double precision NOT NULL, PRIMARY KEY(owner, kind, name));
CREATE TABLE branch_log(
  id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, owner text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL, name text COLLATE "C" NOT NULL, head bigint NOT NULL, reason text NOT NULL,
  at double precision NOT NULL);
CREATE INDEX branch_log_owner ON branch_log(owner, kind, name);
CREATE TABLE branch_current(
  owner text COLLATE "C" NOT NULL, kind text COLLATE "C" NOT NULL, name text NOT NULL, PRIMARY KEY(owner, kind));
CREATE TABLE usage(
  owner text COLLATE "C" NOT NULL, day text COLLATE "C" NOT NULL, messages bigint NOT NULL,
  prompt_tokens bigint NOT NULL, completion_tokens bigint NOT NULL, room text COLLATE "C" NOT NULL,
  at double precision NOT NULL, cost bigint NOT NULL DEFAULT 0, PRIMARY KEY(owner, day));
CREATE TABLE hold(
  id text COLLATE "C" NOT NULL, scope text COLLATE "C" NOT NULL, day text COLLATE "C" NOT NULL,
  tokens bigint NOT NULL, cost bigint NOT NULL, until double precision NOT NULL, PRIMARY KEY(id, scope));
CREATE INDEX hold_scope ON hold(scope, day);
CREATE TABLE pace(
  scope text COLLATE "C" PRIMARY KEY, level double precision NOT NULL, at double precision NOT NULL);
CREATE TABLE call_log(
  id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, owner text COLLATE "C" NOT NULL,
  model text COLLATE "C" NOT NULL, at double precision NOT NULL, record bytea NOT NULL);
CREATE INDEX call_log_at ON call_log(at);
CREATE INDEX call_log_owner ON call_log(owner, at);
CREATE TABLE lease(
  name text COLLATE "C" PRIMARY KEY, node text NOT NULL, fence bigint NOT NULL, until double precision NOT NULL,
  address text NOT NULL);
CREATE TABLE timer(
  name text COLLATE "C" PRIMARY KEY, due double precision NOT NULL, lane text NOT NULL, event bytea NOT NULL);
CREATE INDEX timer_due ON timer(due);
CREATE TABLE token(
  id text COLLATE "C" PRIMARY KEY, digest text COLLATE "C" NOT NULL UNIQUE, name text NOT NULL, scopes text NOT NULL,
  owner text NOT NULL, created_at double precision NOT NULL, expires_at double precision,
  per_minute integer NOT NULL DEFAULT 0);
CREATE TABLE note(
  key text COLLATE "C" PRIMARY KEY, owner text COLLATE "C" NOT NULL, value text NOT NULL,
  at double precision NOT NULL);
CREATE INDEX note_owner ON note(owner);
CREATE INDEX note_at ON note(at);
CREATE TABLE file(
  id text COLLATE "C" PRIMARY KEY, owner text COLLATE "C" NOT NULL, name text NOT NULL, mime text NOT NULL,
  size bigint NOT NULL, expires_at double precision NOT NULL, data bytea NOT NULL);
CREATE INDEX file_expiry ON file(expires_at, size);
CREATE INDEX file_owner ON file(owner) WHERE owner <> '';
CREATE TABLE alembic_version(version_num varchar(32) NOT NULL CONSTRAINT alembic_version_pkc PRIMARY KEY);
"""

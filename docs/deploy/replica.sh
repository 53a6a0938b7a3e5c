#!/bin/bash
# A copy of the database at the first start, then its follower.
set -e
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  chmod 0700 "$PGDATA"
  pg_basebackup --host database --username replication --pgdata "$PGDATA" --write-recovery-conf --slot replica --wal-method stream
fi
exec postgres

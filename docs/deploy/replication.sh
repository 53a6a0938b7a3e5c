#!/bin/bash
# Run once, when the database is made: a user for the replica, a place that keeps what it has not fetched yet.
set -e
psql --username "$POSTGRES_USER" --set ON_ERROR_STOP=1 --set password="$REPLICATION_PASSWORD" <<'SQL'
CREATE ROLE replication WITH REPLICATION LOGIN PASSWORD :'password';
SELECT pg_create_physical_replication_slot('replica');
ALTER SYSTEM SET max_slot_wal_keep_size = '10GB';
SQL
echo "host replication replication all scram-sha-256" >> "$PGDATA/pg_hba.conf"

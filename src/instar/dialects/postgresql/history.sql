-- name: create_history
CREATE TABLE IF NOT EXISTS {history} (
    version VARCHAR(20) PRIMARY KEY,
    name VARCHAR(255) NOT NULL,
    description TEXT,
    author VARCHAR(100),
    applied_at TIMESTAMP WITH TIME ZONE DEFAULT NOW(),
    execution_time_ms INTEGER,
    checksum VARCHAR(64),
    rollback_available BOOLEAN DEFAULT false
)

-- name: create_log
CREATE TABLE IF NOT EXISTS {log} (
    id BIGSERIAL PRIMARY KEY,
    migration_version VARCHAR(20) NOT NULL,
    action VARCHAR(20) NOT NULL,
    status VARCHAR(20) NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE DEFAULT NOW(),
    completed_at TIMESTAMP WITH TIME ZONE,
    error_message TEXT,
    execution_context JSONB
)

-- name: create_internal
CREATE SCHEMA IF NOT EXISTS {internal}

-- name: create_checkpoint
CREATE TABLE IF NOT EXISTS {checkpoint} (
    history VARCHAR(200) NOT NULL,
    version VARCHAR(20) NOT NULL,
    action VARCHAR(20) NOT NULL,
    done INTEGER NOT NULL,
    fingerprints TEXT NOT NULL,
    running INTEGER,
    probe TEXT,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (history, version, action)
)

-- name: create_meta
CREATE TABLE IF NOT EXISTS {meta} (
    name VARCHAR(50) PRIMARY KEY,
    value TEXT NOT NULL
)

-- name: columns
SELECT c.relname, a.attname
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
WHERE c.oid IN (pg_catalog.to_regclass({history_text}), pg_catalog.to_regclass({log_text}))
  AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY c.oid, a.attnum

-- name: read
SELECT version, name, description, author, applied_at, execution_time_ms, checksum, rollback_available
FROM {history} ORDER BY version

-- name: insert
INSERT INTO {history} (version, name, description, author, applied_at, execution_time_ms, checksum, rollback_available)
VALUES (%s, %s, %s, %s, pg_catalog.clock_timestamp(), %s, %s, %s)

-- name: update
UPDATE {history} SET name = %s, description = %s, author = %s, execution_time_ms = %s, checksum = %s,
    rollback_available = %s, applied_at = pg_catalog.clock_timestamp()
WHERE version = %s

-- name: delete
DELETE FROM {history} WHERE version = %s

-- name: rechecksum
UPDATE {history} SET checksum = %s WHERE version = %s

-- name: log_start
INSERT INTO {log} (migration_version, action, status, started_at, execution_context)
VALUES (%s, %s, 'started', pg_catalog.clock_timestamp(), %s) RETURNING id

-- name: log_finish
UPDATE {log} SET status = %s, completed_at = pg_catalog.clock_timestamp(), error_message = %s, execution_context = %s
WHERE id = %s AND status = 'started'

-- name: log_read
SELECT id, migration_version, action, status, started_at, completed_at, error_message, execution_context::text
FROM {log} ORDER BY id

-- name: log_unfinished
SELECT id, migration_version, action, execution_context::text FROM {log} WHERE status = 'started' ORDER BY id

-- name: log_actors
SELECT migration_version, execution_context ->> 'actor' FROM {log}
WHERE action IN ('apply', 'baseline') AND status = 'completed' ORDER BY id

-- name: checkpoint_read
SELECT version, action, done, fingerprints, running, probe FROM {checkpoint} WHERE history = {history_text}

-- name: checkpoint_write
INSERT INTO {checkpoint} (history, version, action, done, fingerprints, running, probe)
VALUES ({history_text}, %s, %s, %s, %s, %s, %s)
ON CONFLICT (history, version, action) DO UPDATE SET done = excluded.done, fingerprints = excluded.fingerprints,
    running = excluded.running, probe = excluded.probe, updated_at = pg_catalog.clock_timestamp()

-- name: checkpoint_delete
DELETE FROM {checkpoint} WHERE history = {history_text} AND version = %s AND action = %s

-- name: meta_read
SELECT name, value FROM {meta}

-- name: meta_write
INSERT INTO {meta} (name, value) VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET value = excluded.value

-- name: backups_exist
SELECT 1 WHERE pg_catalog.to_regclass({backups_text}) IS NOT NULL

-- name: backups_create
CREATE TABLE IF NOT EXISTS {backups} (
    history VARCHAR(200) NOT NULL,
    version VARCHAR(20) NOT NULL,
    number INTEGER NOT NULL,
    relation TEXT NOT NULL,
    store TEXT NOT NULL,
    kept_rows BIGINT NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    kept_until TIMESTAMP WITH TIME ZONE,
    restored_at TIMESTAMP WITH TIME ZONE,
    facts TEXT NOT NULL,
    PRIMARY KEY (history, version, number)
)

-- name: backups_read
SELECT version, number, relation, store, kept_rows, made_at, kept_until, restored_at,
    coalesce(kept_until < pg_catalog.clock_timestamp(), false), facts
FROM {backups} WHERE history = {history_text} ORDER BY version, number

-- name: backups_write
INSERT INTO {backups} (history, version, number, relation, store, kept_rows, made_at, kept_until, facts)
VALUES ({history_text}, %s, %s, %s, %s, %s, pg_catalog.clock_timestamp(),
    pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => %s::float8), %s)

-- name: backups_settle
UPDATE {backups} SET facts = %s WHERE history = {history_text} AND version = %s AND number = %s

-- name: backups_restored
UPDATE {backups} SET restored_at = pg_catalog.clock_timestamp(), facts = %s
WHERE history = {history_text} AND version = %s AND number = %s

-- name: backups_delete
DELETE FROM {backups} WHERE history = {history_text} AND version = %s AND number = %s

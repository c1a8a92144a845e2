-- The tracking tables on SQLite. Times are ISO 8601 in UTC, with the milliseconds that SQLite's clock has.

-- name: create_history
CREATE TABLE IF NOT EXISTS {history} (
    version VARCHAR(20) NOT NULL PRIMARY KEY,
    name VARCHAR(255) NOT NULL,
    description TEXT,
    author VARCHAR(100),
    applied_at TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    execution_time_ms INTEGER,
    checksum VARCHAR(64),
    rollback_available BOOLEAN DEFAULT false
);

-- name: create_log
CREATE TABLE IF NOT EXISTS {log} (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    migration_version VARCHAR(20) NOT NULL,
    action VARCHAR(20) NOT NULL,
    status VARCHAR(20) NOT NULL,
    started_at TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    completed_at TEXT,
    error_message TEXT,
    execution_context TEXT
);

-- name: create_checkpoint
CREATE TABLE IF NOT EXISTS {checkpoint} (
    history VARCHAR(200) NOT NULL,
    version VARCHAR(20) NOT NULL,
    action VARCHAR(20) NOT NULL,
    done INTEGER NOT NULL,
    fingerprints TEXT NOT NULL,
    running INTEGER,
    probe TEXT,
    updated_at TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    PRIMARY KEY (history, version, action)
);

-- name: create_meta
CREATE TABLE IF NOT EXISTS {meta} (
    name VARCHAR(50) NOT NULL PRIMARY KEY,
    value TEXT
);

-- name: columns
SELECT CASE WHEN t.name COLLATE NOCASE = {history_name} THEN {history_name} ELSE {log_name} END, c.name
FROM {schema}.sqlite_master AS t JOIN pragma_table_info(t.name, {schema_name}) AS c
WHERE t.type IN ('table', 'view') AND t.name COLLATE NOCASE IN ({history_name}, {log_name})
ORDER BY t.name, c.cid;

-- name: read
SELECT version, name, description, author, applied_at, execution_time_ms, checksum, rollback_available
FROM {history} ORDER BY version;

-- name: insert
INSERT INTO {history} (version, name, description, author, execution_time_ms, checksum, rollback_available)
VALUES (%s, %s, %s, %s, %s, %s, %s);

-- name: update
UPDATE {history}
SET name = %s, description = %s, author = %s, execution_time_ms = %s, checksum = %s, rollback_available = %s,
    applied_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
WHERE version = %s;

-- name: delete
DELETE FROM {history} WHERE version = %s;

-- name: rechecksum
UPDATE {history} SET checksum = %s WHERE version = %s;

-- name: log_start
INSERT INTO {log} (migration_version, action, status, execution_context) VALUES (%s, %s, 'started', %s) RETURNING id;

-- name: log_finish
UPDATE {log} SET status = %s, error_message = %s, execution_context = %s,
    completed_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
WHERE id = %s AND status = 'started';

-- name: log_read
SELECT id, migration_version, action, status, started_at, completed_at, error_message, execution_context
FROM {log} ORDER BY id;

-- name: log_unfinished
SELECT id, migration_version, action, execution_context FROM {log} WHERE status = 'started' ORDER BY id;

-- name: log_actors
SELECT migration_version,
    CASE WHEN json_valid(execution_context) THEN json_extract(execution_context, '$.actor') END
FROM {log} WHERE action IN ('apply', 'baseline') AND status = 'completed' ORDER BY id;

-- name: checkpoint_read
SELECT version, action, done, fingerprints, running, probe FROM {checkpoint} WHERE history = {history_name} ORDER BY version, action;

-- name: checkpoint_write
REPLACE INTO {checkpoint} (history, version, action, done, fingerprints, running, probe)
VALUES ({history_name}, %s, %s, %s, %s, %s, %s);

-- name: checkpoint_delete
DELETE FROM {checkpoint} WHERE history = {history_name} AND version = %s AND action = %s;

-- name: meta_read
SELECT name, value FROM {meta} ORDER BY name;

-- name: meta_write
REPLACE INTO {meta} (name, value) VALUES (%s, %s);

-- name: backups_exist
SELECT 1 FROM {schema}.sqlite_master WHERE name = {backups_name};

-- name: backups_create
CREATE TABLE IF NOT EXISTS {backups} (
    history VARCHAR(200) NOT NULL,
    version VARCHAR(20) NOT NULL,
    number INTEGER NOT NULL,
    relation TEXT NOT NULL,
    store TEXT NOT NULL,
    kept_rows INTEGER NOT NULL,
    made_at TEXT NOT NULL,
    kept_until TEXT,
    restored_at TEXT,
    facts TEXT NOT NULL,
    PRIMARY KEY (history, version, number)
);

-- name: backups_read
SELECT version, number, relation, store, kept_rows, made_at, kept_until, restored_at,
    COALESCE(kept_until < strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), false), facts
FROM {backups} WHERE history = {history_name} ORDER BY version, number;

-- name: backups_write
INSERT INTO {backups} (history, version, number, relation, store, kept_rows, made_at, kept_until, facts)
VALUES ({history_name}, %s, %s, %s, %s, %s, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'),
    strftime('%Y-%m-%dT%H:%M:%fZ', 'now', %s || ' seconds'), %s);

-- name: backups_settle
UPDATE {backups} SET facts = %s WHERE history = {history_name} AND version = %s AND number = %s;

-- name: backups_restored
UPDATE {backups} SET restored_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), facts = %s
WHERE history = {history_name} AND version = %s AND number = %s;

-- name: backups_delete
DELETE FROM {backups} WHERE history = {history_name} AND version = %s AND number = %s;

-- The tracking tables on MySQL and MariaDB. Times are UTC without a zone: DATETIME does not depend on the session.

-- name: create_history
CREATE TABLE IF NOT EXISTS {history} (
    version VARCHAR(20) NOT NULL PRIMARY KEY,
    name VARCHAR(255) NOT NULL,
    description TEXT,
    author VARCHAR(100),
    applied_at DATETIME(6) DEFAULT (UTC_TIMESTAMP(6)),
    execution_time_ms INTEGER,
    checksum VARCHAR(64),
    rollback_available BOOLEAN DEFAULT false
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- name: create_log
CREATE TABLE IF NOT EXISTS {log} (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    migration_version VARCHAR(20) NOT NULL,
    action VARCHAR(20) NOT NULL,
    status VARCHAR(20) NOT NULL,
    started_at DATETIME(6) DEFAULT (UTC_TIMESTAMP(6)),
    completed_at DATETIME(6),
    error_message LONGTEXT,
    execution_context JSON
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- name: create_checkpoint
CREATE TABLE IF NOT EXISTS {checkpoint} (
    history VARCHAR(200) NOT NULL,
    version VARCHAR(20) NOT NULL,
    action VARCHAR(20) NOT NULL,
    done INTEGER NOT NULL,
    fingerprints LONGTEXT NOT NULL,
    running INTEGER,
    probe LONGTEXT,
    updated_at DATETIME(6) DEFAULT (UTC_TIMESTAMP(6)),
    PRIMARY KEY (history, version, action)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- name: create_meta
CREATE TABLE IF NOT EXISTS {meta} (
    name VARCHAR(50) NOT NULL PRIMARY KEY,
    value LONGTEXT
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- name: columns
SELECT CASE WHEN LOWER(table_name) = LOWER({history_name}) THEN {history_name} ELSE {log_name} END, column_name
FROM information_schema.columns
WHERE table_schema = {schema_name}
    AND (BINARY table_name IN ({history_name}, {log_name})
        OR @@lower_case_table_names <> 0 AND LOWER(table_name) IN (LOWER({history_name}), LOWER({log_name})))
ORDER BY table_name, ordinal_position;

-- name: read
SELECT version, name, description, author, applied_at, execution_time_ms, checksum, rollback_available
FROM {history} ORDER BY version;

-- name: insert
INSERT INTO {history} (version, name, description, author, execution_time_ms, checksum, rollback_available)
VALUES (%s, %s, %s, %s, %s, %s, %s);

-- name: update
UPDATE {history}
SET name = %s, description = %s, author = %s, execution_time_ms = %s, checksum = %s, rollback_available = %s,
    applied_at = UTC_TIMESTAMP(6)
WHERE version = %s;

-- name: delete
DELETE FROM {history} WHERE version = %s;

-- name: rechecksum
UPDATE {history} SET checksum = %s WHERE version = %s;

-- name: log_start
INSERT INTO {log} (migration_version, action, status, execution_context) VALUES (%s, %s, 'started', %s);

-- name: log_finish
UPDATE {log} SET status = %s, error_message = %s, execution_context = %s, completed_at = UTC_TIMESTAMP(6)
WHERE id = %s AND status = 'started';

-- name: log_read
SELECT id, migration_version, action, status, started_at, completed_at, error_message, execution_context
FROM {log} ORDER BY id;

-- name: log_unfinished
SELECT id, migration_version, action, execution_context FROM {log} WHERE status = 'started' ORDER BY id;

-- name: log_actors
SELECT migration_version,
    CASE WHEN JSON_VALID(execution_context) THEN JSON_UNQUOTE(JSON_EXTRACT(execution_context, '$.actor')) END
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
SELECT 1 FROM information_schema.tables WHERE table_schema = {schema_name} AND table_name = {backups_name};

-- name: backups_create
CREATE TABLE IF NOT EXISTS {backups} (
    history VARCHAR(200) NOT NULL,
    version VARCHAR(20) NOT NULL,
    number INTEGER NOT NULL,
    relation TEXT NOT NULL,
    store TEXT NOT NULL,
    kept_rows BIGINT NOT NULL,
    made_at DATETIME(6) NOT NULL,
    kept_until DATETIME(6),
    restored_at DATETIME(6),
    facts LONGTEXT NOT NULL,
    PRIMARY KEY (history, version, number)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- name: backups_read
SELECT version, number, relation, store, kept_rows, made_at, kept_until, restored_at,
    COALESCE(kept_until < UTC_TIMESTAMP(6), false), facts
FROM {backups} WHERE history = {history_name} ORDER BY version, number;

-- name: backups_write
INSERT INTO {backups} (history, version, number, relation, store, kept_rows, made_at, kept_until, facts)
VALUES ({history_name}, %s, %s, %s, %s, %s, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) + INTERVAL %s SECOND, %s);

-- name: backups_settle
UPDATE {backups} SET facts = %s WHERE history = {history_name} AND version = %s AND number = %s;

-- name: backups_restored
UPDATE {backups} SET restored_at = UTC_TIMESTAMP(6), facts = %s
WHERE history = {history_name} AND version = %s AND number = %s;

-- name: backups_delete
DELETE FROM {backups} WHERE history = {history_name} AND version = %s AND number = %s;

"""What a script may leave set in a MySQL or MariaDB session, and the statements that put it back.

Only what has changed is set again: to put back a restricted variable needs a privilege, and whoever changed it has it.
"""

from collections.abc import Iterable, Mapping, Sequence

_INSIDE = (
    "sql_mode", "foreign_key_checks", "unique_checks", "check_constraint_checks", "time_zone", "character_set_client",
    "character_set_results", "character_set_connection", "collation_connection", "lock_wait_timeout",
    "innodb_lock_wait_timeout", "max_statement_time", "max_execution_time", "tx_isolation", "transaction_isolation",
    "tx_read_only", "transaction_read_only", "sql_safe_updates", "sql_select_limit", "sql_quote_show_create",
    "sql_notes", "sql_auto_is_null", "sql_big_selects", "default_storage_engine", "alter_algorithm", "old_alter_table",
    "group_concat_max_len", "auto_increment_increment", "auto_increment_offset", "explicit_defaults_for_timestamp",
    "div_precision_increment", "innodb_strict_mode", "completion_type", "sql_require_primary_key",
    "sql_generate_invisible_primary_key", "system_versioning_alter_history",
)  # fmt: skip
_OUTSIDE = ("sql_log_bin", "binlog_format", "skip_replication")
_NAMES = ", ".join(f"'{name}'" for name in (*_INSIDE, *_OUTSIDE))
WATCHED = f"SHOW SESSION VARIABLES WHERE Variable_name IN ({_NAMES})"
"""The query for the variables that we put back; it gives those that this server has."""

PLACE = "SELECT DATABASE(), COALESCE(CURRENT_ROLE(), 'NONE'), ABS(@@timestamp - UNIX_TIMESTAMP(SYSDATE(6))) > 5"
"""The query for the database in use, the role, and whether a script has stopped the clock by SET timestamp."""


def read(rows: Iterable[Sequence[object]]) -> dict[str, str]:
    """Read the answer to WATCHED."""
    return {str(row[0]).lower(): str(row[1]) for row in rows}


def inside(wanted: Mapping[str, str], now: Mapping[str, str], *, stopped: bool) -> list[str]:
    """Return the statement that puts variables back and may run inside a transaction, if one is needed."""
    parts = _assignments(_INSIDE, wanted, now) + ["@@SESSION.timestamp = DEFAULT"] * stopped
    return ["SET " + ", ".join(parts)] if parts else []


def outside(wanted: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return the statements for variables that the server does not let change inside a transaction."""
    return ["SET " + part for part in _assignments(_OUTSIDE, wanted, now)]


def role(name: str) -> str:
    """Return the statement that sets a role as CURRENT_ROLE() named it: MySQL quotes it, MariaDB does not."""
    return f"SET ROLE {name}" if name == "NONE" or name.startswith("`") else f"SET ROLE `{name.replace('`', '``')}`"


def _assignments(names: Sequence[str], wanted: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    changed = [name for name in names if name in wanted and wanted[name] != now.get(name)]
    return [f"@@SESSION.{name} = {_literal(name, wanted[name])}" for name in changed]


def _literal(name: str, value: str) -> str:
    """Write a variable's value so that it can be assigned: a quoted number is refused by the server."""
    if name == "character_set_results" and not value:
        return "NULL"
    if value.replace(".", "", 1).isdigit():
        return value
    return "'" + value.replace("'", "''") + "'"

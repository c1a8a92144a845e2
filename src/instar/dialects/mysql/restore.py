"""What a script may leave set in a MySQL or MariaDB session, and the one statement that puts it back."""

from collections.abc import Iterable, Mapping, Sequence

_ANYWHERE = (
    "sql_mode", "foreign_key_checks", "unique_checks", "check_constraint_checks", "time_zone", "character_set_client",
    "character_set_results", "character_set_connection", "collation_connection", "lock_wait_timeout",
    "innodb_lock_wait_timeout", "max_statement_time", "max_execution_time", "tx_isolation", "transaction_isolation",
    "tx_read_only", "transaction_read_only", "sql_safe_updates", "sql_select_limit", "sql_quote_show_create",
    "sql_notes", "sql_warnings", "sql_auto_is_null", "sql_big_selects", "default_storage_engine", "alter_algorithm",
    "old_alter_table", "group_concat_max_len", "auto_increment_increment", "auto_increment_offset",
    "explicit_defaults_for_timestamp", "div_precision_increment", "innodb_strict_mode", "completion_type",
    "sql_require_primary_key", "generated_random_password_length", "sql_generate_invisible_primary_key",
    "show_create_table_skip_secondary_engine", "system_versioning_alter_history", "max_error_count",
)  # fmt: skip
OUTSIDE = ("sql_log_bin", "binlog_format")
_REMEMBERED = (*_ANYWHERE, *OUTSIDE)
# A second name of the same variable; setting both is one too many, and MySQL warns of one of them.
_ALIASES = {"tx_isolation": "transaction_isolation", "tx_read_only": "transaction_read_only"}


def watched() -> str:
    """Return the query for the variables that we put back; it gives those that this server has."""
    return f"SHOW SESSION VARIABLES WHERE Variable_name IN ({', '.join(map(repr, _REMEMBERED))})"


def remembered(rows: Iterable[Sequence[object]], database: str) -> Mapping[str, str]:
    """Read the answer to `watched`. `database` is the one in use, kept under the name ""."""
    values = {str(row[0]).lower(): str(row[1]) for row in rows}
    return {"": database} | {name: value for name, value in values.items() if _ALIASES.get(name) not in values}


def assignments(beginning: Mapping[str, str]) -> str:
    """Return the SET statement that may run inside a transaction."""
    parts = [f"@@SESSION.{name} = {literal(name, beginning[name])}" for name in _ANYWHERE if name in beginning]
    return f"SET {', '.join(parts)}, @@SESSION.timestamp = DEFAULT"


def changed_outside(beginning: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return the statements for the variables that the server does not let change inside a transaction."""
    changed = [name for name in OUTSIDE if name in beginning and beginning[name] != now.get(name)]
    return [f"SET @@SESSION.{name} = {literal(name, beginning[name])}" for name in changed]


def literal(name: str, value: str) -> str:
    """Write a variable's value so that it can be assigned: a quoted number is refused by the server."""
    if name == "character_set_results" and not value:
        return "NULL"
    if value.replace(".", "", 1).isdigit():
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"

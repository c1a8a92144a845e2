"""What a MySQL or MariaDB server says of itself."""

from collections.abc import Callable, Mapping

from instar.errors import DatabaseError

Query = Callable[[str], list[tuple[object, ...]]]

_SIZE = """
SELECT COALESCE(SUM(data_length + index_length), 0) FROM information_schema.tables WHERE table_schema = DATABASE()
"""
_STATUS = """
SHOW GLOBAL STATUS WHERE Variable_name IN ('Threads_connected', 'Innodb_row_lock_current_waits',
'Created_tmp_disk_tables', 'Innodb_buffer_pool_read_requests', 'Innodb_buffer_pool_reads')
"""
_REFUSED = frozenset({"1044", "1142", "1227", "1064"})
_LAG = ("Seconds_Behind_Source", "Seconds_Behind_Master")


def measure(query: Query, replica: Callable[[], list[dict[str, object]]]) -> dict[str, int | float]:
    """Return the database's size in bytes and the server's counters; `replica` gives SHOW REPLICA STATUS."""
    status = {str(name): int(str(value)) for name, value in query(_STATUS)}
    return {
        "database_size_bytes": int(str(query(_SIZE)[0][0])),
        "active_connections": status.get("Threads_connected", 0),
        "lock_waits": status.get("Innodb_row_lock_current_waits", 0),
        "temp_files": status.get("Created_tmp_disk_tables", 0),
        **_hit_ratio(status),
        **_lag(replica),
    }


def _hit_ratio(status: Mapping[str, int]) -> dict[str, float]:
    requests = status.get("Innodb_buffer_pool_read_requests", 0)
    misses = status.get("Innodb_buffer_pool_reads", 0)
    return {"cache_hit_ratio": round(1 - misses / requests, 4)} if requests else {}


def _lag(replica: Callable[[], list[dict[str, object]]]) -> dict[str, float]:
    """Return a replica's delay. A primary has no rows, and who may not ask gets no number rather than a wrong one."""
    try:
        rows = replica()
    except DatabaseError as error:
        if error.sqlstate not in _REFUSED:
            raise
        return {}
    values = [row[name] for row in rows for name in _LAG if row.get(name) is not None]
    return {"replication_lag_seconds": max(float(str(value)) for value in values)} if values else {}

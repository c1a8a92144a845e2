"""What a SQLite database says of itself."""

import sqlite3
from pathlib import Path


def measure(connection: sqlite3.Connection, path: str) -> dict[str, int | float]:
    """Return sizes in bytes and pages of the main database; `path` is "" for one in memory."""
    pages, free, size = (_number(connection, name) for name in ("page_count", "freelist_count", "page_size"))
    wal = Path(path + "-wal")
    return {
        "database_size_bytes": pages * size,
        "page_count": pages,
        "free_pages": free,
        "wal_size_bytes": wal.stat().st_size if path and wal.exists() else 0,
    }


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])

"""The least that a status can be: connect with psycopg, read the history, list the folder, print what is pending."""

import os
import sys

import psycopg


def main(url: str, folder: str) -> None:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT version, name, applied_at FROM schema_migrations ORDER BY version").fetchall()
    applied = {version: (name, at) for version, name, at in rows}
    for file in sorted(os.listdir(folder)):  # noqa: PTH208 - pathlib would be slower
        version, _, name = file.removesuffix(".sql").partition("_")
        print(version, name, applied[version][1] if version in applied else "pending")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])

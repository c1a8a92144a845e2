"""Rows become aligned columns of text."""

from collections.abc import Sequence


def table(rows: Sequence[Sequence[str]], head: Sequence[str] = ()) -> list[str]:
    """Return aligned lines; columns without any value are left out."""
    if not rows:
        return []
    used = [index for index in range(len(rows[0])) if any(row[index] for row in rows)]
    picked = [[row[index] for index in used] for row in ([head, *rows] if head else rows)]
    widths = [max(len(row[column]) for row in picked) for column in range(len(used))]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in picked]

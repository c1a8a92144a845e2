"""Backups of rows: a table for people, a document for programs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from instar.render import _words
from instar.render._table import table

_HEAD = ("version", "table", "columns", "rows", "made at", "kept until", "")


class Facts(Protocol):
    """What render sees of the facts of a backup."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are restored."""

    @property
    def where(self) -> str:
        """Which rows."""

    @property
    def stage(self) -> str:
        """Whose it is: "earlier" for what an `up` before the last one has kept."""


class Backup(Protocol):
    """What render sees of a backup."""

    @property
    def version(self) -> str:
        """Whose it is."""

    @property
    def number(self) -> int:
        """Its place among those of its version."""

    @property
    def table(self) -> str:
        """Whose rows it holds."""

    @property
    def store(self) -> str:
        """Where it holds them."""

    @property
    def rows(self) -> int:
        """How many."""

    @property
    def facts(self) -> Facts:
        """What it holds."""

    @property
    def made_at(self) -> datetime | None:
        """When it was made."""

    @property
    def kept_until(self) -> datetime | None:
        """When it expires."""

    @property
    def restored_at(self) -> datetime | None:
        """When it was restored."""

    @property
    def expired(self) -> bool:
        """Whether its time is over."""


def text(found: Sequence[Backup]) -> str:
    """Return a line per backup."""
    if not found:
        return "no backups"
    rows = [
        (
            item.version,
            item.table,
            ", ".join(item.facts.columns),
            str(item.rows),
            _words.moment(item.made_at),
            _words.moment(item.kept_until) or "for ever",
            _state(item),
        )
        for item in found
    ]
    return "\n".join(table(rows, _HEAD))


def dropped(found: Sequence[Backup]) -> str:
    """Say what was dropped."""
    return "\n".join(f"dropped {item.store}: {item.rows} rows of {item.table}" for item in found) or "nothing to drop"


def document(found: Sequence[Backup]) -> dict[str, object]:
    """Return {"backups": [...]}."""
    return {
        "backups": [
            {
                "version": item.version,
                "number": item.number,
                "table": item.table,
                "columns": item.facts.columns,
                "where": item.facts.where,
                "rows": item.rows,
                "store": item.store,
                "made_at": item.made_at,
                "kept_until": item.kept_until,
                "expired": item.expired,
                "restored_at": item.restored_at,
            }
            for item in found
        ]
    }


def _state(item: Backup) -> str:
    return ", ".join(
        word
        for word, holds in (
            ("restored", item.restored_at is not None),
            ("of an earlier up", item.facts.stage == "earlier"),
            ("expired", item.expired),
        )
        if holds
    )

"""A step in progress: what it did so far, and how the log tells it."""

import json
import re
import time
from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from instar.errors import DatabaseError, InstarError
from instar.metrics import Gauge
from instar.model import Blocker, Segment, Statement, Step
from instar.redact import scrub

_PASSWORD = re.compile(r"\bpassword\s+'(?:[^']|'')*'", re.IGNORECASE)


class Work(Struct):
    """One step while it is carried out. `done` holds the fingerprints of the statements that are committed.

    `number` (from 0) of `steps` is its place in the plan; `before` the sample that it began after.
    """

    step: Step
    attempt: int
    before: int
    number: int = 0
    steps: int = 1
    begun: float = field(default_factory=time.perf_counter)
    statements: dict[int, dict[str, object]] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    backups: dict[tuple[int, str], dict[str, object]] = field(default_factory=dict)
    retries: int = 0
    lock_wait: float = 0.0
    seen: str | None = None
    blockers: tuple[Blocker, ...] = ()
    fingerprint: str = ""

    @property
    def seconds(self) -> float:
        """Seconds since the step began."""
        return time.perf_counter() - self.begun

    @property
    def total(self) -> int:
        """How many statements the step has."""
        return sum(len(part.statements) for part in self.step.segments)

    def note(self, index: int, statement: Statement, seconds: float, rows: int) -> None:
        """Keep what statement `index` took; a later try of the same statement replaces it."""
        record: dict[str, object] = {"line": statement.line, "ms": round(seconds * 1000, 3)}
        self.statements[index] = record if rows < 0 else record | {"rows": rows}

    def keep(self, index: int, backup: Mapping[str, object]) -> None:
        """Keep what was backed up before statement `index`."""
        self.backups[index, str(backup["table"])] = {"index": index, **backup}

    def context(self, run: Mapping[str, object], gauge: Gauge, error: InstarError | None = None) -> str:
        """Return the log row's JSON: the run's facts, and what this step did."""
        found = dict(run)
        found["fingerprint"] = self.fingerprint
        found["statements"] = [{"index": index, **record} for index, record in self.statements.items()]
        found["metrics"] = gauge.between(self.before)
        if self.backups:
            found["backups"] = list(self.backups.values())
        if self.retries:
            found |= {"retries": self.retries, "lock_wait_seconds": round(self.lock_wait, 3)}
        if self.blockers:
            found["blockers"] = [
                {"pid": item.pid, "user": item.user, "query": storable(item.query)} for item in self.blockers
            ]
        if error is not None:
            found["error"] = _error(error)
        return json.dumps(found, default=str)

    def who(self) -> str:
        """Name the session that blocked us last, for a message."""
        if not self.blockers:
            return ""
        first = self.blockers[0]
        query = storable(" ".join(first.query.split())[:80])
        return f" (blocked by pid {first.pid}, user {first.user}, {first.seconds:.0f} s old: {query})"


def statement_at(parts: Sequence[Segment], index: int) -> Statement | None:
    """Return the statement with number `index` of a migration, None when there is no such number."""
    for part in parts:
        if part.first <= index < part.first + len(part.statements):
            return part.statements[index - part.first]
    return None


def _error(error: InstarError) -> dict[str, object]:
    found: dict[str, object] = {"message": error.message}
    if isinstance(error, DatabaseError):
        found |= {"sqlstate": error.sqlstate, "detail": error.detail, "context": error.context}
    if error.place is not None:
        found |= {"file": error.place.file, "line": error.place.line, "column": error.place.column}
        found["source"] = error.place.source.strip()
    return {name: storable(value) if isinstance(value, str) else value for name, value in found.items() if value}


def storable(text: str) -> str:
    """Return `text` without passwords, and without the characters that a database refuses in text."""
    text = text.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()
    return scrub(_PASSWORD.sub("PASSWORD '***'", text))

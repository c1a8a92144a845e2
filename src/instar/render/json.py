"""Documents and lines of JSON, for programs. The keys are a contract: docs/json.md."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Self

import msgspec

from instar.errors import InstarError
from instar.events import Event
from instar.model import Attempt, Condition, Migration, Plan, Statement, Step
from instar.render import Repair, Report, problem

Value = Mapping[str, object]


def dumps(value: object) -> str:
    """Return `value` as JSON on one line."""
    return msgspec.json.encode(value, enc_hook=_encoded).decode()


def pretty(value: object) -> str:
    """Return `value` as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(value, enc_hook=_encoded), indent=2).decode()


def status(conditions: Sequence[Condition]) -> str:
    """Return {"migrations": [...], "summary": {state: number}}."""
    numbers: dict[str, int] = {}
    for condition in conditions:
        numbers[condition.state] = numbers.get(condition.state, 0) + 1
    return pretty({"migrations": [_condition(each) for each in conditions], "summary": numbers})


def plan(plan: Plan) -> str:
    """Return {"plan": {"id", "history", "steps": [...]}}."""
    return pretty({"plan": _plan(plan)})


def history(attempts: Sequence[Attempt]) -> str:
    """Return {"attempts": [...]} with the whole execution context of each."""
    return pretty({"attempts": [_plain(attempt) for attempt in attempts]})


def report(report: Report) -> str:
    """Return the last line of a run: {"event": "report", "steps", "seconds", "metrics"}."""
    steps = [
        {
            "version": step.version,
            "name": step.name,
            "action": step.action,
            "seconds": step.seconds,
            "statements": step.statements,
        }
        for step in report.steps
    ]
    return dumps({"event": "report", "steps": steps, "seconds": report.seconds, "metrics": report.metrics})


def repairs(repairs: Sequence[Repair]) -> str:
    """Return {"repairs": [{"version", "what", "kind", "choices"}]}."""
    return pretty(
        {
            "repairs": [
                {"version": each.version, "what": each.what, "kind": each.kind, "choices": each.choices}
                for each in repairs
            ]
        }
    )


def error(error: InstarError) -> str:
    """Return {"error": {...}} on one line."""
    return dumps({"error": problem.document(error)})


def event(event: Event) -> str:
    """Return the event on one line: its name under "event", then its values."""
    return dumps({"event": _name(event), **_values(event)})


class Progress:
    """Writes a line of JSON per event."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write

    def __call__(self, happened: Event) -> None:
        """Write what happened."""
        self._write(event(happened) + "\n")

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_error: object) -> None:
        """End."""


def _name(event: Event) -> str:
    name = type(event).__name__
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("-")


def _condition(condition: Condition) -> Value:
    entry, migration = condition.entry, condition.migration
    return {
        "version": condition.version,
        "name": condition.name,
        "state": condition.state,
        "applied_at": entry.applied_at if entry else None,
        "execution_time_ms": entry.execution_time_ms if entry else None,
        "by": condition.by or None,
        "path": migration.path if migration else None,
        "reversible": migration.reversible if migration else bool(entry and entry.rollback_available),
        "checksum": migration.checksum if migration else None,
        "applied_checksum": entry.checksum if entry else None,
        "note": condition.note or None,
    }


def _migration(migration: Migration) -> Value:
    return {"version": migration.version, "name": migration.name, "path": migration.path}


def _plan(plan: Plan) -> Value:
    return {
        "id": plan.identifier,
        "history": plan.history,
        "steps": [_step(step) for step in plan.steps],
        "notes": plan.notes,
        "refusals": [problem.refusal(each) for each in plan.refusals],
    }


def _step(step: Step) -> Value:
    segments = [
        {
            "first": segment.first,
            "transaction": segment.transaction,
            "statements": [_statement(statement) for statement in segment.statements],
        }
        for segment in step.segments
    ]
    return {
        **_migration(step.migration),
        "action": step.action,
        "checksum": step.migration.checksum,
        "resumes_at": step.checkpoint.done if step.checkpoint else 0,
        "segments": segments,
        "notes": step.notes,
    }


def _statement(statement: Statement) -> Value:
    return {"file": statement.file, "line": statement.line, "column": statement.column, "text": statement.text}


_SHAPES: Mapping[type, Callable[..., Value]] = {Migration: _migration, Statement: _statement, Plan: _plan}


def _plain(value: object) -> object:
    """Return what JSON can hold for a value of the model."""
    if shape := _SHAPES.get(type(value)):
        return shape(value)
    if isinstance(value, msgspec.Struct):
        return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, Enum | datetime | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_plain(item) for item in value]
    return value


def _values(value: msgspec.Struct) -> dict[str, object]:
    return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}


def _encoded(value: object) -> object:
    """Return a database value that JSON does not know as its text."""
    return dict(value) if isinstance(value, Mapping) else str(value)

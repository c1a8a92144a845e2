"""One document for programs; its keys are a contract: docs/lint/outputs.md."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from instar.effects import Effect, verdict
from instar.judgement import Judged
from instar.model import Finding, Statement
from instar.render.outputs import Result
from instar.render.outputs._said import numbers

Value = Mapping[str, object]


def text(result: Result) -> str:
    """Return {"dialect", "failed", "summary", "notes", "migrations", "findings"}."""
    return msgspec.json.format(msgspec.json.encode(document(result)), indent=2).decode()


def document(result: Result) -> Value:
    """Return the document as plain values."""
    verdicts = result.verdicts
    failing = {id(item) for item in result.failing}
    return {
        "dialect": verdicts.dialect,
        "failed": bool(failing),
        "seconds": round(verdicts.seconds, 6),
        "summary": {"migrations": len(verdicts.judged), **numbers(verdicts)},
        "notes": verdicts.notes,
        "migrations": [_migration(judged, effects=verdicts.effects) for judged in verdicts.judged],
        "findings": [_finding(item, fails=id(item) in failing) for item in verdicts.findings],
    }


def _migration(judged: Judged, *, effects: bool) -> Value:
    migration = judged.migration
    return {
        "version": migration.version,
        "name": migration.name,
        "path": migration.path,
        "risk": judged.risk,
        "statements": _statements(judged) if effects else None,
    }


def _statements(judged: Judged) -> list[Value]:
    sections = (("up", judged.up), ("down", judged.down), ("contract", judged.contract))
    return [item for section, pairs in sections for item in _of_section(section, pairs)]


def _of_section(section: str, pairs: Sequence[tuple[Statement, Effect]]) -> Iterator[Value]:
    """Yield the statements that lock something, do work, or are refused."""
    for statement, effect in pairs:
        if effect.locks or effect.work or effect.error:
            yield {
                "section": section,
                "file": statement.file,
                "line": statement.line,
                "column": statement.column,
                "verb": effect.verb,
                "blocks": verdict(effect),
                "locks": [
                    {"relation": lock.relation, "kind": lock.kind, "mode": lock.mode.sql, "blocks": lock.mode.blocks}
                    for lock in effect.locks
                ],
                "work": [
                    {"kind": item.kind, "relation": item.relation, "object": item.object, "unknown": item.unknown}
                    for item in effect.work
                ],
                "algorithm": effect.algorithm,
                "error": effect.error,
            }


def _finding(finding: Finding, *, fails: bool) -> Value:
    place, fix = finding.place, finding.fix
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "unknown": finding.unknown or None,
        "message": finding.message,
        "why": finding.why,
        "advice": finding.advice,
        "fix": {"sql": fix.sql, "same": fix.same, "segments": fix.segments} if fix else None,
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "end_column": finding.end or None,
        "version": finding.version,
        "relation": finding.relation or None,
        "fingerprint": finding.print,
        "suppressed": finding.suppressed or None,
        "baseline": finding.baseline,
        "fails": fails,
    }

"""Runs the examples of a rule: through the linter, and on a real server where what the rule says must be seen."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, cast

import psycopg
import rows
from msgspec import Struct
from msgspec.structs import replace
from observer import Did, Moment, Observer, Seen

from conftest import Connection, query
from conftest import connect as open_session
from instar import dialects
from instar.cuts import cut
from instar.effects import LockMode, WorkKind
from instar.lint.engine import Linter, catalogue
from instar.lint.look import Options
from instar.lint.rule import Example, Proof, Rule, example_for
from instar.model import Action, Finding, Migration, Segment, Severity, Statement
from instar.segments import segments
from instar.source.folder import Folder
from instar.source.formats import native
from instar.source.options import Options as Reading
from instar.source.script import statements
from instar.source.text import Source

POSTGRESQL = (15, 16, 18)
SERVERS = (*(f"postgresql-{version}" for version in POSTGRESQL), "mariadb", "sqlite", "mysql")
"""The servers of the tests; no MySQL is among them."""
NO_SERVER = "no MySQL server is here: its rules are only linted"
_HEAVY = frozenset({WorkKind.SCAN, WorkKind.REWRITE, WorkKind.BUILD, WorkKind.REBUILD})


class Case(Struct, frozen=True):
    """A rule on a server."""

    rule: str
    server: str

    @property
    def dialect(self) -> str:
        return self.server.partition("-")[0]

    @property
    def version(self) -> int:
        return int(self.server.partition("-")[2] or 0)

    @property
    def module(self) -> Rule:
        return catalogue()[self.rule]

    @property
    def example(self) -> Example:
        return example_for(self.module, self.dialect)

    @property
    def label(self) -> str:
        return f"{self.rule}-{self.server}"


def cases() -> list[Case]:
    """Return every rule on every server that it is for."""
    return [case for name in catalogue() for server in SERVERS if _fits(case := Case(name, server))]


def _fits(case: Case) -> bool:
    first, last = getattr(case.module, "VERSIONS", (None, None))
    inside = (first is None or case.version >= first) and (last is None or case.version <= last)
    return case.dialect in case.module.DIALECTS and (inside or not case.version)


def migration(text: str, version: str) -> Migration:
    """Read a migration in instar's own layout."""
    named = re.match(r"-- file: (\S+)\n", text)
    name = named[1] if named else f"{version}_example.sql"
    return native.load(Folder("", "", (name,), (), _sources={name: Source(name, text)}), Reading())[0]


def findings(case: Case, text: str) -> list[Finding]:
    """Lint `text` after the rule's SETUP, which is an earlier release; return the findings of all rules."""
    dialect = dialects.load(case.dialect)
    before, asked = migration(case.example.setup, "1"), migration(text, "2")
    rule = case.module
    severities = {case.rule: Severity.WARNING.value} if rule.SEVERITY is None else {}
    schema = dialect.schema()
    linter = Linter(
        dialect, schema, Options(version=case.version, severities=severities, **getattr(rule, "OPTIONS", {}))
    )
    list(linter.judge([before], wanted=()))
    for name, count in getattr(rule, "COUNTS", {}).items():
        schema.put(replace(schema.tables[name], rows=count))
    judged = list(linter.judge([asked], wanted={asked.version}))
    return [item for each in judged for item in each.findings]


def said(found: Sequence[Finding]) -> str:
    """Return findings as text for a failed test."""
    return "\n".join(f"{item.rule}: {item.message} {item.unknown and f'[unknown: {item.unknown}]'}" for item in found)


# On a server


def prepared(case: Case, url: str) -> None:
    """Run SETUP, and fill its tables with the rule's ROWS or with rows that fit."""
    run(case, url, case.example.setup)
    with closing(open_session(url)) as session:
        given = getattr(case.module, "ROWS", None)
        if isinstance(given, str):
            run(case, url, given)
        elif case.dialect == "postgresql":
            rows.fill(cast("psycopg.Connection[Any]", session))
        elif case.dialect == "sqlite":
            rows.fill_sqlite(cast("Any", session))
        else:
            rows.fill_mariadb(cast("Any", session))


def run(case: Case, url: str, text: str, action: Action = Action.APPLY) -> str:
    """Run a migration without looking; return what the server said when it refused it."""
    parts = parts_of(case, text, action)
    with closing(open_session(url)) as session, closing(session.cursor()) as cursor:
        try:
            for part in parts:
                _send(cursor, part)
        except _errors(session) as error:
            return str(error)
    return ""


def parts_of(case: Case, text: str, action: Action = Action.APPLY) -> tuple[Segment, ...]:
    """Return the segments of a migration; its `after` checks run in the last of them."""
    dialect, item = dialects.load(case.dialect), migration(text, "2")
    parts = list(cut(item, action, dialect))
    checks = [statement for script in item.after for statement in statements(script, dialect)]
    if checks and action is Action.APPLY:
        if parts and parts[-1].transaction:
            last = parts.pop()
            checks = [*last.statements, *checks]
        parts += segments(checks)
    return tuple(parts)


def _send(cursor: Any, part: Segment) -> None:
    together = part.transaction and len(part.statements) > 1
    if together:
        cursor.execute("BEGIN")
    for statement in part.statements:
        _execute(cursor, statement)
    if together:
        cursor.execute("COMMIT")


def _execute(cursor: Any, statement: Statement) -> None:
    if statement.data is None:
        cursor.execute(statement.text)
        return
    with cursor.copy(statement.text) as copy:
        copy.write(statement.data)


def _errors(session: Connection) -> Any:
    import sqlite3

    import pymysql

    if isinstance(session, psycopg.Connection):
        return psycopg.Error
    return sqlite3.Error if isinstance(session, sqlite3.Connection) else pymysql.MySQLError


def observed(case: Case, url: str, text: str) -> Seen:
    """Run a migration on PostgreSQL and tell what was seen."""
    with closing(Observer(url)) as observer:
        return observer.run(parts_of(case, text))


# What a proof demands


def prove(case: Case, bad: str, good: str) -> None:
    """Show on two prepared databases (URLs `bad` and `good`) that the rule tells the truth."""
    proof = case.example.proof
    _PROOFS[proof.kind](case, proof, bad, good)


def _work(case: Case, proof: Proof, bad: str, good: str) -> None:
    if case.dialect != "postgresql":
        _algorithm(case, Proof("algorithm", "INPLACE"), bad, good)
        return
    for url, text, expected in ((bad, case.example.bad, True), (good, case.example.good, False)):
        seen = _ran(case, url, text)
        found = [item for item in seen.moments if _works_blocking(seen, item, proof.subject)]
        assert bool(found) == expected, _told(seen, f"work under a blocking lock on {proof.subject}: {expected}")


def _works_blocking(seen: Seen, moment: Moment, subject: str) -> bool:
    family = {subject} | seen.kin.get(subject, set())
    works = any(item.kind in _HEAVY and item.relation in family for item in moment.work)
    return works and _blocks(moment.held, family, subject)


def _blocks(held: Mapping[str, LockMode], family: set[str], subject: str) -> bool:
    """Whether writers or readers wait: for a table's SHARE lock, or for an index that even planning must open."""
    own = held.get(subject, LockMode.NONE) >= LockMode.SHARE
    return own or any(held.get(name, LockMode.NONE) >= LockMode.SHARE for name in family)


def _lock(case: Case, proof: Proof, bad: str, good: str) -> None:
    if case.dialect != "postgresql":
        _style(case, proof, bad, good)
        return
    asked = LockMode[proof.lock.replace(" ", "_")]
    seen = _ran(case, bad, case.example.bad)
    strongest = max((item.held.get(proof.subject, LockMode.NONE) for item in seen.moments), default=LockMode.NONE)
    assert strongest >= asked, _told(seen, f"{proof.subject} is locked {proof.lock}")
    seen = _ran(case, good, case.example.good)
    heavy = [item for item in seen.moments if item.held.get(proof.subject, LockMode.NONE) >= asked and _busy(item)]
    strongest = max((item.held.get(proof.subject, LockMode.NONE) for item in seen.moments), default=LockMode.NONE)
    assert strongest < asked or not heavy, _told(seen, f"{proof.subject} is locked less than {proof.lock}")


def _busy(moment: Moment) -> bool:
    return any(item.kind in _HEAVY or item.kind is WorkKind.DML for item in moment.work)


def _held(case: Case, proof: Proof, bad: str, good: str) -> None:
    if case.dialect != "postgresql":
        _style(case, proof, bad, good)
        return
    for url, text, expected in ((bad, case.example.bad, True), (good, case.example.good, False)):
        seen = _ran(case, url, text)
        found = [item for item in seen.moments if _held_on(seen, item, proof.subject)]
        assert bool(found) == expected, _told(seen, f"{proof.subject} stays locked while more is done: {expected}")


def _held_on(seen: Seen, moment: Moment, subject: str) -> bool:
    if not _blocks(moment.before, {subject}, subject):
        return False
    family = {subject} | seen.kin.get(subject, set())
    fresh = {name for name, mode in moment.held.items() if mode > moment.before.get(name, LockMode.NONE)}
    another = any(moment.held[name] >= LockMode.SHARE for name in fresh - family)
    return another or _busy(moment)


def _fails(case: Case, proof: Proof, bad: str, good: str) -> None:
    error = run(case, bad, case.example.bad)
    assert error, "the server takes BAD"
    assert proof.subject.lower() in error.lower(), error
    _runs(case, good, case.example.good)


def _breaks(case: Case, proof: Proof, bad: str, good: str) -> None:
    for url, text, expected in ((bad, case.example.bad, True), (good, case.example.good, False)):
        assert not _refused(case, url, proof.subject), f"{proof.subject} fails before"
        _runs(case, url, text)
        assert bool(_refused(case, url, proof.subject)) == expected, f"{proof.subject} fails after it: {expected}"


def _refused(case: Case, url: str, text: str) -> str:
    """Run a statement of the application and take back what it did; return the error."""
    with closing(open_session(url)) as session, closing(session.cursor()) as cursor:
        cursor.execute("BEGIN")
        try:
            cursor.execute(text)
        except _errors(session) as error:
            return str(error)
        finally:
            session.rollback()
    return ""


def _changes(case: Case, proof: Proof, bad: str, good: str) -> None:
    for url, text, expected in ((bad, case.example.bad, True), (good, case.example.good, False)):
        before = query(url, proof.subject)
        _runs(case, url, text)
        after = query(url, proof.subject)
        assert (before != after) == expected, f"{proof.subject}: {before[:3]} became {after[:3]}"


def _undone(case: Case, proof: Proof, bad: str, good: str) -> None:
    for url, text, expected in ((bad, case.example.bad, True), (good, case.example.good, False)):
        before = query(url, proof.subject)
        _runs(case, url, text)
        _runs(case, url, text, Action.ROLLBACK)
        after = query(url, proof.subject)
        assert (before != after) == expected, f"{proof.subject}: {before[:3]} became {after[:3]}"


def _shows(case: Case, proof: Proof, bad: str, good: str) -> None:
    for url, text, expected in ((bad, case.example.bad, True), (good, case.example.good, False)):
        _runs(case, url, text)
        found = query(url, proof.subject)
        assert bool(found) == expected, f"{proof.subject}: {found[:3]}"


def _algorithm(case: Case, proof: Proof, bad: str, good: str) -> None:
    if case.dialect == "sqlite":
        _style(case, proof, bad, good)
        return
    refused = [_refused(case, bad, text) for text in _demanding(case, case.example.bad, proof.subject)]
    assert any(refused), f"the server takes BAD with ALGORITHM={proof.subject}"
    refused = [_refused(case, good, text) for text in _demanding(case, case.example.good, proof.subject)]
    assert not any(refused), refused


def _demanding(case: Case, text: str, algorithm: str) -> Iterator[str]:
    """Yield the statements with a demand that the server refuses when it cannot keep it."""
    for part in parts_of(case, text):
        for statement in part.statements:
            words = statement.text.upper().split()
            demand = f"ALGORITHM={algorithm}" + ("" if algorithm == "INSTANT" else ", LOCK=NONE")
            if words[:2] == ["ALTER", "TABLE"] and "ALGORITHM=" not in statement.text.upper():
                yield f"{statement.text}, {demand}"
            elif "INDEX" in words[:3] and words[0] in {"CREATE", "DROP"}:
                yield f"{statement.text} {demand.replace(',', '')}"
            else:
                yield statement.text


def _style(case: Case, proof: Proof, bad: str, good: str) -> None:
    assert not proof.subject or case.dialect != "postgresql", "a style has nothing to see"
    _runs(case, bad, case.example.bad)
    _runs(case, good, case.example.good)


def _runs(case: Case, url: str, text: str, action: Action = Action.APPLY) -> None:
    error = run(case, url, text, action)
    assert not error, error


def _ran(case: Case, url: str, text: str) -> Seen:
    seen = observed(case, url, text)
    assert not seen.error, seen.error
    return seen


def _told(seen: Seen, expected: str) -> str:
    lines = [f"expected: {expected}"]
    for item in seen.moments:
        held = ", ".join(f"{name} {mode.sql}" for name, mode in item.held.items() if mode > LockMode.ACCESS_SHARE)
        work = ", ".join(f"{did.kind} {did.relation}" for did in sorted(item.work, key=_rank))
        lines.append(f"[{item.segment}] {' '.join(item.text.split())[:100]}\n      holds {held}; does {work}")
    return "\n".join(lines)


def _rank(did: Did) -> tuple[str, str]:
    return did.relation, did.kind.value


_PROOFS = {
    "work": _work,
    "lock": _lock,
    "held": _held,
    "fails": _fails,
    "breaks": _breaks,
    "changes": _changes,
    "undone": _undone,
    "shows": _shows,
    "algorithm": _algorithm,
    "style": _style,
}

"""Whether an interrupted statement took effect: the catalog before it began against the catalog now.

MariaDB 10.6 and MySQL 8 carry out each DDL statement wholly or not at all. The migrator lock belongs to the connection
that ran it, so a statement that is still at work keeps everybody from asking.
"""

import json
from collections.abc import Mapping
from dataclasses import replace

from instar.dialects import Probe
from instar.dialects.mysql.catalog import Catalog, Object
from instar.dialects.mysql.subject import Name, Subject, subject
from instar.errors import DatabaseError

State = Mapping[Name, Object | None]


def describe(text: str, catalog: Catalog) -> str | None:
    """Say what the catalog holds of the objects of the statement `text`; None when nothing can be said."""
    names = subject(text).names
    if not names:
        return None
    try:
        found = {name: catalog.holds(name) for name in names}
    except DatabaseError as error:
        if error.lock_timeout or error.connection_lost:
            raise
        return None  # not ours to see
    objects = [[name.kind, name.schema, name.name, *(held or ())] for name, held in found.items()]
    return json.dumps({"database": catalog.database, "objects": objects})


def probe(text: str, before: str | None, catalog: Catalog) -> Probe:
    """Compare what `describe` said with what the catalog holds now."""
    about = subject(text)
    if about.again:
        return Probe.NOT_APPLIED
    if before is None or not about.names:
        return Probe.UNKNOWN
    stored = json.loads(before)
    catalog = replace(catalog, database=stored["database"])  # a script's USE is not repeated yet
    then = {Name(*row[:3]): Object(*row[3:]) if row[3:] else None for row in stored["objects"]}
    try:
        now = {name: catalog.holds(name) for name in about.names}
    except DatabaseError as error:
        if error.lock_timeout or error.connection_lost:
            raise
        return Probe.UNKNOWN
    if set(then) != set(now):
        return Probe.UNKNOWN
    verdict = judge(about, then, now)
    if verdict is Probe.APPLIED and about.filling and not catalog.filled(about.names[0]):
        return Probe.UNKNOWN  # a server that stopped may keep the table without its rows
    return verdict


def judge(about: Subject, then: State, now: State) -> Probe:
    """Judge a statement by the states of its objects before it and now."""
    if about.renamed:
        return _renamed(about, then, now)
    if about.verb == "drop":
        return _dropped(about, then, now)
    name = about.names[0]
    if about.verb == "create" and then[name] is None:
        return Probe.APPLIED if now[name] is not None else Probe.NOT_APPLIED
    if about.verb == "create" and not about.replacing:
        return Probe.NOT_APPLIED if now[name] == then[name] else Probe.UNKNOWN
    if about.hidden:
        return _unseen(about, then[name], now[name])
    return _changed(about, then[name], now[name])


def _changed(about: Subject, then: Object | None, now: Object | None) -> Probe:
    """ALTER, and what replaces: what has not changed may run again and then changes, or changes nothing."""
    if then is None or now is None:
        return Probe.NOT_APPLIED if about.replacing or about.tolerant else Probe.UNKNOWN
    return Probe.NOT_APPLIED if then.definition == now.definition else Probe.APPLIED


def _unseen(about: Subject, then: Object | None, now: Object | None) -> Probe:
    """TRUNCATE, OR REPLACE TABLE and the like take the rows with them: the table's number in InnoDB decides."""
    if then is None or now is None:
        return Probe.NOT_APPLIED if about.replacing else Probe.UNKNOWN
    if not then.identity or not now.identity:
        return Probe.UNKNOWN
    return Probe.NOT_APPLIED if then.identity == now.identity else Probe.APPLIED


def _dropped(about: Subject, then: State, now: State) -> Probe:
    there = [name for name, held in then.items() if held is not None]
    left = [name for name in there if now[name] is not None]
    if there and not left:
        return Probe.APPLIED
    return Probe.NOT_APPLIED if left == there or about.tolerant else Probe.UNKNOWN


def _renamed(about: Subject, then: State, now: State) -> Probe:
    """Compare with what the renames, one after the other, would have made of the state before."""
    after = dict(then)
    for old, new in about.renamed:
        after[new], after[old] = after[old], None
    present, expected, found = _present(then), _present(after), _present(now)
    if present != expected:
        return _either(found == expected, found == present and now == then)
    return _either(_numbers(now) == _numbers(after), _numbers(now) == _numbers(then))


def _either(applied: bool, untouched: bool) -> Probe:  # noqa: FBT001 - two answers of one comparison
    if applied == untouched:
        return Probe.UNKNOWN
    return Probe.APPLIED if applied else Probe.NOT_APPLIED


def _present(state: State) -> frozenset[Name]:
    return frozenset(name for name, held in state.items() if held is not None)


def _numbers(state: State) -> dict[Name, str]:
    """InnoDB's number of each table: a rename keeps it, so tables that change places are told apart."""
    return {name: held.identity.rpartition("=")[2] for name, held in state.items() if held is not None}

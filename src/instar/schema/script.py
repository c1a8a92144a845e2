"""The SQL that turns one schema into another, as far as it is safe to say. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from instar.dialects import Dialect
from instar.difference import Change, What
from instar.schema.diff import TABLES, compare
from instar.schema.order import circle, ordered
from instar.snapshot import Object, Snapshot

__all__ = ["Line", "script", "text"]

LOSES, BENIGN = "loses data", "benign"
_DATA = frozenset({"table", "partitioned table", "column"})
"""What holds rows: it is never dropped to be made anew."""
_KEPT = _DATA | {"attribute", "schema", "extension", "sequence", "foreign table", "server"}
"""What holds a state or much else: it is altered, or left to people."""
_LOSING = re.compile(r"^DROP TABLE |^ALTER TABLE .* DROP COLUMN ")
"""What takes the values away in the statements that change a table in one go."""
_SETTING = ("SET ", "RESET ")
_PLACED = frozenset({"column", "attribute"})
_VIEWS = frozenset({"view", "materialized view"})
_REWRITTEN = frozenset({"type", "collation", "generated", "expression"})
"""Properties of a column that cannot change as long as a view, a rule or a policy reads it."""
_READERS = frozenset({"view", "materialized view", "rule", "policy", "trigger", "function", "procedure", "statistics"})
_CALLED = frozenset({"function", "procedure"})
_GRANT = "grant to "
"""How the property of an object begins that says what somebody may do with it."""


class Line(Struct, frozen=True):
    """A statement without its semicolon, a comment, or a statement with a comment before it."""

    sql: str = ""
    comment: str = ""

    @property
    def unsaid(self) -> bool:
        """Whether this is a change that no statement is written for."""
        return not self.sql and self.comment.startswith("not written")


def script(before: Snapshot, after: Snapshot, dialect: Dialect) -> list[Line]:
    """Return what turns `before` into `after`: what goes, in reverse order, then what changes and what is new.

    What reads a column whose type changes is dropped before and made again after. What no statement does safely is a
    comment with the reason; what loses data is marked; a rename is only hinted at.
    """
    return _Script(before, after, dialect).lines()


def text(lines: Sequence[Line], dialect: Dialect) -> str:
    """Return the lines as a script."""
    return "".join(_written(line, dialect) for line in lines)


def _written(line: Line, dialect: Dialect) -> str:
    comment = "".join(f"-- {part}\n" for part in line.comment.splitlines())
    return comment + (f"{dialect.terminated(line.sql)}\n" if line.sql else "")


class _Script:
    def __init__(self, before: Snapshot, after: Snapshot, dialect: Dialect) -> None:
        self._before, self._after, self._dialect = before, after, dialect
        self._users = _users(before)
        self._changes = {change.key: change for change in compare(before, after) if change.what is What.CHANGED}
        self._unsaid: dict[str, str] = {}
        self._moved: list[str] = []
        self._altered: dict[str, tuple[str, ...]] = {}
        self._gone = {key for key in before if key not in after}
        self._replaced: set[str] = set()
        self._rebuilt: dict[str, tuple[str, ...]] = {}
        self._covered: set[str] = set()
        self._rebuild()
        self._gone -= self._covered
        for change in self._changes.values():
            if change.key not in self._covered:
                self._decide(change)
        for key in list(self._gone):
            self._replace_users(key)

    def lines(self) -> list[Line]:
        self._hold()
        late = self._late()
        everything = self._gone | self._replaced
        drops = list(self._drops(everything - late))
        made = self._made()
        prepared = [Line(each) for each in self._dialect.preparing(self._before)] if self._calls() else []
        found = [*self._hints(), *prepared, *drops, *made, *self._drops(everything & late), *self._comments()]
        return _once(found)

    # What becomes of what differs

    def _rebuild(self) -> None:
        """Ask for every table whether it is changed in one go; then nothing is asked for its parts."""
        for key in self._before:
            if self._before[key].kind != "table" or key not in self._after:
                continue
            own = {key, *_inside(self._before, key), *_inside(self._after, key)}
            if all(_same(self._before.get(each), self._after.get(each)) for each in own):
                continue
            statements = self._dialect.rebuilding(self._before, self._after, key)
            if statements is not None:
                self._rebuilt[key] = statements
                self._covered |= own

    def _decide(self, change: Change) -> None:
        before, after = change.before, change.after
        assert before is not None
        assert after is not None
        moved = before.of != after.of and before.kind != "sequence"
        statements = None if moved else self._dialect.altering(before, after, self._after)
        if statements is None:
            self._replace(change.key, _differences(change))
            return
        self._altered[change.key] = (*statements, *self._regranted(change.key, statements))
        if statements and before.kind == "column" and any(fact.name in _REWRITTEN for fact in change.facts):
            self._replace_users(change.key)

    def _regranted(self, key: str, statements: Sequence[str]) -> Iterator[str]:
        """Yield what gives columns back what a REVOKE on their table takes from them, too."""
        if not any(each.startswith("REVOKE") for each in statements):
            return
        for part in self._before.parts.get(key, ()):
            bare = {name: value for name, value in part.facts.items() if not name.startswith(_GRANT)}
            if part.kind == "column" and part.key in self._after and bare != dict(part.facts):
                yield from self._dialect.altering(replace(part, facts=bare), part, self._before) or ()

    def _replace(self, key: str, reason: str) -> None:
        """Drop an object and make it anew, with what reads it, unless data or a state hangs on it."""
        if key in self._replaced or key in self._gone:
            return
        held = [each for each in (key, *self._dependants(key)) if self._kept(each)]
        if held:
            other = f"; {held[0]} needs it" if held[0] != key else ""
            self._unsaid[key] = f"{reason}{other}"
            return
        going = {each for each in (key, *self._dependants(key)) if each not in self._gone}
        fixed = [each for each in sorted(going) if self._stays(each, going)]
        if fixed:
            self._unsaid[key] = reason if fixed == [key] else f"{reason}; {fixed[0]} cannot be dropped for it"
            return
        self._replaced |= going
        for each in going:
            self._altered.pop(each, None)

    def _stays(self, key: str, going: set[str]) -> bool:
        """Whether no statement takes an object away whose owner stays."""
        return self._before[key].of not in going and not self._dialect.dropping(self._before[key], self._before)

    def _replace_users(self, key: str) -> None:
        for user in self._users.get(key, ()):
            if user in self._gone or user in self._replaced or user in self._covered or self._kept(user):
                continue
            if key in self._gone or self._before[user].kind in _READERS:
                self._replace(user, f"it needs {key}")

    def _kept(self, key: str) -> bool:
        """Whether data or a state hangs on an object; a view's columns have none."""
        item = self._before[key]
        return item.kind in _KEPT and _kind(item.of) not in _VIEWS

    def _dependants(self, key: str) -> list[str]:
        """Return what needs `key`, directly or through others, and what goes away with it."""
        found: dict[str, None] = {}
        waiting = [key]
        while waiting:
            for user in self._users.get(waiting.pop(), ()):
                if user not in found and user != key and user not in self._gone:
                    found[user] = None
                    waiting.append(user)
        return list(found)

    def _hold(self) -> None:
        """Leave what an object still needs that no statement changes, and say that columns cannot change places."""
        for key in list(self._unsaid):
            for need in self._before.needed(key) & self._gone:
                self._gone.discard(need)
                self._unsaid[need] = f"{key} needs it"
        for key in self._after:
            wanted = [column.key for column in _columns(self._after, key)]
            if key not in self._before or not wanted or _kind(key) in _VIEWS or key in self._replaced | self._covered:
                continue
            kept = [column.key for column in _columns(self._before, key) if column.key in self._after]
            if [*kept, *(each for each in wanted if each not in kept)] == wanted:
                continue
            if self._after[key].kind in TABLES:
                self._moved.append(key)
            else:
                names = ", ".join(each.rpartition(".")[2] for each in wanted)
                self._unsaid[key] = f"its columns are to be in the order {names}"

    def _late(self) -> frozenset[str]:
        """Return what goes only after the changes: something that is altered still needs it until then."""
        found: set[str] = set()
        for key in self._altered:
            found |= {need for need in self._before.needed(key) if need in self._gone}
        return frozenset(found - {self._before[key].of for key in found})

    # What is written

    def _made(self) -> Iterator[Line]:
        """Yield what changes and what is new, so that each stands behind what it needs."""
        new = {key for key in self._after if key not in self._before}
        new |= {key for key in self._replaced if key in self._after}
        new -= self._covered
        for item in ordered(self._after):
            if item.key in new:
                make = self._dialect.creating if self._begins(item, new) else self._dialect.adding
                yield from (Line(each) for each in make(item, self._after))
            elif item.key in self._rebuilt:
                gone = any(each not in self._after for each in _inside(self._before, item.key) if _kind(each) in _DATA)
                yield from (
                    Line(each, LOSES if gone and _LOSING.search(each) else "") for each in self._rebuilt[item.key]
                )
            elif item.key in self._altered:
                yield from (Line(each) for each in self._altered[item.key])

    def _begins(self, item: Object, new: set[str]) -> bool:
        """Whether an object's owner is new, too; without an owner, whether anything is that it needs."""
        return item.of in new if item.of else not item.needs or any(need in new for need in item.needs)

    def _drops(self, keys: Iterable[str]) -> Iterator[Line]:
        going = set(keys)
        roots = {key: self._root(key, going) for key in going}
        explicit = self._order(roots)
        for key in explicit:
            item = self._before[key]
            loss = LOSES if item.kind in _DATA and _kind(item.of) not in _VIEWS else ""
            for number, each in enumerate(self._dialect.dropping(item, self._before)):
                yield Line(each, loss if number == 0 else "")

    def _root(self, key: str, going: set[str]) -> str:
        """Return the outermost owner that goes, too: `key` goes away with it."""
        owners = [owner for owner in self._before.owners(key) if owner in going]
        return owners[-1] if owners else key

    def _order(self, roots: dict[str, str]) -> list[str]:
        """Return what must be dropped by a statement of its own, in order: users first.

        Where two need each other, as two tables with foreign keys both ways do, their parts that do so go first.
        """
        waits: dict[str, set[str]] = {root: set() for root in roots.values()}
        for key, root in roots.items():
            for need in self._before[key].needs:
                if need in roots and roots[need] != root:
                    waits[roots[need]].add(root)
        places = {item.key: place for place, item in enumerate(ordered(self._before))}
        found: list[str] = []
        while waits:
            free = [root for root, users in waits.items() if not users]
            if not free:
                found += self._parted(circle(waits), roots, waits)
                continue
            latest = max(free, key=places.__getitem__)
            found.append(latest)
            del waits[latest]
            for users in waits.values():
                users.discard(latest)
        return found

    def _parted(self, members: Iterable[str], roots: dict[str, str], waits: dict[str, set[str]]) -> list[str]:
        """Return the parts that hold a circle together, and take them out of it."""
        around = set(members)
        parts = [
            key
            for key, root in sorted(roots.items())
            if root in around and key != root and any(roots.get(need) in around - {root} for need in self._needs(key))
        ]
        for member in around:
            waits[member] -= around
        return [key for key in parts if self._before[key].kind != "column"]

    def _needs(self, key: str) -> tuple[str, ...]:
        return self._before[key].needs

    def _calls(self) -> bool:
        made = {*self._altered, *self._replaced, *(key for key in self._after if key not in self._before)}
        return any(_kind(key) in _CALLED for key in made)

    def _hints(self) -> Iterator[Line]:
        for change in compare(self._before, self._after):
            if change.what is What.REMOVED and change.counterpart and not change.benign:
                what = f"{change.key} goes and {change.counterpart} comes, the same in all but the name"
                yield Line(comment=f"perhaps a rename: {what}. RENAME would keep what is in it")

    def _comments(self) -> Iterator[Line]:
        for key, reason in sorted(self._unsaid.items()):
            yield Line(comment=f"not written: {key}: {reason}; no statement does this safely")
        if self._moved:
            yield Line(comment=f"{BENIGN}: the columns stand in another order in {', '.join(sorted(self._moved))}")


def _inside(whole: Snapshot, key: str) -> set[str]:
    """Return the keys of all that goes away with an object."""
    found: set[str] = set()
    waiting = [key]
    while waiting:
        parts = {part.key for part in whole.parts.get(waiting.pop(), ())} - found
        found |= parts
        waiting += parts
    return found


def _same(one: Object | None, other: Object | None) -> bool:
    return one is not None and other is not None and (one.of, one.facts) == (other.of, other.facts)


def _users(whole: Snapshot) -> dict[str, set[str]]:
    """Return who needs each object, or goes away with it."""
    found: dict[str, set[str]] = {}
    for key in whole:
        for need in (*whole[key].needs, whole[key].of):
            found.setdefault(need, set()).add(key)
    return found


def _differences(change: Change) -> str:
    return ", ".join(f"{fact.name} {fact.before or 'none'} becomes {fact.after or 'none'}" for fact in change.facts)


def _kind(key: str) -> str:
    return "materialized view" if key.startswith("materialized view ") else key.partition(" ")[0]


def _columns(whole: Snapshot, key: str) -> list[Object]:
    columns = [part for part in whole.parts.get(key, ()) if part.kind in _PLACED and "position" in part.facts]
    return sorted(columns, key=lambda part: int(part.facts["position"]))


def _once(lines: Iterable[Line]) -> list[Line]:
    """Leave out a statement that stands there already: several parts of one owner may ask for the same.

    What sets something for the statements behind it stays: each of them needs its own.
    """
    seen: set[Line] = set()
    kept = []
    for line in lines:
        if line not in seen or line.sql.startswith(_SETTING):
            seen.add(line)
            kept.append(line)
    return kept

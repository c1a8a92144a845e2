"""Keys, checks and foreign keys. One that stands beside its column is the same as one of the table."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from instar.dialects._reader import Reader
from instar.dialects.sqlite.identifiers import part
from instar.dialects.sqlite.snapshot.reading import canonical, folded, item, lex, name, names, quoted, raised
from instar.snapshot import Object

PRIMARY = "PRIMARY KEY"


@dataclass(slots=True)
class Scope:
    """A table that is being read: how its columns are written, their collations, the constraints found so far."""

    table: Object
    name: str
    columns: dict[str, str]
    collations: dict[str, str] = field(default_factory=dict)
    found: list[tuple[str, dict[str, str], list[Reader]]] = field(default_factory=list)

    def finished(self) -> Iterator[Object]:
        """Yield the constraints; equal ones that the user did not name are counted."""
        seen: dict[str, int] = {}
        for label, given, parts in self.found:
            facts = dict(given)
            if parts:
                facts["columns"] = ", ".join(self._item(each) for each in parts)
            if label:
                facts["named"] = "true"
            called = label or _called(facts)
            seen[called] = seen.get(called, 0) + 1
            number = f" {seen[called]}" if seen[called] > 1 else ""
            needs = (self.table.key, *self._needs(parts, facts))
            kept = {key: value for key, value in facts.items() if value}
            yield Object("constraint", f"{self.table.name}.{part(called + number)}", self.table.key, kept, needs)

    def _item(self, reader: Reader) -> str:
        return item(reader, self.columns, lambda column: self.collations.get(folded(column), ""))

    def _needs(self, parts: list[Reader], facts: dict[str, str]) -> Iterator[str]:
        used = {folded(name(Reader(each.stream, each.at, each.end))) for each in parts}
        used |= set(names(lex(facts.get("expression", ""))))
        yield from (f"column {self.table.name}.{self.columns[each]}" for each in sorted(used) if each in self.columns)
        if "references" in facts and facts["references"] != self.table.name:
            yield f"table {facts['references']}"


def _called(facts: dict[str, str]) -> str:
    """Name a constraint that its user did not name after what it says."""
    kind = facts["type"]
    return kind if kind == PRIMARY else f"{kind} ({facts.get('columns') or facts.get('expression', '')})"


def beside(reader: Reader, scope: Scope, column: str, label: str, kind: str) -> None:
    """Take a constraint beside its column, whose declared type is `kind`."""
    own = lex(quoted(column))
    if reader.accept("primary", "key"):
        down = reader.one_of({"asc", "desc"}) == "desc"
        facts = {"type": PRIMARY, "on conflict": conflict(reader)}
        if reader.accept("autoincrement"):
            facts["autoincrement"] = "true"
        if down and kind == "INTEGER":
            facts["beside its column"] = "true"  # only there DESC makes it no name for the row's number
        scope.found.append((label, facts, [Reader([*own, *lex("desc" * down)])]))
    elif reader.accept("unique"):
        scope.found.append((label, {"type": "UNIQUE", "on conflict": conflict(reader)}, [Reader(own)]))
    elif reader.accept("check"):
        _check(reader, scope, label)
    else:
        _references(reader, scope, label, [Reader(own)])


def listed(reader: Reader, scope: Scope) -> None:
    """Take the constraints of a table that stand between two commas: SQLite asks for no comma between them."""
    label = ""
    while reader:
        if reader.accept("constraint"):
            label = name(reader)
            continue
        if reader.accept("primary", "key"):
            _key(reader, scope, label, PRIMARY)
        elif reader.accept("unique"):
            _key(reader, scope, label, "UNIQUE")
        elif reader.word() == "check":
            reader.skip()
            _check(reader, scope, label)
        elif reader.accept("foreign", "key"):
            group = reader.group() or Reader([])
            _references(reader, scope, label, list(group.parts()))
        else:
            reader.skip()
        label = ""


def _key(reader: Reader, scope: Scope, label: str, kind: str) -> None:
    group = reader.group() or Reader([])
    facts = {"type": kind}
    if group and group.stream[group.end - 1].word == "autoincrement":
        facts["autoincrement"] = "true"
        group = Reader(group.stream, group.at, group.end - 1)
    facts["on conflict"] = conflict(reader)
    scope.found.append((label, facts, list(group.parts())))


def _check(reader: Reader, scope: Scope, label: str) -> None:
    group = reader.group() or Reader([])
    scope.found.append((label, {"type": "CHECK", "expression": canonical(group, scope.columns)}, []))
    conflict(reader)  # SQLite reads it and does nothing with it


def _references(reader: Reader, scope: Scope, label: str, columns: list[Reader]) -> None:
    reader.accept("references")
    target = name(reader)
    own = folded(target) == folded(scope.name)
    facts = {"type": "FOREIGN KEY", "references": scope.table.name if own else part(target)}
    group = reader.group()
    if group is not None:
        facts["referenced columns"] = ", ".join(part(name(each)) for each in group.parts())
    while reader:
        if reader.accept("on"):
            event = reader.one_of({"delete", "update", "insert"})
            action = _action(reader)
            facts[f"on {event}"] = "" if action == "NO ACTION" else action
        elif reader.accept("match"):
            facts["match"] = raised(name(reader))
        elif not _deferred(reader, facts):
            break
    scope.found.append((label, facts, columns))


def _action(reader: Reader) -> str:
    first = (reader.skip() or reader.stream[-1]).text.upper()
    if first not in {"SET", "NO"}:
        return first
    return f"{first} {(reader.skip() or reader.stream[-1]).text.upper()}"


def _deferred(reader: Reader, facts: dict[str, str]) -> bool:
    """Take DEFERRABLE; only with INITIALLY DEFERRED does it do anything."""
    never = reader.accept("not", "deferrable")
    if not never and not reader.accept("deferrable"):
        return False
    if reader.accept("initially") and reader.one_of({"deferred", "immediate"}) == "deferred" and not never:
        facts["deferred"] = "true"
    return True


def conflict(reader: Reader) -> str:
    """Take ON CONFLICT; return what it says, "" for the usual ABORT."""
    if not reader.accept("on", "conflict"):
        return ""
    token = reader.skip()
    said = token.text.upper() if token is not None else ""
    return "" if said == "ABORT" else said

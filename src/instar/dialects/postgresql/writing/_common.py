"""What all kinds of objects have: how they are called in a statement, owner, comment, security labels, grants."""

import re
from collections.abc import Iterator, Mapping, Sequence

from instar.snapshot import Object, Snapshot

_WORDS = {"enum": "TYPE", "range": "TYPE", "type": "TYPE", "attribute": "COLUMN"}
_GRANTED = {
    "view": "TABLE",
    "materialized view": "TABLE",
    "foreign table": "TABLE",
    "domain": "TYPE",
    "aggregate": "FUNCTION",
    "server": "FOREIGN SERVER",
}
_ON_RELATION = frozenset({"constraint", "trigger", "rule", "policy"})
_PUBLIC = {
    "function": "EXECUTE",
    "procedure": "EXECUTE",
    "aggregate": "EXECUTE",
    "enum": "USAGE",
    "range": "USAGE",
    "type": "USAGE",
    "domain": "USAGE",
    "language": "USAGE",
}
"""What PUBLIC may do with a new object of a kind."""
_CLOSED = (15,)
"""The first version in which not everybody may create objects in the schema public."""
_GRANT, _LABEL = "grant to ", "security label for "
_COMMON = ("owner", "comment")


def foreign(item: Object) -> bool:
    """Whether an object is no user's own: a member of an extension or of the system, with grants of its own."""
    return item.kind != "extension" and ("extension" in item.facts or "system" in item.facts)


def word(kind: str) -> str:
    """Return what a kind is called in ALTER, COMMENT and DROP."""
    return _WORDS.get(kind, kind.upper())


def literal(text: str) -> str:
    """Return a text as a literal, which means the same whatever standard_conforming_strings is."""
    quoted = text.replace("'", "''")
    return f"'{quoted}'" if "\\" not in quoted else "E'" + quoted.replace("\\", "\\\\") + "'"


def identified(item: Object, whole: Snapshot) -> bool:
    """Whether the table that an index or a constraint belongs to says what its rows are known by to replicas."""
    related = (whole[item.of], *whole.parts.get(item.of, ())) if item.of in whole else ()
    return any("replica identity" in each.facts for each in related)


def local(item: Object) -> str:
    """Return an object's name within its owner."""
    return item.name.removeprefix(f"{relation(item)}.")


def relation(item: Object) -> str:
    """Return the name of an object's owner: `of` is its kind, which may have several words, and its name."""
    for kind in ("foreign table", "materialized view"):
        if item.of.startswith(f"{kind} "):
            return item.of.removeprefix(f"{kind} ")
    return item.of.partition(" ")[2]


def called(item: Object) -> str:
    """Return how COMMENT and SECURITY LABEL call an object."""
    if item.kind not in _ON_RELATION:
        return f"{word(item.kind)} {spelled(item)}"
    domain = "DOMAIN " if item.of.startswith("domain ") else ""
    return f"{word(item.kind)} {local(item)} ON {domain}{relation(item)}"


def spelled(item: Object) -> str:
    """Return an object's name as statements have it: an aggregate without arguments is called with a star."""
    return item.name.removesuffix("()") + "(*)" if item.kind == "aggregate" and item.name.endswith("()") else item.name


def finishing(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield what gives a new object its owner, comment, labels and grants."""
    yield from finished(Object(item.kind, item.name, item.of), item, whole)


def finished(before: Object, after: Object, whole: Snapshot) -> Iterator[str]:
    """Yield what changes owner, comment, labels and grants."""
    was, becomes = before.facts, after.facts
    if "owner" in becomes and was.get("owner") != becomes["owner"]:
        yield f"ALTER {word(after.kind)} {spelled(after)} OWNER TO {becomes['owner']}"
    if was.get("comment") != becomes.get("comment"):
        yield f"COMMENT ON {called(after)} IS {_text(becomes.get('comment'))}"
    for name in differing(was, becomes, _LABEL):
        provider = name.removeprefix(_LABEL)
        yield f"SECURITY LABEL FOR {provider} ON {called(after)} IS {_text(becomes.get(name))}"
    for name in sorted(differing(was, becomes, _GRANT), key=lambda name: (" by " in name, name)):
        yield from _granting(before, after, name.removeprefix(_GRANT), whole)


def others(before: Object, after: Object, known: Sequence[str] = ()) -> list[str]:
    """Return the names of the facts that differ and are neither common to all kinds nor among `known`.

    One of `known` that ends in a space stands for all that begin so.
    """
    beginnings = tuple(name for name in (*known, _GRANT, _LABEL) if name.endswith(" "))
    return [
        name
        for name in differing(before.facts, after.facts)
        if name not in (*_COMMON, *known) and not name.startswith(beginnings)
    ]


def differing(before: Mapping[str, str], after: Mapping[str, str], beginning: str = "") -> list[str]:
    """Return the names of the facts that differ, of those that begin so, in order."""
    names = {*before, *after}
    return sorted(name for name in names if name.startswith(beginning) and before.get(name) != after.get(name))


def options(facts: Mapping[str, str], beginning: str = "option ") -> str:
    """Return storage parameters as they stand in WITH (...); "" for none."""
    found = sorted((name, value) for name, value in facts.items() if name.startswith(beginning))
    return ", ".join(f"{name.removeprefix(beginning)} = {value}" for name, value in found)


def changed_options(head: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    """Yield what changes storage parameters; `head` is the statement up to SET or RESET."""
    names = differing(before, after, "option ")
    gone = [name.removeprefix("option ") for name in names if name not in after]
    if gone:
        yield f"{head} RESET ({', '.join(gone)})"
    new = {name: after[name] for name in names if name in after}
    if new:
        yield f"{head} SET ({options(new)})"


def fdw_options(facts: Mapping[str, str]) -> str:
    """Return " OPTIONS (...)" of something foreign; "" for none."""
    found = sorted((name, value) for name, value in facts.items() if name.startswith("fdw option "))
    inside = ", ".join(f"{name.removeprefix('fdw option ')} {value}" for name, value in found)
    return f" OPTIONS ({inside})" if inside else ""


def changed_fdw_options(head: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    """Yield what changes the options of something foreign; `head` is the statement up to OPTIONS."""
    parts = []
    for name in differing(before, after, "fdw option "):
        bare = name.removeprefix("fdw option ")
        if name not in after:
            parts.append(f"DROP {bare}")
        else:
            parts.append(f"{'SET' if name in before else 'ADD'} {bare} {after[name]}")
    if parts:
        yield f"{head} OPTIONS ({', '.join(parts)})"


def _text(text: str | None) -> str:
    return "NULL" if text is None else literal(text)


def _granting(before: Object, after: Object, to: str, whole: Snapshot) -> Iterator[str]:
    """Yield what changes a grantee's privileges; where nothing is said of them, a new object's own hold."""
    grantee, _, grantor = to.partition(" by ")
    name, builtin = f"{_GRANT}{to}", _builtin(after, grantee, whole)
    was, wanted = before.facts.get(name, builtin), after.facts.get(name, builtin)
    if not before.facts:
        statements = list(_exactly(after, grantee, wanted, revoke=_given(after, grantee, whole)))
    elif was == "ALL" or (foreign(after) and name not in before.facts):
        statements = list(_exactly(after, grantee, wanted, revoke=True))
    else:
        statements = list(_differing(after, grantee, was, wanted))
    if grantor:
        yield f"SET SESSION AUTHORIZATION {grantor}"
    yield from statements
    if grantor:
        yield "RESET SESSION AUTHORIZATION"


def _differing(item: Object, grantee: str, was: str, wanted: str) -> Iterator[str]:
    """Yield what takes away and gives only what differs: nobody is without a right that he has before and after."""
    on, column = _granted_on(item)
    old, new = _privileges(was), _privileges(wanted)
    if wanted != "ALL":
        gone = [name + column for name in old if name not in new]
        kept = [name + column for name in old if old[name] and new.get(name) is False]
        if gone:
            yield f"REVOKE {', '.join(gone)} ON {on} FROM {grantee}"
        if kept:
            yield f"REVOKE GRANT OPTION FOR {', '.join(kept)} ON {on} FROM {grantee}"
    plain = [name + column for name in new if name not in old and not new[name]]
    passed = [name + column for name in new if new[name] and not old.get(name)]
    if plain:
        yield f"GRANT {', '.join(plain)} ON {on} TO {grantee}"
    if passed:
        yield f"GRANT {', '.join(passed)} ON {on} TO {grantee} WITH GRANT OPTION"


def _privileges(held: str) -> dict[str, bool]:
    """Return what somebody holds, and whether he may pass it on."""
    names = [] if held == "NOTHING" else [name for name in held.split(", ") if name]
    return {name.removesuffix("*"): name.endswith("*") for name in names}


def _exactly(item: Object, grantee: str, wanted: str, *, revoke: bool) -> Iterator[str]:
    on, column = _granted_on(item)
    held = _privileges(wanted)
    plain = [name + column for name, passing in held.items() if not passing]
    passed = [name + column for name, passing in held.items() if passing]
    if revoke or wanted == "NOTHING":
        yield f"REVOKE ALL{column} ON {on} FROM {grantee}"
    if plain:
        yield f"GRANT {', '.join(plain)} ON {on} TO {grantee}"
    if passed:
        yield f"GRANT {', '.join(passed)} ON {on} TO {grantee} WITH GRANT OPTION"


def _granted_on(item: Object) -> tuple[str, str]:
    if item.kind == "column":
        return f"TABLE {relation(item)}", f" ({local(item)})"
    name = re.sub(r"\(\*\)$", "()", item.name)
    return f"{_GRANTED.get(item.kind, word(item.kind))} {name}", ""


def _given(item: Object, grantee: str, whole: Snapshot) -> bool:
    """Whether a new object gives something to a grantee by itself, or by the default privileges of the database."""
    if grantee in {"PUBLIC", item.facts.get("owner")}:
        return item.kind != "column"
    return any(
        other.kind == "default privilege" and any(name.startswith(f"{_GRANT}{grantee}") for name in other.facts)
        for other in whole.values()
    )


def _builtin(item: Object, grantee: str, whole: Snapshot) -> str:
    """Return what a grantee has of an object where nobody has said anything."""
    if grantee != "PUBLIC":
        return "ALL" if grantee == item.facts.get("owner") else "NOTHING"
    if item.key == "schema public":
        return "USAGE" if whole.version >= _CLOSED else "CREATE, USAGE"
    return _PUBLIC.get(item.kind, "NOTHING")

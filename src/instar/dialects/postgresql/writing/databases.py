"""Schemas, extensions, languages, access methods and default privileges."""

import re
from collections.abc import Iterator

from instar.dialects.postgresql.writing import _common as common
from instar.snapshot import Object, Snapshot

KINDS = ("schema", "extension", "language", "access method", "default privilege")
_PUBLIC = {"FUNCTIONS": "EXECUTE", "ROUTINES": "EXECUTE", "TYPES": "USAGE"}


def creating(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield CREATE SCHEMA and the like; the schema public and what the server brings may be there."""
    if item.kind == "default privilege":
        yield from _privileges(Object(item.kind, item.name), item)
        return
    if item.kind == "schema":
        yield f"CREATE SCHEMA {'IF NOT EXISTS ' if item.name == 'public' else ''}{item.name}"
    elif item.kind == "extension":
        yield f"CREATE EXTENSION IF NOT EXISTS {item.name} WITH SCHEMA {item.facts['schema']}"
    else:
        yield item.facts["definition"]
    yield from common.finishing(item, whole)


def dropping(item: Object, whole: Snapshot) -> Iterator[str]:
    """Yield DROP SCHEMA and the like; without default privileges the server's own hold again."""
    del whole
    if item.kind == "default privilege":
        yield from _privileges(item, Object(item.kind, item.name, facts={"role": item.facts["role"]}))
    else:
        yield f"DROP {common.word(item.kind)} {item.name}"


def altering(before: Object, after: Object, whole: Snapshot) -> list[str] | None:
    """Return what changes owner, grants, or an extension's schema."""
    if after.kind == "default privilege":
        return list(_privileges(before, after))
    if common.others(before, after, ("schema",) if after.kind == "extension" else ()):
        return None
    found = []
    if before.facts.get("schema") != after.facts.get("schema"):
        found.append(f"ALTER EXTENSION {after.name} SET SCHEMA {after.facts['schema']}")
    return [*found, *common.finished(before, after, whole)]


def _privileges(before: Object, after: Object) -> Iterator[str]:
    facts = {**before.facts, **after.facts}
    objects = facts["objects"] if "objects" in facts else after.name.rpartition(" on ")[2].upper()
    schema = f" IN SCHEMA {facts['schema']}" if "schema" in facts else ""
    head = f"ALTER DEFAULT PRIVILEGES FOR ROLE {facts['role']}{schema}"
    for name in common.differing(before.facts, after.facts, "grant to "):
        grantee = re.sub(r" by .*$", "", name.removeprefix("grant to "))
        wanted = after.facts.get(name)
        if wanted is None:
            wanted = "" if schema else _builtin(grantee, facts["role"], objects)
        names = [each for each in wanted.split(", ") if each and each != "NOTHING"]
        plain = [each for each in names if not each.endswith("*")]
        passed = [each.removesuffix("*") for each in names if each.endswith("*")]
        yield f"{head} REVOKE ALL ON {objects} FROM {grantee}"
        if plain:
            yield f"{head} GRANT {', '.join(plain)} ON {objects} TO {grantee}"
        if passed:
            yield f"{head} GRANT {', '.join(passed)} ON {objects} TO {grantee} WITH GRANT OPTION"


def _builtin(grantee: str, role: str, objects: str) -> str:
    """Return what a grantee has on new objects where nobody has said anything."""
    if grantee == role:
        return "ALL"
    return _PUBLIC.get(objects, "") if grantee == "PUBLIC" else ""

"""A copy that is made before its trigger misses what is written in between.

A row that the application writes after the copy has read past it, and before the trigger exists, is neither copied nor
carried over: the two differ for good. Create the trigger first and copy then, with ON CONFLICT DO NOTHING for the rows
that the trigger has already carried over.

Safe when: the trigger comes first; the table is locked against writes from before the copy, in the same transaction;
the table copied from is new.
"""

import re
from collections.abc import Iterator

from instar.effects import Change, Effect, LockMode
from instar.lint.around import every_change, mentions
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Severity

GROUP = "data"
SEVERITY = Severity.ERROR
DIALECTS = ("postgresql",)
ON = ("create trigger", "replace trigger")
SETUP = """CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE TABLE accounts (id bigint PRIMARY KEY, email text);
CREATE FUNCTION users_to_accounts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO accounts (id, email) VALUES (NEW.id, NEW.email);
    RETURN NULL;
END $$;
"""
ROWS = "INSERT INTO users (id, email) VALUES (1, 'ann@example.com');"
BAD = """INSERT INTO accounts (id, email) SELECT id, email FROM users;
-- what the application writes now, nobody carries over:
INSERT INTO users (id, email) VALUES (2, 'bob@example.com');
CREATE TRIGGER users_to_accounts AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION users_to_accounts();
"""
GOOD = """CREATE TRIGGER users_to_accounts AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION users_to_accounts();
INSERT INTO users (id, email) VALUES (2, 'bob@example.com');
INSERT INTO accounts (id, email) SELECT id, email FROM users ON CONFLICT DO NOTHING;
"""
PROOF = Proof("shows", "SELECT id FROM users EXCEPT SELECT id FROM accounts")

_FUNCTION = re.compile(r"\bexecute\s+(?:function|procedure)\s+([\w.\"]+)", re.IGNORECASE)
_COPIES = frozenset({"insert", "create table as", "merge"})


def check(look: Look) -> Iterator[Finding]:
    """Flag a trigger that comes after the copy that it keeps in step."""
    change = look.change
    if change is None or look.new():
        return
    source, body = change.relation, _body(look)
    for index, effect in enumerate(look.unit.effects):
        copy = next((item for item in every_change(effect) if _copies(item, source, body)), None)
        if copy is None or _locked(look, index, source):
            continue
        table, target = look.name(), look.name(copy.relation)
        yield look.finding(
            f"rows of {table} that are written between the copy and this trigger never reach {target}",
            why=f"the copy in line {look.unit.statements[index].line} has read past them, and there is no trigger yet",
            advice=f"create the trigger first, then copy to {target} (ON CONFLICT DO NOTHING)",
        )
        return


def _body(look: Look) -> str:
    """Return the code of the trigger: its function's body, or what stands in the statement itself."""
    found = _FUNCTION.search(look.effect.text)
    if found is None:
        return look.effect.text
    schema, _, name = found[1].replace('"', "").rpartition(".")
    function = look.schema.functions.get(look.schema.resolve(schema, name)) or look.schema.functions.get(name)
    return function.body if function else ""


def _copies(change: Change, source: str, body: str) -> bool:
    """Whether a statement copies out of `source` what the trigger's code writes too."""
    if change.kind in _COPIES and source in change.others and change.relation != source:
        return mentions(body, change.relation.rpartition(".")[2])
    if change.kind == "update" and change.relation == source and change.columns:
        return any(mentions(body, "new", column) and f"new.{column}" in body.lower() for column in change.columns)
    return False


def _locked(look: Look, copy: int, source: str) -> bool:
    """Whether writers wait since before the copy until this transaction ends."""
    segments = look.unit.segments
    return segments[copy] == segments[look.index] and any(
        _locks(effect, source)
        for index, effect in enumerate(look.unit.effects[: copy + 1])
        if segments[index] == segments[copy] and look.unit.transactional[index]
    )


def _locks(effect: Effect, source: str) -> bool:
    return any(lock.relation == source and lock.mode >= LockMode.SHARE for lock in effect.locks)

"""A new enum value is used in the transaction that adds it, which the server refuses.

A value that ALTER TYPE ... ADD VALUE adds cannot be used before its transaction commits ("unsafe use of new value").
instar commits after such a statement when the rest of the script uses the value; it cannot do so inside a block, nor
before the checks below `-- migrate:after`, which belong to the last transaction.

Safe when: the type itself is new in the transaction; the value is used in a later migration.
"""

import re
from collections.abc import Iterator

from instar.effects import Change, Effect
from instar.lint.look import Look
from instar.lint.rule import Proof
from instar.model import Finding, Script, Severity

GROUP = "transaction"
SEVERITY = Severity.ERROR
DIALECTS = ("postgresql",)
ON = ("migration",)
SETUP = """
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TABLE people (id bigint PRIMARY KEY, mood mood NOT NULL);
"""
BAD = """
-- migrate:up
ALTER TYPE mood ADD VALUE 'calm' AFTER 'sad';

-- migrate:after
SELECT id FROM people WHERE mood = 'calm';
"""
GOOD = """
-- migrate:up
ALTER TYPE mood ADD VALUE 'calm' AFTER 'sad';
"""
PROOF = Proof("fails", "unsafe use of new value")


def check(look: Look) -> Iterator[Finding]:
    """Flag a use that no commit comes before."""
    unit = look.unit
    if not unit.segments:
        return
    for index, effect in enumerate(unit.effects):
        for change in _added(effect):
            if _type_is_new(unit.effects[:index], change):
                continue
            if unit.section == "up" and unit.segments[index] == unit.segments[-1] and unit.transactional[index]:
                yield from _in_checks(look, index, change)
        yield from _in_block(look, index, effect)


def _added(effect: Effect) -> Iterator[Change]:
    return (item for item in effect.changes if item.kind == "add enum value")


def _type_is_new(earlier: list[Effect], change: Change) -> bool:
    made = {item.relation or item.name for effect in earlier for item in effect.changes if item.kind == "create type"}
    return bool({change.relation, change.name} & made)


def _in_checks(look: Look, index: int, change: Change) -> Iterator[Finding]:
    label = _label(change)
    if not label or not any(_uses(script, label) for script in look.migration.after):
        return
    look.index, look.effect = index, look.unit.effects[index]
    yield look.finding(
        f"the server refuses to use {label} in the checks: it is new in the same transaction",
        why="a new enum value can be used after its transaction has committed; the checks run before that",
        advice=f"check for {label} in the next migration",
    )


def _in_block(look: Look, index: int, effect: Effect) -> Iterator[Finding]:
    for number, inner in enumerate(effect.inner):
        for change in _added(inner):
            label = _label(change)
            later = [item for item in effect.inner[number + 1 :] if label and label in item.text]
            if later:
                look.index, look.effect = index, effect
                yield look.finding(
                    f"the server refuses to use {label} in the block that adds it",
                    why="a new enum value can be used after its transaction has committed",
                    advice=f"add {label} in a statement of its own, before the block",
                )


def _label(change: Change) -> str:
    """Return the new label as it is written in SQL."""
    label = change.text
    return "'" + label.replace("'", "''") + "'" if label else ""


def _uses(script: Script, label: str) -> bool:
    return re.search(re.escape(label), script.text) is not None

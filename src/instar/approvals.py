"""`approvals.toml` beside the migrations: who has approved which text, and whose tests have passed.

A file under version control, not a table: it travels with the migrations through review, and every environment reads
the same one. A record counts for the text that it was given to.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from instar.errors import SourceError
from instar.model import Migration, Place, Script
from instar.people import Person
from instar.source.text import checksum

FILE = "approvals.toml"
TESTS = ("basic", "comprehensive", "extensive")
_HEAD = "# Written by `instar approve`. A record counts for the text that it was given to: an edit voids it.\n"


class Record(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Somebody's word on one migration as it was. `checksum` is of its `up`, `sections` of all that it can run.

    `tests` is "" for an approval, else how extensive the tests were that passed.
    """

    version: str
    migration: str
    checksum: str
    sections: str
    name: Annotated[str, Meta(min_length=1)]
    email: Annotated[str, Meta(min_length=1)]
    at: str
    tests: Literal["", "basic", "comprehensive", "extensive"] = ""

    @property
    def person(self) -> Person:
        """Who gave it."""
        return Person(self.name, self.email)

    def holds(self, migration: Migration) -> bool:
        """Whether the migration is still what it was given to."""
        return (self.version, self.checksum, self.sections) == (
            migration.version,
            migration.checksum,
            sections(migration),
        )


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    approval: list[Record] = []
    tests: list[Record] = []


def sections(migration: Migration) -> str:
    """Return the SHA-256 (hex) of everything that a migration can run, and how: an edited `down` voids as well."""
    names = ("up", "before", "after", "contract", "down")
    parts = [(name, *_shape(each)) for name in names for each in getattr(migration, name)]
    return checksum(json.dumps(parts)) if parts else migration.checksum


def _shape(script: Script) -> tuple[str, bool | None]:
    """Return what the author wrote that decides what runs, whatever line ends and placeholders are."""
    return checksum(script.written or script.text), script.transaction


def load(folder: Path) -> tuple[Record, ...]:
    """Read the records of a folder of migrations; none where there is no file.

    Raises SourceError at what is not such a file.
    """
    import tomllib

    path = folder / FILE
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path.name} cannot be read: {error}") from None
    try:
        found = msgspec.convert(_named(tomllib.loads(text)), _File)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        hint = "after a merge both sides' records may stay; take the conflict marks out"
        raise SourceError(f"{FILE} is damaged: {error}", hint=hint, place=Place(str(path), 1)) from None
    return (*found.approval, *found.tests)


def save(folder: Path, records: Iterable[Record]) -> None:
    """Write the records, in an order that does not depend on when they were given."""
    ordered = sorted(records, key=lambda each: (each.version, each.tests, each.email, each.at))
    blocks = [_block("approval", each) for each in ordered if not each.tests]
    blocks += [_block("tests", each) for each in ordered if each.tests]
    (folder / FILE).write_text("\n".join([_HEAD, *blocks]), encoding="utf-8")


def without(records: Sequence[Record], version: str, person: Person, tests: str | None = None) -> tuple[Record, ...]:
    """Return the records but those of a person on a version; with `tests` only those of that kind."""
    return tuple(
        each
        for each in records
        if each.version != version or not each.person.same(person) or (tests is not None and each.tests != tests)
    )


def _named(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Name the level of a test record as the file does: `level`."""
    tests = document.get("tests", [])
    if not isinstance(tests, list) or not all(isinstance(each, dict) for each in tests):
        return document
    named = [
        {key: value for key, value in each.items() if key != "level"} | {"tests": each.get("level") or "no level"}
        for each in tests
    ]
    return {**document, "tests": named}


def _block(table: str, record: Record) -> str:
    lines = [f"[[{table}]]"]
    for name in record.__struct_fields__:
        value = getattr(record, name)
        if name != "tests":
            lines.append(f"{name} = {json.dumps(value, ensure_ascii=False)}")
        elif value:
            lines.append(f'level = "{value}"')
    return "\n".join(lines) + "\n"

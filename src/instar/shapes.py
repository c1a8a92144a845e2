"""What the rows of a table must obey, as values: types, keys, references, checks.

A dialect reads them off the live catalog (`instar.dialects.Rows`); `instar.rows` makes rows that fit them. Names are
as the catalog has them, not quoted.
"""

from msgspec import Struct


class Kind(Struct, frozen=True):
    """What values a column takes.

    `name` is a word that `instar.rows.values` knows ("integer", "text", "uuid", "choice", ...), or "unknown".
    `low` and `high` bound a number. `length` is the most characters, bytes, bits or dimensions (0: no limit);
    `fixed` says that it must be met exactly. `digits` and `scale` are a decimal's, or a time's digits of a second.
    `choices` are the labels of an enum. `parts` are the kind of an array's or a range's element, or a composite
    type's fields. `checks` are a domain's expressions over VALUE. `spelled` is the type in the engine's own words.
    """

    name: str
    low: int | None = None
    high: int | None = None
    length: int = 0
    fixed: bool = False
    digits: int = 0
    scale: int = 0
    choices: tuple[str, ...] = ()
    parts: tuple["Kind", ...] = ()
    checks: tuple[str, ...] = ()
    nullable: bool = True
    spelled: str = ""


class Field(Struct, frozen=True):
    """A column. `generated`: the server computes it, nobody may write it.

    `default` is "" (none), "constant", "volatile" (each row another, or another at each run) or "serial" (numbers that
    the server hands out). `always` says that writing a serial number takes OVERRIDING SYSTEM VALUE.
    """

    name: str
    kind: Kind
    nullable: bool = True
    default: str = ""
    generated: bool = False
    always: bool = False


class Reference(Struct, frozen=True):
    """A foreign key: `columns` hold values of `referenced` in the table with the key `table`.

    `whole`: either all columns are NULL or none (MATCH FULL).
    """

    columns: tuple[str, ...]
    table: str
    referenced: tuple[str, ...]
    deferrable: bool = False
    whole: bool = False
    name: str = ""


class Shape(Struct, frozen=True):
    """A table. `key` identifies it ("public.users"), `name` is how it is written in SQL, `source` how it is read.

    `keys` are the column lists that must differ from row to row, `primary` the one that names a row (the primary key,
    else a unique key without NULLs, else empty). `checks` are expressions that must not be false; `alternatives` are
    further ones of which one must hold (the bounds of partitions). `spread` are columns whose values must lie apart
    (exclusion constraints). `part` says that its rows are rows of another table, too. `refused` says why no row may be
    made in it ("" = it may). `triggers` says that something runs when a row comes.
    """

    key: str
    name: str
    source: str
    fields: tuple[Field, ...]
    primary: tuple[str, ...] = ()
    keys: tuple[tuple[str, ...], ...] = ()
    references: tuple[Reference, ...] = ()
    checks: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    spread: tuple[str, ...] = ()
    part: bool = False
    refused: str = ""
    triggers: bool = False

    def field(self, name: str) -> Field | None:
        """Return the column called `name`."""
        return next((item for item in self.fields if item.name == name), None)


class Digest(Struct, frozen=True):
    """The content of a table: how many rows, and for each column a sum over its values that no order changes.

    `primary` are the columns that name a row. `plain` sums a column's values; `keyed` sums each value together with its
    row's name, so that values which change places are noticed. `whole` sums the rows. `lines` has, for a table of few
    rows, each row's name with the fingerprints of its values in the order of `plain`; None for a larger one.
    """

    rows: int
    primary: tuple[str, ...]
    plain: dict[str, int]
    keyed: dict[str, int]
    whole: int
    lines: tuple[tuple[int, ...], ...] | None = None

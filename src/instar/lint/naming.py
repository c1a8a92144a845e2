"""How things are to be called: the standards' patterns, or a project's own, and what a good name would be."""

import re
from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING

from instar.catalog import Constraint, ConstraintKind
from instar.config.tables import Naming
from instar.lint.look import Look

if TYPE_CHECKING:
    from pluralizer import Pluralizer

LIMITS: Mapping[str, tuple[int, str]] = {
    "postgresql": (63, "bytes"),
    "mysql": (64, "characters"),
    "mariadb": (64, "characters"),
}
"""How long a name may be. PostgreSQL manual, 4.1.1: it cuts longer ones without an error; MySQL manual, 11.2.1."""
_UNCOUNTABLE = frozenset(
    {"access", "content", "evidence", "feedback", "history", "info", "inventory", "knowledge", "money", "progress"}
    | {"stock", "storage"}
)
_IRREGULAR = {"schema": "schemas", "index": "indexes"}
_MOMENT = re.compile(r"(?:_(?:v?\d+|new|old|tmp))+$")
_PLAINLY_PLURAL = re.compile(r"(?:[^aiosu]|[^i]o|[^aeiou]e)s$")
_NO_NOUN = re.compile(r"\w{3}[^aeiou]ed$|\w{2}[aeiou]ted$")
"""What is no noun has no plural: `combined`, `authorized`, `deleted`."""
_FIELD = re.compile(r"\{(\w+)\}")
_AUTOMATIC = {
    "postgresql": r"_(?:(?:\w+_)?(?:key|fkey|check|excl|idx)|pkey)\d*",
    "mysql": r"_(?:ibfk|chk)_\d+",
    "mariadb": r"_ibfk_\d+",
}
"""What follows the table in the names that servers choose: a name that is written out so changes nothing."""
_SHORTEST = 3
_KINDS = {
    ConstraintKind.PRIMARY_KEY: "primary_key",
    ConstraintKind.FOREIGN_KEY: "foreign_key",
    ConstraintKind.UNIQUE: "unique",
    ConstraintKind.CHECK: "check",
}


def template(naming: Naming, constraint: Constraint) -> str:
    """Return the template of a constraint's kind; "" where it may be called anything."""
    kind = _KINDS.get(constraint.kind)
    return getattr(naming, kind) if kind else ""


def excepted(name: str, naming: Naming) -> bool:
    """Whether a name may be as it is."""
    return any(fnmatchcase(name, pattern) for pattern in naming.exceptions)


def fits(
    name: str, pattern: str, table: str, columns: Sequence[str], *, uses: Collection[str] = (), referenced: str = ""
) -> bool:
    """Whether a name follows a template.

    `{columns}` stands for all columns in order, with or without words after them (`idx_users_email_lower`), or for
    words of them (`idx_orders_user_status` on user_id and status): the standards' own examples have both.
    """
    if table.endswith("_") and fits(name, pattern, table.rstrip("_"), columns, uses=uses, referenced=referenced):
        return True
    exact = proposed(pattern, table, columns, referenced=referenced) if all(columns) else ""
    if exact and (name == exact or name.startswith(f"{exact}_")):
        return True
    part = _columns(name, pattern, bare(table), bare(referenced))
    if not part:
        return part is not None
    known = [column for column in columns if column] or sorted(uses)
    words = {word for column in (*known, *uses) for word in column.lower().split("_")}
    whole = "_".join(column for column in columns if column).lower()
    return not words or part == whole or part.startswith(f"{whole}_") or bool(words & set(part.split("_")))


def _columns(name: str, pattern: str, table: str, referenced: str) -> str | None:
    """Return what stands for `{columns}` in a name, in lower case; None for one that does not follow the template."""
    filled = pattern.replace("{table}", table).replace("{referenced}", referenced)
    before, placeholder, after = filled.partition("{columns}")
    if _FIELD.search(before) or _FIELD.search(after):
        match = re.fullmatch(_expression(pattern, table, referenced), name)
        return match and match.groupdict().get("columns", "").lower()
    if not placeholder:
        return "" if name == filled else None
    fits = name.startswith(before) and name.endswith(after) and len(name) > len(before) + len(after)
    return name[len(before) : len(name) - len(after)].lower() if fits else None


def proposed(pattern: str, table: str, columns: Sequence[str], *, referenced: str = "", what: str = "valid") -> str:
    """Return the name that a template gives, cut to what every engine takes."""
    joined = "_".join(column for column in columns if column) or "expression"
    values = {"table": bare(table), "columns": joined, "referenced": bare(referenced), "what": what}
    name = _FIELD.sub(lambda match: values.get(match[1], match[0]), pattern)
    return name.encode()[:63].decode(errors="ignore").rstrip("_")


def for_constraint(naming: Naming, constraint: Constraint, table: str) -> str:
    """Return what a constraint should be called; "" where it may be called anything."""
    pattern = template(naming, constraint)
    if not pattern:
        return ""
    what = "_".join((*constraint.columns, "valid"))
    return proposed(pattern, table, constraint.columns, referenced=constraint.references, what=what)


def plural(name: str, naming: Naming) -> str:
    """Return a table's name with its last word in the plural; the same name where it is one."""
    bare_name = _MOMENT.sub("", name)
    head, underscore, word = bare_name.rpartition("_")
    if len(word) < _SHORTEST or _PLAINLY_PLURAL.search(word) or _NO_NOUN.search(word):
        return name
    if word in _UNCOUNTABLE or word in naming.uncountable:
        return name
    many = _plural(word)
    return name if many == word else head + underscore + many + name[len(bare_name) :]


def snake(name: str) -> str:
    """Return a name in snake_case; "" for one with letters that are not ASCII, which no rule turns into others."""
    if not name.isascii():
        return ""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"[^a-z0-9]+", "_", apart.lower()).strip("_")


def added(look: Look, relation: str, kind: str) -> set[str]:
    """Return the names that statements of their own give to parts of a relation in this section."""
    changes = (change for effect in look.unit.effects for change in effect.changes)
    return {change.new_name or change.name for change in changes if (change.relation, change.kind) == (relation, kind)}


def was_there(look: Look, name: str, relation: str = "") -> bool:
    """Whether a name is no new one: what is dropped and made anew under its old name is not the migration's choice.

    It is that of a column of `relation`, where that is given, else that of an index or a constraint.
    """
    tables = [item for item in look.unit.before.values() if item.created != look.migration.version]
    if relation:
        return any(item.name == relation and item.column(name) is not None for item in tables)
    made = [part.name for item in tables for part in item.indexes]
    made += [part.name for item in tables for part in item.constraints]
    return name in map(bare, made)


def free(look: Look, name: str, table: str) -> bool:
    """Whether a proposed name is not that of an index or a constraint of the table, nor of another relation."""
    known = look.table(table)
    parts = [item.name for item in known.indexes] + [item.name for item in known.constraints]
    there = {look.schema.key("", name), name}
    return name not in map(bare, parts) and not any(look.schema.owner(key) or look.schema.table(key) for key in there)


def call_it(look: Look, name: str, table: str) -> str:
    """Advise a name; where it is taken, one that begins with it."""
    if free(look, name, table):
        return f"call it {name}"
    return f"call it {name}_ and a word that says what is special of it: {name} is there already"


def automatic(look: Look, name: str, table: str) -> bool:
    """Whether the server would have chosen this name of an index or a constraint, or one of its kind."""
    end = _AUTOMATIC.get(look.dialect.name)
    return end is not None and re.fullmatch(re.escape(bare(table)) + end, name) is not None


def dodges(look: Look, name: str) -> bool:
    """Whether a name is a reserved word with an underscore behind it (`user_`): that is how it needs no quotes."""
    word = name.removesuffix("_")
    return word != name and name.islower() and look.dialect.spell(word) != word


def like(pattern: str, snake_case: str) -> str:
    """Say how things are to be named: "in snake_case", or by a pattern of the project's own."""
    return "in snake_case" if pattern == snake_case else f"as the project wants it: {pattern}"


def quoted(look: Look, name: str) -> str:
    """Say that a name must be quoted; "" where it need not be."""
    plain = look.dialect.spell(name) == name or (not name.isascii() and name.isidentifier() and name == name.lower())
    return "" if plain else "a name with capitals or signs must be quoted in every query"


def bare(key: str) -> str:
    """Return a relation's name without its schema."""
    return key.rpartition(".")[2]


def too_long(name: str, dialect: str) -> str:
    """Say by how much a name is too long for an engine: "63 bytes"; "" where it is not."""
    limit, unit = LIMITS.get(dialect, (0, ""))
    length = len(name.encode()) if unit == "bytes" else len(name)
    return f"{limit} {unit}" if limit and length > limit else ""


@cache
def _plural(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    known = _pluralizer()
    return word if known.is_plural(word) else str(known.plural(word))


@cache
def _pluralizer() -> "Pluralizer":
    from pluralizer import Pluralizer

    return Pluralizer()  # type: ignore[no-untyped-call]


def _expression(pattern: str, table: str, referenced: str) -> str:
    """Return a template as a regular expression; long names may have lost their end."""
    values = {
        "table": re.escape(table),
        "referenced": re.escape(referenced),
        "columns": "(?P<columns>.+)",
        "what": ".+",
    }
    parts = _FIELD.split(pattern)
    return "".join(values.get(part, ".+") if index % 2 else re.escape(part) for index, part in enumerate(parts))

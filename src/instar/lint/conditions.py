"""What a WHERE condition says of the number of rows that it takes, by its text."""

import re

from instar.catalog import ConstraintKind, Table
from instar.effects import Change

_UNIQUE = frozenset({ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE})
_NOISE = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\$(\w*)\$.*?\$\1\$", re.DOTALL)
_TRUTH = re.compile(
    r"\(*\s*(?:true|1|not\s+false|(?P<n>\d+)\s*=\s*(?P=n)|(?P<a>[\w.\"`]+)\s*=\s*(?P=a)|\d+\s*<>\s*\d+"
    r"|'(?P<s>[^']*)'\s*=\s*'(?P=s)')\s*\)*",
    re.IGNORECASE,
)
_NOT_NULL = re.compile(
    r"\(*\s*[\"`]?(?:\w+[\"`]?\.[\"`]?)?(?P<column>\w+)[\"`]?\s+is\s+not\s+null\s*\)*", re.IGNORECASE
)
_VALUE = r"(?:'[^']*'|-?\d|:\w|\$\d|\?|now\(\)|current_\w+|true\b|false\b|null\b|date\b|timestamp\b|interval\b)"
_SELECTIVE = re.compile(
    rf"(?:(?<![<>!])=\s*\(?\s*{_VALUE}|{_VALUE}\s*=(?!=)|\bin\s*\(\s*{_VALUE}|\bbetween\b|[<>]=?\s*\(?\s*{_VALUE}"
    r"|=\s*any\s*\(\s*(?:array\s*\[|')|\bis\s+(?:not\s+)?true\b|\blike\s+'[^%_'])",
    re.IGNORECASE,
)
_EQUAL = re.compile(
    rf"(?P<column>\w+)[\"`]?\s*(?:(?<![<>!])=\s*\(?\s*{_VALUE}|in\s*\(\s*{_VALUE}|=\s*any\s*\(\s*(?:array\s*\[|'))",
    re.IGNORECASE,
)
_TURNED = re.compile(rf"(?<![\w.]){_VALUE}\w*'?\s*=(?!=)\s*[\"`]?(?:\w+[\"`]?\.[\"`]?)?(?P<column>\w+)", re.IGNORECASE)
_ABOVE = re.compile(rf"(?P<column>\w+)[\"`]?\s*>=?\s*\(?\s*{_VALUE}", re.IGNORECASE)
_BELOW = re.compile(rf"(?P<column>\w+)[\"`]?\s*<=?\s*\(?\s*{_VALUE}", re.IGNORECASE)
_ONE_ROW = re.compile(r"\(*\s*(?:\w+\.)?[\"`]?(?P<column>\w+)[\"`]?\s*=\s*(?:'(?:[^']|'')*'|\d+)\s*\)*", re.IGNORECASE)
_BETWEEN = re.compile(r"\bbetween\b", re.IGNORECASE)
_LIMITED = re.compile(r"\b(?:limit|fetch\s+(?:first|next)|ctid|rowid)\b", re.IGNORECASE)


def bare(text: str) -> str:
    """Return SQL without its comments and without what stands in its strings."""
    return _NOISE.sub(lambda match: "''" if match[0].startswith(("'", "$")) else " ", text)


def says_nothing(condition: str, table: Table) -> bool:
    """Whether a condition holds for every row: `true`, `1 = 1`, `id = id`, `id IS NOT NULL` of a NOT NULL column."""
    text = " ".join(condition.split()).removesuffix(";").strip()
    parts = re.split(r"\s+or\s+", text, flags=re.IGNORECASE)
    if any(_TRUTH.fullmatch(part) for part in parts):
        return True
    found = _NOT_NULL.fullmatch(text)
    column = table.column(found["column"].lower()) if found else None
    return column is not None and not column.nullable


def every_row(change: Change, table: Table) -> bool:
    """Whether an UPDATE or DELETE takes every row of its table: no WHERE, one that always holds, no JOIN that chooses.

    What FROM or USING adds chooses nothing without a WHERE; only MySQL and MariaDB have a JOIN with a condition there.
    """
    if "limit" in change.flags or ("from" in change.flags and "join" in change.flags):
        return False
    # With other tables around, the column of IS NOT NULL may be one of theirs.
    known = Table(table.name) if "from" in change.flags else table
    return "where" not in change.flags or says_nothing(change.text, known)


def selective(condition: str) -> bool:
    """Whether a condition compares with a value, a list or a range: then it is taken to choose few rows."""
    return bool(_SELECTIVE.search(_without_noise(condition)) or _LIMITED.search(bare(condition)))


def one_row(condition: str, table: Table) -> bool:
    """Whether a condition compares a unique column with one value, and nothing else."""
    match = _ONE_ROW.fullmatch(condition.strip())
    keys = {item.columns for item in table.indexes if item.unique and not item.predicate}
    keys |= {item.columns for item in table.constraints if item.kind in _UNIQUE}
    return match is not None and (match["column"],) in keys


def few(condition: str, table: Table) -> bool:
    """Whether a condition takes few rows however many there are: by a unique key, a range with two ends, or a LIMIT."""
    text = _without_noise(condition)
    if _LIMITED.search(bare(condition)):
        return True
    return all(_few(part, table) for part in re.split(r"\bor\b", text, flags=re.IGNORECASE))


def _few(text: str, table: Table) -> bool:
    if _BETWEEN.search(text) or _named(_ABOVE, text) & _named(_BELOW, text):
        return True
    given = _named(_EQUAL, text) | _named(_TURNED, text)
    keys = [item.columns for item in table.indexes if item.unique and not item.predicate and all(item.columns)]
    keys += [item.columns for item in table.constraints if item.kind in _UNIQUE]
    return any(key and {name.lower() for name in key} <= given for key in keys)


def _named(pattern: re.Pattern[str], text: str) -> set[str]:
    return {match["column"].lower() for match in pattern.finditer(text)}


def _without_noise(text: str) -> str:
    return re.sub(r"--[^\n]*|/\*.*?\*/", " ", text, flags=re.DOTALL)

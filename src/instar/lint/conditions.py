"""What a WHERE condition says of the number of rows that it takes, by its text."""

import re

from instar.catalog import Table

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


def selective(condition: str) -> bool:
    """Whether a condition compares with a value, a list or a range: then it is taken to choose few rows."""
    return bool(_SELECTIVE.search(_without_noise(condition)) or _LIMITED.search(bare(condition)))


def _without_noise(text: str) -> str:
    return re.sub(r"--[^\n]*|/\*.*?\*/", " ", text, flags=re.DOTALL)

"""Which migrations can be judged apart: those that have no name in common with any other.

Two migrations belong together when both name something that one of the files creates, by any name that it could go by.
"""

import re
from collections.abc import Iterator, Sequence

from instar.model import Migration, Script

_CREATES = re.compile(
    r"\b(?:table|view|index|create\s+type|domain|function|procedure|sequence|extension|trigger|concurrently|exists|to|into)"
    r"\s+\"?(?:\w+\"?\s*\.\s*\"?)?(\w+)"
)
_KEYWORDS = frozenset({"concurrently", "if", "exists", "only", "on", "not", "as", "is", "column"})
_WORD = re.compile(r"\w+")
# Statements of these reach further than their words: into every table, or to where names are looked for.
_FAR = re.compile(r"\b(?:do|execute|search_path|schema|call|owned|database)\b|\"")


def shares(migrations: Sequence[Migration], count: int) -> list[frozenset[int]] | None:
    """Deal the indexes of `migrations` out to `count` shares of about the same size.

    None when they hang together too closely: the largest share would be more than two thirds of all.
    """
    texts = [" ".join(_texts(migration)).lower() for migration in migrations]
    if any(map(_FAR.search, texts)):
        return None
    created = {name for text in texts for name in _CREATES.findall(text)} - _KEYWORDS
    groups = _groups(texts, created)
    dealt: list[list[int]] = [[] for _ in range(count)]
    for group in sorted(groups, key=len, reverse=True):
        min(dealt, key=len).extend(group)
    if 3 * max(map(len, dealt)) > 2 * len(migrations):
        return None
    return [frozenset(share) for share in dealt]


def _texts(migration: Migration) -> Iterator[str]:
    sections: tuple[tuple[Script, ...], ...] = (migration.up, migration.down, migration.before, migration.after)
    for section in sections:
        yield from (script.text for script in section)


def _groups(texts: Sequence[str], created: set[str]) -> list[list[int]]:
    """Join the indexes of texts that share a name, by union-find."""
    above = list(range(len(texts)))

    def top(index: int) -> int:
        while above[index] != index:
            above[index] = above[above[index]]
            index = above[index]
        return index

    first: dict[str, int] = {}
    for index, text in enumerate(texts):
        words = set(_WORD.findall(text))
        for name in (words & created).union(*(_stems(word, created) for word in words if "_" in word)):
            above[top(index)] = top(first.setdefault(name, index))
    groups: dict[int, list[int]] = {}
    for index in range(len(texts)):
        groups.setdefault(top(index), []).append(index)
    return list(groups.values())


def _stems(word: str, created: set[str]) -> Iterator[str]:
    """Yield the created things that the server may have named `word` after (users_id_seq)."""
    end = word.find("_")
    while end > 0:
        if word[:end] in created:
            yield word[:end]
        end = word.find("_", end + 1)

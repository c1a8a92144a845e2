"""Texts of expressions that would differ each time although nothing was changed."""

import re

CHANGING = frozenset(["definition", "default", "using", "check"])
"""The facts in which such a text may be."""

MARKS = ("::time", "(ARRAY[")
"""Without any of these, a text is canonical: finding that out is quicker than calling a function."""

_FOLDED = re.compile(
    r"'(?:[0-9]{4,6}-[0-9]{2}-[0-9]{2} )?[0-9]{2}:[0-9]{2}:[0-9]{2}\.(?!9+[+'-])[0-9]{4,6}(?:[+-][0-9:]+)?'(?=::time)"
)
_MEMBER = re.compile(r"(?:'(?:[^']|'')*'|NULL)::[a-z][a-z ]*(?:\([0-9, ]+\))?")
_LIST = re.compile(rf"\(ARRAY\[((?:{_MEMBER.pattern}(?:, )?)+)\]\)::([a-z][a-z ]*)\[\]")


def canonical(text: str) -> str:
    """Write `'now'` for a time with a fraction of a second that the server folded from it when the object was made.

    An hour's last instant ('23:59:59.999999') is what somebody wrote, and stays.
    """
    return _LIST.sub(_each_cast, _FOLDED.sub("'now'", text))


def _each_cast(found: re.Match[str]) -> str:
    """Cast the members of a list instead of the list: `x IN ('a', 'b')` becomes that when it is dumped and loaded."""
    return "ARRAY[" + _MEMBER.sub(rf"(\g<0>)::{found[2]}", found[1]) + "]"

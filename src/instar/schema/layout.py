"""Texts of functions and views without white space and comments: two that differ in these only do the same. Pure."""

import re

from instar.snapshot import Object

_BODIES = frozenset({"body", "definition", "source", "query", "as"})
_KINDS = frozenset({"function", "procedure", "view", "materialized view", "trigger", "event"})
_FREE = frozenset({"", "sql", "plpgsql"})
_LANGUAGE = re.compile(r"^ LANGUAGE (\w+)", re.MULTILINE)
_AROUND = re.compile(r"\$(?:function|procedure)x*\$")
_TOKEN = re.compile(
    r"""(?P<kept>'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|(?P<tag>\$\w*\$).*?(?P=tag))"""
    r"""|(?P<left>--[^\n]*|/\*.*?\*/|\s+)"""
    r"""|(?P<mark>[^\w\s'"`$]+?)|(?P<word>[\w$]+)""",
    re.DOTALL,
)


def free(item: Object, fact: str) -> bool:
    """Whether white space and comments mean nothing in a property: not so in a function in Python, say."""
    if item.kind not in _KINDS or fact not in _BODIES:
        return False
    said = _LANGUAGE.search(item.facts.get("definition", ""))
    language = item.facts.get("language", said[1] if said else "")
    return language.lower() in _FREE


def plain(text: str) -> str:
    """Return `text` with one space between its words and marks, and without comments outside quotes.

    The quotes around the body of a function are none of its own.
    """
    return " ".join(match[0] for match in _TOKEN.finditer(_AROUND.sub(" ", text)) if match.lastgroup != "left")

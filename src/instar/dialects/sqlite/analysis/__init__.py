"""What a statement changes, locks and works on, read off its words."""

from instar.catalog import Schema
from instar.dialects.sqlite.parse import lex
from instar.effects import KINDS, Change, Effect


def analyse(text: str, schema: Schema) -> Effect:
    """Say what a statement does; see instar.dialects.Dialect."""
    del schema
    words = [token.word for token in lex(text)[:3]]
    kind = next((item for item in (" ".join(words[:2]), *words[:1]) if item in KINDS), "other")
    return Effect(text, " ".join(words[:2]).upper(), (Change(kind),))


def learn(effect: Effect, schema: Schema, version: str) -> None:
    """Change `schema` as the statement would."""
    del effect, schema, version

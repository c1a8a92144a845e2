"""ALTER TYPE of a row type: its attributes."""

from instar.dialects.postgresql.analysis.scope import Scope
from instar.dialects.postgresql.tree import Node
from instar.effects import Change


def alter(scope: Scope, relation: Node) -> Change:
    """Analyse ADD, DROP and ALTER ATTRIBUTE: no table is locked; the server refuses a type that a column has."""
    return Change("alter type", name=scope.key(relation), end=len(scope.text))

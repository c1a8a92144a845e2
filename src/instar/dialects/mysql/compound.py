"""Blocks of stored programs: which semicolons stand inside one, when no DELIMITER says so."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from instar.dialects._tokens import Token
from instar.dialects.mysql.kinds import heading

_PROGRAMS = frozenset({"procedure", "function", "trigger", "event", "package"})
_BLOCKS = frozenset({"if", "case", "loop", "while", "repeat", "for"})
# After these words (or a label's colon) a statement of a block begins; an IF elsewhere is the function.
_BEFORE_STATEMENT = frozenset({"", "then", "else", "do", "loop", "repeat", "begin", "atomic", ":"})
# Outside of every block the body follows the program's heading: FOR EACH ROW, a parameter list, characteristics.
_BEFORE_BODY = frozenset({"row", ")", "deterministic", "sql", "data", "definer", "invoker"})


def is_compound(statement: Sequence[Token]) -> bool:
    """Whether a statement may hold semicolons: a stored program, or a block of MariaDB's own."""
    words = heading(statement)
    if words[:1] in (["create"], ["alter"]):
        return len(words) > 1 and words[1] in _PROGRAMS
    return words[:3] == ["begin", "not", "atomic"] or (bool(words) and words[0] in _BLOCKS)


@dataclass(slots=True)
class Blocks:
    """The blocks that are open at the end of what was fed. An expression's CASE is `expression`."""

    stack: list[str] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """Whether the next semicolon stands inside a block."""
        return bool(self.stack)

    def feed(self, part: Sequence[Token]) -> None:
        """Take in the tokens between two semicolons."""
        words = [token.word for token in part if token.kind not in {"exec", "hint"}]
        skip = -1
        for index, word in enumerate(words):
            before = words[index - 1] if index else ""
            if index == skip or before == "." or (before == "@" and word != "begin"):
                continue
            if word == "end":
                skip = self._close(words, index)
            elif self._opens(word, before, first=index == 0):
                self.stack.append("expression" if word == "case" and not self._begins(before) else word)

    def _close(self, words: Sequence[str], index: int) -> int:
        """Close the innermost block if this END is its; return the index of a word that belongs to END."""
        rest = words[index + 1 :]
        following = rest[0] if rest else ""
        top = self.stack[-1] if self.stack else ""
        if top == "expression":
            self.stack.pop()
        elif top in _BLOCKS and following == top:
            self.stack.pop()
            return index + 1
        elif top == "begin" and len(rest) <= 1:  # END, or END label
            self.stack.pop()
        return -1

    def _opens(self, word: str, before: str, *, first: bool) -> bool:
        if word in {"begin", "case"}:
            return not (word == "begin" and before == "xa")
        return word in _BLOCKS and (first or self._begins(before))

    def _begins(self, before: str) -> bool:
        """Whether a word after `before` begins a statement."""
        if self.stack and self.stack[-1] == "expression":
            return False
        return before in _BEFORE_STATEMENT or (not self.stack and before in _BEFORE_BODY)

"""A cursor over the tokens of a statement, for the engines whose DDL we read ourselves."""

from collections.abc import Collection, Iterator, Sequence

from instar.dialects._tokens import Token, unquoted

_CLOSING = {"(": 1, ")": -1}


class Reader:
    """Tokens from `at` to `end`. Reading past the end gives empty words: nothing here raises."""

    def __init__(self, stream: Sequence[Token], at: int = 0, end: int | None = None) -> None:
        self.stream = stream
        self.at = at
        self.end = len(stream) if end is None else end

    def __bool__(self) -> bool:
        return self.at < self.end

    @property
    def token(self) -> Token | None:
        """The token that comes next."""
        return self.stream[self.at] if self.at < self.end else None

    @property
    def start(self) -> int:
        """The character at which the next token begins (at the end: where the last one ends)."""
        if self.at < self.end:
            return self.stream[self.at].start
        return self.stream[self.end - 1].end if self.end else 0

    @property
    def stop(self) -> int:
        """The character after the token that was read last."""
        return self.stream[self.at - 1].end if self.at else 0

    def word(self, ahead: int = 0) -> str:
        """Return a coming word or symbol in lower case; "" for strings, quoted names and past the end."""
        at = self.at + ahead
        return self.stream[at].word if at < self.end else ""

    def words(self) -> list[str]:
        """Return all coming words; strings and quoted names are ""."""
        return [token.word for token in self.stream[self.at : self.end]]

    def accept(self, *words: str) -> bool:
        """Take `words` if they come next."""
        if any(self.word(ahead) != word for ahead, word in enumerate(words)):
            return False
        self.at += len(words)
        return True

    def one_of(self, words: Collection[str]) -> str:
        """Take the next word if it is one of `words`; "" if not."""
        found = self.word()
        if found not in words:
            return ""
        self.at += 1
        return found

    def skip(self) -> Token | None:
        """Take the next token."""
        token = self.token
        self.at = min(self.at + 1, self.end)
        return token

    def name(self) -> str:
        """Take an identifier; "" when none comes. A string in double quotes is one, too."""
        token = self.token
        if token is None or token.kind not in {"word", "name", "string"} or token.text[0] == "'":
            return ""
        self.at += 1
        return token.text[1:-1].replace('""', '"') if token.kind == "string" else unquoted(token)

    def qualified(self) -> tuple[str, str]:
        """Take `[schema.]name`."""
        first = self.name()
        if first and self.word() == ".":
            self.at += 1
            return first, self.name()
        return "", first

    def group(self) -> "Reader | None":
        """Take a parenthesis and return a reader of what is inside it; None when none comes."""
        if self.word() != "(":
            return None
        inside, depth = self.at + 1, 0
        while self.at < self.end:
            depth += _CLOSING.get(self.stream[self.at].text, 0)
            self.at += 1
            if not depth:
                return Reader(self.stream, inside, self.at - 1)
        return Reader(self.stream, inside, self.end)

    def parts(self) -> Iterator["Reader"]:
        """Yield what stands between commas outside of parentheses, from here to the end."""
        begun, depth = self.at, 0
        for at in range(self.at, self.end):
            text = self.stream[at].text
            depth += _CLOSING.get(text, 0)
            if text == "," and not depth:
                yield Reader(self.stream, begun, at)
                begun = at + 1
        if begun < self.end:
            yield Reader(self.stream, begun, self.end)
        self.at = self.end

    def until(self, words: Collection[str]) -> "Reader":
        """Take everything before the first of `words` outside of parentheses."""
        begun, depth = self.at, 0
        while self.at < self.end:
            token = self.stream[self.at]
            if not depth and token.word in words:
                break
            depth += _CLOSING.get(token.text, 0)
            self.at += 1
        return Reader(self.stream, begun, self.at)

    def text(self, source: str) -> str:
        """Return the characters of `source` from here to the end."""
        return source[self.start : self.stream[self.end - 1].end] if self else ""

    def identifiers(self) -> frozenset[str]:
        """Return all names and words that are left, functions' names not among them."""
        found: set[str] = set()
        for at in range(self.at, self.end):
            token = self.stream[at]
            called = at + 1 < self.end and self.stream[at + 1].text == "("
            if token.kind == "name" or (token.kind == "word" and not called and not token.text[0].isdigit()):
                found.add(unquoted(token))
        return frozenset(found)

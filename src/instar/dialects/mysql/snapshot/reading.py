"""Reading what SHOW CREATE says: tokens, canonical texts, names in SQL spelling."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

from instar.dialects._reader import Reader
from instar.dialects._tokens import Token, unquoted
from instar.dialects.mysql.identifiers import part
from instar.dialects.mysql.parse import words

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "Z": "\x1a", "b": "\b"}


class Place:
    """The database that is read: how to ask, its name, default collations by character set, which tables are ours."""

    def __init__(
        self,
        query: Callable[..., list[tuple[object, ...]]],
        database: str,
        collations: Mapping[str, str],
        ours: Callable[[str], bool],
    ) -> None:
        self.query = query
        self.database = database
        self.collations = collations
        self.ours = ours

    @cached_property
    def quoted(self) -> str:
        """The database's name in quotes."""
        return f"`{self.database.replace('`', '``')}`"

    @cached_property
    def collation(self) -> str:
        """The collation that new objects of the database have by default."""
        return str(self.query("SELECT @@collation_database")[0][0])

    def show(self, kind: str, name: str) -> tuple[object, ...]:
        """Return the row of SHOW CREATE."""
        quoted = f"{self.quoted}.`{name.replace('`', '``')}`"
        return self.query(f"SHOW CREATE {kind} {quoted}")[0]

    def without(self, text: str) -> str:
        """Return a text without the database's own name before the names of objects."""
        if f"{self.quoted}." not in text:
            return text
        stream = words(text)
        kept, at = [], 0
        for index, token in enumerate(stream[:-2]):
            if token.text == self.quoted and stream[index + 1].text == "." and not _after_dot(stream, index):
                kept.append(text[at : token.start])
                at = stream[index + 2].start
        return "".join([*kept, text[at:]])


def _after_dot(stream: Sequence[Token], index: int) -> bool:
    return index > 0 and stream[index - 1].text == "."


def canonical(reader: Reader) -> str:
    """Return what is left of a reader as a text: one space where the source has white space or a comment."""
    parts: list[str] = []
    last = -1
    for token in reader.stream[reader.at : reader.end]:
        parts += [" "] * (0 <= last < token.start)
        parts.append(token.text)
        last = token.end
    return "".join(parts)


def spelled(reader: Reader) -> str:
    """Return a list of columns with names quoted only where they must be: "email(10), `group` DESC"."""
    return ", ".join(_item(each) for each in reader.parts())


def _item(reader: Reader) -> str:
    token = reader.token
    if token is None or token.kind != "name":
        return canonical(reader)
    reader.skip()
    rest = canonical(reader)
    gap = " " if reader and reader.start > token.end else ""
    return f"{part(unquoted(token))}{gap}{rest}"


def columns(reader: Reader) -> Iterator[str]:
    """Yield the names of the columns in a list."""
    for each in reader.parts():
        token = each.token
        if token is not None and token.kind == "name":
            yield unquoted(token)


def string(token: Token | None) -> str:
    """Return the text that a literal stands for."""
    if token is None or token.kind != "string":
        return ""
    return plain(token.text)


def plain(literal: str) -> str:
    """Return the text that a quoted literal stands for."""
    quote, inside = literal[0], literal[1:-1]
    parts: list[str] = []
    characters = iter(inside)
    for character in characters:
        if character == "\\":
            following = next(characters, "")
            parts.append(_ESCAPES.get(following, following))
        elif character == quote:
            parts.append(next(characters, ""))
        else:
            parts.append(character)
    return "".join(parts)


def definer(reader: Reader) -> str:
    """Take DEFINER=user@host in SQL spelling; "" when it does not come."""
    if not reader.accept("definer", "="):
        return ""
    begun = reader.at
    reader.skip()
    if reader.accept("@"):
        reader.skip()
    return canonical(Reader(reader.stream, begun, reader.at))


def named(reader: Reader) -> tuple[str, str]:
    """Take `[database.]table`; return it in SQL spelling, and the name alone ("" in another database)."""
    first, second = reader.qualified()
    return (f"{part(first)}.{part(second)}", "") if first else (part(second), second)


def present(**facts: str) -> dict[str, str]:
    """Return the facts that have a value; underscores stand for spaces."""
    return {name.replace("_", " "): value for name, value in facts.items() if value}


def other(reader: Reader, facts: dict[str, str]) -> None:
    """Keep what we have no name for in the fact `other`: the engine's own properties, `encrypted`=yes."""
    token = reader.skip()
    known, text = facts.get("other", ""), token.text if token is not None else ""
    glue = "" if text == "=" or known.endswith("=") or not known else " "
    facts["other"] = f"{known}{glue}{text}"

"""Temporary tables that scripts make: no catalog lists them, and neither a rollback nor a commit drops them."""

from collections.abc import Callable

from instar.dialects import Command
from instar.dialects.mysql.kinds import heading
from instar.dialects.mysql.parse import words


class Tables:
    """The temporary tables of one session, in the order in which they were made."""

    def __init__(self, database: Callable[[], str]) -> None:
        self._database = database
        self._names: list[str] = []
        self._before = 0

    def saw(self, command: Command) -> list[Command]:
        """Take note of a command that has succeeded; return what must follow it.

        After our ROLLBACK the tables that the transaction made are dropped, so that it can be tried again.
        """
        if command.statement is None and begins(command.text):
            self._before = len(self._names)
        elif command.statement is None and command.text == "ROLLBACK":
            made, self._names = self._names[self._before :], self._names[: self._before]
            return _drops(made)
        elif command.statement is not None and "temporary" in command.text[:200].lower():
            self._names += self._created(command.text)
        return []

    def dropping(self) -> list[Command]:
        """Return the commands that drop them all, and forget them."""
        names, self._names, self._before = self._names, [], 0
        return _drops(names)

    def _created(self, text: str) -> list[str]:
        stream = words(text)
        if heading(stream)[:3] != ["create", "temporary", "table"]:
            return []
        at = [token.word for token in stream].index("table") + 1
        while stream[at].word in {"if", "not", "exists"}:
            at += 1
        if [token.text for token in stream[at + 1 : at + 2]] == ["."]:
            return ["".join(token.text for token in stream[at : at + 3])]
        return [f"`{self._database().replace('`', '``')}`.{stream[at].text}"]


def begins(text: str) -> bool:
    """Whether a command of ours opens a transaction, with dialect's own words or with the script's BEGIN."""
    return text[:17].upper() == "START TRANSACTION" or text[:5].upper() == "BEGIN"


def _drops(names: list[str]) -> list[Command]:
    return [Command(f"DROP TEMPORARY TABLE IF EXISTS {name}") for name in reversed(names)]

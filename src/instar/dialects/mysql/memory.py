"""Which statements of a script must not run twice in one session, and which database it has chosen.

Every segment of a migration repeats the settings of those before it, for the session's variables are put back in
between. User variables and prepared statements are not: to compute them again could give them another value.
"""

from instar.dialects import Command
from instar.dialects._tokens import unquoted
from instar.dialects.mysql.kinds import remembers
from instar.dialects.mysql.parse import words
from instar.dialects.mysql.temporary import begins
from instar.model import Kind, Statement


class Memory:
    """What the statements of a session have set so far."""

    def __init__(self) -> None:
        self._ran: list[Statement] = []
        self._before = 0
        self._used: dict[str, str] = {}

    def knows(self, command: Command) -> bool:
        """Whether a command repeats a statement whose effect is still there."""
        return command.statement is not None and any(item is command.statement for item in self._ran)

    def saw(self, command: Command) -> None:
        """Take note of a command that has succeeded. What a rolled back transaction computed is computed again."""
        statement = command.statement
        if statement is None and begins(command.text):
            self._before = len(self._ran)
        elif statement is None and command.text == "ROLLBACK":
            del self._ran[self._before :]
        elif statement is not None and statement.kind is Kind.SETTING:
            self._remember(statement)

    def _remember(self, statement: Statement) -> None:
        stream = words(statement.text)
        if [token.word for token in stream[:1]] == ["use"] and len(stream) > 1:
            self._used = {statement.file: unquoted(stream[1])}
        elif remembers(stream):
            self._ran.append(statement)

    def database(self, statement: Statement) -> str:
        """Return the database that the statement's script has chosen with USE, "" for none."""
        return self._used.get(statement.file, "")

    def clear(self) -> None:
        """Forget all: the session begins another migration."""
        self._ran, self._before, self._used = [], 0, {}

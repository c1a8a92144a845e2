"""Statements become segments: what commits together, and what must run by itself. Pure."""

from collections.abc import Sequence

from msgspec.structs import replace

from instar.errors import PlanError
from instar.model import Kind, Place, Segment, Statement


def segments(statements: Sequence[Statement], *, transaction: bool | None = None) -> tuple[Segment, ...]:
    """Cut a migration's statements into segments.

    Everything is one transaction, unless a statement cannot be in one, or the script's own BEGIN and COMMIT say where
    transactions begin and end: ours are sent in their place. With `transaction` False the author asked for none:
    every statement outside a BEGIN commits by itself.

    Raises PlanError at a ROLLBACK, and at a BEGIN inside a transaction or without its COMMIT.
    """
    return _Cutter(transaction is False).cut(statements)


def judged_apart(statements: Sequence[Statement], *, transaction: bool | None = None) -> tuple[Segment, ...]:
    """Cut what `segments` refuses, as if its BEGIN, COMMIT and ROLLBACK were not there: to be read, never to run."""
    borders = {Kind.BEGIN, Kind.COMMIT, Kind.ROLLBACK}
    return segments([item for item in statements if item.kind not in borders], transaction=transaction)


def left(parts: Sequence[Segment], done: int) -> tuple[Segment, ...]:
    """Return what is still to do of `parts` when their first `done` statements are done.

    A segment may be done in part: where the server itself said that one of its statements cannot be in a transaction.
    """
    found = (_without(part, max(done - part.first, 0)) for part in parts)
    return tuple(part for part in found if part.statements)


def _without(part: Segment, count: int) -> Segment:
    return replace(part, first=part.first + count, statements=part.statements[count:]) if count else part


class _Cutter:
    def __init__(self, one_by_one: bool) -> None:  # noqa: FBT001
        self._one_by_one = one_by_one
        self._done: list[Segment] = []
        self._open: list[Statement] = []
        self._count = 0
        self._begin: Statement | None = None

    def cut(self, statements: Sequence[Statement]) -> tuple[Segment, ...]:
        for statement in statements:
            self._take(statement)
        if self._begin is not None:
            raise _refusal(self._begin, "this BEGIN has no COMMIT", "write COMMIT where the transaction ends")
        self._close()
        return tuple(self._done)

    def _take(self, statement: Statement) -> None:
        if statement.kind is Kind.ROLLBACK:
            hint = "a migration is rolled back by failing; write what undoes it under -- migrate:down"
            raise _refusal(statement, "a ROLLBACK would undo what this migration has done", hint)
        if statement.kind is Kind.BEGIN:
            self._begins(statement)
        elif statement.kind is Kind.COMMIT:
            self._close()
            self._begin = None
        elif statement.kind in {Kind.OUTSIDE, Kind.SETTING_OUTSIDE}:
            self._alone(statement)
        else:
            self._add(statement)

    def _begins(self, statement: Statement) -> None:
        if self._begin is not None:
            line = self._begin.line
            raise _refusal(statement, f"BEGIN inside the transaction that began on line {line}", "write COMMIT before")
        self._close()
        self._begin = statement

    def _alone(self, statement: Statement) -> None:
        if self._begin is not None:
            fault = "cannot run" if statement.kind is Kind.OUTSIDE else "has no effect"
            raise _refusal(
                statement,
                f"this statement {fault} inside the transaction that began on line {self._begin.line}",
                "move it before the BEGIN or after the COMMIT",
            )
        self._close()
        self._keep((statement,), transaction=False)

    def _add(self, statement: Statement) -> None:
        self._open.append(statement)
        if statement.barrier or (self._one_by_one and self._begin is None):
            self._close()

    def _close(self) -> None:
        if self._open:
            self._keep(tuple(self._open), transaction=True)
        self._open = []

    def _keep(self, statements: tuple[Statement, ...], *, transaction: bool) -> None:
        """Keep a segment. A script's own BEGIN and COMMIT take no number: they are not among the statements done."""
        begin = self._begin if transaction else None
        self._done.append(Segment(self._count, statements, transaction, begin))
        self._count += len(statements)


def _refusal(statement: Statement, message: str, hint: str) -> PlanError:
    source = " " * (statement.column - 1) + statement.text.partition("\n")[0]
    return PlanError(message, hint=hint, place=Place(statement.file, statement.line, statement.column, source))

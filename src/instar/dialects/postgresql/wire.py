"""Commands over one libpq connection: a transaction's statements in one stream, each answer timed as it arrives.

Pipeline mode with a flush request after every statement of the user's ("Pipeline Mode" in the manual's chapter on
libpq) saves the round trips between them and still tells how long each took. COPY, and what cannot be in a
transaction, goes alone by the simple protocol: a pipeline is an implicit transaction block.
"""

import select
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import psycopg
from msgspec import Struct, field
from psycopg import pq
from psycopg.adapt import Transformer

from instar.dialects import Command, Outcome
from instar.errors import DatabaseError

_FATAL = pq.ExecStatus.FATAL_ERROR
_TUPLES = pq.ExecStatus.TUPLES_OK
_ABORTED = pq.ExecStatus.PIPELINE_ABORTED
_SYNC = pq.ExecStatus.PIPELINE_SYNC
_COPY_IN = pq.ExecStatus.COPY_IN
_COPY_OUT = pq.ExecStatus.COPY_OUT
# int8, int2, int4: the answers that every migration gives need no loader.
_INTEGERS = frozenset({20, 21, 23})
_COPY_CHUNK = 1 << 16
_FORGETTING = frozenset({"DEALLOC", "DISCARD"})
# Worth another try as they are: lock_not_available, deadlock_detected, serialization_failure.
LOCK_CODES = frozenset({"55P03", "40P01", "40001"})
_LOST_CODES = frozenset({"57P01", "57P02", "57P03", "08000", "08003", "08006"})


class Wire(Struct):
    """A libpq connection in use. `idle` is called once, after `patience` seconds in which the server said nothing.

    `notices` is called when some may have come in: not from libpq's callback, in which Ctrl-C would be lost.
    """

    connection: psycopg.Connection[Any]
    idle: Callable[[], None] | None = None
    patience: float = 0.05
    notices: Callable[[], None] = lambda: None
    _seen: set[str] = field(default_factory=set)
    _prepared: dict[str, bytes] = field(default_factory=dict)
    _count: int = 0

    def run(
        self,
        commands: Sequence[Command],
        meanwhile: Callable[[], None] | None = None,
        arrived: Callable[[int, Outcome], None] | None = None,
    ) -> list[Outcome]:
        """Run `commands` in order, and `meanwhile` while the server works on them; `arrived` gets every outcome.

        Raises DatabaseError with the index of the one that failed.
        """
        if len(commands) > 1 and not any(_has_data(command) for command in commands):
            return self._pipelined(commands, meanwhile, arrived or _nobody)
        if meanwhile is not None:
            meanwhile()
        return self._singly(commands, arrived or _nobody)

    def _singly(self, commands: Sequence[Command], arrived: Callable[[int, Outcome], None]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for index, command in enumerate(commands):
            outcomes.append(self._single(command, index))
            arrived(index, outcomes[-1])
        return outcomes

    def _pipelined(
        self,
        commands: Sequence[Command],
        meanwhile: Callable[[], None] | None,
        arrived: Callable[[int, Outcome], None],
    ) -> list[Outcome]:
        raw = self.connection.pgconn
        try:
            self._prepare(raw, commands)
            raw.enter_pipeline_mode()
            self._send_all(raw, commands)
            if meanwhile is not None:
                meanwhile()
            return self._answers(raw, commands, arrived)
        except psycopg.OperationalError as error:
            raise lost(error) from error
        except KeyboardInterrupt:
            raw.get_cancel().cancel()  # before the answers are drained: the statement may run for hours
            raise
        finally:
            self._leave_pipeline(raw)

    def _send_all(self, raw: pq.abc.PGconn, commands: Sequence[Command]) -> None:
        try:
            for command in commands:
                self._send(raw, command)
                if _is_flushed(command) and command is not commands[-1]:
                    raw.send_flush_request()
        finally:
            raw.pipeline_sync()  # also after a text that cannot be sent: whoever drains waits for it

    def _prepare(self, raw: pq.abc.PGconn, commands: Sequence[Command]) -> None:
        """Prepare our own statements when they come again: to parse and plan them is a tenth of a small migration."""
        again = [command for command in commands if command.params is not None and command.text not in self._prepared]
        new = {command.text: command for command in again if command.text in self._seen}
        self._seen.update(command.text for command in again)
        if not new or raw.transaction_status == pq.TransactionStatus.INERROR:
            return
        raw.enter_pipeline_mode()
        names = {}
        for text, command in new.items():
            self._count += 1
            names[text] = f"instar_{self._count}".encode()
            raw.send_prepare(names[text], _numbered(command))
        raw.pipeline_sync()
        for text, name in names.items():
            result = self._next(raw)
            if result is not None and result.status not in {_FATAL, _ABORTED}:
                self._prepared[text] = name
            while result is not None:
                result = self._next(raw)
        self._expect_sync(raw, None)
        raw.exit_pipeline_mode()

    def forget(self) -> None:
        """Take note that the server no longer knows our prepared statements."""
        self._prepared.clear()

    def _send(self, raw: pq.abc.PGconn, command: Command) -> None:
        params = [_text(value) for value in command.params] if command.params else None
        if command.params is None:
            raw.send_query_params(command.text.encode(), None)
            if command.text[:7].upper() in _FORGETTING:
                self.forget()
        elif name := self._prepared.get(command.text):
            raw.send_query_prepared(name, params)
        else:
            raw.send_query_params(_numbered(command), params)

    def _answers(
        self, raw: pq.abc.PGconn, commands: Sequence[Command], arrived: Callable[[int, Outcome], None]
    ) -> list[Outcome]:
        outcomes: list[Outcome] = []
        failure: DatabaseError | None = None
        begun = time.perf_counter()
        for index, command in enumerate(commands):
            result = self._next(raw)
            while result is not None:
                if result.status == _FATAL:
                    failure = failure or self._failed(result, index, command)
                elif result.status != _ABORTED:
                    # Only these answers come when they are there; the others come with the next of these.
                    now = time.perf_counter() if _is_flushed(command) else begun
                    outcomes.append(self._outcome(result, now - begun, theirs=command.statement is not None))
                    begun = now
                    arrived(index, outcomes[-1])
                result = self._next(raw)
        self._expect_sync(raw, failure)
        if failure is not None:
            raise failure
        return outcomes

    def _failed(self, result: pq.abc.PGresult, index: int, command: Command) -> DatabaseError:
        error = failed(result, index, command, self.connection)
        if error.sqlstate == "26000":
            # A script threw our own prepared statement away; one of its own that is missing stays missing.
            self.forget()
            error.lock_timeout = command.statement is None
        return error

    def _expect_sync(self, raw: pq.abc.PGconn, failure: DatabaseError | None) -> None:
        if failure is not None and failure.connection_lost:
            raise failure
        result = self._next(raw)
        if result is None or result.status != _SYNC:
            raise failure or DatabaseError("the server's answers do not match the commands", connection_lost=True)

    def _leave_pipeline(self, raw: pq.abc.PGconn) -> None:
        if raw.status == pq.ConnStatus.OK and raw.pipeline_status != pq.PipelineStatus.OFF:
            with suppress(psycopg.OperationalError):  # the connection broke: whoever called us knows that already
                self.drain()
                raw.exit_pipeline_mode()

    def drain(self) -> None:
        """Read what the server still has to say, after an interruption."""
        raw = self.connection.pgconn
        while raw.status == pq.ConnStatus.OK:
            if raw.transaction_status != pq.TransactionStatus.ACTIVE:
                return
            result = self._next(raw)
            if result is not None and result.status == _SYNC:
                return

    def _next(self, raw: pq.abc.PGconn) -> pq.abc.PGresult | None:
        while raw.is_busy():
            self.notices()
            self._wait(raw)
        result = raw.get_result()
        self.notices()
        return result

    def _wait(self, raw: pq.abc.PGconn) -> None:
        """Wait until the server says something; tell `idle` when it keeps silent for long."""
        pending = raw.flush()
        poll = select.poll()
        poll.register(raw.socket, select.POLLIN | (select.POLLOUT if pending else 0))
        if not poll.poll(self.patience * 1000) and self.idle is not None:
            self.idle()
            poll.poll(1000)
        raw.consume_input()

    def _single(self, command: Command, index: int) -> Outcome:
        raw = self.connection.pgconn
        begun = time.perf_counter()
        try:
            if command.params is None:
                raw.send_query(command.text.encode())
                if command.text[:7].upper() in _FORGETTING:
                    self.forget()
            else:
                self._send(raw, command)
            results = list(self._results(raw, command))
        except psycopg.OperationalError as error:
            raise lost(error, index) from error
        for result in results:
            if result.status == _FATAL:
                raise self._failed(result, index, command)
        if not results:
            return Outcome(None, (), -1, time.perf_counter() - begun)
        return self._outcome(results[-1], time.perf_counter() - begun, theirs=command.statement is not None)

    def _results(self, raw: pq.abc.PGconn, command: Command) -> Iterator[pq.abc.PGresult]:
        result = self._next(raw)
        while result is not None:
            if result.status == _COPY_IN:
                self._feed(raw, command)
            elif result.status == _COPY_OUT:
                self._discard(raw)
            else:
                yield result
            result = self._next(raw)

    def _feed(self, raw: pq.abc.PGconn, command: Command) -> None:
        data = ((command.statement and command.statement.data) or "").encode()
        for start in range(0, len(data), _COPY_CHUNK):
            raw.put_copy_data(data[start : start + _COPY_CHUNK])
            raw.flush()
        raw.put_copy_end()
        raw.flush()

    def _discard(self, raw: pq.abc.PGconn) -> None:
        while True:
            size, _ = raw.get_copy_data(1)
            if size == 0:
                self._wait(raw)
            elif size < 0:
                return

    def _outcome(self, result: pq.abc.PGresult, seconds: float, *, theirs: bool) -> Outcome:
        """Read an answer. Rows that a script's statement returns (`theirs`) are for nobody."""
        count = result.command_tuples
        affected = -1 if count is None else count
        if result.status != _TUPLES:
            return Outcome(None, (), affected, seconds)
        if theirs:
            return Outcome(None, (), affected, seconds)
        columns = tuple((result.fname(i) or b"").decode() for i in range(result.nfields))
        return Outcome(self._rows(result), columns, affected, seconds)

    def _rows(self, result: pq.abc.PGresult) -> list[tuple[object, ...]]:
        if result.nfields == 1 and result.ntuples == 1 and result.ftype(0) in _INTEGERS:
            value = result.get_value(0, 0)
            return [(None if value is None else int(value),)]
        loader = Transformer(self.connection)
        loader.set_pgresult(result)
        try:
            return loader.load_rows(0, result.ntuples, tuple)
        except psycopg.DataError:  # Python has no infinite time, nor one before the year 1
            return [tuple(_shown(result, row, i) for i in range(result.nfields)) for row in range(result.ntuples)]


def _shown(result: pq.abc.PGresult, row: int, column: int) -> str | None:
    value = result.get_value(row, column)
    return None if value is None else bytes(value).decode("utf-8", "replace")


def _is_flushed(command: Command) -> bool:
    return command.statement is not None or command.text == "COMMIT"


def _nobody(_index: int, _outcome: Outcome) -> None:
    """Nobody wants to know."""


def _has_data(command: Command) -> bool:
    return command.statement is not None and command.text[:4].upper() == "COPY"


def _numbered(command: Command) -> bytes:
    text = command.text
    for number in range(1, len(command.params or ()) + 1):
        text = text.replace("%s", f"${number}", 1)
    return text.encode()


def _text(value: object) -> bytes | None:
    if value is None:
        return None
    return (str(value).lower() if isinstance(value, bool) else str(value)).encode()


def failed(result: pq.abc.PGresult, index: int, command: Command, connection: psycopg.Connection[Any]) -> DatabaseError:
    """Make our error of the server's, with its position counted in characters of the command."""

    def field(which: pq.DiagnosticField) -> str:
        return (result.error_field(which) or b"").decode("utf-8", "replace")

    code = field(pq.DiagnosticField.SQLSTATE)
    position = field(pq.DiagnosticField.STATEMENT_POSITION)
    lost_now = code in _LOST_CODES or connection.pgconn.status != pq.ConnStatus.OK
    return DatabaseError(
        field(pq.DiagnosticField.MESSAGE_PRIMARY) or _said(result.error_message),
        index=index,
        sqlstate=code,
        detail=field(pq.DiagnosticField.MESSAGE_DETAIL),
        hint=field(pq.DiagnosticField.MESSAGE_HINT),
        position=min(int(position) - 1, len(command.text)) if position else None,
        context=field(pq.DiagnosticField.CONTEXT),
        lock_timeout=code in LOCK_CODES,
        connection_lost=lost_now or not code,
    )


def lost(error: Exception, index: int = 0) -> DatabaseError:
    """Make our error of a connection that broke."""
    return DatabaseError(_said(str(error).encode()) or "the connection was lost", index=index, connection_lost=True)


def _said(message: bytes | str) -> str:
    text = message.decode("utf-8", "replace") if isinstance(message, bytes) else message
    return " ".join(text.split())

"""One connection through the proxy: two threads that carry bytes, one for each direction."""

import select
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

_CHUNK = 65536
_GOODBYE = 1.0  # seconds that a server gets to read the rest and to close
_POLL = 0.01


class Moment(StrEnum):
    """When a rule cuts, seen from the client's message that it waits for."""

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"


@dataclass(slots=True)
class Rule:
    """Cuts once, at the first client message that matches after `skip` others. `quiet` is in seconds."""

    moment: Moment
    what: bytes | Callable[[bytes], bool]
    skip: int = 0
    quiet: float = 0.2
    fired: threading.Event = field(default_factory=threading.Event)

    def find(self, earlier: bytes, chunk: bytes) -> int | None:
        """Return where in `chunk` to cut, or None. A match may begin in the bytes sent before."""
        for position in self._positions(earlier, chunk):
            if self.skip == 0:
                return max(position, 0)
            self.skip -= 1
        return None

    def _positions(self, earlier: bytes, chunk: bytes) -> list[int]:
        if callable(self.what):
            return [0] if self.what(chunk) else []
        overlap = earlier[max(len(earlier) - len(self.what) + 1, 0) :]
        text, found, start = overlap + chunk, [], 0
        while (position := text.find(self.what, start)) >= 0:
            found.append(position - len(overlap))
            start = position + len(self.what)
        return found


class Link:
    """A client's connection and its way to the server. `gate` is set while bytes may flow."""

    def __init__(
        self,
        client: socket.socket,
        server: socket.socket,
        gate: threading.Event,
        match: Callable[[bytes, bytes], tuple[Rule, int] | None],
    ) -> None:
        self._client = client
        self._server = server
        self._gate = gate
        self._match = match
        self._wake, self._woken = socket.socketpair()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._fired: threading.Event | None = None
        self._abrupt = False
        self._patient = False
        self._holding = False
        self._heard: float | None = None
        self._threads = [threading.Thread(target=pump, daemon=True) for pump in (self._up, self._down)]
        self._closer = threading.Thread(target=self._close_last, daemon=True)
        for thread in (*self._threads, self._closer):
            thread.start()

    @property
    def alive(self) -> bool:
        """Whether anything of this connection is left."""
        return self._closer.is_alive()

    def cut(self) -> None:
        """Reset the connection and wait until that is done."""
        self._end(abrupt=True)
        self._closer.join()

    def _end(self, *, abrupt: bool = False, patient: bool = False) -> None:
        with self._lock:
            if not self._ended.is_set():
                self._abrupt, self._patient = abrupt, patient
                self._ended.set()
                self._wake.send(b"!")  # nobody reads it: it stays readable for both threads

    def _up(self) -> None:
        earlier = b""
        while chunk := self._receive(self._client):
            matched = self._match(earlier, chunk)
            if matched is not None:
                self._obey(*matched, chunk)
                return
            earlier = (earlier + chunk)[-1024:]
            if not self._send(self._server, chunk):
                break
        self._end()

    def _down(self) -> None:
        while chunk := self._receive(self._server):
            if self._holding:
                self._heard = time.monotonic()
            elif not self._send(self._client, chunk):
                break
        self._end()

    def _obey(self, rule: Rule, position: int, chunk: bytes) -> None:
        self._fired = rule.fired
        self._holding = rule.moment is not Moment.BEFORE
        self._send(self._server, chunk[:position] if rule.moment is Moment.BEFORE else chunk)
        if rule.moment is Moment.AFTER:
            self._await_answer(rule.quiet)
        self._end(abrupt=True, patient=rule.moment is not Moment.DURING)

    def _await_answer(self, quiet: float) -> None:
        while self._heard is None or time.monotonic() - self._heard < quiet:
            if self._ended.wait(_POLL):
                return

    def _receive(self, source: socket.socket) -> bytes:
        """Return the next bytes, or none at the end. While frozen, either is kept back."""
        try:
            readable, _, _ = select.select([source, self._woken], [], [])
            chunk = source.recv(_CHUNK) if source in readable and self._woken not in readable else b""
        except OSError:  # the other side reset the connection: an end like any other
            return b""
        while not self._gate.wait(_POLL):
            if self._ended.is_set():
                return b""
        return chunk

    def _send(self, target: socket.socket, chunk: bytes) -> bool:
        """Send all of `chunk` unless the connection ends meanwhile; say whether it went."""
        view = memoryview(chunk)
        while view:
            _, writable, _ = select.select([self._woken], [target], [], _POLL)
            if self._ended.is_set():
                return False
            try:
                view = view[target.send(view, socket.MSG_DONTWAIT) :] if writable else view
            except BlockingIOError:
                continue
            except OSError:
                return False
        return True

    def _close_last(self) -> None:
        self._ended.wait()
        for thread in self._threads:
            thread.join()
        close(self._client, abrupt=self._abrupt)
        if self._patient:
            self._say_goodbye()
        for each in (self._server, self._wake, self._woken):
            each.close()
        if self._fired is not None:
            self._fired.set()

    def _say_goodbye(self) -> None:
        """Let the server read what it was sent: closing on unread answers would take that from it (RFC 1122)."""
        try:
            self._server.shutdown(socket.SHUT_WR)
            self._server.settimeout(_GOODBYE)
            while self._server.recv(_CHUNK):
                pass
        except OSError:
            return  # it has gone, or it is busy: it will notice later


def close(connection: socket.socket, *, abrupt: bool) -> None:
    """Close a connection; `abrupt` sends a reset (RST) instead of an orderly end."""
    if abrupt:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()

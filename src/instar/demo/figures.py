"""What the demo measures, in seconds and rows."""

from collections.abc import Sequence

from msgspec import Struct

from instar.render._words import took


class Sample(Struct, frozen=True):
    """One statement of a client: what it did, how long the client waited, and what went wrong, "" for nothing."""

    what: str
    seconds: float
    error: str = ""


class Waits(Struct, frozen=True):
    """How long clients waited for their statements. `slowest` says what the one that waited longest did."""

    statements: int
    errors: int
    longest: float
    percentile_99: float
    median: float
    slowest: str = ""
    first_error: str = ""

    def sentence(self) -> str:
        """Say it in half a line."""
        return (
            f"{self.statements:,} statements, {self.errors} errors; longest wait {took(self.longest)}, "
            f"99 of 100 below {took(self.percentile_99)}, half of them below {took(self.median)}"
        )


def waits(samples: Sequence[Sample]) -> Waits:
    """Summarise `samples`."""
    times = sorted(sample.seconds for sample in samples) or [0.0]
    errors = [sample.error for sample in samples if sample.error]
    return Waits(
        statements=len(samples),
        errors=len(errors),
        longest=times[-1],
        percentile_99=times[int(len(times) * 0.99)],
        median=times[len(times) // 2],
        slowest=max(samples, key=lambda sample: sample.seconds).what if samples else "",
        first_error=errors[0] if errors else "",
    )


class Start(Struct, frozen=True):
    """The shop before anything moves: its rows, and the seconds until the server was up and until it was full."""

    version: int
    users: int
    orders: int
    server_seconds: float
    seed_seconds: float


class Move(Struct, frozen=True):
    """One run of migrations and what the clients saw of it."""

    command: str
    migrations: int
    seconds: float
    clients: Waits


class Written(Struct, frozen=True):
    """How many rows the clients have inserted, and how many of these are there with every new column filled in."""

    users: int
    orders: int
    complete_users: int
    complete_orders: int

    @property
    def kept(self) -> bool:
        """Whether none is missing."""
        return (self.users, self.orders) == (self.complete_users, self.complete_orders)


class Figures(Struct, frozen=True):
    """Everything that the demo has measured. `total` is what the clients saw from the first to the last statement."""

    start: Start
    clients: int
    quiet: Waits
    up: Move
    down: Move
    again: Move
    total: Waits
    written: Written
    seconds: float

    @property
    def moves(self) -> tuple[Move, ...]:
        """The runs beside which the clients worked, in order."""
        return (self.up, self.down, self.again)

    @property
    def longest(self) -> Waits:
        """The waits beside the run in which a client waited longest."""
        return max((move.clients for move in self.moves), key=lambda each: each.longest)

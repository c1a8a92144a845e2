"""The shop's application during the demo: clients that read and write all the time and note how long they wait."""

import threading
import time
from collections.abc import Callable
from random import Random
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from msgspec import Struct

from instar.demo.figures import Sample, Waits, waits

if TYPE_CHECKING:
    import psycopg

_THINKING = 0.002  # seconds between two statements of one client: they shall not take the machine from the migrations
_PATIENCE = 30.0
_STATUSES = ("pending", "confirmed", "shipped", "delivered", "cancelled")
_DOMAINS = ("example.com", "example.org", "shop.example")  # of the seeded user n: that at n % 3


class Shop(Struct):
    """What a client knows of the shop: how many users and orders were seeded, its own name, and what it has written."""

    name: str
    users: int
    orders: int
    chance: Random
    new_users: int = 0
    new_orders: int = 0

    def user(self) -> int:
        """Return any seeded user."""
        return self.chance.randint(1, self.users)


Row = tuple[Any, ...]


class Kind(Struct, frozen=True):
    """One kind of statement. `values` makes its parameters, `done` looks at its row and says what is wrong with it."""

    what: str
    weight: int
    text: str
    values: Callable[[Shop], tuple[object, ...]]
    done: Callable[[Shop, Row | None], str]


def _address(shop: Shop) -> tuple[object, ...]:
    """Return the address of a seeded user whose spelling no migration changes: its number ends in 4."""
    number = shop.chance.randrange(4, shop.users + 1, 10)
    return (f"user.{number}@{_DOMAINS[number % len(_DOMAINS)]}",)


def _new_user(shop: Shop) -> tuple[object, ...]:
    """Return a user whose address has capitals and spaces: the migrations must see to them."""
    number = shop.new_users + 1
    return (f" Client.{shop.name}.{number}@Example.com ", "Ada", "Diaz", f"I am number {number} of {shop.name}")


def _new_order(shop: Shop) -> tuple[object, ...]:
    subtotal = shop.chance.randint(100, 50_000)
    tax = subtotal * 19 // 100
    return (shop.user(), subtotal / 100, tax / 100, (subtotal + tax) / 100)


def _found(_shop: Shop, row: Row | None) -> str:
    return "" if row else "a row that must be there was not found"


def _any(_shop: Shop, _row: Row | None) -> str:
    return ""


def _user_written(shop: Shop, row: Row | None) -> str:
    shop.new_users += 1
    return _found(shop, row)


def _order_written(shop: Shop, row: Row | None) -> str:
    shop.new_orders += 1
    return _found(shop, row)


_KINDS = (
    Kind("look up a user", 4, "SELECT id, first_name, last_name FROM users WHERE email = %s", _address, _found),
    Kind(
        "list a user's orders",
        4,
        "SELECT id, status, amount FROM orders WHERE user_id = %s ORDER BY id DESC LIMIT 10",
        lambda shop: (shop.user(),),
        _any,
    ),
    Kind(
        "insert a user",
        1,
        "INSERT INTO users (email, first_name, last_name, bio) VALUES (%s, %s, %s, %s) RETURNING id",
        _new_user,
        _user_written,
    ),
    Kind(
        "insert an order",
        2,
        "INSERT INTO orders (user_id, subtotal, tax_amount, amount) VALUES (%s, %s, %s, %s) RETURNING id",
        _new_order,
        _order_written,
    ),
    Kind(
        "update an order",
        2,
        "UPDATE orders SET status = %s, updated_at = now() WHERE id = %s RETURNING id",
        lambda shop: (shop.chance.choice(_STATUSES), shop.chance.randint(1, shop.orders)),
        _found,
    ),
    Kind(
        "update a user",
        1,
        "UPDATE users SET last_login_at = now() WHERE id = %s RETURNING id",
        lambda shop: (shop.user(),),
        _found,
    ),
    Kind(
        "change a user's bio",
        1,
        "UPDATE users SET bio = %s, updated_at = now() WHERE id = %s RETURNING id",
        lambda shop: (f"{shop.name} was here", shop.user()),
        _found,
    ),
)
_WEIGHTS = tuple(kind.weight for kind in _KINDS)


class Clients:
    """`number` clients of the shop at `url`, at work between enter and exit."""

    def __init__(self, url: str, *, users: int, number: int) -> None:
        self._enough = threading.Event()
        names = [f"client{position + 1}" for position in range(number)]
        shops = [Shop(name, users, 3 * users, Random(name)) for name in names]  # noqa: S311 - the same work every time
        self._clients = [_Client(url, shop, self._enough) for shop in shops]

    def __enter__(self) -> Self:
        for client in self._clients:
            client.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._enough.set()
        for client in self._clients:
            client.join(_PATIENCE)

    def lap(self) -> Waits:
        """Return what the clients have seen since the last call."""
        return waits([sample for client in self._clients for sample in client.lap()])

    def total(self) -> Waits:
        """Return what they have seen since they began."""
        return waits([sample for client in self._clients for sample in client.samples])

    def inserted(self) -> tuple[int, int]:
        """Return how many users and how many orders were inserted, as the server has confirmed."""
        shops = [client.shop for client in self._clients]
        return sum(shop.new_users for shop in shops), sum(shop.new_orders for shop in shops)


class _Client(threading.Thread):
    """One client, with a connection of its own."""

    def __init__(self, url: str, shop: Shop, enough: threading.Event) -> None:
        super().__init__(name=shop.name, daemon=True)
        self.shop = shop
        self._url = url
        self._enough = enough
        self.samples: list[Sample] = []
        self._seen = 0

    def lap(self) -> list[Sample]:
        """Return the statements since the last call."""
        fresh = self.samples[self._seen :]
        self._seen += len(fresh)
        return fresh

    def run(self) -> None:
        """Work until it is enough, or the connection is gone."""
        import psycopg

        try:
            with psycopg.connect(self._url, autocommit=True, application_name=self.name) as connection:
                while not (connection.broken or self._enough.wait(_THINKING)):
                    self.samples.append(self._one(connection))
        except psycopg.Error as error:
            self.samples.append(Sample("connect", 0.0, str(error)))

    def _one(self, connection: "psycopg.Connection[Row]") -> Sample:
        import psycopg

        kind = self.shop.chance.choices(_KINDS, _WEIGHTS)[0]
        values = kind.values(self.shop)
        wrong, begun = "", time.perf_counter()
        try:
            row = connection.execute(kind.text.encode(), values).fetchone()
            seconds = time.perf_counter() - begun
            wrong = kind.done(self.shop, row)
        except psycopg.Error as error:
            seconds = time.perf_counter() - begun
            wrong = str(error)
        return Sample(kind.what, seconds, wrong)

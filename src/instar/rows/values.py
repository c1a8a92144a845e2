"""Single values, made by chance: one function for each kind of column.

Values are Python's: int, Decimal, float, bool, str, bytes, date, time, datetime; a list for an array, a tuple for a
range's bounds or a composite type's fields. What has a syntax of its own (uuid, inet, points, JSON) is text.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from msgspec import Struct, field

from instar.rows import pattern
from instar.rows.evaluate import refuses
from instar.rows.expression import cast, read
from instar.rows.wants import Want, gather
from instar.shapes import Kind

_FIRST = date(2020, 1, 1)
_DAYS = 1800
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_USUAL = 12
"""How long a text is at most when nothing says more."""
_LAST_OID = 16_000


class Asked(Struct, frozen=True):
    """A value that is wanted: for the row number `row` of a table, in the column called `name`.

    `apart` says that values of different rows must not touch each other; it is the column's place among those of which
    that is asked (-1: it is not asked). `distinct` says that they should differ.
    """

    kind: Kind
    name: str = ""
    row: int = 0
    want: Want = field(default_factory=Want)
    apart: int = -1
    distinct: bool = False


def value(asked: Asked, random: Random) -> object:
    """Return a value of the kind, as near to what is wanted as is known how; None where the kind is not known."""
    want = asked.want
    if want.choices:
        return typed(random.choice(want.choices), asked.kind)
    maker = _MAKERS.get(asked.kind.name)
    if maker is None:
        return None
    made = maker(asked, random)
    for _ in range(20):
        if made not in want.banned:
            break
        made = maker(asked, random)
    return made


def hinted(hints: list[object], kind: Kind, random: Random) -> object:
    """Return one of the constants that a condition mentions, if it may be a value of the kind; else None."""
    found = typed(random.choice(hints), kind)
    if kind.name == "text":
        return str(found)
    if kind.name == "choice":
        return found if found in kind.choices else None
    wanted = _TYPES.get(kind.name)
    return found if wanted is not None and isinstance(found, wanted) else None


_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "boolean": bool, "integer": int, "decimal": (int, Decimal), "float": (int, Decimal), "money": (int, Decimal),
    "date": date, "timestamp": (date, datetime), "timestamptz": (date, datetime), "time": time,
}  # fmt: skip


def known(kind: Kind) -> bool:
    """Whether values of the kind can be made, of its parts, too."""
    return kind.name in _MAKERS and all(known(part) for part in kind.parts)


def typed(found: object, kind: Kind) -> object:
    """Return a constant, or what the server sent as text, as a value of the kind."""
    if kind.name == "boolean" and isinstance(found, int):
        return bool(found)
    if isinstance(found, str):
        return cast(
            found, {"decimal": "numeric", "float": "double", "timestamptz": "timestamp"}.get(kind.name, kind.name)
        )
    return found


def _boolean(_asked: Asked, random: Random) -> object:
    return random.random() < 0.5  # noqa: PLR2004 - a coin


def _bounds(asked: Asked, low: int, high: int) -> tuple[int, int]:
    """Return the whole numbers between which a number must lie."""
    kind, want = asked.kind, asked.want
    least = kind.low if kind.low is not None else -(2**31)
    most = kind.high if kind.high is not None else 2**31 - 1
    bottom, top = _whole(want.low, above=want.above), _whole(want.high, above=False, below=want.below)
    first = max(least, bottom) if bottom is not None else max(least, min(low, most))
    if top is None:
        return first, min(most, max(high, first + high))
    last = min(most, top)
    return (first, last) if first <= last or bottom is not None else (max(least, last - high), last)


def _whole(bound: object, *, above: bool, below: bool = False) -> int | None:
    found = cast(bound, "numeric")
    if isinstance(found, bool) or not isinstance(found, int | Decimal | float):
        return None
    whole = int(found)
    if above:
        return whole + 1
    if below and whole == found:
        return whole - 1
    return whole


def _integer(asked: Asked, random: Random) -> object:
    low, high = _bounds(asked, 1, 10_000)
    if asked.apart >= 0 or (asked.distinct and low + asked.row <= high):
        return low + asked.row
    return random.randint(low, max(low, high))


def _decimal(asked: Asked, random: Random) -> object:
    kind, want = asked.kind, asked.want
    step = Decimal(1).scaleb(-kind.scale) if kind.digits else Decimal("0.01")
    room = Decimal(1).scaleb(kind.digits - kind.scale) - step if kind.digits else Decimal(10**6)
    bottom, top = cast(want.low, "numeric"), cast(want.high, "numeric")
    least = Decimal(str(bottom)) + (step if want.above else 0) if _numeric(bottom) else None
    most = Decimal(str(top)) - (step if want.below else 0) if _numeric(top) else None
    if least is None:
        usual = Decimal(kind.low or 0)
        least = usual if most is None or most >= usual else max(most - 100, -room)
    most = min(room, least + 999 if most is None else most)
    steps = max(int((most - least) / step), 0)
    chosen = asked.row if asked.distinct and asked.row <= steps else random.randint(0, steps)
    return (least + step * chosen).quantize(step)


def _numeric(found: object) -> bool:
    return isinstance(found, int | Decimal | float) and not isinstance(found, bool)


def _float(asked: Asked, random: Random) -> object:
    # Sixteenths are the same number in every format of floating point.
    made = _decimal(Asked(Kind("decimal", digits=7, scale=4), asked.name, asked.row, asked.want), random)
    assert isinstance(made, Decimal)
    rounded = round(float(made) * 16) / 16
    outside = asked.want.low is not None or asked.want.high is not None
    return float(made) if outside else rounded


def lengths(asked: Asked, least: int, most: int) -> tuple[int, int]:
    """Return the shortest and the longest that a value may be."""
    kind, want = asked.kind, asked.want
    limit = kind.length or 10**9
    if want.longest is not None:
        limit = min(limit, want.longest)
    if kind.fixed and kind.length:
        return min(kind.length, limit), min(kind.length, limit)
    shortest = max(want.shortest, min(least, limit))
    return shortest, max(shortest, min(limit, max(most, shortest)))


def _text(asked: Asked, random: Random) -> object:
    want = asked.want
    low, high = lengths(asked, 3, _USUAL)
    limit = asked.want.longest if asked.want.longest is not None else asked.kind.length
    for form in want.patterns:
        made = pattern.text(form, random, want.shortest, limit or 0)
        if made is not None:
            return made
    for form in want.likes:
        return _like(form, random)
    word = _word(random, random.randint(low, high))
    if isinstance(want.low, str):
        word = (want.low + word)[: max(high, len(want.low))]
    return _familiar(asked.name.lower(), word, limit or 0)


def _familiar(name: str, word: str, limit: int) -> str:
    """Make a text look like what a column of that name holds, where there is room."""
    made = word
    if "email" in name or name == "mail":
        made = f"{word}@example.com"
    elif name in {"url", "uri", "link", "website", "homepage"} or name.endswith(("_url", "_uri")):
        made = f"https://example.com/{word}"
    return made if not limit or len(made) <= limit else word


def _word(random: Random, length: int) -> str:
    return "".join(random.choice(_LETTERS) for _ in range(length))


def _like(form: str, random: Random) -> str:
    parts = re.findall(r"\\.|.", form, re.DOTALL)
    lengths = {"%": 4, "_": 1}
    return "".join(_word(random, lengths[part]) if part in lengths else part[-1] for part in parts)


def _choice(asked: Asked, random: Random) -> object:
    return random.choice(asked.kind.choices) if asked.kind.choices else None


def _set(asked: Asked, random: Random) -> object:
    return ",".join(label for label in asked.kind.choices if random.random() < 0.5)  # noqa: PLR2004 - a coin


def _day(asked: Asked, random: Random) -> datetime:
    """Return a time in the years after 2020, or between the bounds."""
    start = datetime(_FIRST.year, 1, 1)  # noqa: DTZ001 - the column says whether it has a zone
    if asked.apart >= 0:
        return start + timedelta(days=asked.row, hours=1 + asked.apart)
    low, high = _moment(asked.want.low), _moment(asked.want.high)
    if low is None:
        low = start if high is None or high > start else high - timedelta(days=_DAYS)
    high = high or low + timedelta(days=_DAYS)
    seconds = max(1, int((high - low).total_seconds()) - 1)
    return low + timedelta(seconds=random.randrange(seconds) + (1 if asked.want.above else 0))


def _moment(bound: object) -> datetime | None:
    found = cast(bound, "timestamp")
    if isinstance(found, datetime):
        return found.replace(tzinfo=None)
    return datetime(found.year, found.month, found.day) if isinstance(found, date) else None  # noqa: DTZ001


def _date(asked: Asked, random: Random) -> object:
    made = _day(asked, random)
    low = _moment(asked.want.low)
    if low is not None and asked.want.above and made.date() == low.date():
        made += timedelta(days=1)
    return made.date()


def _timestamp(asked: Asked, random: Random) -> object:
    made = _day(asked, random)
    return made if asked.kind.scale < 6 and asked.kind.fixed else made.replace(microsecond=random.randrange(10**6))  # noqa: PLR2004


def _time(_asked: Asked, random: Random) -> object:
    return time(random.randrange(24), random.randrange(60), random.randrange(60))


def _interval(_asked: Asked, random: Random) -> object:
    return f"{random.randint(1, 300)} days {random.randrange(24):02}:{random.randrange(60):02}:00"


def _uuid(_asked: Asked, random: Random) -> object:
    return str(UUID(int=random.getrandbits(128), version=4))


def _bytes(asked: Asked, random: Random) -> object:
    return random.randbytes(random.randint(*lengths(asked, 1, 16)))


def _bits(asked: Asked, random: Random) -> object:
    length = random.randint(*lengths(asked, 1, 8))
    return "".join(random.choice("01") for _ in range(length))


def _json(asked: Asked, random: Random) -> object:
    content: object = {_word(random, 4): random.randint(1, 999), "name": _word(random, 6)}
    if "array" in asked.want.hints and "object" not in asked.want.hints:
        content = [random.randint(1, 999), _word(random, 4)]
    return json.dumps(content)


def _inet(_asked: Asked, random: Random) -> object:
    return f"10.{random.randrange(256)}.{random.randrange(256)}.{random.randrange(1, 255)}"


def _cidr(_asked: Asked, random: Random) -> object:
    return f"10.{random.randrange(256)}.{random.randrange(256)}.0/24"


def _inet6(_asked: Asked, random: Random) -> object:
    return f"2001:db8::{random.randrange(1, 65536):x}"


def _macaddr(octets: int) -> Callable[[Asked, Random], object]:
    return lambda _asked, random: ":".join(["02", *(f"{random.randrange(256):02x}" for _ in range(octets - 1))])


def _numbers(form: str) -> Callable[[Asked, Random], object]:
    """Fill the marks of `form` with numbers: x and y differ from row to row, r is a radius."""

    def made(asked: Asked, random: Random) -> object:
        x, y = asked.row * 10 + random.randrange(4), random.randrange(100)
        return form.format(x=x, y=y, x2=x + random.randint(1, 4), y2=y + random.randint(1, 4), r=random.randint(1, 3))

    return made


def _words(form: str) -> Callable[[Asked, Random], object]:
    return lambda _asked, random: form.format(*(_word(random, 5) for _ in range(3)), n=random.randint(1, 99))


def _element(kind: Kind, row: int, random: Random) -> object:
    """Return a value inside another one; it obeys the checks of its own domain."""
    conditions = [read(text) for text in kind.checks]
    for _ in range(20):
        found = gather(conditions, random).columns
        want = next((item for name, item in found.items() if name.lower() == "value"), Want())
        made = value(Asked(kind, row=row, want=want), random)
        if not any(refuses(condition, {"value": made}) for condition in conditions):
            break
    return made


def _array(asked: Asked, random: Random) -> object:
    least, most = lengths(Asked(Kind("array", length=asked.kind.length), want=asked.want), 1, 3)
    part = asked.kind.parts[0]
    return [_element(part, asked.row, random) for _ in range(random.randint(least, most))]


def _range(asked: Asked, random: Random) -> object:
    """Return the bounds of a range that no other row's touches."""
    part = asked.kind.parts[0]
    made = [value(Asked(part, row=asked.row * 4 + step, apart=0, distinct=True), random) for step in (1, 3)]
    try:
        return tuple(sorted(made))  # type: ignore[type-var]
    except TypeError:
        return None


def _multirange(asked: Asked, random: Random) -> object:
    return [_range(asked, random)]


def _composite(asked: Asked, random: Random) -> object:
    return tuple(_element(part, asked.row, random) for part in asked.kind.parts)


def _vector(asked: Asked, random: Random) -> object:
    return "[" + ",".join(str(random.randrange(100)) for _ in range(asked.kind.length or 3)) + "]"


_MAKERS: Mapping[str, Callable[[Asked, Random], object]] = {
    "boolean": _boolean, "integer": _integer, "decimal": _decimal, "float": _float, "money": _decimal,
    "text": _text, "choice": _choice, "set": _set, "bytes": _bytes, "bits": _bits,
    "date": _date, "timestamp": _timestamp, "timestamptz": _timestamp, "time": _time, "timetz": _time,
    "interval": _interval, "uuid": _uuid, "json": _json, "inet": _inet, "inet6": _inet6, "cidr": _cidr,
    "macaddr": _macaddr(6), "macaddr8": _macaddr(8),
    "point": _numbers("({x},{y})"), "lseg": _numbers("[({x},{y}),({x2},{y2})]"),
    "box": _numbers("({x2},{y2}),({x},{y})"), "path": _numbers("[({x},{y}),({x2},{y2}),({x},{y2})]"),
    "polygon": _numbers("(({x},{y}),({x2},{y2}),({x},{y2}))"), "circle": _numbers("<({x},{y}),{r}>"),
    "line": _numbers("{{{r},{x},{y}}}"), "cube": _numbers("({x},{y})"),
    "wkt point": _numbers("POINT({x} {y})"), "wkt line": _numbers("LINESTRING({x} {y},{x2} {y2})"),
    "wkt polygon": _numbers("POLYGON(({x} {y},{x2} {y},{x2} {y2},{x} {y}))"),
    "wkt points": _numbers("MULTIPOINT({x} {y},{x2} {y2})"),
    "wkt lines": _numbers("MULTILINESTRING(({x} {y},{x2} {y2}))"),
    "wkt polygons": _numbers("MULTIPOLYGON((({x} {y},{x2} {y},{x2} {y2},{x} {y})))"),
    "wkt collection": _numbers("GEOMETRYCOLLECTION(POINT({x} {y}))"),
    "xml": _words("<{0}>{1}</{0}>"), "tsvector": _words("'{0}':1 '{1}':2"), "tsquery": _words("'{0}' & '{1}'"),
    "jsonpath": _words("$.{0}"), "hstore": _words('"{0}"=>"{1}"'), "ltree": _words("{0}.{1}.{2}"),
    "lquery": _words("{0}.*"),
    "snapshot": _words("{n}:100:"), "lsn": lambda _asked, random: f"0/{random.getrandbits(24):X}",
    "tid": lambda _asked, random: f"({random.randrange(99)},{random.randrange(1, 99)})",
    "letter": lambda _asked, random: random.choice(_LETTERS), "relation": lambda _asked, _random: "pg_class",
    "type": lambda _asked, _random: "integer", "role": lambda _asked, _random: "pg_monitor",
    "namespace": lambda _asked, _random: "pg_catalog", "procedure": lambda _asked, _random: "now",
    "signature": lambda _asked, _random: "now()", "operation": lambda _asked, _random: "||/",
    "operator": lambda _asked, _random: "+(integer,integer)", "configuration": lambda _asked, _random: "simple",
    "array": _array, "range": _range, "multirange": _multirange, "composite": _composite, "vector": _vector,
}  # fmt: skip

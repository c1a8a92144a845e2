"""Conditions read and evaluated without a server; texts made for patterns."""

import re
from datetime import date
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instar.rows import pattern
from instar.rows.evaluate import UNKNOWN, evaluate, refuses
from instar.rows.expression import read
from instar.rows.wants import gather


@pytest.mark.parametrize(
    ("text", "row", "value"),
    [
        ("((price > (0)::numeric))", {"price": Decimal(1)}, True),
        (
            "(status)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])",
            {"status": "b"},
            True,
        ),
        ("`a` in ('x','y') and char_length(`b`) <= 3", {"a": "x", "b": "long"}, False),
        ("a IS NULL OR a > 3", {"a": None}, True),
        ("a > 3", {"a": None}, None),
        ("NOT (a IS DISTINCT FROM b)", {"a": None, "b": None}, True),
        ("num_nonnulls(a, b, c) = 1", {"a": None, "b": 2, "c": None}, True),
        ("d < '2020-02-01'::date", {"d": date(2020, 1, 31)}, True),
        ("d BETWEEN '2020-01-01' AND '2020-12-31'", {"d": date(2021, 1, 1)}, False),
        ("a % 2 = 0 AND -a < 0", {"a": 4}, True),
        ("CASE WHEN a > 1 THEN b = 'x' ELSE true END", {"a": 2, "b": "y"}, False),
        ("code ~ '^[A-Z]{2}\\d+$'::text", {"code": "AB12"}, True),
        ("name ~~ 'a%\\_z'", {"name": "abc_z"}, True),
        ("their_own(a)", {"a": 1}, UNKNOWN),
        ("a > 1 OR their_own(a)", {"a": 2}, True),
        ("j -> 'x' = '1'", {"j": "{}"}, UNKNOWN),
        ("this is ! not ( SQL", {"this": 1}, UNKNOWN),
        ("EXTRACT(year FROM d) = (2020)::numeric", {"d": date(2020, 1, 1)}, True),
        ('"Strange name" = 1', {"Strange name": 1}, True),
    ],
)
def test_conditions_have_the_value_that_a_server_gives(text: str, row: dict[str, object], value: object) -> None:
    assert evaluate(read(text), row) is value


@given(st.text())
def test_any_text_is_read_and_evaluated(text: str) -> None:
    condition = read(text)
    refuses(condition, {"a": 1})
    gather([condition], Random(1))


@pytest.mark.parametrize(
    "form",
    [
        "^[A-Z]{3}-\\d{2,4}$", "^#[0-9a-fA-F]{6}$", "^[a-z0-9]+(?:-[a-z0-9]+)*$", "^(red|green)$", "^[[:alpha:]_]+$",
        "^[^@]+@[^@]+\\.[^@]+$", "x?y*z+", "^\\+?[1-9]\\d{1,14}$", "^$", "^[]a]+$", "^[-a-c]$",
        "[[:digit:][:space:]]{3}",
    ],
)  # fmt: skip
def test_a_text_is_made_that_matches(form: str) -> None:
    plain = form.replace("[:alpha:]", "a-zA-Z").replace("[:digit:]", "0-9").replace("[:space:]", r"\s")
    for seed in range(20):
        made = pattern.text(form, Random(seed))
        assert made is not None
        assert re.search(plain, made), made


@pytest.mark.parametrize("form", ["(?=a)b", "(unclosed", "[", "\\1", "a{2", "*"])
def test_a_pattern_that_is_not_understood_gives_nothing_wrong(form: str) -> None:
    made = pattern.text(form, Random(1))
    assert made is None or isinstance(made, str)

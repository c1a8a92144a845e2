"""Sections: markers at the start of a line, their options, and what is refused."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from source_files import at, one, place, refusal

from instar.errors import SourceError
from instar.source.sections import NAMES, cut
from instar.source.text import Source, code_starts

NAME = "20231201120000_x.sql"
LINE = st.text(alphabet=st.characters(codec="utf-8"), max_size=20).filter(lambda line: "migrate" not in line.lower())
END = st.sampled_from(["\n", "\r\n"])
SECTION = st.tuples(
    st.sampled_from(NAMES), st.sampled_from(["", " ", "\t"]), END, st.lists(st.tuples(LINE, END), max_size=4)
)


def body(lines: list[tuple[str, str]]) -> str:
    return "".join(line + end for line, end in lines)


@given(st.lists(SECTION, max_size=5))
def test_a_text_that_is_cut_into_sections_joins_back(parts: list[tuple[str, str, str, list[tuple[str, str]]]]) -> None:
    text = "".join(f"-- migrate:{name}{space}{end}{body(lines)}" for name, space, end, lines in parts)
    sections = cut(Source("x.sql", text))
    assert [(each.name, text[each.start : each.end]) for each in sections] == [
        (name, body(lines)) for name, _, _, lines in parts
    ]
    assert "".join(text[each.marker : each.end] for each in sections) == text


@given(st.text())
def test_any_text_is_cut_without_loss_or_refused(text: str) -> None:
    try:
        sections = cut(Source("x.sql", text))
    except SourceError as error:
        where = place(error)
        assert text.split("\n")[where.line - 1].startswith(where.source)
        return
    covered = "".join(text[each.marker : each.end] for each in sections)
    assert text.endswith(covered)
    assert all(each.marker < each.start <= each.end for each in sections)


@pytest.mark.parametrize(
    "line",
    [
        "SELECT 1; -- migrate:down",
        "  -- migrate:down",
        "-- see migrate:down",
        "-- migrate: see the wiki",
        "/* migrate:x */",
    ],
)
def test_what_is_not_a_marker_is_text(tmp_path: Path, line: str) -> None:
    migration = one(tmp_path, {NAME: f"-- migrate:up\n{line}\nSELECT 2;\n"})
    assert migration.up[0].text == f"{line}\nSELECT 2;\n"
    assert migration.down == ()


@pytest.mark.parametrize(
    ("marker", "hint"),
    [
        ("-- migrate:dwon", "did you mean 'down'?"),
        ("-- migrate:UP", "did you mean 'up'?"),
        ("-- Migrate: down", "did you mean 'down'?"),
        ("--migrate:rollback", "known are: before, up, after, contract, down"),
    ],
)
def test_an_unknown_section_is_refused_with_its_place(tmp_path: Path, marker: str, hint: str) -> None:
    error = refusal(tmp_path, {NAME: f"-- migrate:up\nSELECT 1;\n{marker}\n"})
    assert error.message.startswith("there is no section")
    assert hint in error.hint
    assert at(error) == (NAME, 3, 1)


@pytest.mark.parametrize(
    ("options", "column", "hint"),
    [
        ("up transaction:fasle", 15, "did you mean 'transaction:false'?"),
        ("up transaction=false", 15, "did you mean 'transaction:false'?"),
        ("up no-transaction", 15, "known are: transaction:true, transaction:false"),
        ("down isolation:serializable", 17, "known are: transaction:true, transaction:false"),
        ("up see below transaction:false", 25, "options stand directly after migrate:up"),
        ("before transaction:false", 19, "a 'before' section has no options"),
    ],
)
def test_an_unknown_option_is_refused_with_its_place(tmp_path: Path, options: str, column: int, hint: str) -> None:
    error = refusal(tmp_path, {NAME: f"-- migrate:{options}\n"})
    assert error.message.endswith(f"is not an option of migrate:{options.partition(' ')[0]}")
    assert error.hint == hint or hint.startswith("known")
    assert at(error) == (NAME, 1, column)


def test_a_remark_may_follow_a_marker(tmp_path: Path) -> None:
    text = "-- migrate:up transaction:true   what the shop needs, see #12: orders\nSELECT 1;\n"
    assert one(tmp_path, {NAME: text}).up[0].transaction is True


def test_sql_before_the_first_section_is_refused(tmp_path: Path) -> None:
    text = "-- comment\n/* a /* nested */ one */\n  SELECT 1;\n-- migrate:up\n"
    error = refusal(tmp_path, {NAME: text})
    assert (error.message, at(error)) == ("SQL stands before the first section", (NAME, 3, 3))


@given(st.lists(st.sampled_from(["-- c ;'\n", "/* a /* b */ -- c */", " ", "\n", "\t", "\r\n"])), st.booleans())
def test_code_starts_behind_blanks_and_comments(parts: list[str], code: bool) -> None:  # noqa: FBT001
    text = "".join(parts)
    whole = text + ("\nSELECT 1" if code else "")
    assert code_starts(whole, 0, len(whole)) == (len(text) + 1 if code else len(whole))


@pytest.mark.parametrize("text", ["/* never closed", "/* /* */", "-- no line end"])
def test_a_comment_that_never_ends_hides_all_that_follows(text: str) -> None:
    assert code_starts(text, 0, len(text)) == len(text)

"""PostgreSQL scripts: whatever statements are put one after another are cut back into exactly these."""

from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from instar.dialects import CutError, load
from instar.model import Script
from instar.source.script import statements

DIALECT = load("postgresql")

STATEMENTS = (
    "SELECT 1",
    "SELECT 'a;b', \"semi;colon\", 'it''s; fine'",
    "SELECT E'a\\';b', E'\\\\', e'\\''",
    "SELECT U&'d\\0061t\\+000061;', U&\"c;d\" FROM t",
    "SELECT B'101', X'1F', N'text;'",
    "SELECT 'one'\n  'two;'",
    "SELECT $$ ; $$, $tag$ ; $$ ; $tag$, $täg$;$täg$",
    "SELECT 1 /* a ; /* nested ; */ ; */ + 2 -- not ; an end\n  , 3",
    "SELECT 'grün ☃ 𝄞; ü' AS ünï",
    "SELECT a[1:2], b->>'x;', c #>> '{a,b}', d::text, @ -1, 5 % 2",
    "INSERT INTO t VALUES ('%s', '?', '${x}', '{{y}}', ':name')",
    "CREATE FUNCTION f(i int) RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\n  -- it's; odd\n  RETURN i;\nEND;\n$$",
    "CREATE FUNCTION g(a int) RETURNS int\nBEGIN ATOMIC\n  SELECT CASE WHEN a > 1 THEN 1 END;\n  SELECT a;\nEND",
    "CREATE PROCEDURE p(a int) BEGIN ATOMIC INSERT INTO t VALUES (a); DELETE FROM t WHERE n = 'x;'; END",
    "CREATE RULE r AS ON INSERT TO t DO INSTEAD (INSERT INTO u VALUES (new.n); DELETE FROM v WHERE n = 1; SELECT 1)",
    'CREATE TABLE t (n int DEFAULT 1, "begin" text CHECK ("begin" <> \';\'))',
    "CREATE INDEX CONCURRENTLY i ON t (n) WHERE n > 1",
    "ALTER TYPE mood ADD VALUE 'hap;py' BEFORE 'sad'",
    "DO $body$ BEGIN EXECUTE 'SELECT 1;'; COMMIT; END $body$",
    "DO LANGUAGE plpgsql 'BEGIN NULL; END'",
    'SET search_path TO app, "public"',
    "COMMENT ON TABLE t IS $$it's; a /* table$$",
    "BEGIN ISOLATION LEVEL SERIALIZABLE",
    "COMMIT",
    "VACUUM (ANALYZE, VERBOSE) t",
    "CREATE TRIGGER g AFTER UPDATE OF a ON t FOR EACH ROW WHEN (OLD.a <> ';') EXECUTE FUNCTION f()",
    "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader",
    "CREATE VIEW end_view AS SELECT CASE n WHEN 1 THEN 'a;' END AS \"end\" FROM t",
    "EXPLAIN SELECT 1",
    "VALUES (1), (2)",
    "(SELECT 1) UNION (SELECT 2)",
    "WITH x AS (SELECT 1) SELECT * FROM x",
)
COPIES = (
    ("COPY t (a, b) FROM stdin", "1\tone; two\n2\t'\n3\t$$\n\\N\t/*\n"),
    ("COPY t FROM STDIN WITH (FORMAT csv)", 'x,"a;b"\ny,--\n'),
    ("COPY t FROM stdin", ""),
    ("copy public.t from stdin", "ünï\t☃\n\\\\.\t1\n"),
)
# The newest syntax, which a parser of another version may not know: cut by tokens.
UNKNOWN = ("FROBNICATE TABLE t WITH ';' AND $$;$$ (a; b)", "SELECT 1 FROM t GROUP BY ALL THINGS 'x;y'")
GAPS = ("\n", " ", "\t\n\n", "\r\n", "-- a comment; with 'quotes\n", "/* a ; /* nested */ 'one */ ", "\n-- ünï ☃;\n\n")

plain = st.sampled_from(STATEMENTS).map(lambda text: (text, None))
copies = st.sampled_from(COPIES)
gaps = st.lists(st.sampled_from(GAPS), max_size=3).map("".join)
thorough = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
Known = tuple[str, str | None]


def joined(known: Sequence[Known], between: Sequence[str], *, last: str = ";") -> str:
    """Write statements one after another, each with a gap before it; rows follow their COPY."""
    parts: list[str] = []
    for number, ((text, rows), gap) in enumerate(zip(known, between, strict=True)):
        end = ";" if rows is not None or number + 1 < len(known) else last
        parts += [gap, text, end, "" if rows is None else f"\n{rows}\\.\n"]
    return "".join(parts)


@st.composite
def scripts(draw: st.DrawFn, single: st.SearchStrategy[Known]) -> tuple[list[Known], str]:
    known = draw(st.lists(single, min_size=1, max_size=8))
    between = [draw(gaps) for _ in known]
    text = joined(known, between, last=draw(st.sampled_from([";", ""]))) + draw(gaps)
    return known, text


@thorough
@given(scripts(plain | copies))
def test_a_script_is_cut_into_the_statements_it_was_made_of(made: tuple[list[Known], str]) -> None:
    known, text = made
    assert [(text[piece.start : piece.end], piece.data) for piece in DIALECT.cut(text)] == known


@thorough
@given(scripts(plain | copies | st.sampled_from(UNKNOWN).map(lambda text: (text, None))))
def test_syntax_that_the_parser_does_not_know_is_cut_as_well(made: tuple[list[Known], str]) -> None:
    known, text = made
    assert [(text[piece.start : piece.end], piece.data) for piece in DIALECT.cut(text)] == known


@thorough
@given(scripts(plain | copies), st.sampled_from(["", "-- ünï\n", "\n\n"]), st.integers(1, 50))
def test_a_statement_knows_its_place(made: tuple[list[Known], str], before: str, line: int) -> None:
    """The line and column, as an editor counts them, and the bytes of the file."""
    known, text = made
    file = before + text
    script = Script(text, "file.sql", line + before.count("\n"), len(before.encode()))
    found = statements(script, DIALECT)
    assert [statement.text for statement in found] == [text for text, _ in known]
    lines = file.split("\n")
    for statement in found:
        raw = statement.text.encode()
        assert file.encode()[statement.offset : statement.offset + len(raw)] == raw
        row = lines[statement.line - line]
        assert row[statement.column - 1 :].startswith(statement.text.split("\n")[0])


@thorough
@given(scripts(plain | copies))
def test_the_place_counts_every_repetition(made: tuple[list[Known], str]) -> None:
    """Statements that are the same have places of their own, in the order of the file."""
    known, text = made
    found = statements(Script(text, "file.sql"), DIALECT)
    position = 0
    for statement, (wanted, _) in zip(found, known, strict=True):
        position = text.index(wanted, position)
        assert len(text[:position].encode()) <= statement.offset
        position = len(text.encode()[: statement.offset].decode()) + len(wanted)


@thorough
@given(st.lists(gaps, max_size=4).map("".join))
def test_comments_and_white_space_hold_no_statement(text: str) -> None:
    assert DIALECT.cut(text) == []


@thorough
@given(st.text(alphabet="'\"$;-/*\\aE \n()BEGINATOMC", max_size=60))
def test_any_text_is_cut_or_refused_with_a_place(text: str) -> None:
    places = cut_or_refused(text)
    assert places == sorted(places)
    assert all(0 <= place <= len(text) for place in places)


def cut_or_refused(text: str) -> list[int]:
    """Return where the statements begin and end, or the place of what cannot be cut."""
    try:
        return [place for piece in DIALECT.cut(text) for place in (piece.start, piece.end)]
    except CutError as error:
        return [error.position]


@thorough
@given(st.sampled_from([text for text in STATEMENTS if "'one'\n" not in text]), gaps)
def test_layout_and_comments_do_not_change_a_fingerprint(text: str, gap: str) -> None:
    assert DIALECT.fingerprint(f"{gap}{text}{gap}") == DIALECT.fingerprint(text)

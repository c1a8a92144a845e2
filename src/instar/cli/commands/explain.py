"""Say what a statement locks, whom that stops, and what takes time."""

import sys

import click

from instar.cli.command import command as make
from instar.cli.invocation import Invocation

SECTION = "Look"
EXAMPLES = (
    'instar explain "ALTER TABLE orders ADD COLUMN note text"',
    "instar explain migrations/20231205060000_split_name.sql --server-version 15",
    'instar explain "CREATE INDEX ON orders (total)" --environment production',
)
_STDIN = "-"


@make(examples=EXAMPLES)
@click.argument("what", metavar="SQL|FILE|VERSION...", nargs=-1, required=True)
@click.option("--dialect", metavar="NAME", help="postgresql, mysql, mariadb or sqlite, where no URL tells.")
@click.option("--server-version", metavar="N", type=click.IntRange(1), help="Major version of the server.")
def command(asked: Invocation, *, what: tuple[str, ...], dialect: str | None, server_version: int | None) -> None:
    """Say what a statement locks, whom that stops, and what takes time.

    Runs nothing. Without a database it knows what the project's migrations make; with --database or --environment it
    knows the live catalog. What has a space in it is SQL; - reads SQL from stdin. Exits with 2 at a statement that the
    server would refuse.
    """
    from instar.linting import Request
    from instar.linting.explain import explain

    sql = [item for item in what if _is_sql(item)]
    names = [item for item in what if not _is_sql(item)]
    live = bool(asked.database or asked.environment)
    text = ";\n".join(sql) or (_stdin() if _STDIN in names else "")
    request = Request(
        only=(*names, _STDIN) if sql else tuple(names),
        text=text,
        live=live,
        dialect=dialect or "",
        server_version=server_version or 0,
    )
    if not live:
        _show(asked, explain(asked.settings(offline=True), request))
        return
    with asked.migrator() as migrator:
        _show(asked, explain(migrator.environment, request, migrator.catalog()))


def _is_sql(item: str) -> bool:
    from pathlib import Path

    return len(item.split()) > 1 and not Path(item).exists()


def _stdin() -> str:
    return sys.stdin.buffer.read().decode("utf-8-sig", errors="replace")


def _show(asked: Invocation, found: object) -> None:
    from instar.cli.output import console, document, fancy
    from instar.judgement import Explained
    from instar.render import explain

    assert isinstance(found, tuple)
    items: tuple[Explained, ...] = found
    if not asked.json and fancy(sys.stdout):
        console(asked, sys.stdout).print(explain.rich(items), highlight=False)
        return
    document(asked, explain.value(items), lambda: explain.text(items))

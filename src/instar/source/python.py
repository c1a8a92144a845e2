"""Python migrations: their functions are found without running the file, which is run only when one is called."""

import ast
import sys
from types import ModuleType
from typing import Any

from msgspec import Struct

from instar.errors import SourceError
from instar.model import Code, Place
from instar.source.text import Source, place_of

_FUNCTIONS = ("up", "down", "transform")


class Function(Struct, frozen=True):
    """A function of a Python file. Calling it runs the file, as it was when it was read, and then the function."""

    path: str
    name: str
    text: str

    def __call__(self, connection: object) -> object:
        """Call the function with the driver's connection."""
        module = ModuleType(f"instar_migration_{abs(hash(self.path))}")
        module.__file__ = self.path
        # Dataclasses and pickles look their module up by name while it runs.
        sys.modules[module.__name__] = module
        try:
            exec(compile(self.text, self.path, "exec"), module.__dict__)  # noqa: S102 - the user's own migration
            return getattr(module, self.name)(connection)
        finally:
            del sys.modules[module.__name__]


def code(source: Source, path: str, *, transaction: bool) -> Code:
    """Return the functions of a Python migration.

    Raises SourceError: it does not parse, has no `up`, or its functions do not take the connection.
    """
    functions = _functions(source)
    if "up" not in functions:
        raise _nothing_to_run(source, functions)
    for name in ("up", "down"):
        if name in functions:
            _check(source, functions[name])
    return Code(
        source.file,
        Function(path, "up", source.text),
        Function(path, "down", source.text) if "down" in functions else None,
        transaction,
    )


def _functions(source: Source) -> dict[str, Any]:
    try:
        tree = ast.parse(source.text, source.file)
    except SyntaxError as error:
        place = Place(source.file, error.lineno or 1, error.offset or 1, (error.text or "").rstrip("\r\n"))
        raise SourceError(f"{source.file} is not Python: {error.msg}", place=place) from error
    except ValueError as error:  # a null byte
        raise SourceError(f"{source.file} is not Python: {error}") from error
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name: node for node in tree.body if isinstance(node, kinds) and node.name in _FUNCTIONS}


def _nothing_to_run(source: Source, functions: dict[str, Any]) -> SourceError:
    if "transform" in functions:
        return SourceError(
            f"{source.file} has transform(row) and no up(connection): not yet: batched data migrations",
            hint="write up(connection), which changes the rows itself",
            place=_place(source, functions["transform"]),
        )
    return SourceError(f"{source.file} has no function up(connection)", hint="write: def up(connection): ...")


def _check(source: Source, function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    if isinstance(function, ast.AsyncFunctionDef):
        message, hint = f"{function.name} is asynchronous", "write a plain function: migrations run one after another"
    elif not _takes_one(function.args):
        message, hint = f"{function.name} must take the connection and nothing else", f"def {function.name}(connection)"
    else:
        return
    raise SourceError(message, hint=hint, place=_place(source, function))


def _takes_one(arguments: ast.arguments) -> bool:
    names = len(arguments.posonlyargs) + len(arguments.args)
    needed = names - len(arguments.defaults)
    keywords = sum(default is None for default in arguments.kw_defaults)
    return needed <= 1 and (names >= 1 or arguments.vararg is not None) and not keywords


def _place(source: Source, node: ast.AST) -> Place:
    position = 0
    for _ in range(getattr(node, "lineno", 1) - 1):
        position = source.text.index("\n", position) + 1
    return place_of(source, position + getattr(node, "col_offset", 0))

"""An error as people and programs read it: what happened, where, and what to do now."""

from collections.abc import Sequence

from instar.errors import InstarError, PolicyError
from instar.model import Refusal
from instar.render._caret import excerpt, where
from instar.render._table import table

_ATTRIBUTES = ("sqlstate", "version", "applied", "columns", "rows")


def lines(error: InstarError) -> list[str]:
    """Return the message, the place with the line and a caret, rows and details, and the hint."""
    head = [f"error: {error.message}"]
    place = error.place
    at = [f"  --> {where(place)}", *excerpt(place)] if place else []
    details = [f"detail: {detail}" for detail in _texts(error, "detail")]
    context = [f"context: {text}" for text in _texts(error, "context")]
    return [*head, *at, *_reasons(error), *_rows(error), *_done(error), *details, *context, *_hints(error)]


def document(error: InstarError) -> dict[str, object]:
    """Return the error as the object under "error" in JSON."""
    found: dict[str, object] = {
        "type": _kind(error),
        "message": error.message,
        "exit_code": error.exit_code,
        "hint": " ".join(_texts(error, "hint")) or None,
        "detail": " ".join(_texts(error, "detail")) or None,
    }
    if error.place:
        place = error.place
        found["place"] = {"file": place.file, "line": place.line, "column": place.column, "source": place.source}
    if isinstance(error, PolicyError):
        found["reasons"] = [refusal(each) for each in error.reasons]
    for name in _ATTRIBUTES:
        values = [value for value in (getattr(each, name, None) for each in _chain(error)) if value]
        if values:
            found[name] = values[0]
    return found


def refusal(found: Refusal) -> dict[str, object]:
    """Return a reason of a policy as an object in JSON."""
    return {name: getattr(found, name) or None for name in found.__struct_fields__}


def _kind(error: InstarError) -> str:
    """Return "check-failed" for CheckFailedError and so on."""
    name = type(error).__name__.removesuffix("Error") or "Error"
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("-")


def _chain(error: InstarError) -> list[InstarError]:
    """Return the error and those of ours that caused it."""
    found, cause = [error], error.__cause__
    while isinstance(cause, InstarError) and cause not in found:
        found.append(cause)
        cause = cause.__cause__
    return found


def _texts(error: InstarError, name: str) -> list[str]:
    texts = (str(getattr(each, name, "") or "").strip() for each in _chain(error))
    return list(dict.fromkeys(text for text in texts if text))


def _hints(error: InstarError) -> list[str]:
    return [f"hint: {hint}" for hint in _texts(error, "hint")]


def _rows(error: InstarError) -> list[str]:
    for each in _chain(error):
        rows = getattr(each, "rows", ())
        if rows:
            cells = [["NULL" if value is None else str(value) for value in row] for row in rows]
            return ["  " + line for line in table(cells, getattr(each, "columns", ()))]
    return []


def _reasons(error: InstarError) -> list[str]:
    return refusals(error.reasons) if isinstance(error, PolicyError) else []


def refusals(found: Sequence[Refusal]) -> list[str]:
    """Return the reasons of a policy by migration, each with what would do; what is alike is said once."""
    groups: dict[str, list[Refusal]] = {}
    for each in found:
        groups.setdefault(each.version, []).append(each)
    lines = []
    for version, reasons in groups.items():
        lines += [f"  {version}"] if version else []
        indent = "    " if version else "  "
        for each, following in zip(reasons, [*reasons[1:], None], strict=True):
            lines.append(f"{indent}{each.policy}: {each.message}")
            again = following is not None and following.hint == each.hint
            lines += [f"{indent}  {each.hint}"] if each.hint and not again else []
    return lines


def _done(error: InstarError) -> list[str]:
    applied: tuple[str, ...] = getattr(error, "applied", ())
    return [f"done before it, and stays done: {', '.join(applied)}"] if applied else []

"""How MySQL's and MariaDB's statements stand to transactions: most DDL commits before and after itself."""

from collections.abc import Sequence
from itertools import pairwise

from instar.dialects._tokens import Token
from instar.model import Kind

_OUTSIDE = frozenset({
    "create", "alter", "drop", "rename", "truncate", "grant", "revoke", "optimize", "repair", "check", "flush", "reset",
    "cache", "lock", "unlock", "install", "uninstall", "call", "execute", "change", "stop", "purge", "import", "clone",
    "restart", "shutdown", "backup", "xa", "kill", "binlog", "load_index",
    "if", "case", "loop", "while", "repeat", "for",
})  # fmt: skip
_SETTING = frozenset({"use", "prepare", "deallocate"})
# Variables that the server refuses to change, or ignores, inside a transaction.
_BEFORE_BEGIN = frozenset({
    "transaction", "sql_log_bin", "gtid_next", "gtid_domain_id", "gtid_seq_no", "binlog_format", "binlog_row_image",
    "pseudo_slave_mode", "skip_replication",
})  # fmt: skip
# What these return is gone after a crash: to compute it again would give a wrong value, and none is found out.
_PASSING = frozenset({"last_insert_id", "row_count", "found_rows", "uuid", "uuid_short", "rand", "nextval", "lastval"})
_SERVER_WIDE = frozenset({"global", "persist", "persist_only", "password", "default"})


def heading(statement: Sequence[Token]) -> list[str]:
    """Return the leading words of a statement without what may stand between the verb and its object.

    `CREATE OR REPLACE DEFINER=root@localhost SQL SECURITY INVOKER VIEW v` gives `create view v`.
    """
    inner = [token for token in statement[:40] if token.kind not in {"exec", "hint"}]
    words = [token.word for token in inner]
    if words[:1] not in (["create"], ["alter"], ["drop"]):
        return words
    return words[:1] + words[object_at(words) :]


def object_at(words: Sequence[str]) -> int:
    """Return where, behind CREATE, ALTER or DROP, the kind of the object stands."""
    at = 1
    while at < len(words):
        if words[at] in {"definer", "algorithm"} and words[at + 1 : at + 2] == ["="]:
            at = _after_value(words, at + 2)
        elif words[at : at + 2] == ["sql", "security"]:
            at += 3
        elif words[at] in {
            "or",
            "replace",
            "aggregate",
            "unique",
            "fulltext",
            "spatial",
            "online",
            "offline",
            "ignore",
        }:
            at += 1
        else:
            break
    return at


def _after_value(words: Sequence[str], at: int) -> int:
    """Step over `name`, `user@host` or `current_user()`."""
    at += 1
    while words[at : at + 1] in (["@"], ["("], [")"], ["."], ["-"]) or words[at - 1] in {"@", ".", "-"}:
        at += 1
    return at


def kind(statement: Sequence[Token]) -> Kind:  # noqa: PLR0911 - one answer per verb
    """Say how a statement stands to transactions."""
    words = heading(statement)
    verb, second = (*words, "", "")[:2]
    if verb == "begin":
        return Kind.OUTSIDE if words[1:3] == ["not", "atomic"] else Kind.BEGIN
    if verb == "start":
        return Kind.BEGIN if second == "transaction" else Kind.OUTSIDE
    if verb in {"commit", "rollback"}:
        return _ending(verb, words)
    if verb in {"create", "drop"} and second == "temporary":
        return Kind.PLAIN
    if verb == "set":
        return _set_kind(statement)
    if verb in _SETTING or (verb, second) == ("drop", "prepare") or _fills_variable(statement):
        return Kind.SETTING
    if verb in {"analyze", "load"}:
        return (
            Kind.OUTSIDE
            if second in {"table", "no_write_to_binlog", "local", "index"} and _names_table(words)
            else Kind.PLAIN
        )
    return Kind.OUTSIDE if verb in _OUTSIDE else Kind.PLAIN


def _names_table(words: Sequence[str]) -> bool:
    """Tell `ANALYZE [LOCAL] TABLE` and `LOAD INDEX` from MariaDB's `ANALYZE SELECT` and from `LOAD DATA`."""
    return "table" in words[1:3] or words[:2] == ["load", "index"]


def _ending(verb: str, words: Sequence[str]) -> Kind:
    if verb == "rollback" and "to" in words[1:3]:
        return Kind.PLAIN
    return Kind.COMMIT if verb == "commit" else Kind.ROLLBACK


def _set_kind(statement: Sequence[Token]) -> Kind:
    """SET changes the session, the server, or (MariaDB's SET STATEMENT ... FOR) just the statement that follows."""
    words = [token.word for token in statement]
    if words[1:2] == ["statement"] and "for" in words:
        return kind(statement[words.index("for") + 1 :])
    scoped = {words[1]} if len(words) > 1 else set()
    scoped |= {word for at, word in enumerate(words) if at > 1 and words[at - 1] == "@" == words[at - 2]}
    scoped |= {word for at, word in enumerate(words) if words[at - 1] == "," and at}
    if scoped & _SERVER_WIDE:
        return Kind.OUTSIDE
    if remembers(statement):
        return Kind.PLAIN if _PASSING & set(words) else Kind.SETTING
    named = {word for at, word in enumerate(words[:-1]) if words[at + 1] in {"=", ":", "isolation", "read"}}
    return Kind.SETTING_OUTSIDE if named & _BEFORE_BEGIN else Kind.SETTING


def remembers(statement: Sequence[Token]) -> bool:
    """Whether a statement sets what nothing but the end of the session clears: user variables, prepared statements.

    A SET that assigns system variables as well is not one of them.
    """
    words = [token.word for token in statement]
    if words[:1] == ["set"]:
        targets = [words[at + 1 : at + 3] for at in range(len(words)) if at == 0 or _separates(words, at)]
        return all(target[:1] == ["@"] and target[1:] != ["@"] for target in targets)
    prepared = words[:1] in (["prepare"], ["deallocate"]) or words[:2] == ["drop", "prepare"]
    return prepared or _fills_variable(statement)


def _separates(words: Sequence[str], at: int) -> bool:
    """Whether a comma stands between assignments, not between a function's arguments."""
    return words[at] == "," and words[:at].count("(") == words[:at].count(")")


def _fills_variable(statement: Sequence[Token]) -> bool:
    """`SELECT ... INTO @name` is a setting: what follows relies on the variable."""
    words = [token.word for token in statement]
    return words[:1] in (["select"], ["with"]) and ("into", "@") in pairwise(words)

"""ALTER TABLE about the table as a whole: storage, options, owner, row security, inheritance, triggers, rules."""

from instar.dialects.postgresql.analysis import objects
from instar.dialects.postgresql.analysis.partition import sequences_of
from instar.dialects.postgresql.analysis.subcommand import AX, SRX, STORED, SUX, Refused, Subcommand
from instar.effects import Change, Lock, LockMode

# Storage parameters that need SHARE UPDATE EXCLUSIVE only (PostgreSQL's access/common/reloptions.c).
_LIGHT = frozenset(
    {
        "fillfactor", "toast_tuple_target", "parallel_workers", "vacuum_index_cleanup", "vacuum_truncate",
        "log_autovacuum_min_duration", "n_distinct", "n_distinct_inherited", "deduplicate_items",
        "vacuum_max_eager_freeze_failure_rate",
    }
)  # fmt: skip
_LOGGED = {"AT_SetLogged": ("set logged", "p"), "AT_SetUnLogged": ("set unlogged", "u")}
_TRIGGERS = {
    "AT_EnableTrig": "enable trigger",
    "AT_EnableAlwaysTrig": "enable trigger",
    "AT_EnableReplicaTrig": "enable trigger",
    "AT_EnableTrigAll": "enable trigger",
    "AT_EnableTrigUser": "enable trigger",
    "AT_DisableTrig": "disable trigger",
    "AT_DisableTrigAll": "disable trigger",
    "AT_DisableTrigUser": "disable trigger",
}
_ONESELF = frozenset({"ROLESPEC_CURRENT_USER", "ROLESPEC_CURRENT_ROLE", "ROLESPEC_SESSION_USER"})
_ALL = frozenset({"AT_EnableTrigAll", "AT_DisableTrigAll"})
_USER = frozenset({"AT_EnableTrigUser", "AT_DisableTrigUser"})
_TRIGGERS_RECURSE_SINCE = 15
_METHOD_SINCE = 15
_PARTITIONED_MESSAGE_SINCE = 16


def logged(sub: Subcommand) -> tuple[Change, ...]:
    """Analyse SET LOGGED and SET UNLOGGED: the table is written anew, unless it is so already."""
    kind, persistence = _LOGGED[sub.node["subtype"]]
    locks = sub.locks(AX, (sub.table,))
    if sub.table.kind == "sequence":
        return (sub.change("alter sequence", locks=locks),)
    if sub.table.name in sub.schema.tables and sub.table.complete and sub.table.persistence == persistence:
        return (sub.change(kind, locks=locks, cleared=f"{sub.table.name} is so already"),)
    return (_copied(sub, kind, "the whole table is written anew", sequences=True),)


def _copied(sub: Subcommand, kind: str, reason: str, *, unknown: str = "", sequences: bool = False) -> Change:
    """Return a change that writes the table (none of its partitions) anew."""
    sub.only = True
    locks, work = sub.rewrite(reason, unknown)
    if sequences:
        locks += tuple(Lock(key, AX, "sequence") for key in sequences_of(sub.table))
    return sub.change(kind, locks=locks, work=work)


def access_method(sub: Subcommand) -> tuple[Change, ...]:
    """Analyse SET ACCESS METHOD."""
    sub.refuse_before(_METHOD_SINCE, "SET ACCESS METHOD")
    unknown, same = _same_option(sub, "access method", "heap")
    if same:
        cleared = f"{sub.table.name} has this access method already"
        return (sub.change("set access method", locks=sub.locks(AX, (sub.table,)), cleared=cleared),)
    return (_copied(sub, "set access method", "the whole table is written anew", unknown=unknown),)


def tablespace(sub: Subcommand) -> tuple[Change, ...]:
    """Analyse SET TABLESPACE: the table's files are copied; its indexes stay where they are."""
    unknown, same = _same_option(sub, "tablespace", "pg_default")
    locks = sub.locks(AX, (sub.table,))
    if same:
        return (sub.change("set tablespace", locks=locks, cleared=f"{sub.table.name} is there already"),)
    sub.only = True
    work = sub.rewrite("the table's files are copied", unknown)[1]
    return (sub.change("set tablespace", locks=locks, work=work),)


def _same_option(sub: Subcommand, word: str, usual: str) -> tuple[str, bool]:
    """Return the fact that decides whether the table has the property already, and whether it has it for certain."""
    prefix = f"{word}="
    found = next((item.removeprefix(prefix) for item in sub.table.options if item.startswith(prefix)), "")
    if found or sub.table.complete:
        return "", (found or usual) == (sub.name or usual)
    return (f"the {word} of {sub.table.name}", False) if sub.name in ("", usual) else ("", False)


def options(sub: Subcommand) -> tuple[Change, ...]:
    """Analyse SET (..) and RESET (..): most storage parameters let readers and writers through."""
    found = [item["DefElem"] for item in sub.node.get("def", {}).get("List", {}).get("items", ())]
    if sub.table.kind == "partitioned" and found:
        what = f'unrecognized parameter "{found[0]["defname"]}"'
        newer = not sub.version or sub.version >= _PARTITIONED_MESSAGE_SINCE
        raise Refused("cannot specify storage parameters for a partitioned table" if newer else what)
    mode = SUX if all(_is_light(item["defname"]) for item in found) else AX
    if sub.table.kind == "view":
        mode = AX
    return (sub.change("set options", "", locks=sub.locks(mode, (sub.table,)), text=sub.text),)


def _is_light(name: str) -> bool:
    return name in _LIGHT or name.startswith("autovacuum_")


def owner(sub: Subcommand) -> tuple[Change, ...]:
    """Analyse OWNER TO: indexes and sequences of the table follow."""
    role = sub.node.get("newowner", {}).get("rolename", "")
    locks = [objects.lock(sub.table, AX)]
    if sub.node.get("newowner", {}).get("roletype") in _ONESELF:
        # Who may say this owns the table already, a superuser aside: nothing follows then.
        return (sub.change("set owner", role, locks=tuple(locks)),)
    if sub.table.kind in (*STORED, "partitioned"):
        locks += objects.index_locks(sub.table, AX)
        locks += [Lock(key, AX, "sequence") for key in sequences_of(sub.table)]
    return (sub.change("set owner", role, locks=tuple(locks)),)


def row_security(sub: Subcommand) -> tuple[Change, ...]:
    """Analyse ENABLE, DISABLE, FORCE and NO FORCE ROW LEVEL SECURITY."""
    words = {"AT_EnableRowSecurity": "enable", "AT_DisableRowSecurity": "disable", "AT_ForceRowSecurity": "force"}
    word = words.get(sub.node["subtype"], "no force")
    return (sub.change("row security", "", locks=sub.locks(AX, (sub.table,)), flags=(word,)),)


def replica_identity(sub: Subcommand) -> tuple[Change, ...]:
    """Analyse REPLICA IDENTITY."""
    name = sub.node.get("def", {}).get("ReplicaIdentityStmt", {}).get("name", "")
    locks = sub.locks(AX, (sub.table,))
    if name:
        locks += (Lock(objects.beside(sub.table.name, name), LockMode.SHARE, "index"),)
    return (sub.change("replica identity", name, locks=locks, text=sub.text),)


def cluster_on(sub: Subcommand) -> tuple[Change, ...]:
    """Analyse CLUSTER ON and SET WITHOUT CLUSTER: only a mark for a later CLUSTER."""
    locks = sub.locks(SUX, (sub.table,))
    if sub.name:
        locks += (Lock(objects.beside(sub.table.name, sub.name), SUX, "index"),)
    return (sub.change("set clustered", locks=locks),)


def inherit(sub: Subcommand) -> tuple[Change, ...]:
    """Analyse INHERIT and NO INHERIT."""
    parent = sub.scope.table(sub.node["def"]["RangeVar"])
    adds = sub.node["subtype"] == "AT_AddInherit"
    locks = (objects.lock(sub.table, AX), objects.lock(parent, SUX if adds else LockMode.ACCESS_SHARE))
    kind = "inherit" if adds else "no inherit"
    return (sub.change(kind, objects.bare(parent.name), locks=locks, others=(parent.name,)),)


def trigger(sub: Subcommand) -> tuple[Change, ...]:
    """Analyse ENABLE and DISABLE TRIGGER; from PostgreSQL 15 on those of partitions follow."""
    subtype = sub.node["subtype"]
    recurses = not sub.version or sub.version >= _TRIGGERS_RECURSE_SINCE
    plain = sub.table.complete and not sub.table.triggers and subtype not in _ALL
    tables = sub.family if recurses and sub.table.kind == "partitioned" and not plain else (sub.table,)
    flags = ("all",) if subtype in _ALL else ("user",) if subtype in _USER else ()
    return (sub.change(_TRIGGERS[subtype], locks=sub.locks(SRX, tables), flags=flags),)


def other(sub: Subcommand) -> tuple[Change, ...]:
    """Analyse what has no word of its own (rules, OF, WITHOUT OIDS): the strongest lock is what the server takes."""
    return (sub.change("alter table options", locks=sub.locks(AX, (sub.table,)), text=sub.text),)


SUBCOMMANDS = {
    **dict.fromkeys(_LOGGED, logged),
    **dict.fromkeys(_TRIGGERS, trigger),
    "AT_SetAccessMethod": access_method,
    "AT_SetTableSpace": tablespace,
    "AT_SetRelOptions": options,
    "AT_ResetRelOptions": options,
    "AT_ChangeOwner": owner,
    "AT_EnableRowSecurity": row_security,
    "AT_DisableRowSecurity": row_security,
    "AT_ForceRowSecurity": row_security,
    "AT_NoForceRowSecurity": row_security,
    "AT_ReplicaIdentity": replica_identity,
    "AT_ClusterOn": cluster_on,
    "AT_DropCluster": cluster_on,
    "AT_AddInherit": inherit,
    "AT_DropInherit": inherit,
}

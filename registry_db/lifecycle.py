"""The life of a definition's versions: what a new one may change, and who decided on its status, and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import get_args

from indicators.faults import Fault, did_you_mean
from indicators.guide import Edition
from indicators.levels import version_fault
from indicators.versions import (
    ADOPTED,
    TRANSITIONS,
    StatusChange,
    field_changes,
    next_statuses,
    order,
    with_status,
)
from indicators.words import Status
from registry_db.catalogue import Definition, in_force, keep_members, read_definition, stored_definitions
from registry_db.connect import Connection
from registry_db.faults import RegistryError


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decides on the status of a version, and why; both are kept with it for good."""

    by: str
    why: str

    def __post_init__(self) -> None:
        for name in ("by", "why"):
            if not getattr(self, name).strip():
                raise RegistryError(f"a decision names who took it and why: '{name}' is empty")


# Of a definition that is put in with the status that its file gives it.
AS_IN_THE_FILE = Decision("operator", "as in the file")


@dataclass(frozen=True, slots=True)
class VersionHistory:
    """The life of one version of a definition, oldest step first."""

    kind: str
    id: str
    version: str
    status: Status
    steps: tuple[StatusChange, ...]


def version_faults(stored: Iterable[Definition], items: Iterable[Definition]) -> Iterator[Fault]:
    """Faults of definitions against the versions that the registry holds.

    A version that was adopted never changes. A new version has a number that says how far it goes. A status
    is changed by a decision, not by a file.
    """
    held = {(item.kind, item.id, item.version): item for item in stored}
    for item in items:
        present = held.get((item.kind, item.id, item.version))
        if present is None:
            yield from _number_faults(held.values(), item)
        elif present.hash != item.hash and present.status in ADOPTED:
            message = f"{item.label} is {present.status} in this registry and has another content"
            yield item.source.fault(("version",), message, "give the change a new version")
        elif present.status != item.status:
            message = f"{item.label} is {present.status} in this registry, not {item.status}"
            command = f"meetlat status {item.id} {item.version} {item.status} --by WHO --why WHY"
            hint = f"a status is decided on: `{command}`"
            yield item.source.fault(("status",), message, hint)


def _number_faults(held: Iterable[Definition], item: Definition) -> Iterator[Fault]:
    earlier = predecessor(held, item)
    if earlier is None:
        return
    changes = field_changes(earlier.model, item.model)
    if fault := version_fault(item.kind, earlier.version, item.version, changes):
        yield item.source.fault(("version",), *fault)


def predecessor(held: Iterable[Definition], item: Definition) -> Definition | None:
    """Give the newest adopted version of a definition before this one; None for a first version."""
    earlier = [
        other
        for other in held
        if (other.kind, other.id) == (item.kind, item.id)
        and other.status in ADOPTED
        and order(other.version) < order(item.version)
    ]
    return max(earlier, key=lambda other: order(other.version), default=None)


def one_of(stored: Iterable[Definition], id: str, version: str | None = None) -> list[Definition]:
    """Versions of the one definition with an id, oldest first; only one if its version is named.

    Raises
    ------
    RegistryError
        If there is none, or an id is of definitions of two kinds.
    """
    every = list(stored)
    found = sorted((item for item in every if item.id == id), key=lambda item: order(item.version))
    if not found:
        raise RegistryError(
            f"there is no definition '{id}' in this registry", did_you_mean(id, {item.id for item in every})
        )
    kinds = sorted({item.kind for item in found})
    if len(kinds) > 1:
        raise RegistryError(f"'{id}' is a {' and a '.join(kinds)}", "give one of them another id")
    chosen = [item for item in found if version in (None, item.version)]
    if not chosen:
        known = ", ".join(item.version for item in found)
        raise RegistryError(f"{found[0].kind} {id} has no version {version}", f"it has: {known}")
    return chosen


def decided(item: Definition, status: str) -> Definition:
    """Give a version with its new status, also in its text.

    Raises
    ------
    RegistryError
        If the status does not exist, or cannot follow the one that the version has.
    """
    known = get_args(Status)
    if status not in known:
        raise RegistryError(f"there is no status '{status}'", did_you_mean(status, known))
    now: Status = item.status
    if status not in TRANSITIONS[now]:
        raise RegistryError(f"{item.label} is {now}; after that comes {next_statuses(now)}, not {status}")
    wanted: Status = status  # type: ignore[assignment]
    changed = read_definition(with_status(item.source.text, wanted), item.source.file)
    if changed.status != status or changed.hash != item.hash:
        raise RegistryError(
            f"{item.source.file}: the status cannot be written into this text",
            "write 'status:' on a line of its own, below 'version:'",
        )
    return changed


def keep_status(con: Connection, item: Definition, decision: Decision) -> None:
    """Add a step to the life of a version; steps are never changed or taken away."""
    con.execute(
        "insert into status_change values (?, ?, ?, ?, ?, ?, ?, now()::timestamp)",
        [item.kind, item.id, item.version, item.status, item.hash, decision.by, decision.why],
    )


def change_status(con: Connection, item: Definition, decision: Decision) -> None:
    """Keep a version with its new status, inside the caller's transaction."""
    con.execute(
        "update definition set status = ?, text = ? where kind = ? and id = ? and version = ?",
        [item.status, item.source.text, item.kind, item.id, item.version],
    )
    keep_status(con, item, decision)
    if item.kind == "network_set":
        keep_members(con, in_force(stored_definitions(con)))


def histories(con: Connection, items: Iterable[Definition]) -> list[VersionHistory]:
    """Give the life of each version, as it was decided on."""
    found: list[VersionHistory] = []
    for item in items:
        rows = con.execute(
            "select status, decided_by, why, decided_at, hash from status_change "
            "where kind = ? and id = ? and version = ? order by decided_at, rowid",
            [item.kind, item.id, item.version],
        ).fetchall()
        steps = tuple(StatusChange(*row[:3], _utc(row[3]), row[4]) for row in rows)
        found.append(VersionHistory(item.kind, item.id, item.version, item.status, steps))
    return found


def editions(con: Connection, stored: Iterable[Definition], indicator: str) -> tuple[Edition, ...]:
    """Tell the versions of an indicator as the guide does, newest first."""
    items = [item for item in stored if (item.kind, item.id) == ("indicator", indicator)]
    items.sort(key=lambda item: order(item.version), reverse=True)
    steps = {life.version: tuple(map(_as_told, life.steps)) for life in histories(con, items)}
    return tuple(Edition(i.version, i.status, i.model.changes, steps.get(i.version, ())) for i in items)


def _as_told(step: StatusChange) -> StatusChange:
    """A step as the guide tells it: that a version came with its status in a file is nobody's decision."""
    if (step.by, step.why) == (AS_IN_THE_FILE.by, AS_IN_THE_FILE.why):
        return replace(step, by="", why="")
    return step


def _utc(moment: dt.datetime) -> dt.datetime:
    return moment.replace(tzinfo=dt.UTC)

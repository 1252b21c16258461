"""The definitions that a registry holds: checked together, kept by version, never changed once active."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from contracts.contract import Contract
from contracts.terms.facts import Facts
from indicators.attribution_faults import attribution_faults, in_part_faults
from indicators.code_sets import CodeSet, written_out
from indicators.dataset import Dataset, acquainted
from indicators.definition import Indicator
from indicators.definitions import KINDS, dataset_faults, indicator_faults, kind_of, validate
from indicators.faults import DefinitionError, Fault, did_you_mean
from indicators.links import link_faults
from indicators.networks import NetworkSet
from indicators.shares import counts_in_part, shares
from indicators.source import MAX_BYTES, Source, dotted, read_source
from indicators.tree import Codes
from indicators.versions import identity, order
from indicators.words import Status
from registry_db.connect import Connection
from registry_db.contract_checks import Known, Placed, contract_faults, facts_faults
from registry_db.faults import RegistryError
from registry_db.records import make_record_tables

ALL_KINDS: dict[str, type[BaseModel]] = {**KINDS, "contract": Contract, "facts": Facts}


@dataclass(frozen=True, slots=True)
class Definition:
    """One definition: what kind it is, its identity, and the checked object.

    Attributes
    ----------
    kind : str
        ``dataset``, ``indicator``, ``network_set``, ``code_set`` or ``contract``.
    hash : str
        SHA-256 of what it says, `indicators.versions.identity`.
    model : Dataset, Indicator, NetworkSet, CodeSet or Contract
        The checked object.
    """

    kind: str
    id: str
    version: str
    status: Status
    hash: str
    source: Source
    model: Any

    @property
    def label(self) -> str:
        """Such as ``indicator birth-pph 1.0.0``."""
        return f"{self.kind.replace('_', ' ')} {self.id} {self.version}"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The version in force of every definition, by kind and id."""

    definitions: dict[tuple[str, str], Definition]

    def of_kind(self, kind: str) -> dict[str, Definition]:
        """Definitions of one kind, by id."""
        return {id: item for (of, id), item in sorted(self.definitions.items()) if of == kind}

    def get(self, kind: str, id: str) -> Definition:
        """One definition.

        Raises
        ------
        RegistryError
            If the registry has none of that name.
        """
        if (kind, id) not in self.definitions:
            known = did_you_mean(id, self.of_kind(kind))
            raise RegistryError(f"there is no {kind.replace('_', ' ')} '{id}' in this registry", known)
        return self.definitions[kind, id]

    def dataset(self, id: str) -> Dataset:
        """The definition of a dataset."""
        found = self.get("dataset", id).model
        assert isinstance(found, Dataset)
        return found

    @property
    def code_lists(self) -> dict[str, Codes]:
        """Each list of every code set, by the name that ``in_set`` has for it."""
        models = (item.model for item in self.of_kind("code_set").values())
        sets = (model for model in models if isinstance(model, CodeSet))
        return {name: codes for model in sets for name, codes in model.code_lists.items()}

    @property
    def known(self) -> Known:
        """What a contract can name."""
        kinds = ("dataset", "network_set", "indicator")
        return Known(*({id: item.model for id, item in self.of_kind(kind).items()} for kind in kinds))

    def shown(self) -> list[Definition]:
        """Indicators that are published: those that are run, and retired ones with their scores."""
        return [item for item in self.of_kind("indicator").values() if item.status != "draft"]

    def indicators(self) -> list[Definition]:
        """Indicators that are run: active ones, and those in consultation."""
        items = self.of_kind("indicator").values()
        return [item for item in items if item.status in ("active", "consultation")]


def read_definition(text: str, file: str) -> Definition:
    """Read and check one definition by itself.

    Raises
    ------
    DefinitionError
        With every fault found.
    """
    source = read_source(text, file)
    kind = kind_of(source, tuple(ALL_KINDS))
    model: Any = validate(source, ALL_KINDS[kind])
    return Definition(kind, getattr(model, kind), model.version, model.status, identity(model), source, model)


def read_files(files: Iterable[Path]) -> list[Definition]:
    """Read definitions from files; all faults of all files at once.

    Raises
    ------
    DefinitionError
        If any file cannot be read or is at fault.
    """
    read: list[Definition] = []
    faults: list[Fault] = []
    for file in files:
        try:
            read.append(_with_codes(read_definition(file_text(file), file.name), file.parent))
        except OSError:
            folder = "it is a folder; give the files in it"
            faults.append(Fault(str(file), 0, "", folder if file.is_dir() else "there is no such file"))
        except DefinitionError as error:
            faults += error.faults
    if faults:
        raise DefinitionError(faults)
    return read


def file_text(file: Path) -> str:
    """Text of a definition file; one that is too large is not read."""
    with file.open("rb") as stream:
        content = stream.read(MAX_BYTES + 1)
    try:
        # Of a larger file the rest is not needed to refuse it, nor the end of its last character.
        return content.decode("utf-8", errors="strict" if len(content) <= MAX_BYTES else "replace")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"byte 0x{content[error.start]:02x} is not UTF-8 text"
        raise DefinitionError([Fault(file.name, line, "", message, "save the file as UTF-8")]) from None


def _with_codes(item: Definition, folder: Path) -> Definition:
    """Write the codes of a table beside a code set into it: the registry keeps what it works with."""
    if not isinstance(item.model, CodeSet) or item.model.file is None:
        return item
    table = item.model.file
    try:
        text = (folder / table.name).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        message = f"there is no file '{table.name}' beside this definition, or it is not text"
        raise DefinitionError([item.source.fault(("file", "name"), message)]) from None
    return read_definition(written_out(item.source, table, text).text, item.source.file)


def merged(catalogue: Catalogue, added: Iterable[Definition]) -> Catalogue:
    """Give the catalogue with definitions added; a newer version takes the place of an older one."""
    definitions = dict(catalogue.definitions)
    for item in added:
        present = definitions.get((item.kind, item.id))
        if present is None or order(item.version) >= order(present.version):
            definitions[item.kind, item.id] = item
    return _catalogue(definitions)


def in_force(items: Iterable[Definition]) -> Catalogue:
    """Give the version in force of every definition.

    That is the newest one that was made active, be it retired since. A version in consultation or in draft
    is in force only as long as there is none: it never takes the place of one that people rely on.
    """
    chosen: dict[tuple[str, str], Definition] = {}
    for item in items:
        present = chosen.get((item.kind, item.id))
        if present is None or _standing(item) > _standing(present):
            chosen[item.kind, item.id] = item
    return _catalogue(chosen)


def _catalogue(definitions: dict[tuple[str, str], Definition]) -> Catalogue:
    """Make the catalogue; its datasets know each other, and the code lists that expressions may name."""
    lists = Catalogue(definitions).code_lists
    models = [item.model for item in definitions.values() if isinstance(item.model, Dataset)]
    known = {("dataset", model.dataset): model for model in acquainted(models, lists)}
    return Catalogue(
        definitions | {key: replace(definitions[key], model=model) for key, model in known.items()}
    )


def _standing(item: Definition) -> tuple[int, tuple[int, ...]]:
    return {"draft": 0, "consultation": 1}.get(item.status, 2), order(item.version)


def cross_check(catalogue: Catalogue, added: Iterable[Definition]) -> list[Fault]:
    """Hold definitions against the others that they name."""
    return [fault for item in added for fault in _cross_faults(catalogue, item)]


def broken_by(before: Catalogue, after: Catalogue) -> list[Fault]:
    """Faults of definitions that stay as they are, once others that they read take force.

    What was at fault before is no reason to refuse what is new.
    """
    hashes = {key: item.hash for key, item in before.definitions.items()}
    new = {key for key, item in after.definitions.items() if hashes.get(key) != item.hash}
    changed = {id for kind, id in new if kind == "dataset"}
    sets = [f"'{id}{end}" for kind, id in new if kind == "code_set" for end in ("'", "/")]
    found: list[Fault] = []
    for key, item in after.definitions.items():
        if key in new or item.status == "draft":
            continue
        reads = isinstance(item.model, Indicator) and item.model.dataset in changed
        if reads or any(name in item.source.text for name in sets):
            known = {*_cross_faults(before, before.definitions[key])}
            found += [fault for fault in _cross_faults(after, item) if fault not in known]
    return [replace(fault, message=f"this would no longer be right: {fault.message}") for fault in found]


def _cross_faults(catalogue: Catalogue, item: Definition) -> Iterator[Fault]:
    datasets = catalogue.of_kind("dataset")
    if isinstance(item.model, Dataset):
        yield from _dataset_faults(catalogue, item, item.model)
    elif isinstance(item.model, Indicator):
        yield from _lacking(item, ("dataset",), item.model.dataset, datasets)
        if item.model.response:
            yield from _lacking(item, ("response",), item.model.response, catalogue.of_kind("indicator"))
        if item.model.unit != "provider":
            yield from _lacking(item, ("unit",), item.model.unit, catalogue.of_kind("network_set"))
        if item.model.dataset in datasets:
            yield from indicator_faults(item.model, datasets[item.model.dataset].model, item.source)
        networks = catalogue.of_kind("network_set").get(item.model.unit)
        yield from _in_part_faults(networks, item, item) if networks else ()
    elif isinstance(item.model, NetworkSet):
        yield from _network_faults(catalogue, item, item.model)
    elif isinstance(item.model, Facts):
        yield from _lacking(item, ("contract",), item.model.contract, catalogue.of_kind("contract"))
        agreed = catalogue.definitions.get(("contract", item.model.contract))
        if agreed is not None:
            yield from _faults(item, facts_faults(item.model, agreed.model))
    elif isinstance(item.model, Contract):
        yield from _faults(item, contract_faults(item.model, catalogue.known))


def _faults(item: Definition, found: Iterable[Placed]) -> Iterator[Fault]:
    return (item.source.fault(path, message, hint) for path, message, hint in found)


def _dataset_faults(catalogue: Catalogue, item: Definition, dataset: Dataset) -> Iterator[Fault]:
    """Faults of a dataset beside the others, and of those others and network sets that read rows of it."""
    others = {id: each.model for id, each in catalogue.of_kind("dataset").items()}
    known = {
        each.dataset: each
        for each in acquainted([*(others | {item.id: dataset}).values()], catalogue.code_lists)
    }
    yield from dataset_faults(known[item.id], item.source)
    for id, each in known.items():
        if id != item.id and item.id in each.linked_datasets:
            source = catalogue.get("dataset", id).source
            for path, message, hint in link_faults(each):
                yield source.fault(path, message, hint)
    for networks in catalogue.of_kind("network_set").values():
        for number, entry in enumerate(networks.model.attribution):
            found = attribution_faults(networks.model, number, known[item.id])
            for path, message, hint in found if entry.dataset == item.id else ():
                yield item.source.fault(("dataset",), f"{networks.label}: {dotted(path)}: {message}", hint)


def _network_faults(catalogue: Catalogue, item: Definition, networks: NetworkSet) -> Iterator[Fault]:
    datasets = catalogue.of_kind("dataset")
    for number, entry in enumerate(networks.attribution):
        yield from _lacking(item, ("attribution", number, "dataset"), entry.dataset, datasets)
        if entry.dataset in datasets:
            yield from _faults(item, attribution_faults(networks, number, datasets[entry.dataset].model))
    for scored in catalogue.indicators():
        if scored.model.unit == item.id:
            yield from _in_part_faults(item, scored, item)


def _in_part_faults(networks: Definition, scored: Definition, item: Definition) -> Iterator[Fault]:
    """Faults of an indicator on a set of networks whose records count in part, at the one that is added."""
    if not counts_in_part(networks.model, scored.model.dataset):
        return
    for path, message, hint in in_part_faults(scored.model, networks.id):
        if item is scored:
            yield item.source.fault(path, message, hint)
        else:
            yield item.source.fault(("network_set",), f"{scored.label}: {dotted(path)}: {message}", hint)


def _lacking(
    item: Definition, path: tuple[str | int, ...], wanted: str, known: dict[str, Definition]
) -> Iterator[Fault]:
    if wanted not in known:
        yield item.source.fault(path, f"there is no {path[-1]} '{wanted}'", did_you_mean(wanted, known))


def stored_definitions(con: Connection) -> list[Definition]:
    """Read every version of every definition from the vault."""
    rows = con.execute("select text, file_name from definition order by kind, id, version").fetchall()
    return [read_definition(text, file) for text, file in rows]


def store(con: Connection, items: Iterable[Definition]) -> list[Definition]:
    """Put checked definitions into the vault, inside the caller's transaction.

    What may not change is found by `registry_db.lifecycle.version_faults`, before.

    Returns
    -------
    list of Definition
        Those that were not there yet, or had another content.
    """
    new: list[Definition] = []
    for item in items:
        key = [item.kind, item.id, item.version]
        where = "kind = ? and id = ? and version = ?"
        if con.execute(f"select hash from definition where {where}", key).fetchall() == [(item.hash,)]:
            continue
        new.append(item)
        con.execute(f"delete from definition where {where}", key)
        con.execute(
            "insert into definition values (?, ?, ?, ?, ?, ?, ?, now()::timestamp)",
            [*key, item.status, item.hash, item.source.file, item.source.text],
        )
        if isinstance(item.model, Dataset):
            make_record_tables(con, item.model)
    if any(isinstance(item.model, NetworkSet) for item in new):
        keep_members(con, in_force(stored_definitions(con)))
    return new


def keep_members(con: Connection, catalogue: Catalogue) -> None:
    """Keep memberships and shares of the network sets in force, whichever version was handed in last."""
    for table in ("member", "share", "network_set_in_force"):
        con.execute(f"delete from {table}")
    for item in catalogue.of_kind("network_set").values():
        con.execute("insert into network_set_in_force values (?, ?)", [item.id, item.version])
        rows = [
            (item.id, code, member.provider, member.since, member.until)
            for code, network in item.model.networks.items()
            for member in network.members
        ]
        con.executemany("insert into member values (?, ?, ?, ?, ?)", rows)
        laid_out = [
            (item.id, one.number, one.provider, one.network, one.since, one.until, one.weight, one.first)
            for one in shares(item.model)
        ]
        con.executemany("insert into share values (?, ?, ?, ?, ?, ?, ?, ?)", laid_out)

"""The registry: everything that a command, a page or a program can ask of it."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import duckdb

from contracts.inputs import SettlementError
from contracts.payers import settle_payers
from indicators.dataset import Dataset
from indicators.definition import Indicator
from indicators.definitions import code_sets_of
from indicators.faults import did_you_mean
from indicators.library.birth.simulate import simulate
from indicators.tables import Table
from registry_db.again import SettledAgain, settle_again
from registry_db.assessing import Assessed, assess
from registry_db.catalogue import (
    Catalogue,
    Definition,
)
from registry_db.connect import limited, transaction
from registry_db.defining import Defining
from registry_db.deliveries import Delivered, deliver
from registry_db.faults import RegistryError
from registry_db.following import follow
from registry_db.keeping import keep_settlement
from registry_db.library import library_files
from registry_db.looking import Looking
from registry_db.luck import store_luck
from registry_db.publication import Published, publish
from registry_db.settings import Settings, read_key, write_settings
from registry_db.settling import settlement_inputs

Progress = Callable[[str, int, int], None]


def _silent(message: str, done: int, total: int) -> None:
    del message, done, total


def _parent(folder: Path) -> Path:
    """Give the folder that holds a new registry, so that it can be put in place by a rename."""
    parent = folder.resolve().parent
    parent.mkdir(parents=True, exist_ok=True)
    return parent


def _table(dataset: Dataset, path: Sequence[str]) -> Table:
    """Give the table of a dataset that a path of names leads to, the dataset itself for none."""
    table: Table = dataset
    for name in path:
        if name not in table.tables:
            known = did_you_mean(name, table.tables) or "it has no tables"
            raise RegistryError(f"{table.name} has no table '{name}'", known)
        table = table.tables[name]
        if table.rows_of:
            message = f"{table.name} holds the rows of {table.rows_of}, and is not delivered itself"
            raise RegistryError(message, f"deliver {table.rows_of}")
    return table


def _refuse_taken(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RegistryError(f"{folder}: there is something here already", "choose a new folder")


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run did.

    Attributes
    ----------
    assessed : tuple of Assessed
        What was done for every indicator.
    settled : tuple of str
        Contract and year of every settlement.
    notes : tuple of str
        Contracts that could not be settled, and why.
    published : Published
        The publication.
    """

    assessed: tuple[Assessed, ...]
    settled: tuple[str, ...]
    notes: tuple[str, ...]
    published: Published


class Registry(Defining, Looking):
    """A registry in a folder.

    Parameters
    ----------
    folder : Path
        The folder, with a ``registry.toml``.

    Examples
    --------
    >>> with Registry(Path("nhs")) as registry:  # doctest: +SKIP
    ...     registry.deliver("nhs-hip", Path("hip.csv.zip"))
    ...     registry.run()
    """

    @classmethod
    def create(cls, folder: Path, *, library: str | None = None, name: str | None = None) -> Registry:
        """Make an empty registry, or one with a shipped library set.

        Raises
        ------
        RegistryError
            If the folder is there and not empty, or there is no such set.
        """
        files = library_files(library) if library else []
        _refuse_taken(folder)
        with tempfile.TemporaryDirectory(dir=_parent(folder), prefix=".init-") as work:
            draft = Path(work) / folder.name
            draft.mkdir()
            write_settings(draft, Settings(name=name or folder.resolve().name))
            (draft / "definitions").mkdir()
            (draft / "publications").mkdir()
            with cls(draft) as registry:
                registry.define(files)
            draft.replace(folder)
        return cls(folder)

    @classmethod
    def demo(cls, folder: Path, *, progress: Progress = _silent) -> Ran:
        """Build a registry of generated birth-care records and run everything; it is whole or not there.

        The files that were delivered, and the truth they were drawn from, lie in ``deliveries/``.

        Raises
        ------
        RegistryError
            If the folder is there and not empty.
        """
        _refuse_taken(folder)
        with tempfile.TemporaryDirectory(dir=_parent(folder), prefix=".demo-") as work:
            draft = Path(work) / folder.name
            with cls.create(draft, library="birth", name="Meetlat demo") as registry:
                progress("births", 0, 2)
                simulated = simulate(draft / "deliveries")
                progress("deliveries", 1, 2)
                for file in simulated.births:
                    registry.deliver("birth", file)
                registry.deliver("vsv-structure", simulated.structure)
                ran = registry.run(progress=progress)
            draft.replace(folder)
        return ran

    def deliver(self, dataset: str, file: Path, *, replaces: str | None = None) -> Delivered:
        """Take one file in, of a dataset or of a table of it, ``dataset.table``.

        See `registry_db.deliveries.deliver`.
        """
        id, *path = dataset.split(".")
        definition = self.catalogue().get("dataset", id)
        return deliver(
            self.con,
            _table(definition.model, path),
            file,
            dataset_hash=definition.hash,
            key=read_key(self.folder),
            replaces=replaces,
        )

    def fit(self, indicator: str | None = None, *, progress: Progress = _silent) -> list[Assessed]:
        """Fit the models that are outstanding."""
        return self._assess(indicator, progress, score=False)

    def score(self, indicator: str | None = None, *, progress: Progress = _silent) -> list[Assessed]:
        """Score what is outstanding; models that are outstanding are fitted first."""
        return self._assess(indicator, progress, score=True)

    def _assess(self, indicator: str | None, progress: Progress, *, score: bool) -> list[Assessed]:
        catalogue = self.catalogue()
        self._refuse_edited()
        chosen = [catalogue.get("indicator", indicator)] if indicator else catalogue.indicators()
        done: list[Assessed] = []
        failed: list[str] = []
        for number, item in enumerate(chosen):
            progress(item.id, number, len(chosen))
            hash = self._inputs_hash(catalogue, item)
            try:
                with limited(self.con, item.id):
                    done.append(assess(self.con, catalogue, item, inputs_hash=hash, score=score))
            except duckdb.Error as error:
                failed.append(f"{item.id}: the engine cannot compute it: {str(error).splitlines()[0]}")
        progress("", len(chosen), len(chosen))
        if failed:  # what is wrong with one definition keeps no other from being scored
            hint = "look at its expressions: a number may grow beyond what the engine holds"
            raise RegistryError("\n".join(failed), hint)
        return done

    def follow(self) -> tuple[str, ...]:
        """Follow by month what is outstanding; give the indicators that have a course.

        See `registry_db.following.follow`.
        """
        catalogue = self.catalogue()
        followed = []
        for item in catalogue.indicators():
            with limited(self.con, item.id):
                hash = self._inputs_hash(catalogue, item)
                if follow(self.con, catalogue, item, inputs_hash=hash):
                    followed.append(item.id)
        return tuple(followed)

    def _inputs_hash(self, catalogue: Catalogue, item: Definition) -> str:
        """Hash all that a score follows from: equal hashes, equal scores."""
        indicator = item.model
        assert isinstance(indicator, Indicator)
        linked = catalogue.dataset(indicator.dataset).linked_datasets
        read = [catalogue.get("dataset", id) for id in (indicator.dataset, *linked)]
        deliveries = self.con.execute(
            "select seq, sha256 from delivery "
            "where list_contains(?, split_part(dataset, '.', 1)) and superseded_by is null order by seq",
            [[item.id for item in read]],
        ).fetchall()
        members = []
        if indicator.unit != "provider":
            members = [catalogue.get("network_set", indicator.unit).hash]
        named = code_sets_of(indicator, *(each.model for each in read))
        code_sets = [catalogue.get("code_set", id).hash for id in named]
        parts = [item.hash, [each.hash for each in read], members, code_sets, deliveries]
        return hashlib.sha256(json.dumps([*parts, version("meetlat")]).encode()).hexdigest()

    def settle(self, contract: str | None = None, *, period: str | None = None) -> list[str]:
        """Settle contracts on the scores in the vault; give contract and year of each settlement."""
        catalogue = self.catalogue()
        chosen = [catalogue.get("contract", contract)] if contract else self._contracts_of(period)
        settled = []
        for item in chosen:
            for year in self._years(item, period):
                inputs = settlement_inputs(self.con, catalogue, item.model, year)
                with transaction(self.con):
                    made = settle_payers(item.model, inputs)
                    if keep_settlement(self.con, item.model, made):
                        store_luck(self.con, catalogue, item.model, made)
                settled.append(f"{item.id} {year}")
        return settled

    def settle_again(self, contract: str | None = None, *, period: str | None = None) -> list[SettledAgain]:
        """Compute stored settlements again; see `registry_db.again.settle_again`."""
        return settle_again(self.con, self.catalogue(), contract, period=period)

    def _years(self, item: Definition, period: str | None) -> list[str]:
        """Years of a contract that can be settled: those with scores."""
        if period is not None:
            if period not in item.model.years:
                raise RegistryError(
                    f"period: '{period}' is not a year of contract {item.id}; expected "
                    f"{', '.join(item.model.years)}"
                )
            return [period]
        scored = {row[0] for row in self.con.execute("select distinct period from benchmark").fetchall()}
        return [year for year in item.model.years if year in scored]

    def publish(self) -> Published:
        """Write a publication from what is in the vault; what is outstanding by month is followed first."""
        self.follow()
        return publish(
            self.con,
            self.catalogue(),
            self.folder / "publications",
            name=self.settings.name,
            small_cell=self.settings.small_cell,
        )

    def run(self, *, progress: Progress = _silent) -> Ran:
        """Do everything outstanding: models, scores, settlements, publication.

        Raises
        ------
        RegistryError
            If there is nothing to work on yet.
        """
        if not self.con.execute("select 1 from delivery limit 1").fetchall():
            raise RegistryError(
                "there are no deliveries in this registry yet", "begin with `meetlat deliver DATASET FILE`"
            )
        assessed = self.score(progress=progress)
        settled: list[str] = []
        notes: list[str] = []
        for item in self._contracts():
            try:
                settled += self.settle(item.id)
            except (RegistryError, SettlementError) as error:
                notes.append(f"{item.id}: {error}")  # the others are not to wait for it
        return Ran(tuple(assessed), tuple(settled), tuple(notes), self.publish())

    def _contracts_of(self, period: str | None) -> list[Definition]:
        """Contracts in force; those of one year, where one is asked for."""
        known = self._contracts()
        found = [item for item in known if period is None or period in item.model.years]
        if known and not found:
            years = sorted({year for item in known for year in item.model.years})
            raise RegistryError(
                f"period: '{period}' is not a year of any contract in force; expected {', '.join(years)}"
            )
        return found

    def _contracts(self) -> list[Definition]:
        """Contracts in force."""
        return [item for item in self.catalogue().of_kind("contract").values() if item.status == "active"]

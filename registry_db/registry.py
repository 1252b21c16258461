"""The registry: everything that a command, a page or a program can ask of it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
import pandas as pd

from contracts.inputs import SettlementError
from contracts.payers import settle_payers
from contracts.simulation import Simulation
from indicators.dataset import Dataset
from indicators.definition import Indicator
from indicators.definitions import code_sets_of
from indicators.faults import DefinitionError, Fault, did_you_mean
from indicators.fhir import measure
from indicators.guide import Described, guide, guide_html, guide_pdf
from indicators.library.birth.simulate import simulate
from indicators.tables import Table
from indicators.versions import ADOPTED
from indicators.words import LANGUAGES
from registry_db import results
from registry_db.again import SettledAgain, settle_again
from registry_db.assessing import Assessed, assess
from registry_db.before_signing import contract_of, simulated
from registry_db.cards import card_of
from registry_db.catalogue import (
    Catalogue,
    Definition,
    cross_check,
    in_force,
    merged,
    read_definition,
    read_files,
    store,
    stored_definitions,
)
from registry_db.checking import run_examples
from registry_db.comparing import Compared, compare
from registry_db.connect import Connection, limited, open_vault, transaction
from registry_db.deliveries import Delivered, deliver
from registry_db.dummies import write_dummy
from registry_db.faults import RegistryError
from registry_db.fhir_scores import score_bundle
from registry_db.keeping import keep_settlement
from registry_db.ledgers import Language, Ledger, stored_ledger
from registry_db.library import library_files
from registry_db.lifecycle import (
    AS_IN_THE_FILE,
    Decision,
    VersionHistory,
    change_status,
    decided,
    editions,
    histories,
    keep_status,
    one_of,
    version_faults,
)
from registry_db.luck import store_luck
from registry_db.publication import Published, publish
from registry_db.reader import PublicationReader, current_publication
from registry_db.records import orphans
from registry_db.settings import Settings, read_key, read_settings, write_settings
from registry_db.settling import settlement_inputs

# Canonical names of FHIR resources stand under this address; nothing need be found there.
FHIR_BASE = "https://meetlat.example/fhir"
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
    return table


def _refuse_taken(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RegistryError(f"{folder}: there is something here already", "choose a new folder")


@dataclass(frozen=True, slots=True)
class Checked:
    """Definitions that are right, and what is to be said of them all the same."""

    definitions: tuple[Definition, ...]
    notes: tuple[Fault, ...]


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


class Registry:
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

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = read_settings(folder)
        self._con: Connection | None = None
        self._catalogue: Catalogue | None = None

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

    def __enter__(self) -> Registry:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the vault."""
        if self._con is not None:
            self._con.close()
            self._con = None

    @property
    def con(self) -> Connection:
        """The open vault."""
        if self._con is None:
            self._con = open_vault(self.folder / "vault.duckdb")
        return self._con

    # -- definitions -----------------------------------------------------------------------------

    def catalogue(self) -> Catalogue:
        """The definitions in force."""
        if self._catalogue is None:
            self._catalogue = in_force(stored_definitions(self.con))
        return self._catalogue

    def check(self, files: Sequence[Path] = ()) -> Checked:
        """Check definitions and run the examples in them; by default those in ``definitions/``.

        A draft or a version in consultation may have examples that fail; these become notes, as do clauses
        that no example makes true or false. In an active version both are faults.

        Raises
        ------
        DefinitionError
            With every fault found.
        """
        found = list(files) or sorted((self.folder / "definitions").glob("*.yaml"))
        items = read_files(found)
        return Checked(tuple(items), self._check(items))

    def _check(self, items: Sequence[Definition]) -> tuple[Fault, ...]:
        """Refuse definitions that are at fault; give the notes on them."""
        catalogue = merged(self.catalogue(), items)
        faults = cross_check(catalogue, items) or [*version_faults(stored_definitions(self.con), items)]
        notes: list[Fault] = []
        if not faults:
            for item in items:
                exercised = run_examples(catalogue, item)
                agreed = item.status in ADOPTED
                (faults if agreed else notes).extend((*exercised.faults, *exercised.gaps))
        if faults:
            raise DefinitionError(faults)
        return tuple(notes)

    def define(self, files: Sequence[Path], decision: Decision = AS_IN_THE_FILE) -> list[Definition]:
        """Put definitions into the registry; give those that were not there yet.

        Raises
        ------
        DefinitionError
            If any is at fault, or would change an active version. Nothing is changed then.
        """
        items = read_files(files)
        self._check(items)
        self._catalogue = None
        with transaction(self.con):
            new = store(self.con, items)
            for item in new:
                keep_status(self.con, item, decision)
        for item in items:
            self._keep_file(item)
        return new

    def _keep_file(self, item: Definition) -> None:
        kept = self.folder / "definitions" / item.source.file
        draft = kept.with_name(f".{kept.name}.tmp")
        draft.write_text(item.source.text, encoding="utf-8")
        draft.replace(kept)

    def decide(self, id: str, version: str, status: str, decision: Decision) -> Definition:
        """Give a version its next status, and keep who decided so, when and why.

        Raises
        ------
        RegistryError
            If there is no such version, or the status cannot follow the one that it has.
        DefinitionError
            If it would become active while an example fails or a clause is not exercised.
        """
        [item] = one_of(stored_definitions(self.con), id, version)
        changed = decided(item, status)
        if changed.status == "active":
            catalogue = merged(self.catalogue(), [changed])
            exercised = run_examples(catalogue, changed)
            if faults := [*cross_check(catalogue, [changed]), *exercised.faults, *exercised.gaps]:
                raise DefinitionError(faults)
        self._catalogue = None
        with transaction(self.con):
            change_status(self.con, changed, decision)
        kept = self.folder / "definitions" / item.source.file
        if kept.is_file() and kept.read_text(encoding="utf-8") == item.source.text:
            self._keep_file(changed)
        return changed

    def history(self, id: str) -> list[VersionHistory]:
        """Give the life of every version of a definition: its statuses, and who decided them and why.

        Raises
        ------
        RegistryError
            If there is no such definition.
        """
        return histories(self.con, one_of(stored_definitions(self.con), id))

    def _refuse_edited(self) -> None:
        """A file in ``definitions/`` that differs from what is defined would silently have no effect."""
        rows = self.con.execute("select kind, id, version, hash from definition").fetchall()
        defined = {(kind, id, version): hash for kind, id, version, hash in rows}
        for file in sorted((self.folder / "definitions").glob("*.yaml")):
            item = read_definition(file.read_text(encoding="utf-8"), file.name)
            if defined.get((item.kind, item.id, item.version)) != item.hash:
                raise RegistryError(
                    f"definitions/{file.name}: {item.label} is not what this registry works with",
                    f"put it in force with `meetlat define {file}`",
                )

    def diff(self, id: str, before: str, after: str, *, language: Language = "nl") -> Compared:
        """Hold two versions of an indicator against each other, in words and on the records of today.

        Raises
        ------
        RegistryError
            If there is no such indicator or version.
        """
        stored = stored_definitions(self.con)
        [old], [new] = (one_of(stored, id, version) for version in (before, after))
        return compare(self.con, self.catalogue(), old, new, language)

    def diff_file(self, file: Path, *, language: Language = "nl") -> Compared:
        """Hold a definition that is not yet in the registry against the version in force.

        Raises
        ------
        DefinitionError
            If the definition is at fault.
        RegistryError
            If no version of it is in force.
        """
        [item] = read_files([file])
        catalogue = merged(self.catalogue(), [item])
        if faults := cross_check(catalogue, [item]):
            raise DefinitionError(faults)
        old = self.catalogue().get(item.kind, item.id)
        return compare(self.con, self.catalogue(), old, item, language)

    def dummy(
        self, dataset: str, file: Path, *, rows: int, seed: int = 1, year: int = 2025, missing: float = 0.05
    ) -> Path:
        """Write a delivery of generated records; give the file, which has "generated" in its name.

        The records are spread over the providers of the networks in which this dataset is scored.

        Raises
        ------
        RegistryError
            If there is no such dataset, or no file of so many records can be made of it.
        """
        providers = self.con.execute("select distinct provider from member order by 1").fetchall()
        of_networks = any(
            item.model.dataset == dataset and item.model.unit != "provider"
            for item in self.catalogue().indicators()
        )
        return write_dummy(
            self.catalogue().dataset(dataset),
            file,
            rows=rows,
            seed=seed,
            year=year,
            missing=missing,
            providers=[row[0] for row in providers] if of_networks else [],
        )

    # -- standards ---------------------------------------------------------------------------------

    def fhir_measure(
        self, id: str, version: str | None = None, *, language: Language = "nl"
    ) -> dict[str, Any]:
        """Give an indicator, by default the version in force, as a FHIR R4 Measure.

        Raises
        ------
        RegistryError
            If there is no such indicator or version.
        """
        chosen = version or self.catalogue().get("indicator", id).version
        [item] = one_of(stored_definitions(self.con), id, chosen)
        dataset = self.catalogue().dataset(item.model.dataset)
        [life] = histories(self.con, [item])
        return measure(item.model, dataset, life.steps, base=FHIR_BASE, language=language)

    def fhir_scores(self, id: str, period: str, version: str | None = None) -> dict[str, Any]:
        """Give the published scores of an indicator in one period as a Bundle of FHIR R4 MeasureReports.

        Raises
        ------
        RegistryError
            If there is no publication, or no such indicator in it.
        """
        reader = PublicationReader(current_publication(self.folder))
        return score_bundle(reader, id, period, base=FHIR_BASE, version=version)

    # -- deliveries ------------------------------------------------------------------------------

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

    # -- the steps of a run ----------------------------------------------------------------------

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
        for number, item in enumerate(chosen):
            progress(item.id, number, len(chosen))
            hash = self._inputs_hash(catalogue, item)
            try:
                with limited(self.con, item.id):
                    done.append(assess(self.con, catalogue, item, inputs_hash=hash, score=score))
            except duckdb.Error as error:
                raise RegistryError(
                    f"{item.id}: the engine cannot compute it: {str(error).splitlines()[0]}",
                    "look at its expressions: a number may grow beyond what the engine holds",
                ) from None
        progress("", len(chosen), len(chosen))
        return done

    def _inputs_hash(self, catalogue: Catalogue, item: Definition) -> str:
        """Hash all that a score follows from: equal hashes, equal scores."""
        indicator = item.model
        assert isinstance(indicator, Indicator)
        deliveries = self.con.execute(
            "select seq, sha256 from delivery "
            "where split_part(dataset, '.', 1) = ? and superseded_by is null order by seq",
            [indicator.dataset],
        ).fetchall()
        members = []
        if indicator.unit != "provider":
            members = [catalogue.get("network_set", indicator.unit).hash]
        dataset = catalogue.get("dataset", indicator.dataset)
        code_sets = [catalogue.get("code_set", id).hash for id in code_sets_of(indicator, dataset.model)]
        parts = [item.hash, dataset.hash, members, code_sets, deliveries]
        return hashlib.sha256(json.dumps([*parts, version("meetlat")]).encode()).hexdigest()

    def settle(self, contract: str | None = None, *, period: str | None = None) -> list[str]:
        """Settle contracts on the scores in the vault; give contract and year of each settlement."""
        catalogue = self.catalogue()
        chosen = [catalogue.get("contract", contract)] if contract else self._contracts()
        settled = []
        for item in chosen:
            for year in self._years(item, period):
                inputs = settlement_inputs(self.con, catalogue, item.model, year)
                with transaction(self.con):
                    made = settle_payers(item.model, inputs)
                    keep_settlement(self.con, item.model, made)
                    for settlement in made.settlements:
                        store_luck(self.con, catalogue, item.model, settlement)
                settled.append(f"{item.id} {year}")
        return settled

    def settle_again(self, contract: str | None = None, *, period: str | None = None) -> list[SettledAgain]:
        """Compute stored settlements again; see `registry_db.again.settle_again`."""
        return settle_again(self.con, self.catalogue(), contract, period=period)

    def _years(self, item: Definition, period: str | None) -> list[str]:
        """Years of a contract that can be settled: those with scores."""
        if period is not None:
            return [period]
        scored = {row[0] for row in self.con.execute("select distinct period from benchmark").fetchall()}
        return [year for year in item.model.years if year in scored]

    def publish(self) -> Published:
        """Write a publication from what is in the vault."""
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

    def _contracts(self) -> list[Definition]:
        """Contracts in force."""
        return [item for item in self.catalogue().of_kind("contract").values() if item.status == "active"]

    def guide(self, folder: Path) -> list[Path]:
        """Write the indicator guide, a page and a document in each language; give the files.

        Drafts are in it, marked as such: a society decides on them with the guide in hand.
        """
        catalogue = self.catalogue()
        datasets = {id: item.model for id, item in catalogue.of_kind("dataset").items()}
        kept = stored_definitions(self.con)
        items = [
            Described(item.model, item.hash, editions(self.con, kept, item.id))
            for item in catalogue.of_kind("indicator").values()
        ]
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for language in LANGUAGES:
            made = guide(items, datasets, name=self.settings.name, language=language)
            page, document = (folder / f"guide.{language}.{kind}" for kind in ("html", "pdf"))
            page.write_text(guide_html(made), encoding="utf-8")
            document.write_bytes(guide_pdf(made, on=dt.datetime.now(dt.UTC).date()))
            written += [page, document]
        return written

    # -- looking at results ----------------------------------------------------------------------

    def scores(
        self, indicator: str, *, period: str | None = None, provider: str | None = None
    ) -> pd.DataFrame:
        """Scores of an indicator in force, columns `registry_db.results.SCORES`; nothing is hidden.

        Raises
        ------
        RegistryError
            If there is no such indicator, period or provider.
        """
        return self._results(results.scores, indicator, period=period, provider=provider)

    def estimates(
        self, indicator: str, *, period: str | None = None, provider: str | None = None
    ) -> pd.DataFrame:
        """What is estimated beside the scores, columns `registry_db.results.ESTIMATES`; as `scores`.

        Raises
        ------
        RegistryError
            As `scores`, and if the definition asks for nothing beside the score.
        """
        if not self.catalogue().get("indicator", indicator).model.estimators.beside:
            raise RegistryError(
                f"the definition of {indicator} asks for nothing beside its score",
                "a version with, say, 'estimators: {beside: [shrunken]}' does",
            )
        return self._results(results.estimates, indicator, period=period, provider=provider)

    def _results(
        self,
        read: Callable[[Connection, str, str], pd.DataFrame],
        indicator: str,
        *,
        period: str | None,
        provider: str | None,
    ) -> pd.DataFrame:
        item = self.catalogue().get("indicator", indicator)
        frame = read(self.con, item.id, item.version)
        for column, wanted in (("period", period), ("provider", provider)):
            if wanted is None:
                continue
            if wanted not in set(frame[column]):
                known = did_you_mean(wanted, set(frame[column])) or "it has no scores yet: `meetlat run`"
                raise RegistryError(f"{indicator} has no scores of {column} '{wanted}'", known)
            frame = frame[frame[column] == wanted]
        return frame.reset_index(drop=True)

    def states(
        self, indicator: str, *, period: str | None = None, provider: str | None = None
    ) -> pd.DataFrame:
        """Where the records went, columns `registry_db.results.STATES`; as `scores`."""
        return self._results(results.states, indicator, period=period, provider=provider)

    def models(self) -> pd.DataFrame:
        """Models, columns `registry_db.results.MODELS`."""
        return results.models(self.con)

    def model_card(
        self, indicator: str, *, period: str | None = None, hosmer_lemeshow: bool = False
    ) -> dict[str, Any]:
        """The card of an indicator's model, by default the newest; see `registry_db.cards.card_of`."""
        catalogue = self.catalogue()
        item = catalogue.get("indicator", indicator)
        return card_of(self.con, catalogue, item, period, hosmer_lemeshow=hosmer_lemeshow)

    def settlements(self) -> pd.DataFrame:
        """Settlements, columns `registry_db.results.SETTLEMENTS`."""
        return results.settlements(self.con)

    def restatements(self) -> pd.DataFrame:
        """Restatements of final settlements, columns `registry_db.results.RESTATEMENTS`."""
        return results.restatements(self.con)

    def ledger(self, contract: str, period: str, *, language: Language) -> Ledger:
        """The stored settlement of a contract year, to be handed on; see `registry_db.ledgers.Ledger`."""
        return stored_ledger(self.con, self.catalogue(), contract, period=period, language=language)

    def luck(self, contract: str | None = None, *, period: str | None = None) -> pd.DataFrame:
        """How sure settlements are, columns `registry_db.results.LUCK`; by default of all.

        Raises
        ------
        RegistryError
            If there is none of this contract or period.
        """
        chosen = self.catalogue().get("contract", contract).id if contract else None
        frame = results.luck(self.con, chosen, period)
        if frame.empty and (contract or period):
            which = " ".join(filter(None, (contract or "any contract", period)))
            raise RegistryError(
                f"it is not known how sure a settlement of {which} is", "run `meetlat settle`"
            )
        return frame

    def simulate(self, contract: str) -> Simulation:
        """Simulate a contract, a file or one in force; see `registry_db.before_signing.simulated`."""
        catalogue = self.catalogue()
        return simulated(self.con, catalogue, contract_of(catalogue, contract))

    def deliveries(self) -> pd.DataFrame:
        """Deliveries, columns `registry_db.results.DELIVERIES`.

        And ``orphans``: how many rows, of a table of a dataset, belong to no record that is there today.
        """
        frame = results.deliveries(self.con)
        lost: dict[str, int] = {}
        for item in self.catalogue().of_kind("dataset").values():
            lost |= orphans(self.con, item.model)
        frame["orphans"] = [lost.get(delivery, 0) for delivery in frame["delivery"]]
        return frame

    def quarantine(self, delivery: str) -> pd.DataFrame:
        """Quarantined rows of a delivery: line, column, value, expected."""
        return results.quarantine(self.con, delivery)

"""What a registry does with definitions: check them, take them in, compare them, write them out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indicators.faults import DefinitionError, Fault
from indicators.fhir import measure
from indicators.guide import Described, guide, guide_html, guide_pdf
from indicators.versions import ADOPTED
from indicators.words import LANGUAGES
from registry_db.catalogue import (
    Catalogue,
    Definition,
    broken_by,
    cross_check,
    file_text,
    in_force,
    merged,
    read_definition,
    read_files,
    store,
    stored_definitions,
)
from registry_db.checking import run_examples
from registry_db.comparing import Compared, compare
from registry_db.connect import transaction
from registry_db.dummies import Generated, write_dummy
from registry_db.faults import RegistryError
from registry_db.fhir_scores import FHIR_BASE
from registry_db.ledgers import Language
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
from registry_db.opened import OpenRegistry


@dataclass(frozen=True, slots=True)
class Checked:
    """Definitions that are right, and what is to be said of them all the same."""

    definitions: tuple[Definition, ...]
    notes: tuple[Fault, ...]


class Defining(OpenRegistry):
    """Definitions of a registry."""

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
        faults = faults or broken_by(self.catalogue(), self._in_force_with(items))
        notes: list[Fault] = []
        if not faults:
            for item in items:
                exercised = run_examples(catalogue, item)
                agreed = item.status in ADOPTED
                (faults if agreed else notes).extend((*exercised.faults, *exercised.gaps))
        if faults:
            raise DefinitionError(dict.fromkeys(faults))  # of a dataset it is found for each indicator of it
        return tuple(dict.fromkeys(notes))

    def _in_force_with(self, items: Sequence[Definition]) -> Catalogue:
        """What would be in force with these definitions, which take the place of the same versions."""
        kept = {(one.kind, one.id, one.version): one for one in (*stored_definitions(self.con), *items)}
        return in_force(kept.values())

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
            broken = broken_by(self.catalogue(), self._in_force_with([changed]))
            if faults := [*cross_check(catalogue, [changed]), *exercised.faults, *exercised.gaps, *broken]:
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
            item = read_definition(file_text(file), file.name)
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
    ) -> list[Generated]:
        """Write a delivery of generated records, and one of each table of them; give the files.

        Each has "generated" in its name. The records are spread over the providers of the networks in which
        this dataset is scored.

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

    def guide(self, folder: Path) -> list[Path]:
        """Write the indicator guide, a page and a document in each language; give the files.

        Drafts are in it, marked as such: a society decides on them with the guide in hand.
        """
        catalogue = self.catalogue()
        datasets = {id: item.model for id, item in catalogue.of_kind("dataset").items()}
        networks = {id: item.model for id, item in catalogue.of_kind("network_set").items()}
        kept = stored_definitions(self.con)
        items = [
            Described(item.model, item.hash, editions(self.con, kept, item.id), networks.get(item.model.unit))
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

"""Publishing: a new database of aggregates, small cells hidden, put in place in one step."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from contracts.canonical import plain
from contracts.contract import Contract
from contracts.restatement import Restated
from indicators.compile import quote
from indicators.dataset import Dataset
from indicators.definition import Indicator
from indicators.expression import ExpressionError, parse
from indicators.notation import to_text
from indicators.periods import day_sql
from indicators.stratifiers import subgroup_label, subgroups
from indicators.versions import ADOPTED
from indicators.words import LANGUAGES, in_language
from registry_db.catalogue import Catalogue, Definition, stored_definitions
from registry_db.connect import Connection, schema_sql
from registry_db.contract_records import Records
from registry_db.hiding import Population, hide_small
from registry_db.names import names_of
from registry_db.records import make_current_view
from registry_db.response import asked_of, of_counts
from registry_db.successive import shown_before


@dataclass(frozen=True, slots=True)
class Published:
    """What was published.

    Attributes
    ----------
    id : str
        Hash of the content.
    file : Path
        The publication.
    unchanged : bool
        The newest publication already had this content.
    scores, suppressed, settlements : int
        How many of each it holds.
    close : int
        How many scores differ by fewer patients than may be shown from what an earlier publication shows.
    """

    id: str
    file: Path
    unchanged: bool
    scores: int
    suppressed: int
    settlements: int
    close: int = 0


def publish(con: Connection, catalogue: Catalogue, folder: Path, *, name: str, small_cell: int) -> Published:
    """Write a publication and make it the newest.

    Parameters
    ----------
    con : Connection
        The vault.
    catalogue : Catalogue
        The definitions.
    folder : Path
        Where publications lie; a file ``current`` names the newest.
    name : str
        Name of the registry.
    small_cell : int
        Scores and counts of fewer patients are hidden.
    """
    folder.mkdir(exist_ok=True)
    for left in folder.glob(".*.tmp*"):  # by a process that was killed: only one can work in a registry
        left.unlink()
    tables, close = _tables(con, catalogue, small_cell=small_cell, before=shown_before(folder))
    id = _content_hash(tables, name, small_cell)
    file = folder / f"{id}.duckdb"
    scores = tables["score"]
    counts = (len(scores), int(scores["suppressed"].sum()), len(tables["settlement"]))
    unchanged = file.exists()
    if not unchanged:
        draft = folder / f".{id}.{os.getpid()}.tmp"
        try:
            about = [id, name, _generated(catalogue), small_cell, _cut_off(con, catalogue)]
            _write(draft, tables, about)
            draft.replace(file)
        finally:
            draft.unlink(missing_ok=True)
    pointer = folder / f".current.{os.getpid()}.tmp"
    pointer.write_text(file.name + "\n", encoding="utf-8")
    pointer.replace(folder / "current")
    return Published(id, file, unchanged, *counts, close)


def _tables(
    con: Connection, catalogue: Catalogue, *, small_cell: int, before: pd.DataFrame | None = None
) -> tuple[dict[str, pd.DataFrame], int]:
    current = pd.DataFrame(
        [(item.id, item.version) for item in catalogue.shown()], columns=["indicator", "version"]
    )
    con.register("current_indicators", current)
    shown = "semi join current_indicators using (indicator, version)"
    earlier = _earlier_versions(con, catalogue)
    every = [*((item.id, item.version) for item in earlier), *current.itertuples(index=False, name=None)]
    con.register("every_version", pd.DataFrame(every, columns=["indicator", "version"]))
    # Of an earlier version the scores alone: its states and subgroups would tell who moved between two.
    scored = "semi join every_version using (indicator, version)"
    facts = {item.id for item in catalogue.shown() if item.model.outcome.kind == "structure"}
    tables = {
        "dataset": _datasets(catalogue),
        **_names(catalogue),
        "delivery": con.execute(
            """select delivery, dataset, file_name, received_at, rows, accepted, quarantined,
                superseded_by is not null as superseded from delivery order by seq"""
        ).df(),
        "organisation": _organisations(con, catalogue),
        "indicator": _indicators([*earlier, *catalogue.shown()], catalogue),
        "model": con.execute(
            f"""select model, indicator, version, period, kind, n, model_json, diagnostics_json
            from model {shown} order by all"""
        ).df(),
        "benchmark": con.execute(
            f"select * exclude (inputs_hash) from benchmark {scored} where reference is not null order by all"
        ).df(),
        "score": _people_behind(con.execute(f"select * from score {scored} order by all").df(), catalogue),
        "estimate": con.execute(f"select * from estimate {shown} order by all").df(),
        "explanation": con.execute(f"select * from explanation {shown} order by all").df(),
        "patient_mix": con.execute(f"select * from patient_mix {shown} order by all").df(),
        "course": con.execute(
            f"""select course.* exclude (inputs_hash) from course {shown}
            join benchmark using (indicator, version, period, inputs_hash) order by all"""
        ).df(),
        "state": con.execute(f"select * from state {shown} order by all").df(),
        "subgroup": _subgroups(catalogue),
        "subgroup_score": con.execute(f"select * from subgroup_score {shown} order by all").df(),
        "settlement": _settlements(con, catalogue),
    }
    tables["contract"] = _contracts(catalogue, tables["settlement"])
    tables["luck"] = con.execute(
        """select settlement, luck_json from luck where not json_exists(luck_json, '$.unknown')
        order by settlement"""
    ).df()
    tables["luck"] = tables["luck"][tables["luck"]["settlement"].isin(tables["settlement"]["settlement"])]
    con.unregister("current_indicators")
    con.unregister("every_version")
    items = [*earlier, *catalogue.shown()]
    populations = {(item.id, item.version): _population(catalogue, item) for item in items}
    few = _few_members(con, catalogue, tables["settlement"], small_cell)
    close = hide_small(
        tables,
        facts=facts,
        populations=populations,
        few_members=few,
        before=before,
        small_cell=small_cell,
    )
    return tables, close


def _few_members(con: Connection, catalogue: Catalogue, settlements: pd.DataFrame, few: int) -> set[str]:
    """Settlements that fall, by records or spending, to a provider of which these are few."""
    found = set()
    for row in settlements.itertuples():
        inputs = json.loads(str(row.settlement_json))["inputs"]
        contract = catalogue.get("contract", str(row.contract)).model
        assert isinstance(contract, Contract)
        by = contract.distribution.by if contract.distribution else None
        if by not in ("records", "spending"):
            continue
        through = inputs["interim"]["paid_through"] if "interim" in inputs else None
        until = dt.date.fromisoformat(through) if through else None
        records = Records(con, contract, catalogue.dataset(contract.spending.dataset), until=until)
        # by the weights that were settled, and by the records of today
        weighed = by == "records" and any(Decimal(member["weight"]) < few for member in inputs["members"])
        if weighed or records.few_of_a_member(str(row.payer), str(row.period), fewer_than=few):
            found.add(str(row.settlement))
    return found


def _population(catalogue: Catalogue, item: Definition) -> Population:
    """Which records an indicator counts: those of its dataset that meet its population and no exclusion."""
    indicator = item.model
    types = catalogue.dataset(indicator.dataset).types
    conditions = [indicator.population, indicator.denominator or "true"]
    conditions += [rule.when for rule in indicator.exclude]
    asked = indicator.outcome.model_dump(mode="json", exclude={"better"}, exclude_none=True)
    try:
        said = [to_text(parse(text, types)) for text in conditions]
        asked |= {name: to_text(parse(asked[name], types)) for name in ("when", "value") if name in asked}
    except ExpressionError:  # an earlier version may name what the dataset of today does not have
        said = [item.label]
    of = [indicator.dataset, indicator.unit]
    outcome = "" if indicator.outcome.kind == "structure" else json.dumps([*of, asked])
    return Population(json.dumps([*of, *said]), indicator.period, outcome)


def _datasets(catalogue: Catalogue) -> pd.DataFrame:
    rows = [
        (
            *(d.id, d.version, d.model.title.nl, d.model.title.en),
            *(in_language(d.model.source, language) for language in LANGUAGES),
            *(d.model.generated, d.hash),
        )
        for d in catalogue.of_kind("dataset").values()
    ]
    columns = [
        *("dataset", "version", "title_nl", "title_en", "source_nl", "source_en", "generated", "hash"),
    ]
    return pd.DataFrame(rows, columns=columns)


def _people_behind(scores: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """Take out the numbers of records where these are no patients, but counts that a provider delivers."""
    shown = [item.model for item in catalogue.shown()]
    delivered = [each.indicator for each in shown if of_counts(each, catalogue.dataset(each.dataset))]
    scores.loc[scores["indicator"].isin(delivered), "records"] = np.nan
    return scores


def _names(catalogue: Catalogue) -> dict[str, pd.DataFrame]:
    """What columns and levels of categories are called; a column without a title goes by its name."""
    columns, levels = [], []
    for item in catalogue.of_kind("dataset").values():
        shown = [each.model for each in catalogue.shown() if each.model.dataset == item.id]
        names = names_of(item.model, shown)
        columns += [(item.id, name, *called.values()) for name, called in names.columns.items()]
        levels += [(item.id, *level, *called.values()) for level, called in names.levels.items()]
    titles = [f"title_{language}" for language in LANGUAGES]
    of_column = ["dataset", "column_name"]
    return {
        "dataset_column": pd.DataFrame(columns, columns=[*of_column, *titles]),
        "dataset_level": pd.DataFrame(levels, columns=[*of_column, "level", *titles]),
    }


def _earlier_versions(con: Connection, catalogue: Catalogue) -> list[Definition]:
    """Versions that were in force before those that are now, and were scored then."""
    scored = set(con.execute("select distinct indicator, version from benchmark").fetchall())
    now = {item.id: item.version for item in catalogue.shown()}
    return [
        item
        for item in stored_definitions(con)
        if item.kind == "indicator"
        and item.status in ADOPTED
        and (item.id, item.version) in scored
        and now.get(item.id, item.version) != item.version
    ]


def _indicators(items: Iterable[Definition], catalogue: Catalogue) -> pd.DataFrame:
    rows = [_indicator_row(item, item.model, catalogue.dataset(item.model.dataset)) for item in items]
    return pd.DataFrame(rows)


def _indicator_row(item: Definition, indicator: Indicator, dataset: Dataset) -> dict[str, Any]:
    asked = asked_of(indicator, dataset)
    response = {"indicator": indicator.response} if indicator.response else asked and asdict(asked)
    own = "none" if indicator.outcome.kind == "structure" or not indicator.case_mix else "own"
    return {
        "indicator": item.id,
        "version": item.version,
        "status": item.status,
        "horizon": indicator.horizon,
        "title_nl": indicator.title.nl,
        "title_en": indicator.title.en,
        "why_nl": indicator.why.nl,
        "why_en": indicator.why.en,
        "steward": in_language(indicator.steward, "en"),
        "dataset": indicator.dataset,
        "unit": indicator.unit,
        "kind": indicator.outcome.kind,
        "better": indicator.outcome.better,
        "expectation": "external" if indicator.expectation else own,
        "show_unit": indicator.show.unit,
        "show_decimals": indicator.show.decimals,
        "show_per": indicator.show.per,
        "show_of_nl": indicator.show.of.nl if indicator.show.of else None,
        "show_of_en": indicator.show.of.en if indicator.show.of else None,
        "minimum_n": indicator.minimum.n,
        "norm": float(indicator.norm.value) if indicator.norm else None,
        "norm_kind": indicator.norm.kind if indicator.norm else None,
        "definition": item.source.text,
        "hash": item.hash,
        "response_json": json.dumps(response) if response else None,
    }


def _subgroups(catalogue: Catalogue) -> pd.DataFrame:
    """Subgroups of every stratifier with their titles, in the order in which they are shown."""
    columns = ["indicator", "version", "stratifier", "stratifier_nl", "stratifier_en",
               "subgroup", "subgroup_nl", "subgroup_en", "position"]  # fmt: skip
    rows = [
        (
            *(item.id, item.version, by.name, by.title.nl, by.title.en, subgroup),
            *(subgroup_label(by, subgroup, dataset, language) for language in LANGUAGES),
        )
        for item in catalogue.shown()
        for dataset in [catalogue.dataset(item.model.dataset)]
        for by in item.model.stratify
        for subgroup in subgroups(by, dataset)
    ]
    return pd.DataFrame(
        [(*row, position) for position, row in enumerate(rows)], columns=columns, dtype=object
    ).astype({"position": int})


def _organisations(con: Connection, catalogue: Catalogue) -> pd.DataFrame:
    """Names of networks, and of providers as their records give them; a code where there is no name."""
    names: dict[str, tuple[str, str]] = {}
    for item in catalogue.of_kind("dataset").values():
        dataset = item.model
        assert isinstance(dataset, Dataset)
        provider = quote(dataset.provider)
        name = quote(dataset.provider_name) if dataset.provider_name else "null"
        found = con.execute(
            f"select {provider}, max({name}) from {make_current_view(con, dataset)} group by all"
        ).fetchall()
        for code, given in found:
            if code not in names or names[code][0] == code:
                names[code] = (given or code, "provider")
    for item in catalogue.of_kind("network_set").values():
        for code, network in item.model.networks.items():
            names[code] = (network.name, item.id)
    rows = [(code, *rest) for code, rest in sorted(names.items())]
    return pd.DataFrame(rows, columns=["provider", "name", "kind"])


def _settlements(con: Connection, catalogue: Catalogue) -> pd.DataFrame:
    frame = con.execute(
        """select settlement, contract, version, provider, payer, period, kind, payment, number,
            restatement_json, settlement_json
        from settlement_in_force order by contract, period, payer"""
    ).df()
    told = zip(frame["payer"], frame["restatement_json"], strict=True)
    frame["restatement_json"] = [_shown_restatement(payer, text) for payer, text in told]
    contracts = catalogue.of_kind("contract")
    in_force = {(item.id, item.version) for item in contracts.values()}
    keep = [pair in in_force for pair in zip(frame["contract"], frame["version"], strict=True)]
    frame = frame[np.array(keep, dtype=bool)].copy()
    titles = [contracts[id].model.title for id in frame["contract"]]
    frame["title_nl"] = [title.nl for title in titles]
    frame["title_en"] = [title.en for title in titles]
    datasets = [contracts[id].model.spending.dataset for id in frame["contract"]]
    frame["generated"] = [catalogue.dataset(id).generated for id in datasets]
    frame["currency"] = [contracts[id].model.currency for id in frame["contract"]]
    return frame


def _contracts(catalogue: Catalogue, settlements: pd.DataFrame) -> pd.DataFrame:
    """Texts of the contracts that were settled: without it no party could compute its payment again."""
    items = [catalogue.get("contract", id) for id in sorted(set(settlements["contract"]))]
    rows = [
        (item.id, item.version, item.model.title.nl, item.model.title.en, item.source.text, item.model.hash)
        for item in items
    ]
    titles = [f"title_{language}" for language in LANGUAGES]
    return pd.DataFrame(rows, columns=["contract", "version", *titles, "definition", "hash"])


def _shown_restatement(payer: str, text: str | None) -> str | None:
    """What parties and causes differ by; what stood in a score before and after may be hidden: left out."""
    if not isinstance(text, str):
        return None
    found = json.loads(text)
    causes = [
        {
            "what": cause.what,
            "difference": plain(cause.difference),
            **({"sources": list(cause.sources)} if cause.sources else {}),
        }
        for cause in Restated.from_dict(payer, found).causes
    ]
    return json.dumps({**found, "causes": causes}, ensure_ascii=False, sort_keys=True)


def _generated(catalogue: Catalogue) -> bool:
    return any(item.model.generated for item in catalogue.of_kind("dataset").values())


def _cut_off(con: Connection, catalogue: Catalogue) -> dt.date | None:
    newest: list[dt.date] = []
    for item in catalogue.of_kind("dataset").values():
        if item.model.period.year_of:
            day = day_sql(item.model)
            found = con.execute(f"select max({day}) from {make_current_view(con, item.model)}").fetchall()
            newest += [row[0] for row in found if row[0] is not None]
    return max(newest, default=None)


def _content_hash(tables: dict[str, pd.DataFrame], name: str, small_cell: int) -> str:
    """Hash what a publication says: not when its deliveries arrived."""
    digest = hashlib.sha256(f"{name}\n{small_cell}\n{version('meetlat')}\n".encode())
    for table, frame in sorted(tables.items()):
        digest.update(table.encode())
        kept = frame.drop(columns="received_at", errors="ignore")
        digest.update(kept.to_csv(index=False, float_format="%.17g").encode())
    return digest.hexdigest()[:16]


def _write(file: Path, tables: dict[str, pd.DataFrame], about: list[Any]) -> None:
    # A connection of its own: that of the vault can write no other file.
    with duckdb.connect(str(file)) as con:
        con.execute("set timezone = 'UTC'")
        con.execute(schema_sql("publication"))
        con.execute(
            "insert into publication values (?, ?, ?, ?, ?, ?, now()::timestamp)",
            [*about, version("meetlat")],
        )
        for table, frame in tables.items():
            if frame.empty:  # a frame without rows may be without columns
                continue
            con.register("rows_to_publish", frame)
            con.execute(f"insert into {table} by name select * from rows_to_publish")
            con.unregister("rows_to_publish")

"""A small dataset and indicator for the tests, as their authors would write them."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import duckdb
import yaml

from indicators.attributed import SHARE_COLUMNS, Networks
from indicators.dataset import Dataset
from indicators.definition import Indicator
from indicators.definitions import dataset_faults, indicator_faults, kind_of, validate
from indicators.faults import DefinitionError
from indicators.networks import NetworkSet
from indicators.shares import shares
from indicators.source import read_source

DATASET = """\
dataset: care
version: 1.0.0
title: {nl: Zorg, en: Care}
source: made for a test
key: [id]
provider: provider
period: {year_of: day}
columns:
  id: {type: integer, required: true}
  provider: {type: text, required: true}
  day: {type: date, required: true}
  age: {type: integer, range: [0, 110], unit: years}
  weight: {type: decimal, decimals: 1}
  born: {type: date}
  sex: {type: category, codes: {"1": female, "2": male}}
  smoker: {type: boolean, codes: {"J": true, "N": false}}
  twin: {type: boolean}
  alive: {type: boolean}
  loss: {type: integer, range: [0, 9000], unit: ml}
  discharge: {type: date}
  events: {type: integer}
  trials: {type: integer}
  score_before: {type: decimal}
  score_after: {type: decimal}
  expected_after: {type: decimal}
  network: {type: text}
  mobility: {type: integer, range: [1, 3]}
  self_care: {type: integer, range: [1, 3]}
  activity: {type: integer, range: [1, 3]}
  discomfort: {type: integer, range: [1, 3]}
  anxiety: {type: integer, range: [1, 3]}
derive:
  eq5d:
    instrument: eq-5d-3l
    value_set: nl-2006
    items:
      {mobility: mobility, self_care: self_care, activity: activity, discomfort: discomfort, anxiety: anxiety}
"""

INDICATOR = """\
indicator: care-loss
version: 1.0.0
horizon: 2
title: {nl: Bloedverlies, en: Blood loss}
why: {nl: Omdat het telt., en: Because it counts.}
steward: NVOG
sources: [a paper]
dataset: care
population: age >= 18
exclude:
  - when: twin
    why: {nl: meerling, en: multiple}
  - when: not alive
    why: {nl: overleden, en: died}
outcome: {kind: binary, when: loss > 1000, better: lower}
case_mix:
  - {term: age, as: number}
  - {term: sex, as: category, reference: female, missing: own-category}
  - {term: smoker, as: flag}
show: {unit: percent, decimals: 1}
examples:
  - {given: {age: 30, twin: false, alive: true, loss: 1200, smoker: false}, expect: {state: met}}
"""

NETWORKS = """\
network_set: vsv
version: 1.0.0
title: {nl: VSV, en: Network}
networks:
  north:
    name: North
    members:
      - {provider: P1, since: 2020-01-01, until: 2024-06-30}
      - {provider: P2, since: 2020-01-01}
  south:
    name: South
    members:
      - {provider: P1, since: 2024-07-01}
"""

SQL_TYPES = {
    "text": "varchar",
    "category": "varchar",
    "integer": "bigint",
    "boolean": "boolean",
    "date": "date",
}


def changed(text: str, changes: dict[str, Any]) -> dict[str, Any]:
    """Data of a definition with fields replaced; None takes a field out."""
    data: dict[str, Any] = deepcopy(read_source(text, "test.yaml").data)
    for field, value in changes.items():
        if value is None:
            data.pop(field, None)
        else:
            data[field] = value
    return data


def dataset(**changes: Any) -> Dataset:
    return Dataset.model_validate(changed(DATASET, changes))


def indicator(**changes: Any) -> Indicator:
    return Indicator.model_validate(changed(INDICATOR, changes))


def networks() -> NetworkSet:
    return NetworkSet.model_validate(read_source(NETWORKS, "vsv.network.yaml").data)


def keep_shares(con: duckdb.DuckDBPyConnection, *sets: NetworkSet) -> None:
    """Make the table that the engine looks shares up in."""
    con.execute(
        """create or replace table share (network_set text, number integer, provider text, network text,
        since date, until date, weight decimal(3, 2), first boolean)"""
    )
    rows = [
        (one.network_set, *(getattr(share, name) for name in SHARE_COLUMNS[1:]))
        for one in sets
        for share in shares(one)
    ]
    if rows:
        con.executemany("insert into share values (?, ?, ?, ?, ?, ?, ?, ?)", rows)


def looked_up(of: Indicator, *sets: NetworkSet, care: str = "") -> Networks | None:
    """The set of networks that an indicator is of, in the table that `keep_shares` makes."""
    found = [one for one in sets if one.network_set == of.unit]
    return Networks(found[0], "share", care) if found else None


def sql_type(of: Dataset, name: str) -> str:
    column = of.columns[name]
    return SQL_TYPES.get(column.type, f"decimal(18, {column.decimals})")


def messages(text: str, file: str, *, against: Dataset | None = None) -> list[str]:
    """What an author sees who has the file checked: one line a fault, or nothing."""
    kinds: dict[str, Any] = {"dataset": Dataset, "indicator": Indicator, "network_set": NetworkSet}
    try:
        source = read_source(text, file)
        model = validate(source, kinds[kind_of(source, list(kinds))])
    except DefinitionError as error:
        return [str(fault) for fault in error.faults]
    if isinstance(model, Dataset):
        return [str(fault) for fault in dataset_faults(model, source)]
    if isinstance(model, Indicator):
        return [str(fault) for fault in indicator_faults(model, against or dataset(), source)]
    return []


def dump(data: dict[str, Any]) -> str:
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True)

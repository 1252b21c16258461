"""Hiding in settlements what rests on few records; the parties get the whole one from the registry itself.

Where a value of a hidden score was held against a goal, every amount after it tells something of that value,
and where the records are few, every amount tells how many: of such a year the payment alone is published. A
score that is hidden and was not judged loses its class and why it was not judged. The providers over which a
payment falls are left out where one of them counts few records: the portions follow from the weights. The
hash of what is hidden goes too, since who guesses a small number could try each of the few that it can be.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import pandas as pd

Withheld = Literal["ledger-score", "ledger-records", "score", "reference", "members"]

_GROUP = ("indicator", "version", "period")
_NUMBERS = ("n", "adjusted", "lower", "upper", "reliability", "baseline", "position")
_CLASS = ("band", "handled", "reason")
_ABOUT = (
    *("contract", "version", "period", "currency", "payer", "participant", "kind", "payment"),
    "contract_hash",
)
_WORDS: Mapping[Withheld, tuple[str, str]] = {
    "ledger-score": (
        "Deze afrekening hangt af van een uitkomst die van te weinig cliënten is om te tonen: hier staat "
        "alleen de betaling.",
        "This settlement depends on a result that is on too few clients to be shown: only the payment "
        "stands here.",
    ),
    "ledger-records": (
        "Deze afrekening rust mede op minder dan {few} records: hier staat alleen de betaling.",
        "This settlement rests in part on fewer than {few} records: only the payment stands here.",
    ),
    "score": (
        "Een uitkomst in deze afrekening is van te weinig cliënten om te tonen; zij is niet beoordeeld.",
        "A result in this settlement is on too few clients to be shown; it was not judged.",
    ),
    "reference": (
        "Wat alle zorgaanbieders samen hebben staat hier niet: het zou een klein aantal verraden.",
        "What all providers have together is left out: it would tell a small number.",
    ),
    "members": (
        "Hoe de betaling over de zorgaanbieders is verdeeld staat hier niet: een van hen telt minder dan "
        "{few} records, of telt ze voor een deel.",
        "How the payment falls to the providers is left out: one of them counts fewer than {few} records, or "
        "counts them in part.",
    ),
}
_WHERE = (
    "De partijen krijgen de hele afrekening van wie het register beheert (meetlat ledger).",
    "The parties get the whole settlement from the operator of the registry (meetlat ledger).",
)


@dataclass(frozen=True, slots=True)
class Hidden:
    """What is hidden elsewhere in a publication.

    Attributes
    ----------
    scores : set of tuple
        Indicator, version, period and provider of each hidden score.
    totals : set of tuple
        Indicator, version and period of which the total of all providers is hidden.
    few_members : set of str
        Settlements with a provider of few records, or of records that count in part.
    """

    scores: frozenset[tuple[Any, ...]]
    totals: frozenset[tuple[Any, ...]]
    few_members: frozenset[str]


def hide_settlements(tables: dict[str, pd.DataFrame], gone: Hidden, *, small_cell: int) -> None:
    """Hide what rests on few records in the settlements of a publication, in place.

    Parameters
    ----------
    tables : dict of str to DataFrame
        Tables of a publication by name; ``settlement``, ``contract`` and ``luck`` change.
    gone : Hidden
        What is hidden elsewhere.
    small_cell : int
        Fewest records that may be shown.
    """
    frame = tables["settlement"].copy()
    stored = {
        id: json.loads(text) for id, text in zip(frame["settlement"], frame["settlement_json"], strict=True)
    }
    provider = dict(zip(frame["settlement"], frame["provider"], strict=True))
    why: dict[str, tuple[Withheld, ...]] = {}
    # all payers of a year together: what one of them shows could tell what another does not
    for ids in _years(stored):
        parts = {id: stored[id] for id in ids}
        found = _reasons(parts, {id: provider[id] for id in ids}, gone, small_cell)
        why |= dict.fromkeys(ids, found)
    names = {}
    hidden_of = {id: _hidden_indicators(each, provider[id], gone) for id, each in stored.items()}
    for row in frame.itertuples():
        reasons = why[row.settlement]
        if not reasons:
            names[row.settlement] = row.settlement
            continue
        shown = _shown(stored[row.settlement], reasons, hidden_of[row.settlement], gone, small_cell)
        text = json.dumps(shown, ensure_ascii=False, sort_keys=True)
        names[row.settlement] = hashlib.sha256(text.encode()).hexdigest()
        frame.loc[row.Index, "settlement_json"] = text
        frame.loc[row.Index, "restatement_json"] = _restatement(row, stored[row.settlement], reasons)
    frame["settlement"] = frame["settlement"].map(names)
    tables["luck"] = _luck(tables["luck"], why, hidden_of, names)
    tables["settlement"] = frame
    tables["contract"] = _contracts(tables["contract"], stored, why)


def _years(stored: Mapping[str, Any]) -> list[list[str]]:
    found: dict[tuple[str, ...], list[str]] = {}
    for id, each in stored.items():
        found.setdefault((each["contract"], each["version"], each["period"]), []).append(id)
    return list(found.values())


def _reasons(
    parts: Mapping[str, dict[str, Any]], provider: Mapping[str, str], gone: Hidden, small_cell: int
) -> tuple[Withheld, ...]:
    found: list[Withheld] = []
    for id, each in parts.items():
        hides = _hidden_indicators(each, provider[id], gone)
        judged = {line["indicator"] for line in each["quality"]["lines"] if line["adjusted"] is not None}
        if hides:
            found.append("ledger-score" if hides & judged else "score")
        if any(0 < size < small_cell for size in _sizes(each["inputs"])):
            found.append("ledger-records")
        if any(_of_hidden_total(line, gone) for line in each["inputs"]["results"]):
            found.append("reference")
        if id in gone.few_members:
            found.append("members")
    whole: tuple[Withheld, ...] = ("ledger-score", "ledger-records")
    return tuple(reason for reason in whole if reason in found)[:1] or tuple(dict.fromkeys(found))


def _sizes(inputs: Mapping[str, Any]) -> Iterator[Decimal]:
    """Numbers of records that a ledger stands on."""
    yield Decimal(inputs["records"])
    for name in ("baselines", "comparison"):
        yield from (Decimal(row["records"]) for row in inputs.get(name, ()))


def _hidden_indicators(settlement: Mapping[str, Any], provider: str, gone: Hidden) -> set[str]:
    """Indicators of a settlement with a hidden score: of its period, or of one that may be its baseline."""
    ever = {(indicator, version) for indicator, version, _, of in gone.scores if of == provider}
    found = set()
    for line in (*settlement["quality"]["lines"], *settlement["inputs"]["results"]):
        name = line["indicator"], line["version"]
        from_earlier = line.get("baseline") is not None and name in ever
        if from_earlier or (*name, line["period"], provider) in gone.scores:
            found.add(line["indicator"])
    return found


def _of_hidden_total(line: Mapping[str, Any], gone: Hidden) -> bool:
    return line.get("reference") is not None and tuple(line[name] for name in _GROUP) in gone.totals


def _shown(
    settlement: dict[str, Any],
    reasons: Sequence[Withheld],
    hides: set[str],
    gone: Hidden,
    small_cell: int,
) -> dict[str, Any]:
    words = {
        language: " ".join(
            [*(_WORDS[reason][place].format(few=small_cell) for reason in reasons), _WHERE[place]]
        )
        for place, language in enumerate(("nl", "en"))
    }
    if reasons[0].startswith("ledger"):
        return {name: settlement[name] for name in _ABOUT} | {"withheld": words}
    lines, results = settlement["quality"]["lines"], settlement["inputs"]["results"]
    for line in (*lines, *results):
        if line["indicator"] in hides:
            line.update({name: None for name in (*_NUMBERS, *_CLASS) if name in line})
        if _of_hidden_total(line, gone):
            line.update(reference=None, reliability=None)
    inputs = settlement["inputs"]
    if "members" in reasons:
        inputs = {name: value for name, value in inputs.items() if name != "members"}
        settlement = settlement | {"portions": []}
    return settlement | {"inputs": inputs, "hash": None, "withheld": words}


def _restatement(row: Any, settlement: Mapping[str, Any], reasons: Sequence[Withheld]) -> str | None:
    """What payer and participant differ by; of a ledger that is withheld not by which cause."""
    if not isinstance(row.restatement_json, str):
        return None
    found = json.loads(row.restatement_json)
    both = (settlement["payer"], settlement["participant"]["network"])
    return json.dumps(
        {
            "differences": {name: found["differences"][name] for name in both},
            "causes": [] if reasons[0].startswith("ledger") else found["causes"],
        },
        ensure_ascii=False,
        sort_keys=True,
    )


def _luck(
    luck: pd.DataFrame,
    why: Mapping[str, Sequence[Withheld]],
    hidden_of: Mapping[str, set[str]],
    names: Mapping[str, str],
) -> pd.DataFrame:
    """Take out what tells where a hidden score lies: its slopes, its cliffs, and what its goal is."""
    whole = [not any(reason.startswith("ledger") for reason in why[id]) for id in luck["settlement"]]
    luck = luck[pd.Series(whole, index=luck.index, dtype=bool)].copy()
    luck["luck_json"] = [
        _without_steps(text, hidden_of[id])
        for id, text in zip(luck["settlement"], luck["luck_json"], strict=True)
    ]
    luck["settlement"] = luck["settlement"].map(names)
    return luck.reset_index(drop=True)


def _without_steps(text: str, indicators: set[str]) -> str:
    found = json.loads(text)
    for part in ("slopes", "cliffs"):
        found[part] = [step for step in found[part] if step["what"] not in indicators]
    found["goals"] = [goal for goal in found["goals"] if goal["indicator"] not in indicators]
    return json.dumps(found, ensure_ascii=False, sort_keys=True)


def _contracts(
    contracts: pd.DataFrame, stored: Mapping[str, Any], why: Mapping[str, Sequence[Withheld]]
) -> pd.DataFrame:
    """Leave out the text of a contract that judged a hidden score: its goals and a payment tell of it."""
    hides = {each["contract"] for id, each in stored.items() if "ledger-score" in why[id]}
    return contracts[~contracts["contract"].isin(hides)].reset_index(drop=True)

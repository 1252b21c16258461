"""Hiding small cells in the tables of a publication, and the totals that would give them away."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from indicators.strata import COUNTED as COUNTED_STATES
from indicators.versions import order
from registry_db.disclosure import BEHIND, hidden, patients
from registry_db.hiding_cells import hide_cells
from registry_db.hiding_courses import hide_courses
from registry_db.hiding_explanations import hide_explanations, rounded_parts
from registry_db.hiding_models import hide_models, rare_terms
from registry_db.hiding_settlements import Hidden, hide_settlements
from registry_db.hiding_subgroups import hide_subgroups
from registry_db.populations import Population
from registry_db.scoring import SCORE_COLUMNS
from registry_db.successive import close_to_before

NUMBERS = [name for name in SCORE_COLUMNS if name not in ("provider", "band", "reason", *BEHIND)]
COUNTED = "counted"
# Of a score: what it has from all providers together, or from the expectations, which sum to what all have.
_OF_ALL = ["expected", "ratio", "low998", "low95", "high95", "high998", "reliability"]
_GROUP = ["indicator", "version", "period"]


def hide_small(
    tables: dict[str, pd.DataFrame],
    *,
    facts: set[str],
    populations: Mapping[tuple[str, str], Population],
    few_members: Collection[str] = (),
    before: pd.DataFrame | None = None,
    small_cell: int,
) -> int:
    """Hide small cells in the scores, their states and the settlements, in place.

    Parameters
    ----------
    tables : dict of str to DataFrame
        Tables of a publication by name; ``score`` gains the column ``suppressed`` and loses BEHIND.
    facts : set of str
        Indicators that are facts about providers: they count no patients.
    populations : mapping of (str, str) to Population
        Of each indicator and version which records it counts: counts of the same in periods that overlap,
        such as a year and its quarters, can be subtracted.
    few_members : collection of str
        Settlements that fall to a provider of few records, or of records that count in part.
    before : DataFrame, optional
        Counts that earlier publications show, from `successive.shown_before`.
    small_cell : int
        Scores and counts of fewer patients are hidden.

    Returns
    -------
    int
        How many scores are shown though they differ by few patients from what was shown before.
    """
    counted = tables["score"][~tables["score"]["indicator"].isin(facts)]
    close, stay = np.zeros(len(counted), dtype=bool), 0
    if before is not None:
        close, stay = close_to_before(counted, before, small_cell=small_cell)
    changed = pd.Series(close, index=counted.index).reindex(tables["score"].index, fill_value=False)
    scores, unsafe = _hide_scores(tables["score"], facts, populations, changed.to_numpy(), small_cell)
    tables["score"] = scores
    tables["state"] = _hide_states(tables["state"], scores, facts, small_cell)
    subgroups = _of_longest(tables["subgroup_score"], populations)
    tables["subgroup_score"] = hide_subgroups(subgroups, scores, unsafe, small_cell=small_cell)
    unseen = scores[scores["suppressed"]]
    gone = Hidden(
        frozenset(unseen[[*_GROUP, "provider"]].itertuples(index=False, name=None)),
        frozenset(unsafe.itertuples(index=False, name=None)),
        frozenset(few_members),
    )
    hide_settlements(tables, gone, small_cell=small_cell)
    estimates = _without(tables["estimate"], unseen, by=[*_GROUP, "provider"])
    tables["estimate"] = _without(estimates, unsafe, by=_GROUP)
    tables["model"], names = hide_models(tables["model"], small_cell=small_cell)
    tables["benchmark"] = tables["benchmark"].replace({"model": names})
    parts, mixes = hide_explanations(
        tables["explanation"],
        tables["patient_mix"],
        rare=rare_terms(tables["model"], tables["benchmark"]),
        small_cell=small_cell,
    )
    parts = rounded_parts(parts, tables["indicator"])
    for name, found in (("explanation", parts), ("patient_mix", mixes)):
        tables[name] = _without(_without(found, unseen, by=[*_GROUP, "provider"]), unsafe, by=_GROUP)
    for name in ("benchmark", "model"):
        tables[name] = _without(tables[name], unsafe, by=_GROUP)
    tables["course"] = hide_courses(tables["course"], scores, unsafe, populations, small_cell=small_cell)
    return stay


def _of_longest(subgroups: pd.DataFrame, populations: Mapping[tuple[str, str], Population]) -> pd.DataFrame:
    """Keep the subgroups of a period only where no longer one of the same records overlaps with it.

    The counts of subgroups in a year and its quarters tell each other in more ways than those of a whole.
    """
    keys = subgroups[_GROUP].drop_duplicates()
    spans = _spans(keys, populations)
    alike = np.array(_counted_alike(keys, populations), dtype=object)
    length = spans[:, 1] - spans[:, 0]
    longer = (alike[:, None] == alike) & (length[:, None] < length)
    overlaps = (spans[:, :1] < spans[:, 1]) & (spans[:, 1:] > spans[:, 0])
    return _without(subgroups, keys[(longer & overlaps).any(axis=1)], by=_GROUP)


def _hide_scores(
    scores: pd.DataFrame,
    facts: set[str],
    populations: Mapping[tuple[str, str], Population],
    changed: NDArray[np.bool_],
    small_cell: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Hide scores of few patients; give also the groups whose total cannot be shown beside them.

    Of such a group a score has what its own patients tell, and its verdict, but not what follows from all.

    An earlier version of an indicator is about the same records as the newer one. Where it counts a few more
    or less, the difference is a small number of patients: then it is hidden in the earlier version. So it is
    in the smaller of two indicators that ask the same of nearly the same records.
    """
    scores = scores.copy()
    people = np.where(scores["indicator"].isin(facts), 0.0, patients(scores))
    also = close_to_newer(scores, people, by=[*_GROUP, "provider"], small_cell=small_cell)
    alike = same_outcome(scores, populations)
    also |= close_to_larger(people, alike, small_cell=small_cell)
    groups = scores.groupby(_GROUP, sort=True)
    names, group = list(groups.indices), groups.ngroup().to_numpy(np.int64)
    while True:
        hide, unsafe = hide_cells(
            people,
            group=group,
            provider=pd.factorize(scores["provider"])[0],
            same=pd.factorize(np.array(_counted_alike(scores, populations), dtype=object))[0],
            span=_spans(scores, populations),
            fewer_than=small_cell,
            also=also,
            beside=changed,
        )
        # hidden so that a total does not tell another, and told after all by nearly the same records
        kept = pd.Series(hide & ~also & ~np.isin(group, list(unsafe)))
        more = kept.groupby(alike).transform("any").to_numpy() & ~hide & (people > 0)
        if not more.any():
            break
        also = also | more
    scores["suppressed"] = hide
    scores.loc[hide, NUMBERS] = np.nan
    scores.loc[hide, "band"] = "not-assessable"
    scores.loc[hide, "reason"] = "suppressed"
    # value by ratio is the reference: events of all by patients of all, of which the exact digits tell both
    scores.loc[np.isin(group, list(unsafe)), _OF_ALL] = np.nan
    scores = scores.drop(columns=list(BEHIND))
    return scores, pd.DataFrame([names[number] for number in sorted(unsafe)], columns=_GROUP, dtype=object)


def _counted_alike(scores: pd.DataFrame, populations: Mapping[tuple[str, str], Population]) -> list[str]:
    """Which records each score counts; an indicator that nothing is known of has records of its own."""
    versions = zip(scores["indicator"], scores["version"], strict=True)
    return [populations[of].records if of in populations else "/".join(of) for of in versions]


def _spans(scores: pd.DataFrame, populations: Mapping[tuple[str, str], Population]) -> NDArray[np.int64]:
    """First month of the period of each score, and the month after its last."""
    found = []
    for *of, label in zip(scores["indicator"], scores["version"], scores["period"], strict=True):
        known = populations.get((of[0], of[1]))
        span = known.months(label) if known else None
        # A period that tells no months overlaps with none: it lies far off, by itself.
        found.append(span or (10**6 + len(found), 10**6 + len(found) + 1))
    return np.array(found, dtype=np.int64).reshape(len(found), 2)


def close_to_newer(
    scores: pd.DataFrame, people: NDArray[np.float64], *, by: list[str], small_cell: int
) -> NDArray[np.bool_]:
    """Whether a row differs from that of a newer version by some patients, but fewer than may be shown."""
    found = np.zeros(len(scores), dtype=bool)
    if scores.empty:
        return found
    same = [name for name in by if name != "version"]
    rows = scores[by].assign(people=people, order=scores["version"].map(order), row=np.arange(len(scores)))
    pairs = rows.merge(rows, on=same, suffixes=("", "_newer"))
    pairs = pairs[[old < new for old, new in zip(pairs["order"], pairs["order_newer"], strict=True)]]
    apart = (pairs["people"] - pairs["people_newer"]).abs()
    found[pairs.loc[(apart > 0) & (apart < small_cell), "row"].to_numpy(np.int64)] = True
    return found


def same_outcome(
    scores: pd.DataFrame, populations: Mapping[tuple[str, str], Population]
) -> NDArray[np.int64]:
    """Number of the rows of one provider that ask the same of records of one dataset and the same months.

    Of each indicator in its newest version; any other row has a number of its own.
    """
    newest: dict[str, str] = {}
    for indicator, version in populations:
        if indicator not in newest or order(newest[indicator]) < order(version):
            newest[indicator] = version
    keys: list[tuple[Any, ...]] = []
    spans = _spans(scores, populations)
    of = zip(scores["indicator"], scores["version"], scores["provider"], strict=True)
    for row, (indicator, version, provider) in enumerate(of):
        known = populations.get((indicator, version))
        like = known is not None and known.outcome and newest[indicator] == version
        keys.append((known.outcome, provider, *spans[row]) if like else (row,))
    found: NDArray[np.int64] = pd.factorize(pd.Series(keys, dtype=object))[0]
    return found


def close_to_larger(
    people: NDArray[np.float64], alike: NDArray[np.int64], *, small_cell: int
) -> NDArray[np.bool_]:
    """Whether a row has some patients fewer, but fewer than may be shown, than one of the same outcome.

    The differences of their records and events would be those of a few patients.
    """
    rows = pd.DataFrame({"alike": alike, "people": people, "row": np.arange(len(people))})
    rows = rows[(people > 0) & rows["alike"].duplicated(keep=False).to_numpy()]
    both = rows.merge(rows, on="alike", suffixes=("", "_larger"))
    apart = both["people_larger"] - both["people"]
    found = np.zeros(len(people), dtype=bool)
    found[both.loc[(apart > 0) & (apart < small_cell), "row"].to_numpy(np.int64)] = True
    return found


def _without(frame: pd.DataFrame, groups: pd.DataFrame, *, by: list[str]) -> pd.DataFrame:
    found = frame[by].merge(groups[by], on=by, how="left", indicator=True)["_merge"] == "both"
    return frame[~found.to_numpy()].reset_index(drop=True)


def _hide_states(
    states: pd.DataFrame, scores: pd.DataFrame, facts: set[str], small_cell: int
) -> pd.DataFrame:
    """Take counted records together (the score splits them) and hide small cells within a provider.

    A score that is hidden takes all states of that provider with it: which states there are, and how large
    they are, would tell what the score does not. Beside a score that is shown, its number of records is
    known, so the other states must hide each other. Pending records are taken together: a row for every
    day on which one ripens would be nothing but small cells. Records that count in part are shown as a whole
    number: its digits behind the point would tell of single records.
    """
    states = states[~states["indicator"].isin(facts)].copy()
    states.loc[states["state"].isin(list(COUNTED_STATES)), "state"] = COUNTED
    states.loc[states["state"] == "pending", "reason"] = ""
    keys = [*_GROUP, "provider"]
    states = states.groupby([*keys, "state", "reason"], as_index=False, sort=True)["n"].sum()
    states = states.merge(scores[[*keys, "suppressed"]], on=keys, how="left")
    suppressed = states.pop("suppressed").eq(True).to_numpy()
    counted = states["state"].eq(COUNTED).to_numpy()
    n = states["n"].to_numpy(np.float64)
    hide = suppressed.copy()
    for rows in states.groupby(keys).indices.values():
        others = rows[~counted[rows]]
        hide[others] |= hidden(n[others], fewer_than=small_cell)
    states["n"] = pd.Series(np.round(n), index=states.index).astype("Int64").mask(hide)
    return states[~suppressed | counted].reset_index(drop=True)

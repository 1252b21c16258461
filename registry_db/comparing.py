"""Two versions of an indicator held against each other on the registry's own records."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from indicators.changes import Changes, changes_in_words
from indicators.cohort import cohort_select
from indicators.dataset import Dataset
from indicators.definition import Indicator
from indicators.expression import parse
from indicators.notation import to_text
from indicators.words import Language
from registry_db.assessing import score_now
from registry_db.catalogue import Catalogue, Definition
from registry_db.cohorts import cut_off
from registry_db.connect import Connection
from registry_db.faults import RegistryError
from registry_db.records import make_current_view

MOVES = ("state_before", "reason_before", "state_after", "reason_after", "n")
SCORES = (
    "period", "provider", "n_before", "n_after", "adjusted_before", "adjusted_after",
    "band_before", "band_after",
)  # fmt: skip
_RECORD = ("_delivery", "_line")


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """What a new version changes.

    Attributes
    ----------
    id, before, after : str
        The indicator and its versions.
    changes : Changes
        What the definition says otherwise, in words.
    moves : DataFrame
        Columns MOVES: how many records end in which state and reason, before and after; those that do not
        change too, so that they add up to all records. Of a pending record the day is left out. A rule goes
        by its number in the newer version, so that a record does not move because a rule does.
    scores : DataFrame
        Columns SCORES, a row per period and provider that has a score in either version.
    """

    id: str
    before: str
    after: str
    changes: Changes
    moves: pd.DataFrame
    scores: pd.DataFrame

    @property
    def moved(self) -> int:
        """How many records change state or reason."""
        same = (self.moves["state_before"] == self.moves["state_after"]) & (
            self.moves["reason_before"] == self.moves["reason_after"]
        )
        return int(self.moves.loc[~same, "n"].sum())

    @property
    def records(self) -> int:
        """How many records there are."""
        return int(self.moves["n"].sum())


def compare(
    con: Connection, catalogue: Catalogue, before: Definition, after: Definition, language: Language
) -> Compared:
    """Hold two versions of an indicator against each other; nothing is kept.

    Raises
    ------
    RegistryError
        If it is not an indicator. Of two datasets the records cannot be compared: then there are no moves.
    """
    old, new = before.model, after.model
    if not isinstance(old, Indicator) or not isinstance(new, Indicator):
        raise RegistryError(f"{before.label}: only versions of an indicator are compared")
    datasets = (catalogue.dataset(old.dataset), catalogue.dataset(new.dataset))
    moves = pd.DataFrame(columns=list(MOVES))
    if old.dataset == new.dataset:
        moves = _moves(con, old, new, datasets[0])
    scores = _scores(con, (old, new), datasets)
    changes = changes_in_words(old, new, datasets, language)
    return Compared(after.id, before.version, after.version, changes, moves, scores)


def _moves(con: Connection, old: Indicator, new: Indicator, dataset: Dataset) -> pd.DataFrame:
    view = make_current_view(con, dataset)
    for name, indicator in (("before", old), ("after", new)):
        until = cut_off(con, indicator, dataset)
        sql = cohort_select(indicator, dataset, view, networks=None, cut_off=until, carried=_RECORD)
        reason = "case when _state = 'pending' then '' else _reason end"
        con.execute(
            f"create or replace temp table states_{name} as select distinct "
            f"_delivery, _line, _state as state_{name}, {reason} as reason_{name} from ({sql})"
        )
    moves = con.execute(
        f"""select {", ".join(MOVES[:-1])}, count(*) as n
        from states_before join states_after using (_delivery, _line) group by all order by all"""
    ).df()
    numbers = _numbers_in(new, old, dataset)
    return moves.assign(reason_before=moves["reason_before"].map(lambda reason: numbers.get(reason, reason)))


def _numbers_in(new: Indicator, old: Indicator, dataset: Dataset) -> dict[str, str]:
    """Reason by the number of a rule in the older version, to that of the same rule in the newer one.

    A rule is the same by its condition; one that is gone is marked so.
    """
    found: dict[str, str] = {}
    for name, before, after in (
        ("rule", old.exclude, new.exclude),
        ("exception", old.exceptions, new.exceptions),
    ):
        texts = [to_text(parse(rule.when, dataset.types)) for rule in after]
        for number, rule in enumerate(before, start=1):
            text = to_text(parse(rule.when, dataset.types))
            now = f"{name} {texts.index(text) + 1}" if text in texts else f"{name} {number} of {old.version}"
            found[f"{name} {number}"] = now
    return found


def _scores(
    con: Connection, versions: tuple[Indicator, Indicator], datasets: tuple[Dataset, Dataset]
) -> pd.DataFrame:
    old, new = (
        score_now(con, indicator, dataset)[["period", "provider", "n", "adjusted", "band"]]
        for indicator, dataset in zip(versions, datasets, strict=True)
    )
    both = old.merge(new, on=["period", "provider"], how="outer", suffixes=("_before", "_after"))
    return both.sort_values(["period", "provider"]).reindex(columns=list(SCORES)).reset_index(drop=True)

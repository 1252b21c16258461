"""A definition to SQL: the view of a dataset, the cohort of an indicator, its states and its strata.

Every record ends in exactly one state with its reason. The order in which states are tried is the order
in which a reader of the definition would ask: may it count, is it left out, is its outcome ripe, is
anything missing, and what is the outcome.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from indicators.dataset import Dataset
from indicators.definition import BinaryOutcome, ChangeOutcome, ContinuousOutcome, Indicator, StructureOutcome
from indicators.expression import Node, parse, to_sql
from indicators.instruments import index_sql, value_sets

COUNTED = ("met", "not-met", "value")
NO_NETWORK = "(no network)"
# Sums of exact decimals do not depend on the order in which threads add them.
_EXACT = "decimal(18, 9)"


@dataclass(frozen=True, slots=True)
class _Step:
    """One question in the ladder of states: a condition, the state, and SQL of the reason."""

    condition: str
    state: str
    reason: str


def dataset_select(dataset: Dataset, table: str) -> str:
    """SQL of a dataset's records with its derived columns added.

    Parameters
    ----------
    dataset : Dataset
        The definition.
    table : str
        Name of the table or view that holds the stored columns.
    """
    derived = "".join(f", {derived_sql(dataset, name)} as {quote(name)}" for name in dataset.derive)
    return f"select *{derived} from {table}"


def derived_sql(dataset: Dataset, name: str) -> str:
    """SQL of one derived column."""
    derived = dataset.derive[name]
    chosen = value_sets()[derived.instrument, derived.value_set]
    return index_sql(chosen, {item: quote(derived.items[item]) for item in chosen.levels})


def quote(name: str) -> str:
    """Quote a name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def text_literal(value: str) -> str:
    """Write a text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def cohort_select(
    indicator: Indicator, dataset: Dataset, view: str, *, members: str, cut_off: dt.date | None
) -> str:
    """SQL of the cohort: one row per record, with its state, its reason and what a model needs of it.

    Parameters
    ----------
    indicator, dataset : Indicator, Dataset
        The definitions.
    view : str
        View with the dataset's records, derived columns included.
    members : str
        Table with columns network_set, network, provider, since, until.
    cut_off : date or None
        Day on which the data end; needed for an indicator with a follow-up.

    Returns
    -------
    str
        A select with columns ``_period, _provider, _state, _reason, _n, _y, _before, _expected`` and one
        column for each case-mix term. ``_y`` is 1 or 0, a number, or a count of events out of ``_n``.
    """
    steps = _ladder(indicator, dataset, cut_off)
    states = " ".join(f"when {step.condition} then {text_literal(step.state)}" for step in steps)
    reasons = " ".join(f"when {step.condition} then {step.reason}" for step in steps)
    outcome = _outcome_sql(indicator, dataset)
    before = quote(indicator.outcome.before) if isinstance(indicator.outcome, ChangeOutcome) else "null"
    external = quote(indicator.expectation.external) if indicator.expectation else "null"
    terms = "".join(
        f", {_term_sql(quote(t.term), dataset.types[t.term])} as {quote(t.term)}" for t in indicator.case_mix
    )
    source, unit = _unit_source(indicator, dataset, view, members)
    return f"""
        select {_period_sql(dataset)} as _period, coalesce({unit}, '{NO_NETWORK}') as _provider,
            case {states} else {_final_state(indicator, outcome)} end as _state,
            case {reasons} else '' end as _reason,
            {_weight_sql(indicator)} as _n, cast({outcome} as {_EXACT}) as _y,
            cast({before} as {_EXACT}) as _before, cast({external} as {_EXACT}) as _expected{terms}
        from {source}"""


def states_select(cohort: str) -> str:
    """SQL that counts a cohort's records by period, provider, state and reason."""
    return f"""
        select _period as period, _provider as provider, _state as state, _reason as reason,
            count(*) as n
        from {cohort} group by all order by all"""


def strata_select(cohort: str, terms: Sequence[str], *, external: bool) -> str:
    """SQL of the strata of one period: distinct case-mix patterns per provider with counts and sums.

    Parameters
    ----------
    cohort : str
        Table with the cohort.
    terms : sequence of str
        Case-mix terms.
    external : bool
        Whether the delivered expectation is part of the pattern.

    Returns
    -------
    str
        A select with one parameter, the period.
    """
    patterns = [*map(quote, terms), *(["_expected"] if external else [])]
    columns = "".join(f", {name}" for name in patterns)
    counted = ", ".join(map(text_literal, COUNTED))
    return f"""
        select _provider as provider{columns}, cast(sum(_n) as double) as n,
            cast(sum(_y) as double) as sum_y, cast(sum(_y * _y) as double) as sum_y2,
            cast(sum(_before) as double) as sum_before
        from {cohort} where _period = ? and _state in ({counted})
        group by all order by all"""


def parse_in(text: str, dataset: Dataset) -> Node:
    """Parse a condition against a dataset's columns."""
    return parse(text, dataset.types)


def _period_sql(dataset: Dataset) -> str:
    if dataset.period.column:
        return f"cast({quote(dataset.period.column)} as varchar)"
    return f"cast(year({quote(dataset.period.year_of or '')}) as varchar)"


def _unit_source(indicator: Indicator, dataset: Dataset, view: str, members: str) -> tuple[str, str]:
    provider = quote(dataset.provider)
    if indicator.unit == "provider":
        return view, f"cast({provider} as varchar)"
    day = quote(dataset.period.year_of) if dataset.period.year_of else "current_date"
    return (
        f"{view} as r left join {members} as m on m.network_set = {text_literal(indicator.unit)}"
        f" and m.provider = r.{provider} and {day} between m.since and coalesce(m.until, date '9999-12-31')",
        "m.network",
    )


def _ladder(indicator: Indicator, dataset: Dataset, cut_off: dt.date | None) -> list[_Step]:
    steps: list[_Step] = []
    if indicator.unit != "provider":
        steps.append(_Step("m.network is null", "not-eligible", "'no network on this date'"))
    population = parse_in(indicator.population, dataset)
    steps += _condition_steps(population, "not-eligible", "'population'", when=False)
    for number, rule in enumerate(indicator.exclude, start=1):
        steps += _condition_steps(parse_in(rule.when, dataset), "excluded", f"'rule {number}'", when=True)
    if indicator.follow_up:
        if cut_off is None:
            raise ValueError(f"{indicator.indicator} has a follow-up: a cut-off date is needed")
        ripe = f"({quote(indicator.follow_up.after)} + {indicator.follow_up.days})"
        steps.append(_Step(f"{ripe} is null", "missing", text_literal(indicator.follow_up.after)))
        steps.append(_Step(f"{ripe} > date '{cut_off}'", "pending", f"cast({ripe} as varchar)"))
    outcome = _outcome_sql(indicator, dataset)
    steps.append(_Step(f"({outcome}) is null", "missing", _first_null(_outcome_columns(indicator, dataset))))
    for column in _needed_columns(indicator):
        steps.append(_Step(f"{quote(column)} is null", "missing", text_literal(column)))
    return steps


def _condition_steps(node: Node, state: str, reason: str, *, when: bool) -> list[_Step]:
    sql = to_sql(node)
    return [
        _Step(f"{sql} is null", "missing", _first_null(node.columns)),
        _Step(sql if when else f"not {sql}", state, reason),
    ]


def _first_null(columns: Sequence[str]) -> str:
    branches = " ".join(f"when {quote(name)} is null then {text_literal(name)}" for name in columns)
    return f"case {branches} else 'the expression' end" if branches else "'the expression'"


def _outcome_columns(indicator: Indicator, dataset: Dataset) -> tuple[str, ...]:
    """Columns that decide the outcome."""
    outcome = indicator.outcome
    if isinstance(outcome, ChangeOutcome):
        return (outcome.after,)
    if isinstance(outcome, ContinuousOutcome):
        return parse(outcome.value, dataset.types, "number").columns
    if isinstance(outcome, BinaryOutcome) and outcome.events:
        return (outcome.events,)
    return parse_in(outcome.when or "", dataset).columns


def _needed_columns(indicator: Indicator) -> list[str]:
    """Columns without which a record with an outcome cannot be scored."""
    outcome = indicator.outcome
    needed = [term.term for term in indicator.case_mix if term.missing == "report"]
    if isinstance(outcome, ChangeOutcome):
        needed.insert(0, outcome.before)
    if isinstance(outcome, BinaryOutcome) and outcome.trials:
        needed.insert(0, outcome.trials)
    if indicator.expectation:
        needed.append(indicator.expectation.external)
    return list(dict.fromkeys(needed))


def _outcome_sql(indicator: Indicator, dataset: Dataset) -> str:
    outcome = indicator.outcome
    if isinstance(outcome, ChangeOutcome):
        return quote(outcome.after)
    if isinstance(outcome, ContinuousOutcome):
        return to_sql(parse(outcome.value, dataset.types, "number"))
    if isinstance(outcome, BinaryOutcome) and outcome.events:
        return quote(outcome.events)
    return f"cast({to_sql(parse_in(outcome.when or '', dataset))} as integer)"


def _final_state(indicator: Indicator, outcome_sql: str) -> str:
    outcome = indicator.outcome
    if isinstance(outcome, BinaryOutcome | StructureOutcome) and outcome.when:
        return f"case when {outcome_sql} = 1 then 'met' else 'not-met' end"
    return "'value'"


def _weight_sql(indicator: Indicator) -> str:
    outcome = indicator.outcome
    return quote(outcome.trials) if isinstance(outcome, BinaryOutcome) and outcome.trials else "1"


def _term_sql(column: str, column_type: str) -> str:
    if column_type in ("category", "text"):
        return column
    return f"cast({column} as double)"

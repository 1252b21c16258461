"""A definition to SQL: the view of a dataset, the cohort of an indicator, its states and its strata.

Every record ends in exactly one state with its reason. The order in which states are tried is the order
in which a reader of the definition would ask: may it count, is it left out, is its outcome ripe, is
anything missing, and what is the outcome. A rule that surely leaves a record out comes before one that
cannot be told: a record that is left out either way is not a missing value.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from indicators.dataset import Dataset
from indicators.definition import BinaryOutcome, ChangeOutcome, ContinuousOutcome, FollowUp, Indicator
from indicators.expression import Node, parse, to_sql
from indicators.instruments import index_sql, value_sets

COUNTED = ("met", "not-met", "value")
NO_NETWORK = "(no network)"
# Sums of exact decimals do not depend on the order in which threads add them.
_EXACT = "decimal(18, 9)"
_NO_COLUMN = "'the expression'"


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
        Table with columns network_set, network, provider, since, until; a provider is in at most one
        network of a set on a day.
    cut_off : date or None
        Last day that the data hold, for an indicator with a follow-up: a window that closes on that day
        has closed. None if the data hold no day at all: nothing is ripe.

    Returns
    -------
    str
        A select with columns ``_period, _provider, _state, _reason, _n, _y, _before, _expected`` and one
        column for each case-mix term. ``_y`` is 1 or 0, a number, or a count of events out of ``_n``.
        The reason is ``population``, ``rule 1`` and so on, the day on which a record ripens, the column
        that is missing, or empty for a record with an outcome.

    Raises
    ------
    ValueError
        If the indicator is of networks while the dataset has no date to look a membership up on;
        ``definitions.indicator_faults`` finds that first.
    """
    steps = _ladder(indicator, dataset, cut_off)
    states = " ".join(f"when {step.condition} then {text_literal(step.state)}" for step in steps)
    reasons = " ".join(f"when {step.condition} then {step.reason}" for step in steps)
    outcome = _outcome(indicator, dataset)
    value, states_of_value = to_sql(outcome), "'value'"
    if outcome.type == "boolean":
        value, states_of_value = (
            f"cast({value} as integer)",
            f"case when {value} then 'met' else 'not-met' end",
        )
    before = quote(indicator.outcome.before) if isinstance(indicator.outcome, ChangeOutcome) else "null"
    external = quote(indicator.expectation.external) if indicator.expectation else "null"
    terms = "".join(
        f", {_term_sql(quote(t.term), dataset.types[t.term])} as {quote(t.term)}" for t in indicator.case_mix
    )
    source, unit = _unit_source(indicator, dataset, view, members)
    return f"""
        select {_period_sql(dataset)} as _period, coalesce({unit}, '{NO_NETWORK}') as _provider,
            case {states} else {states_of_value} end as _state,
            case {reasons} else '' end as _reason,
            {_weight_sql(indicator)} as _n, cast({value} as {_EXACT}) as _y,
            cast({before} as {_EXACT}) as _before, cast({external} as {_EXACT}) as _expected{terms}
        from {source}"""


def states_select(cohort: str) -> str:
    """SQL that counts a cohort's records by period, provider, state and reason."""
    return f"""
        select _period as period, _provider as provider, _state as state, _reason as reason,
            count(*) as n
        from {cohort} group by all order by all"""


def patterns_select(cohort: str, terms: Sequence[str]) -> str:
    """SQL of the distinct case-mix patterns of one period, all providers together: what a model is fitted on.

    Parameters
    ----------
    cohort : str
        Table with the cohort.
    terms : sequence of str
        Case-mix terms.

    Returns
    -------
    str
        A select with one parameter, the period: a column for each term, and n, sum_y and sum_y2.
    """
    columns = "".join(f"{quote(term)}, " for term in terms)
    return f"select {columns}{_SUMS} {_counted(cohort)} group by all order by all"


def strata_select(cohort: str, expectation: str) -> str:
    """SQL of the strata of one period: records of a provider that have the same expectation.

    Parameters
    ----------
    cohort : str
        Table with the cohort.
    expectation : str
        SQL of the expectation of one record, over the cohort's columns.

    Returns
    -------
    str
        A select with one parameter, the period: provider, expected, n, sum_y, sum_y2 and sum_before.
    """
    sums = f"{_SUMS}, cast(sum(_before) as double) as sum_before"
    return (
        f"select _provider as provider, cast({expectation} as double) as expected, {sums} "
        f"{_counted(cohort)} group by all order by all"
    )


# Without records a sum is null, and so is a sum of what is not there.
_SUMS = (
    "cast(sum(_n) as double) as n, cast(sum(_y) as double) as sum_y, cast(sum(_y * _y) as double) as sum_y2"
)


def _counted(cohort: str) -> str:
    states = ", ".join(map(text_literal, COUNTED))
    return f"from {cohort} where _period = ? and _state in ({states})"


def parse_in(text: str, dataset: Dataset) -> Node:
    """Parse a condition against a dataset's columns."""
    return parse(text, dataset.types)


def _period_sql(dataset: Dataset) -> str:
    if dataset.period.column:
        return f"cast({quote(dataset.period.column)} as varchar)"
    return f"cast(year({quote(dataset.period.year_of or '')}) as varchar)"


def _unit_source(indicator: Indicator, dataset: Dataset, view: str, members: str) -> tuple[str, str]:
    provider = f"cast({quote(dataset.provider)} as varchar)"
    if indicator.unit == "provider":
        return view, provider
    if dataset.period.year_of is None:
        raise ValueError(f"{indicator.indicator} is of networks; dataset {dataset.dataset} has no date")
    # Names with an underscore, which no column of a dataset has: a dataset may have its own "network".
    membership = (
        "select network as _network, provider as _member, since as _since,"
        f" coalesce(until, date '9999-12-31') as _until from {members}"
        f" where network_set = {text_literal(indicator.unit)}"
    )
    day = quote(dataset.period.year_of)
    return (
        f"{view} left join ({membership}) on _member = {provider} and {day} between _since and _until",
        "_network",
    )


def _ladder(indicator: Indicator, dataset: Dataset, cut_off: dt.date | None) -> list[_Step]:
    steps: list[_Step] = []
    if indicator.unit != "provider" and dataset.period.year_of:
        day = dataset.period.year_of
        steps.append(_Step(f"{quote(day)} is null", "missing", text_literal(day)))
        steps.append(_Step("_network is null", "not-eligible", "'no network on this date'"))
    population = parse_in(indicator.population, dataset)
    steps.append(_missing(population))
    steps.append(_Step(f"not {to_sql(population)}", "not-eligible", "'population'"))
    rules = [parse_in(rule.when, dataset) for rule in indicator.exclude]
    for number, rule in enumerate(rules, start=1):
        steps.append(_Step(to_sql(rule), "excluded", f"'rule {number}'"))
    steps += map(_missing, rules)
    if indicator.follow_up:
        steps += _follow_up_steps(indicator.follow_up, cut_off)
    steps.append(_missing(_outcome(indicator, dataset)))
    for column in _needed_columns(indicator):
        steps.append(_Step(f"{quote(column)} is null", "missing", text_literal(column)))
    outcome = indicator.outcome
    if isinstance(outcome, BinaryOutcome) and outcome.events and outcome.trials:
        impossible = f"{quote(outcome.events)} not between 0 and {quote(outcome.trials)}"
        steps.append(_Step(impossible, "missing", text_literal(outcome.events)))
    return steps


def _follow_up_steps(follow_up: FollowUp, cut_off: dt.date | None) -> list[_Step]:
    ripe = f"({quote(follow_up.after)} + {follow_up.days})"
    unripe = f"{ripe} > date '{cut_off}'" if cut_off else "true"
    return [
        _Step(f"{ripe} is null", "missing", text_literal(follow_up.after)),
        _Step(unripe, "pending", f"cast({ripe} as varchar)"),
    ]


def _missing(node: Node) -> _Step:
    return _Step(f"{to_sql(node)} is null", "missing", _null_reason(node))


def _null_reason(node: Node) -> str:
    """SQL of the column that makes an expression null, given that it is null."""
    if node.kind == "column":
        return text_literal(str(node.value))
    if node.kind == "is null" or not node.children:
        return _NO_COLUMN
    if node.kind == "case":
        *branches, default = node.children
        decided = [(to_sql(when), value) for when, value in zip(branches[::2], branches[1::2], strict=True)]
        otherwise = _null_reason(default)
    else:
        decided = [(f"{to_sql(child)} is null", child) for child in node.children]
        otherwise = _NO_COLUMN
    tried = " ".join(f"when {condition} then {_null_reason(child)}" for condition, child in decided)
    return f"case {tried} else {otherwise} end"


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


def _outcome(indicator: Indicator, dataset: Dataset) -> Node:
    outcome = indicator.outcome
    if isinstance(outcome, ContinuousOutcome):
        return parse(outcome.value, dataset.types, "number")
    if isinstance(outcome, ChangeOutcome):
        return Node("column", "number", outcome.after)
    if isinstance(outcome, BinaryOutcome) and outcome.events:
        return Node("column", "number", outcome.events)
    return parse_in(outcome.when or "", dataset)


def _weight_sql(indicator: Indicator) -> str:
    outcome = indicator.outcome
    return quote(outcome.trials) if isinstance(outcome, BinaryOutcome) and outcome.trials else "1"


def _term_sql(column: str, column_type: str) -> str:
    if column_type in ("category", "text"):
        return column
    return f"cast({column} as double)"

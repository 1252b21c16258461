"""An indicator to SQL: its cohort, one row per record with its state and what a model needs of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from indicators.attributed import WHOLE_SQL, Attributed, Networks, attributed
from indicators.bands import band_sql
from indicators.case_mix import CaseMixTerm
from indicators.compile import quote
from indicators.dataset import Dataset
from indicators.definition import Indicator
from indicators.expression import to_sql
from indicators.outcomes import BinaryOutcome, ChangeOutcome, CountOutcome, TimeToEventOutcome
from indicators.periods import period_sql, with_period_days
from indicators.states import exposure_node, ladder, outcome_node, parse_in, state_literal
from indicators.stratifiers import subgroup_column, subgroup_sql

NO_NETWORK = "(outside every network)"
# Sums of whole numbers and exact decimals do not depend on the order in which threads add them.
_WHOLE, _EXACT = "bigint", "decimal(18, 9)"


def cohort_select(
    indicator: Indicator,
    dataset: Dataset,
    view: str,
    *,
    networks: Networks | None,
    cut_off: dt.date | None,
    carried: Sequence[str] = (),
) -> str:
    """SQL of the cohort: one row per record, with its state, its reason and what a model needs of it.

    Of rolling periods it has a row for each period that a record is in, and of networks one for each part of
    a record that counts in part; its state is the same in all of them.

    Parameters
    ----------
    indicator, dataset : Indicator, Dataset
        The definitions.
    view : str
        View with the dataset's records, derived columns included.
    networks : Networks or None
        The set of networks that the indicator is of, and where the engine finds it; None scores providers.
    cut_off : date or None
        Last day that the data hold, for an indicator with a follow-up: a window that closes on that day
        has closed. None if the data hold no day at all: nothing is ripe.
    carried : sequence of str
        Columns of the view that go along, by which a record is known elsewhere.

    Returns
    -------
    str
        A select with columns ``_period, _at, _provider, _share, _once, _state, _reason, _n, _y, _time,
        _event, _before, _expected``, one column for each case-mix term, and one for each stratifier with the
        subgroup. ``_at`` is the key of the period, as in `indicators.periods.PeriodSQL`. ``_provider`` is
        NO_NETWORK for what is outside every network; ``_share`` is for how much a record counts in this row,
        and the shares of a record add up to 1; ``_once`` holds in one row of each record and period. ``_y``
        is 1 or 0, a number, or a count of events out of ``_n`` or in an exposure of ``_n``; ``_time`` is the
        days that a record was followed, and ``_event`` whether that ended in the event, for a time to event.
        The reason is ``population`` or ``denominator``, ``rule 1`` and so on, the day on which a record
        ripens, the column that is missing or that ends the follow-up, ``exception 1`` and so on, or empty
        for a record with an outcome.

    Raises
    ------
    ValueError
        If the indicator is of networks while the dataset has no date to look a membership up on;
        ``definitions.indicator_faults`` finds that first.
    """
    steps = ladder(indicator, dataset, cut_off)
    states = " ".join(f"when {step.condition} then {state_literal(step.state)}" for step in steps)
    reasons = " ".join(f"when {step.condition} then {step.reason}" for step in steps)
    outcome = outcome_node(indicator, dataset)
    value, states_of_value, time, event = to_sql(outcome), state_literal("value"), "null", "null"
    if isinstance(indicator.outcome, TimeToEventOutcome):
        value = event = _happened_sql(indicator.outcome, cut_off)
        time = _followed_sql(indicator.outcome, cut_off)
    if outcome.type == "boolean":
        value, states_of_value = (
            f"cast({value} as integer)",
            f"case when {value} then {state_literal('met')} else {state_literal('not-met')} end",
        )
    before = quote(indicator.outcome.before) if isinstance(indicator.outcome, ChangeOutcome) else "null"
    external = quote(indicator.expectation.external) if indicator.expectation else "null"
    terms = "".join(
        f", {_term_sql(term)} as {quote(term.term)}"
        for term in indicator.case_mix
        if term.kind != "interaction"
    )
    terms += "".join(
        f", {subgroup_sql(stratifier, dataset)} as {quote(subgroup_column(stratifier.name))}"
        for stratifier in indicator.stratify
    )
    counted = _EXACT if indicator.outcome.kind in ("continuous", "change") else _WHOLE
    unit = _unit(networks, dataset, view)
    period = period_sql(indicator.period, dataset, view)
    along = "".join(f"{quote(column)}, " for column in carried)
    return f"""
        select {along}{period.label(period.key)} as _period, {period.key} as _at,
            coalesce({unit.network}, '{NO_NETWORK}') as _provider,
            {unit.share} as _share, {unit.once} as _once,
            case {states} else {states_of_value} end as _state,
            case {reasons} else '' end as _reason,
            {_n_sql(indicator, dataset)} as _n, cast({value} as {counted}) as _y,
            cast({time} as integer) as _time, cast({event} as integer) as _event,
            cast({before} as {_EXACT}) as _before, cast({external} as {_EXACT}) as _expected{terms}
        from {with_period_days(unit.source + period.join, indicator.period, dataset)}"""


def membership_select(indicator: Indicator, dataset: Dataset, view: str) -> str:
    """SQL of the populations of a proportion measure: one row per record, in the order of ``view``.

    The states tell where a record ends; this tells in which populations it is counted, as a FHIR Measure
    reports them. A condition that is null is not met, as in CQL. The numerator is asked of the denominator
    less its exclusions, so an excluded record is in no numerator whatever its outcome; an exception is asked
    of those that are not in the numerator.

    Parameters
    ----------
    indicator, dataset : Indicator, Dataset
        The definitions; the outcome is a condition.
    view : str
        View with the dataset's records, derived columns included.

    Returns
    -------
    str
        A select of all columns of ``view`` and the days of the period, and booleans ``_initial,
        _denominator, _exclusion, _exception, _numerator``, none of them null. Follow-up, missing case mix
        and networks have no say.

    Raises
    ------
    ValueError
        If the outcome is not a condition.
    """
    outcome = outcome_node(indicator, dataset)
    if outcome.type != "boolean":
        raise ValueError(f"{indicator.indicator}: a {indicator.outcome.kind} outcome has no numerator")
    kept = "_denominator and not _exclusion"
    exceptions = _any_sql([rule.when for rule in indicator.exceptions], dataset)
    return f"""
        select *, {kept} and not _numerator and {exceptions} as _exception from (
            select *, {kept} and coalesce({to_sql(outcome)}, false) as _numerator from (
                select *, _denominator and {_any_sql([rule.when for rule in indicator.exclude], dataset)}
                    as _exclusion from (
                    select *, _initial and {_any_sql([indicator.denominator or "true"], dataset)}
                        as _denominator from (
                        select *, {_any_sql([indicator.population], dataset)} as _initial
                            from {with_period_days(view, indicator.period, dataset)}))))"""


def _any_sql(conditions: Sequence[str], dataset: Dataset) -> str:
    """SQL that is true if any condition is, and else false."""
    met = (f"coalesce({to_sql(parse_in(text, dataset))}, false)" for text in conditions)
    return f"({' or '.join(met) or 'false'})"


def _unit(networks: Networks | None, dataset: Dataset, view: str) -> Attributed:
    """Who each record counts for."""
    if networks is not None:
        return attributed(networks, dataset, view)
    provider = f"cast({quote(dataset.provider)} as varchar)"
    return Attributed(view, provider, WHOLE_SQL, "true", False)


def _n_sql(indicator: Indicator, dataset: Dataset) -> str:
    """SQL of what the events of a record are counted out of or per."""
    outcome = indicator.outcome
    if isinstance(outcome, BinaryOutcome) and outcome.trials:
        return quote(outcome.trials)
    if isinstance(outcome, CountOutcome) and (exposure := exposure_node(outcome, dataset)):
        return f"cast({to_sql(exposure)} as {_EXACT})"
    return "1"


def _in_view_sql(outcome: TimeToEventOutcome, cut_off: dt.date | None) -> str:
    """SQL of the days that a record would be followed if it had no event."""
    start = quote(outcome.start)
    ends = [str(outcome.horizon)]
    if cut_off:
        ends.append(f"date '{cut_off}' - {start}")
    if outcome.censored:
        ends.append(f"{quote(outcome.censored)} - {start}")
    if outcome.competing and outcome.competing.counts_as == "censored":
        ends.append(f"{quote(outcome.competing.on)} - {start}")
    # Least of dates that are there: DuckDB leaves null out.
    return f"greatest(least({', '.join(ends)}), 0)"


def _days_to_event_sql(outcome: TimeToEventOutcome) -> str:
    """SQL of the days from the start to the event, null without one that can be."""
    days = f"({quote(outcome.event)} - {quote(outcome.start)})"
    if outcome.competing is None or outcome.competing.counts_as == "censored":
        return days  # what comes after a competing event is out of view then
    return f"(case when {quote(outcome.competing.on)} < {quote(outcome.event)} then null else {days} end)"


def _happened_sql(outcome: TimeToEventOutcome, cut_off: dt.date | None) -> str:
    return f"coalesce({_days_to_event_sql(outcome)} <= {_in_view_sql(outcome, cut_off)}, false)"


def _followed_sql(outcome: TimeToEventOutcome, cut_off: dt.date | None) -> str:
    return f"least({_days_to_event_sql(outcome)}, {_in_view_sql(outcome, cut_off)})"


def _term_sql(term: CaseMixTerm) -> str:
    return quote(term.term) if term.cuts is None else band_sql(term.term, term.cuts)

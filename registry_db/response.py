"""How many patients answered of those that a questionnaire was for, told by the states of their records."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from indicators.dataset import Dataset
from indicators.definition import Indicator
from indicators.outcomes import BinaryOutcome, ChangeOutcome
from indicators.states import outcome_node, parse_in

ANSWERED = ("met", "not-met", "value", "counted", "excepted")
# What a record is said to miss when it is no single column.
EXPRESSION = "the expression"
# Of hip replacements a random 60 % of the answers still gave the mean change of all (Pronk Y et al. (2020),
# HQLO 18:379, doi:10.1186/s12955-020-01628-1). Who does not answer differs, so that it is the least to ask.
ENOUGH = 0.6


@dataclass(frozen=True, slots=True)
class Asked:
    """What an answer takes.

    Attributes
    ----------
    answer : tuple of str
        Columns of the answer: a record that misses one of these did not respond.
    beside : tuple of str
        Columns that a score needs besides: a record that misses one of these responded, and is not scored.
        Not those that are asked for before the answer: of a record that misses one, it is not known.
    """

    answer: tuple[str, ...]
    beside: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Response:
    """How many answered.

    Attributes
    ----------
    eligible, responded : float
        Patients of the denominator whose questionnaire is due, and those of them who answered it.
    """

    eligible: float
    responded: float


@dataclass(frozen=True, slots=True)
class Responded:
    """How many patients of one organisation answered, as it is published.

    Attributes
    ----------
    eligible, responded : float or None
        As in `Response`; None where a number that they take is hidden, or where nobody was asked.
    """

    indicator: str
    version: str
    period: str
    provider: str
    eligible: float | None
    responded: float | None

    @property
    def share(self) -> float | None:
        """Part of those asked who answered, from 0 to 1."""
        if not self.eligible or self.responded is None:
            return None
        return self.responded / self.eligible

    @property
    def low(self) -> bool:
        """Whether so few answered that the score may say more about who answered than about care."""
        return self.share is not None and self.share < ENOUGH


def asked_of(indicator: Indicator, dataset: Dataset) -> Asked | None:
    """What an answer takes, of an indicator that rests on what patients report and whose records tell it."""
    kind = indicator.outcome.kind
    reported = kind in ("change", "top_box") or indicator.horizon == 3
    if indicator.response or kind == "structure" or not reported:
        return None
    answer = tuple(dict.fromkeys([*outcome_node(indicator, dataset).columns, EXPRESSION]))
    beside = list(indicator.case_mix_columns)
    if isinstance(indicator.outcome, ChangeOutcome):
        beside.append(indicator.outcome.before)
    if indicator.expectation:
        beside.append(indicator.expectation.external)
    earlier = {*answer, *_asked_before(indicator, dataset)}
    return Asked(answer, tuple(name for name in dict.fromkeys(beside) if name not in earlier))


def _asked_before(indicator: Indicator, dataset: Dataset) -> Iterator[str]:
    """Columns for want of which a record ends as missing before it is asked for its answer."""
    conditions = [indicator.population, indicator.denominator, *(rule.when for rule in indicator.exclude)]
    for text in conditions:
        if text is not None:
            yield from parse_in(text, dataset).columns
    if indicator.follow_up is not None:
        yield indicator.follow_up.after


def of_counts(indicator: Indicator, dataset: Dataset) -> bool:
    """Whether a record is of a provider and period, and delivers how many of how many patients."""
    outcome = indicator.outcome
    of_provider = {dataset.provider, dataset.period.column}
    return isinstance(outcome, BinaryOutcome) and bool(outcome.trials) and set(dataset.key) <= of_provider


def response(
    states: Iterable[tuple[str, str, float | None]], *, answer: Collection[str], beside: Collection[str]
) -> Response | None:
    """Count the response of one organisation.

    Records that are excluded, pending or lost to follow-up are not asked for an answer (yet, or any more).

    Parameters
    ----------
    states : iterable of (state, reason, n)
        Of its records; n is None where it is hidden.
    answer, beside : collection of str
        As in `Asked`.

    Returns
    -------
    Response or None
        None where a number that it takes is hidden, or nobody was asked.
    """
    responded = silent = 0.0
    for state, reason, n in states:
        answers = state in ANSWERED or (state == "missing" and reason in beside)
        if not answers and not (state == "missing" and reason in answer):
            continue
        if n is None:
            return None
        responded, silent = (responded + n, silent) if answers else (responded, silent + n)
    asked = responded + silent
    return Response(asked, responded) if asked > 0 else None

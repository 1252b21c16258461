"""What the guide says of single fields: conditions, outcome, follow-up, norm, unit, period, minimum."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from indicators.dataset import Dataset
from indicators.definition import TIMES, Exclusion, FollowUp, Indicator, Show
from indicators.expression import parse
from indicators.guide.parts import Items, Part, Row
from indicators.guide.words import Speaker
from indicators.outcomes import (
    BinaryOutcome,
    ChangeOutcome,
    ContinuousOutcome,
    CountOutcome,
    StructureOutcome,
    TimeToEventOutcome,
    TopBoxOutcome,
)
from indicators.phrases import column_title, in_words, number
from indicators.states import exposure_node, outcome_node
from indicators.units import unit_name


def condition_part(text: str, dataset: Dataset, say: Speaker) -> Part:
    """A condition; what is joined by one "and" or one "or" as a list."""
    node = parse(text, dataset.types)
    if node.kind not in ("and", "or"):
        return in_words(node, dataset, say.language)
    parts = tuple(in_words(child, dataset, say.language) for child in node.children)
    return Items(say("all_of" if node.kind == "and" else "any_of"), parts)


def reason_rows(key: str, rules: Sequence[Exclusion], dataset: Dataset, say: Speaker) -> Iterator[Row]:
    """Rules, each with its reason and its condition; nothing where there are none."""
    if rules:
        words = tuple(
            f"{say.of(rule.why)} ({in_words(parse(rule.when, dataset.types), dataset, say.language)})"
            for rule in rules
        )
        yield Row(say(key), (Items(say("first_rule") if len(words) > 1 else "", words),))


def outcome_row(item: Indicator, dataset: Dataset, say: Speaker) -> Row:
    """What is counted or measured."""
    outcome = item.outcome

    def title(column: str | None) -> str:
        return column_title(column or "", dataset, say.language)

    if isinstance(outcome, ChangeOutcome):
        return Row(say("value"), (say("change", title(outcome.after), title(outcome.before)),))
    if isinstance(outcome, ContinuousOutcome):
        value = in_words(parse(outcome.value, dataset.types, "number"), dataset, say.language)
        return Row(say("value"), (f"{say('mean')} {value}",))
    if isinstance(outcome, BinaryOutcome) and outcome.events:
        return Row(say("outcome"), (say("counts", title(outcome.events), title(outcome.trials)),))
    if isinstance(outcome, BinaryOutcome | StructureOutcome):
        return Row(say("outcome"), (condition_part(outcome.when or "", dataset, say),))
    return Row(say("outcome"), (_other_outcome(outcome, item, dataset, say),))


def _other_outcome(
    outcome: CountOutcome | TimeToEventOutcome | TopBoxOutcome,
    item: Indicator,
    dataset: Dataset,
    say: Speaker,
) -> str:
    if isinstance(outcome, TopBoxOutcome):
        return say("top_box", in_words(outcome_node(item, dataset), dataset, say.language))
    if isinstance(outcome, CountOutcome):
        events = say("events", in_words(outcome_node(item, dataset), dataset, say.language))
        exposure = exposure_node(outcome, dataset)
        return say("exposure", events, in_words(exposure, dataset, say.language)) if exposure else events

    def title(column: str) -> str:
        return column_title(column, dataset, say.language)

    said = [say("time_to_event", title(outcome.event), _days(outcome.horizon, say), title(outcome.start))]
    if outcome.censored:
        said.append(say("last_seen", title(outcome.censored)))
    if outcome.competing:
        said.append(say(outcome.competing.counts_as, title(outcome.competing.on)))
    return "; ".join(said)


def follow_up_words(follow_up: FollowUp, dataset: Dataset, say: Speaker) -> str:
    """When the outcome is known, and who is then left out."""
    words = say("days", _days(follow_up.days, say), column_title(follow_up.after, dataset, say.language))
    words = say("ripens", words)
    if follow_up.until is None:
        return words
    return say("followed", words, column_title(follow_up.until, dataset, say.language))


def _days(count: int, say: Speaker) -> str:
    return f"{count} {unit_name('days', say.language, single=count == 1)}"


def norm_words(item: Indicator, say: Speaker) -> str:
    """What the society asks, in the unit of the score."""
    if item.norm is None:
        return say("no_norm")
    value = item.norm.value * 100 if item.show.unit == "percent" else item.norm.value
    sign = " %" if item.show.unit == "percent" else ""
    if item.show.unit in TIMES:
        sign = f" {say(f'time_{item.show.unit}')}"
    if item.show.of:
        value, sign = value * item.show.per, f" per {item.show.per} {say.of(item.show.of)}"
    limit = "at_most" if item.outcome.better == "lower" else "at_least"
    return say(limit, f"{number(value.normalize(), say.language)}{sign}", say(f"{item.norm.kind}_kind"))


def shown_words(show: Show, say: Speaker) -> str:
    """The unit of the score."""
    if show.of:
        return say("rate", say.of(show.of) if show.per == 1 else f"{show.per} {say.of(show.of)}")
    if show.unit in TIMES:
        return say("shown_time", say(f"time_{show.unit}"), str(show.decimals))
    return say(show.unit, str(show.decimals))


def unit_words(item: Indicator, say: Speaker) -> str:
    """Who is compared."""
    return say("provider") if item.unit == "provider" else say("networks", item.unit)


def period_words(item: Indicator, dataset: Dataset, say: Speaker) -> str:
    """Which records a score is of."""
    own, period = item.period, dataset.period
    if period.column:
        return say("period_column", column_title(period.column, dataset, say.language))
    day = column_title(period.year_of or "", dataset, say.language)
    if own is None or own.kind == "calendar-year":
        return say("year_of", day)
    if own.start:
        return say(own.kind, day, say(f"month_{own.start}"))
    return say(own.kind, day, str(own.years))


def minimum_words(item: Indicator, say: Speaker) -> str:
    """From how many on a score is assessed."""
    words = say("minimum_n", str(item.minimum.n)) if item.minimum.n > 1 else say("minimum_one")
    if not item.minimum.events_expected:
        return words
    events = number(Decimal(str(item.minimum.events_expected)).normalize(), say.language)
    return say("minimum_events", words, events)

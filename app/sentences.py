"""From a published result to the words in which it is shown."""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.wording import Wording, mark
from registry_db.names import Names
from registry_db.published import Benchmark, Indicator, Result, Score, StateCount
from registry_db.response import ENOUGH, Responded

# a value as a thing that is higher or lower, set against an expectation or against the average
_EXPECTED = {
    "low998": mark("band.expected.low998"),
    "low95": mark("band.expected.low95"),
    "in": mark("band.expected.in"),
    "high95": mark("band.expected.high95"),
    "high998": mark("band.expected.high998"),
}
_AVERAGE = {
    "low998": mark("band.average.low998"),
    "low95": mark("band.average.low95"),
    "in": mark("band.average.in"),
    "high95": mark("band.average.high95"),
    "high998": mark("band.average.high998"),
}
# the same as the end of a sentence on how often something happened
_OFTEN_EXPECTED = {
    "low998": mark("often.expected.low998"),
    "low95": mark("often.expected.low95"),
    "in": mark("often.expected.in"),
    "high95": mark("often.expected.high95"),
    "high998": mark("often.expected.high998"),
}
_OFTEN_AVERAGE = {
    "low998": mark("often.average.low998"),
    "low95": mark("often.average.low95"),
    "in": mark("often.average.in"),
    "high95": mark("often.average.high95"),
    "high998": mark("often.average.high998"),
}
# what is said of events, by the kind of outcome
OFTEN = {
    "binary": mark("finding.binary"),
    "top_box": mark("finding.top-box"),
    "count": mark("finding.count"),
    "time_to_event": mark("finding.time"),
}
_MEAN = {
    "low998": mark("mean.low998"),
    "low95": mark("mean.low95"),
    "in": mark("mean.in"),
    "high95": mark("mean.high95"),
    "high998": mark("mean.high998"),
}
_SIDE = {"better": mark("side.better"), "worse": mark("side.worse")}
_RELIABILITY = {
    "high": mark("reliability.high"),
    "moderate": mark("reliability.moderate"),
    "low": mark("reliability.low"),
}
_STATE = {
    "not-eligible": mark("state.not-eligible"),
    "excluded": mark("state.excluded"),
    "pending": mark("state.pending"),
    "missing": mark("state.missing"),
    "excepted": mark("state.excepted"),
    "lost": mark("state.lost"),
    "counted": mark("state.counted"),
}
_STATE_REASON = {
    "population": mark("state-reason.population"),
    "denominator": mark("state-reason.denominator"),
    "the expression": mark("state-reason.expression"),
}
_STATUS = {"retired": mark("status.retired"), "consultation": mark("status.consultation")}
_KIND = {"final": mark("settlement.final"), "interim": mark("settlement.interim")}
_NORM = {"minimum": mark("norm.minimum"), "target": mark("norm.target"), "ambition": mark("norm.ambition")}
HORIZON: Mapping[int, tuple[str, str]] = {
    1: (mark("horizon.1"), mark("horizon.1.about")),
    2: (mark("horizon.2"), mark("horizon.2.about")),
    3: (mark("horizon.3"), mark("horizon.3.about")),
}


def band(w: Wording, indicator: Indicator, score: Score) -> str:
    """Band of an assessable score, such as "clearly higher than expected"."""
    return w.t((_EXPECTED if indicator.adjusted else _AVERAGE)[score.band])


def side(w: Wording, score: Score) -> str:
    """Whether the band is good or bad news, with the limit it is beyond; empty within the limits."""
    if score.certainty is None:
        return ""
    decimals = 0 if score.certainty == 0.95 else 1
    return w.t("side", side=w.t(_SIDE[score.side]), limit=w.percent(score.certainty, decimals))


def reason(w: Wording, score: Score, *, small_cell: int) -> str:
    """Why there is no verdict."""
    if score.suppressed:
        return w.t("reason.suppressed", small_cell=small_cell)
    if score.reason == "no records":
        return w.t("reason.no-records")
    if found := re.fullmatch(r"fewer than (\S+) records?", score.reason):
        return w.t("reason.few-records", minimum=found[1])
    if found := re.fullmatch(r"fewer than (\S+) expected events?", score.reason):
        return w.t("reason.rare", minimum=w.number(float(found[1]), 0 if "." not in found[1] else 1))
    if score.reason == "outside every network":
        return w.t("reason.outside")
    if found := re.fullmatch(r"no model: (.+)", score.reason):
        return w.t("reason.no-model", reason=found[1])
    if score.reason.startswith("no events:"):
        return w.t("reason.no-events")
    if found := re.fullmatch(r"no verdict: (.+)", score.reason):
        return w.t("reason.no-verdict", reason=found[1])
    return w.t("reason.other", reason=score.reason)


_TEST = {
    "exact": mark("test.exact"),
    "exact-mid-p": mark("test.exact-mid-p"),
    "poisson": mark("test.poisson"),
    "poisson-mid-p": mark("test.poisson-mid-p"),
    "byar": mark("test.byar"),
    "normal": mark("test.normal"),
    "z-score": mark("test.z-score"),
    "wilson": mark("test.wilson"),
    "spiegelhalter-2005": mark("test.spiegelhalter-2005"),
    "spiegelhalter-2012": mark("test.spiegelhalter-2012"),
    "shmi": mark("test.shmi"),
    "chi-square": mark("test.chi-square"),
}


def verdict_rests_on(w: Wording, benchmark: Benchmark) -> str:
    """Which test interval, limits and verdict come from, and what it allows for beside chance."""
    said = w.t("verdict.test", test=w.t(_TEST[benchmark.test or "exact"]))
    if benchmark.overdispersion == "additive":
        return f"{said} {w.t('verdict.additive')}"
    if benchmark.overdispersion == "multiplicative" and benchmark.allowed is not None:
        return f"{said} {w.t('verdict.multiplicative', phi=w.number(benchmark.allowed, 2))}"
    return said


def status(w: Wording, indicator: Indicator) -> str:
    """Say that a version is not in force: retired, or in consultation; empty for one that is."""
    return w.t(_STATUS[indicator.status]) if indicator.status in _STATUS else ""


def reliability(w: Wording, score: Score) -> str:
    """How well the number tells organisations apart, in a word; empty if that is not known."""
    level = score.reliability_level
    return w.t(_RELIABILITY[level]) if level else ""


def fact(w: Wording, score: Score) -> str:
    """A fact about an organisation: yes, no, or for how many of its parts it holds."""
    value = score.adjusted
    if value is None:
        return w.t("value.none")
    if value in (0.0, 1.0):
        return w.t("fact.yes") if value else w.t("fact.no")
    return w.percent(value, 0)


def fact_benchmark(w: Wording, benchmark: Benchmark) -> str:
    """For which share of the organisations the fact holds."""
    return w.t("fact.benchmark", share=w.percent(benchmark.reference, 0))


def finding(w: Wording, result: Result, *, small_cell: int) -> str:
    """What a score says, in one or two plain sentences."""
    indicator, score = result.indicator, result.score
    if indicator.is_fact:
        first = w.t("finding.fact", value=fact(w, score))
        if result.benchmark is None:
            return first
        share = w.percent(result.benchmark.reference, 0)
        return f"{first} {w.t('finding.fact.benchmark', share=share)}"
    if not score.assessable:
        why = reason(w, score, small_cell=small_cell)
        return w.t("finding.not-assessable", reason=why)
    average = w.t("value.none")
    if result.benchmark:
        average = w.value(indicator, result.benchmark.average(indicator))
    if indicator.kind in OFTEN:
        return _often(w, indicator, score, average=average)
    start = mark("finding.change") if indicator.kind == "change" else mark("finding.mean")
    value = w.value(indicator, score.adjusted or 0.0)
    return w.t(start, value=value, n=w.count(score.n or 0.0)) + " " + w.t(_MEAN[score.band], average=average)


def _often(w: Wording, indicator: Indicator, score: Score, *, average: str) -> str:
    if indicator.kind == "time_to_event":
        return _in_time(w, indicator, score, average=average)
    first = w.t(
        OFTEN[indicator.kind],
        observed=w.count(score.observed or 0.0),
        n=w.count(score.n or 0.0),
        rate=w.value(indicator, score.observed_value or 0.0),
    )
    if not indicator.adjusted:
        return f"{first} {w.t(_OFTEN_AVERAGE[score.band], average=average)}"
    value = score.expected_value
    expected = w.t("value.hidden") if value is None else w.value(indicator, value)
    return f"{first} {w.t(_OFTEN_EXPECTED[score.band], expected=expected)}"


def _in_time(w: Wording, indicator: Indicator, score: Score, *, average: str) -> str:
    """Events against events: those who were followed for less have no share of their own."""
    expected = w.t("value.hidden") if score.expected is None else w.number(score.expected, 1)
    first = w.t(
        OFTEN["time_to_event"],
        observed=w.count(score.observed or 0.0),
        n=w.count(score.n or 0.0),
        rate=w.value(indicator, score.adjusted or 0.0),
    )
    if not indicator.adjusted:
        return f"{first} {w.t(_OFTEN_AVERAGE[score.band], average=average)}"
    return f"{first} {w.t(_OFTEN_EXPECTED[score.band], expected=expected)}"


def better(w: Wording, indicator: Indicator) -> str:
    """Which way is good."""
    return w.t("better.lower") if indicator.better == "lower" else w.t("better.higher")


def state(w: Wording, count: StateCount) -> str:
    """Where records went."""
    return w.t(_STATE[count.state]) if count.state in _STATE else count.state


def state_reason(w: Wording, indicator: Indicator, count: StateCount, names: Names) -> str:
    """Why records went there; empty for those that count."""
    text = count.reason
    if text in _STATE_REASON:
        return w.t(_STATE_REASON[text])
    for word, rules in (("rule", indicator.exclusions), ("exception", indicator.exceptions)):
        numbered = re.fullmatch(rf"{word} (\d+)", text)
        if numbered and int(numbered[1]) <= len(rules):
            return rules[int(numbered[1]) - 1][w.language]
    if count.state == "lost":
        return w.t("state-reason.lost", column=w.column(text, names))
    if count.state == "missing" and text:
        return w.t("state-reason.column", column=w.column(text, names))
    return text


def provisional(w: Wording, pending: StateCount) -> str:
    """That a value can still change, because some records are too young to count."""
    if pending.n is None:
        return w.t("provisional")
    return w.t("provisional.n", n=w.count(pending.n))


def answered(w: Wording, response: Responded) -> str:
    """How many answered of those who were asked; empty where that is not known."""
    if response.eligible is None or response.responded is None:
        return ""
    return w.t("card.answered", answered=w.count(response.responded), asked=w.count(response.eligible))


def low_response(w: Wording, response: Responded) -> str:
    """Warn that so few answered that the score may say more about them than about care."""
    share, enough = w.percent(response.share or 0.0, 0), w.percent(ENOUGH, 0)
    return w.t("response.low", share=share, enough=enough)


def settlement_kind(w: Wording, kind: str) -> str:
    """Whether a settlement is final or interim."""
    return w.t(_KIND[kind])


def norm(w: Wording, indicator: Indicator) -> str:
    """What the society asks; empty if it asks nothing."""
    if indicator.norm is None or indicator.norm_kind is None:
        return ""
    return w.t(_NORM[indicator.norm_kind], value=w.value(indicator, indicator.norm))

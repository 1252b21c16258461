"""How often each test and limit is wrong about an average provider, and how often intervals hold the truth.

Writes a page of tables, in a few minutes: ``python -m benchmarks.coverage docs/coverage.md``. False alarms
of tests and limits are sums of exact probabilities; intervals and the CUSUM are simulated, with a fixed seed.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from benchmarks._value_coverage import BIRTH_VALUES, invented, records_of, value_coverage
from indicators.library.birth.truth import NO_VALUE, TrueModel
from registry_db.cohorts import Patterns, Strata, make_cohort, patterns, strata
from registry_db.fits import case_mix_terms
from registry_db.registry import Registry
from risk_models.between import predicted_expected
from risk_models.cusum import cusum, limit_for_alarms
from risk_models.design import Term
from risk_models.expected import CannotFit, fit_model
from risk_models.funnels import RATIO_LIMITS, spiegelhalter_proportion_limits, tails_of_average
from risk_models.intervals import Interval
from risk_models.poisson_binomial import pmf
from risk_models.random_intercept import fit_random_intercept
from risk_models.standardise import score_binary, score_count
from risk_models.verdict import Z_95, exact_limits

SIZES = (5, 10, 50)
NOMINAL = 0.025
COUNT_TESTS = ("poisson", "poisson-mid-p", "byar")
# average risks: rare, as of a readmission, and common
RISKS = (0.01, 0.1, 0.4)
BIRTH_INDICATORS = ("birth-pph", "birth-apgar", "birth-tear", "birth-booking")
COVERED = ("adjusted", "mid-p", "shrunken", "ratio")
BIRTH_PERIOD = "2025"
BIRTH_ROUNDS = 100
VALUE_ROUNDS = 100
VALUE_SPREADS = (2.0, 1.0, 0.5, 0.25)
SPREAD = 0.8  # of the log-odds between patients

Array = NDArray[np.float64]


def count_alarms(expected: float) -> dict[str, tuple[float, float]]:
    """Chance that a count with mean `expected` is called low, and high, at 95 %, for every variant."""
    e = np.array([expected])
    found = {}
    for name, limits in RATIO_LIMITS.items():
        below, above = tails_of_average(limits(e), e)
        found[name] = (float(below[0]), float(above[0]))
    for test in COUNT_TESTS:
        scores = score_count([0], [1.0], [1.0], e, providers=1, test=test)
        low, high = scores.limits.low95 / scores.reference, scores.limits.high95 / scores.reference
        # a count at a limit of ours is beyond it
        inward = 0.25 / e
        moved = Interval(np.where(np.isnan(low), -1 / e, low + inward), high - inward)
        below, above = tails_of_average(moved, e)
        found[test] = (float(below[0]), float(above[0]))
    return found


def case_mix(expected: float, risk: float, seed: int) -> Array:
    """Risks of patients of unequal risk, as many as have that expectation."""
    n = max(2, round(expected / risk))
    odds = np.log(risk / (1 - risk)) + np.random.default_rng(seed).normal(0, SPREAD, n)
    low, high = -8.0, 8.0
    for _ in range(60):
        middle = (low + high) / 2
        over = np.mean(1 / (1 + np.exp(-odds - middle))) > expected / n
        low, high = (low, middle) if over else (middle, high)
    return np.asarray(1 / (1 + np.exp(-odds - low)))


def event_alarms(expected: float, risk: float) -> dict[str, tuple[float, float]]:
    """Chance that an average provider's events are called few, and many, at 95 %, given its case mix."""
    risks = case_mix(expected, risk, seed=round(expected * 1000 * risk))
    f = pmf(np.ones(len(risks)), risks)
    e, v = float(risks.sum()), float((risks * (1 - risks)).sum())
    counts = np.arange(len(f))

    def tails(low: Array, high: Array) -> tuple[float, float]:
        return float(f[low].sum()), float(f[high].sum())

    def at(limits: tuple[float, ...]) -> tuple[float, float]:
        return tails(counts <= limits[1], counts >= limits[2])

    z = (counts - e) / np.sqrt(v)
    n = np.array([float(len(risks))])
    proportion = spiegelhalter_proportion_limits(n, e / n)
    found = {
        "exact (the default)": at(exact_limits(f)),
        "exact-mid-p": at(exact_limits(f, mid_p=True)),
        "normal, case-mix variance": tails(z <= -1.959964, z >= 1.959964),
        "spiegelhalter-2005, proportion": tails(
            counts / n < proportion.lower - 1e-12, counts / n > proportion.upper + 1e-12
        ),
    }
    for name, limits in RATIO_LIMITS.items():
        drawn = limits(np.array([e]))
        found[name] = tails(counts / e < drawn.lower - 1e-12, counts / e > drawn.upper + 1e-12)
    return found


def interval_coverage(*, providers: int, rounds: int, seed: int) -> dict[str, tuple[float, float]]:
    """Share of 95 % intervals of adjusted rates that lie above, and below, the truth, with a fitted model."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(40, 600, providers)
    provider = np.repeat(np.arange(providers), sizes)
    missed = {test: np.zeros(3) for test in ("exact", "exact-mid-p", "poisson")}
    for _ in range(rounds):
        age = rng.integers(20, 45, len(provider)).astype(float)
        first = rng.integers(0, 2, len(provider)).astype(float)
        base = -3.0 + 0.05 * (age - 30) + 0.5 * first
        truth = 1 / (1 + np.exp(-base - rng.normal(0, 0.3, providers)[provider]))
        y = (rng.random(len(truth)) < truth).astype(float)
        ones, strata = np.ones(len(y)), {"age": age, "first": first}
        model = fit_model("logistic", [Term("age", "number"), Term("first", "flag")], strata, n=ones, sum_y=y)
        for test, count in missed.items():
            scores = score_binary(provider, ones, y, model.expected(strata), providers=providers, test=test)
            rate = np.bincount(provider, weights=truth) / scores.expected * scores.reference
            count += [np.sum(scores.lower > rate), np.sum(scores.upper < rate), providers]
    return {test: (count[0] / count[2], count[1] / count[2]) for test, count in missed.items()}


def cusum_alarms(expected: float, *, chance: float, runs: int, seed: int) -> tuple[float, float]:
    """Limit for a chance of a false alarm in one year of a provider, and the share found in other years."""
    risks = case_mix(expected, 0.1, seed)
    found = limit_for_alarms(
        np.ones(len(risks)), risks, records=len(risks), chance=chance, runs=10_000, seed=seed
    )
    rng = np.random.default_rng(seed + 1)
    alarms = 0
    for _ in range(runs):
        year = rng.choice(risks, len(risks))
        alarms += bool(cusum(rng.random(len(year)) < year, year, limit=found.limit).signals)
    return found.limit, alarms / runs


def birth_coverage(*, rounds: int, seed: int) -> Iterator[tuple[str, dict[str, float]]]:
    """Coverage on the generated birth registry: its networks, patients and true models, outcomes drawn anew.

    For each indicator the share of 95 % intervals that hold the truth: of adjusted rates (exact and mid-P),
    of the shrunken effects (log-odds) and of predicted over expected; and the chance that a network that is
    exactly as expected is called low and high, the largest of all networks.
    """
    for name, found, taken, terms, model in birth_truth(BIRTH_INDICATORS):
        yield name, _birth_coverage(found, taken, terms, model.spread, rounds=rounds, seed=seed)


def birth_truth(names: Iterable[str]) -> Iterator[tuple[str, Strata, Patterns, list[Term], TrueModel]]:
    """Give strata and patterns of the generated birth registry, the true predictor as their expectation."""
    with tempfile.TemporaryDirectory() as folder:
        Registry.demo(Path(folder) / "registry")
        with Registry(Path(folder) / "registry") as registry:
            truth = json.loads((registry.folder / "deliveries" / "truth.json").read_text(encoding="utf-8"))
            for name in names:
                indicator = registry.catalogue().get("indicator", name).model
                make_cohort(registry.con, indicator, registry.catalogue().dataset(indicator.dataset))
                taken = patterns(registry.con, indicator, BIRTH_PERIOD)
                known = truth["indicators"][name]
                model = TrueModel(**{field.name: known[field.name] for field in fields(TrueModel)})
                named = {
                    term: np.where(values == None, NO_VALUE, values)  # noqa: E711
                    if values.dtype == object
                    else values
                    for term, values in taken.columns.items()
                }
                eta = model.predictor(named, np.zeros(len(taken.n)))
                found = strata(registry.con, BIRTH_PERIOD, eta)
                yield name, found, taken, case_mix_terms(indicator), model


def _birth_coverage(
    of: Strata, taken: Patterns, terms: list[Term], spread: float, *, rounds: int, seed: int
) -> dict[str, float]:
    rng = np.random.default_rng(seed)
    providers, eta = len(of.providers), of.expected
    columns = {name: values[of.pattern] for name, values in taken.columns.items()}
    held, fitted = np.zeros(4), 0

    def summed(values: Array) -> Array:
        return np.bincount(of.provider, weights=values, minlength=providers)

    for _ in range(rounds):
        effect = rng.normal(0, spread, providers)
        risk = expit(eta + effect[of.provider])
        events = rng.binomial(of.n.astype(int), risk).astype(float)
        try:
            model = fit_model("logistic", terms, columns, n=of.n, sum_y=events)
        except CannotFit:  # a rare level without events: that year has no scores
            continue
        fitted += 1
        expected = model.expected(columns, rows=len(eta))
        for place, test in enumerate(("exact", "exact-mid-p")):
            scores = score_binary(of.provider, of.n, events, expected, providers=providers, test=test)
            rate = summed(of.n * risk) / scores.expected * scores.reference
            held[place] += np.sum((scores.lower <= rate) & (rate <= scores.upper))
        mixed = fit_random_intercept(
            "logistic", terms, columns,
            provider=of.provider, providers=providers, n=of.n, sum_y=events, average_tau=True,
        )  # fmt: skip
        held[2] += np.sum(np.abs(mixed.mean_total - effect) <= Z_95 * mixed.sd_total)
        ratio = predicted_expected(
            "logistic", mixed.linear_predictor(columns, rows=len(eta)), of.n,
            provider=of.provider, effect=mixed.mean_total, sd=mixed.sd_total,
        )  # fmt: skip
        true_ratio = summed(of.n * risk) / summed(of.n * expit(eta))
        held[3] += np.sum((ratio.lower <= true_ratio) & (true_ratio <= ratio.upper))
    low, high = _alarms_of_average(of, expit(eta), providers)
    shares = held / (fitted * providers)
    return dict(zip(COVERED, shares.tolist(), strict=True)) | {"low": low, "high": high}


def _alarms_of_average(of: Strata, risk: Array, providers: int) -> tuple[float, float]:
    """Largest chance of a verdict low, and high, among networks that are as expected; exact."""
    chances = []
    for which in range(providers):
        own = of.provider == which
        f = pmf(of.n[own], risk[own])
        _, low, high, _ = exact_limits(f)
        counts = np.arange(len(f))
        chances.append((f[counts <= low].sum(), f[counts >= high].sum()))
    largest = np.max(chances, axis=0)
    return float(largest[0]), float(largest[1])


def page() -> Iterator[str]:
    """Lines of the page."""
    yield "# How often a verdict is wrong"
    yield ""
    yield "Made by `python -m benchmarks.coverage docs/coverage.md`. A provider that is exactly as expected"
    yield "should fall below the 95 % limit in at most 2.5 % of years, and above it as often. *Low* is"
    yield "what a bonus is paid for when the outcome is adverse, *high* what a malus is. Bold: over 2.5."
    yield ""
    yield "## Counts, and events that are rare"
    yield ""
    yield "Chance of low / high, in percent, of a Poisson count with expectation E. Not simulated."
    yield ""
    yield from _table(SIZES, count_alarms)
    yield ""
    yield "## Events, given the case mix"
    for risk in RISKS:
        yield ""
        yield f"Patients of unequal risk, {risk:.0%} on average. Low / high in percent. Not simulated."
        yield ""
        yield from _table(SIZES, lambda size, risk=risk: event_alarms(size, risk))
    yield ""
    yield "## Intervals of adjusted rates"
    yield ""
    yield "95 % intervals with a model fitted on the same records, 60 providers of 40 to 600 patients whose"
    yield "true odds differ (standard deviation 0.3), 60 rounds. Simulated."
    yield ""
    yield "| test | covers | lies above the truth | lies below |"
    yield "|---|---|---|---|"
    for test, (above, below) in interval_coverage(providers=60, rounds=60, seed=11).items():
        yield f"| {test} | {1 - above - below:.1%} | {above:.1%} | {below:.1%} |"
    yield ""
    yield "## Intervals of values"
    yield ""
    yield "The same providers; values are normal with standard deviation 10 between patients of one provider,"
    yield f"given age and the value before care. {VALUE_ROUNDS} rounds. Adjusted mean and adjusted gain have"
    yield "the same interval, about another reference. Simulated."
    yield ""
    yield "| standard deviation between providers | adjusted mean or gain | shrunken value |"
    yield "|---|---|---|"
    people = invented(60, seed=11)
    for spread in VALUE_SPREADS:
        adjusted, shrunken = value_coverage(
            people, lambda mean, rng: rng.normal(mean, 10), spread=spread, rounds=VALUE_ROUNDS, seed=11
        )
        yield f"| {spread:g} | {adjusted:.1%} | {shrunken:.1%} |"
    yield ""
    yield "Where providers hardly differ, it is not known that they do not: intervals of shrunken values are"
    yield "then wider than they need be."
    yield ""
    yield "## The generated birth registry"
    yield ""
    yield f"Women and networks of {BIRTH_PERIOD} as generated, with the true models; {BIRTH_ROUNDS} times new"
    yield "effects of the networks and new outcomes. Shares of 95 % intervals that hold the truth: of the"
    yield "adjusted rate, of the shrunken effect (log-odds) and of predicted over expected. Low, high: the"
    yield "largest chance, over the networks, of that verdict (a bonus, a malus) for one as expected."
    yield ""
    yield "| indicator | adjusted rate | mid-P | shrunken effect | predicted/expected | low | high |"
    yield "|---|---|---|---|---|---|---|"
    for name, share in birth_coverage(rounds=BIRTH_ROUNDS, seed=7):
        covered = " | ".join(f"{share[part]:.1%}" for part in COVERED)
        yield f"| {name} | {covered} | {_percent(share['low'])} | {_percent(share['high'])} |"
    yield ""
    yield "What women report is a mark or an index below a best value, with a long tail: skew, and with more"
    yield "spread for women of whom less is expected."
    yield ""
    yield "| indicator | adjusted value | shrunken effect |"
    yield "|---|---|---|"
    for name, found, taken, terms, model in birth_truth(BIRTH_VALUES):
        adjusted, shrunken = value_coverage(
            records_of(found, taken, terms),
            BIRTH_VALUES[name],
            spread=model.spread,
            rounds=BIRTH_ROUNDS,
            seed=7,
        )
        gain = "gain" if name == "birth-recovery" else "mean"
        yield f"| {name} ({gain}) | {adjusted:.1%} | {shrunken:.1%} |"
    yield ""
    yield "The exact interval of a rate may hold the truth more often than it says where events are few (some"
    yield "ten a network and year in birth-apgar and birth-tear): the price of verdicts that are never wrong"
    yield "more often than they say. The mid-P interval is near 95 %, and its verdicts are wrong more often."
    yield "A shrunken effect is averaged over the values that the spread between networks may have."
    yield ""
    yield "## CUSUM"
    yield ""
    yield "Limit for a 5 % chance of a false alarm in one year with E expected events (average risk 10 %,"
    yield "odds ratio 2), and the share of 4000 other simulated years that had one."
    yield ""
    yield "| E | limit | years with a false alarm |"
    yield "|---|---|---|"
    for size in SIZES:
        limit, share = cusum_alarms(size, chance=0.05, runs=4000, seed=size)
        yield f"| {size} | {limit:.2f} | {share:.1%} |"


def _table(
    sizes: tuple[int, ...], alarms: Callable[[float], dict[str, tuple[float, float]]]
) -> Iterator[str]:
    columns = [alarms(size) for size in sizes]
    yield "| limits | " + " | ".join(f"E = {size}" for size in sizes) + " |"
    yield "|---|" + "---|" * len(sizes)
    for name in columns[0]:
        cells = (" / ".join(_percent(tail) for tail in column[name]) for column in columns)
        yield f"| {name} | " + " | ".join(cells) + " |"


def _percent(chance: float) -> str:
    text = f"{100 * chance:.1f}"
    return f"**{text}**" if chance > NOMINAL + 1e-12 else text


def main() -> None:
    lines = "\n".join(page()) + "\n"
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(lines)
    else:
        sys.stdout.write(lines)


if __name__ == "__main__":
    main()

"""The bootstrap over patients from counts and sums, against one that draws every record again."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from scipy import optimize, stats

from contracts.contract import Contract
from contracts.drawn_scores import AS_FOUND, NOTHING_CHANGED, Truth
from contracts.evidence import Counts, Evidence, Moments
from contracts.inputs import SettlementError, SettlementInputs
from contracts.luck import luck
from contracts.resampling import MET, NOT_COUNTED, NOT_MET, FloatArray, RecordPatterns, patterns_of, resample
from tests.contracts import build
from tests.contracts.any_facts import draw_one, pay_one

N = 1500
DRAWS = 20_000


class Made:
    """Made-up births: a bleeding costs 6,000 euros, follows the case mix, and spoils the experience."""

    def __init__(self, seed: int = 3) -> None:
        rng = np.random.default_rng(seed)
        self.expected = rng.choice([0.03, 0.06, 0.15], N)
        self.bled = rng.random(N) < self.expected
        self.counted = rng.random(N) < 0.9
        self.answered = rng.random(N) < 0.4
        self.gain = rng.normal(0.3, 1.0, N) - 0.8 * self.bled
        self.spent = (rng.lognormal(8.0, 0.6, N) + 6000 * self.bled).round(2)

    def patterns(self) -> RecordPatterns:
        columns = np.stack(
            [self.spent, np.where(self.counted, self.expected, 0), np.where(self.answered, self.gain, 0)],
            axis=1,
        )
        bleeding = np.where(self.counted, np.where(self.bled, MET, NOT_MET), NOT_COUNTED)
        told = np.where(self.answered, NOT_MET, NOT_COUNTED)
        rows = []
        for states in sorted(set(zip(bleeding.tolist(), told.tolist(), strict=True))):
            x = columns[(bleeding == states[0]) & (told == states[1])]
            upper = (x.T @ x)[np.triu_indices(3)]
            rows.append((states, len(x), tuple(x.sum(axis=0)), tuple(upper)))
        return patterns_of({"bleeding": "ratio", "told": "mean"}, rows)

    @property
    def found(self) -> dict[str, float]:
        return {"bleeding": 0.06 * self.ratio(slice(None)), "told": float(self.gain[self.answered].mean())}

    def ratio(self, drawn: Any) -> float:
        counted = self.counted[drawn]
        return float(self.bled[drawn][counted].sum() / self.expected[drawn][counted].sum())

    def bootstrap(self, rng: np.random.Generator, draws: int) -> FloatArray:
        """Spending, rate and experience of records drawn again with replacement; (draws, 3)."""
        taken = []
        for _ in range(draws):
            drawn = rng.integers(0, N, N)
            told = self.gain[drawn][self.answered[drawn]].mean()
            taken.append((self.spent[drawn].sum(), 0.06 * self.ratio(drawn), told))
        return np.array(taken)


@pytest.fixture(scope="module")
def made() -> Made:
    return Made()


@pytest.fixture(scope="module")
def drawn(made: Made) -> FloatArray:
    again = resample(
        made.patterns(), made.found, found=made.found, stream=np.random.default_rng(1), draws=DRAWS
    )
    assert again is not None
    spent = again.spending[:, 0] * made.spent.sum()
    return np.stack([spent, again.values["bleeding"], again.values["told"]], axis=1)


def test_it_comes_out_as_the_bootstrap_of_records(made: Made, drawn: FloatArray) -> None:
    by_record = made.bootstrap(np.random.default_rng(2), 4000)
    for column in range(3):
        assert stats.ks_2samp(drawn[:, column], by_record[:, column]).pvalue > 0.01
    assert np.corrcoef(drawn.T) == pytest.approx(np.corrcoef(by_record.T), abs=0.04)
    # and there is something to find: a bleeding costs money
    assert np.corrcoef(by_record.T)[0, 1] > 0.2


def test_the_variance_of_spending_is_exactly_that_of_the_bootstrap(made: Made, drawn: FloatArray) -> None:
    """In closed form N times the variance of the records; of a variance from draws the error is known."""
    exact = N * made.spent.var()
    assert drawn[:, 0].mean() == pytest.approx(made.spent.sum(), abs=4 * np.sqrt(exact / DRAWS))
    assert drawn[:, 0].var() == pytest.approx(exact, rel=4 * np.sqrt(2 / DRAWS))


def test_events_are_exactly_multinomial() -> None:
    """With an expectation that is the same for all, the rate is binomial out of those that count."""
    made = Made()
    made.expected[:] = 0.06
    patterns, found = made.patterns(), made.found
    again = resample(patterns, found, found=found, stream=np.random.default_rng(4), draws=DRAWS)
    assert again is not None
    rate = (made.bled & made.counted).sum() / N
    # the number that counts varies too, so the chance of no more than this is found by summing over it
    counted = np.arange(N + 1)
    likely = stats.binom.pmf(counted, N, made.counted.mean())
    at = 0.05
    exact = (
        likely * stats.binom.cdf(np.floor(at * counted + 1e-9), counted, rate / made.counted.mean())
    ).sum()
    assert (again.values["bleeding"] <= at).mean() == pytest.approx(exact, abs=4 * np.sqrt(0.25 / DRAWS))


@pytest.mark.parametrize("truth", [0.03, 0.09])
def test_weights_for_another_truth_are_the_nearest_ones(truth: float) -> None:
    """Against a general optimiser of the Kullback-Leibler distance under the same two constraints."""
    made = Made(5)
    patterns, found = made.patterns(), made.found
    parts = patterns.tilted({"bleeding": truth}, found=found)
    assert parts is not None
    met = patterns.states["bleeding"] == MET
    expected = patterns.sums[:, 1] / patterns.records

    def gap(weights: FloatArray) -> float:
        return float(0.06 * (weights @ met) - truth * (weights @ expected))

    best = optimize.minimize(
        lambda w: float(w @ np.log(w / patterns.parts)),
        patterns.parts,
        method="SLSQP",
        bounds=[(1e-9, 1)] * len(met),
        constraints=[{"type": "eq", "fun": gap}, {"type": "eq", "fun": lambda w: float(w.sum() - 1)}],
        options={"ftol": 1e-14, "maxiter": 1000},
    )
    assert gap(parts) == pytest.approx(0, abs=1e-10)
    assert parts == pytest.approx(best.x, abs=2e-5)


def test_another_truth_is_the_mean_of_the_draws(made: Made) -> None:
    truths = {"bleeding": 0.08, "told": 0.1}
    again = resample(made.patterns(), truths, found=made.found, stream=np.random.default_rng(6), draws=DRAWS)
    assert again is not None
    assert again.values["told"].mean() == pytest.approx(0.1, abs=0.002)
    assert again.values["bleeding"].mean() == pytest.approx(0.08, rel=0.01)
    # spending stands by itself: it is a multiple of what is truly spent
    assert again.spending.mean() == pytest.approx(1.0, abs=1e-3)


def test_what_no_weights_can_give_is_not_drawn() -> None:
    made = Made()
    made.bled[:] = False
    patterns = made.patterns()
    assert not patterns.can_be_at("bleeding", 0.05, found=0.0)
    assert patterns.can_be_at("told", -3.0, found=0.3)
    # two indicators that are the same cannot stand at different values
    twice = RecordPatterns(
        {"a": "ratio", "b": "ratio"},
        np.array([50, 950]),
        {name: np.array([MET, NOT_MET]) for name in "ab"},
        np.array([[50.0, 2.5, 2.5], [950.0, 47.5, 47.5]]),
        np.zeros((2, 3, 3)),
    )
    found = {"a": 0.05, "b": 0.05}
    assert twice.tilted({"a": 0.04, "b": 0.06}, found=found) is None
    stream = np.random.default_rng(0)
    assert resample(twice, {"a": 0.04, "b": 0.06}, found=found, stream=stream, draws=5) is None


LEVEL = {"by": "level", "better": "lower", "threshold": "0.08", "target": "0.03"}


def _settled(made: Made) -> tuple[Contract, SettlementInputs, Evidence]:
    """A contract that pays half of a saving, in proportion to how seldom women bleed."""
    contract = build.contract(
        quality__indicators=[{"indicator": "bleeding", "weight": 1, "attain": LEVEL}],
        share={"base": "0.1", "at_full_quality": "0.5"},
    )
    rate = made.found["bleeding"]
    score = build.result("bleeding", rate, reference=0.06)
    before = made.spent * 1.1
    inputs = build.facts(
        baselines=(("2023", N, f"{before.sum():.2f}"),),
        records=N,
        spending=f"{made.spent.sum():.2f}",
        results=(score,),
    )
    bled = int((made.bled & made.counted).sum())
    expected = float(made.expected[made.counted].sum())
    full = made.patterns()
    evidence = Evidence(
        spending=Moments("2025", N, float(made.spent.sum()), float((made.spent**2).sum())),
        baselines=(Moments("2023", N, float(before.sum()), float((before**2).sum())),),
        counts={"bleeding": Counts(bled, int(made.counted.sum()), expected, 0.06)},
        records=RecordPatterns({"bleeding": "ratio"}, full.records, full.states, full.sums, full.products),
    )
    return contract, inputs, evidence


def test_the_interval_of_a_payment_is_that_of_a_bootstrap_of_records() -> None:
    made = Made(7)
    contract, inputs, evidence = _settled(made)
    answer = luck(contract, inputs, evidence, draws=DRAWS, seed=9)
    assert answer.together == ("bleeding",)
    rng = np.random.default_rng(10)
    again = made.bootstrap(rng, 6000)
    before = np.array([(made.spent[rng.integers(0, N, N)] * 1.1).sum() for _ in again])
    attained = np.clip((0.08 - again[:, 1]) / 0.05, 0, 1)
    paid = np.maximum(before - again[:, 0], 0) * (0.1 + 0.4 * attained)
    spread = paid.std()
    assert answer.expected == pytest.approx(paid.mean(), abs=0.06 * spread)
    assert (answer.lower, answer.upper) == pytest.approx(
        tuple(np.quantile(paid, [0.025, 0.975])), abs=0.12 * spread
    )
    assert answer.chance_none == pytest.approx((paid == 0).mean(), abs=0.015)


def test_errors_that_go_together_make_a_payment_less_sure() -> None:
    """Few bleedings are cheap and good: both raise the payment. Drawn apart, they would hide that."""
    contract, inputs, evidence = _settled(Made(7))

    def spread(given: Evidence) -> float:
        worlds = draw_one(contract, inputs, given, truth=AS_FOUND, draws=DRAWS, seed=1)
        return float(pay_one(contract, inputs, worlds).payment.std())

    assert spread(evidence) > 1.02 * spread(replace(evidence, records=None))


@pytest.mark.parametrize("truth", [NOTHING_CHANGED, Truth(saving=0.03, way=0.5)])
def test_what_is_truly_so_is_so_on_average(truth: Truth) -> None:
    contract, inputs, evidence = _settled(Made(7))
    evidence = replace(evidence, earlier={"bleeding": 0.07})
    worlds = draw_one(contract, inputs, evidence, truth=truth, draws=DRAWS, seed=1)
    (score,) = inputs.results
    start = 0.07 if truth.start == "unchanged" else score.adjusted
    assert start is not None
    wanted = start + truth.way * (0.03 - start)
    assert worlds.values["bleeding"].mean() == pytest.approx(wanted, rel=0.01)
    target = float(inputs.baselines[0].spending)
    assert worlds.actual.mean() == pytest.approx(target * (1 - (truth.saving or 0)), rel=2e-3)


class MadeForTwo(Made):
    """The same births, of two payers and of others that do not pay; the second has the dear ones."""

    def __init__(self) -> None:
        super().__init__(5)
        dear = self.spent > np.quantile(self.spent, 0.7)
        self.payer = np.where(np.arange(N) % 10 == 0, 2, np.where(dear, 1, 0))

    def patterns(self) -> RecordPatterns:
        parts = []
        for payer in range(3):
            of = Made(5)
            keep = self.payer == payer
            for name in ("expected", "bled", "counted", "answered", "gain", "spent"):
                setattr(of, name, getattr(self, name)[keep])
            parts.append(of.patterns())
        payers = np.concatenate([np.full(len(part.records), place) for place, part in enumerate(parts)])
        return RecordPatterns(
            parts[0].outcomes,
            np.concatenate([part.records for part in parts]),
            {name: np.concatenate([part.states[name] for part in parts]) for name in ("bleeding", "told")},
            np.concatenate([part.sums for part in parts]),
            np.concatenate([part.products for part in parts]),
            payers=payers,
            payer_count=2,
        )

    def bootstrap(self, rng: np.random.Generator, draws: int) -> FloatArray:
        """Spending with either payer, rate and experience, the records of each drawn by themselves."""
        places = [np.flatnonzero(self.payer == payer) for payer in range(3)]
        taken = []
        for _ in range(draws):
            each = [rng.choice(place, len(place)) for place in places]
            drawn = np.concatenate(each)
            spent = [self.spent[each[payer]].sum() for payer in range(2)]
            taken.append((*spent, 0.06 * self.ratio(drawn), self.gain[drawn][self.answered[drawn]].mean()))
        return np.array(taken)


def test_the_records_of_each_payer_are_drawn_by_themselves() -> None:
    made = MadeForTwo()
    again = resample(
        made.patterns(), made.found, found=made.found, stream=np.random.default_rng(1), draws=DRAWS
    )
    assert again is not None
    spent = [made.spent[made.payer == payer].sum() for payer in range(2)]
    drawn = np.stack([*(again.spending * spent).T, again.values["bleeding"], again.values["told"]], axis=1)
    by_record = made.bootstrap(np.random.default_rng(2), 4000)
    for column in range(4):
        assert stats.ks_2samp(drawn[:, column], by_record[:, column]).pvalue > 0.01
    assert np.corrcoef(drawn.T) == pytest.approx(np.corrcoef(by_record.T), abs=0.04)
    # the payer of the dear births feels the bleedings, and one payer's luck is not that of the other
    assert np.corrcoef(by_record.T)[1, 2] > 0.2
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 0.03


def test_a_truth_elsewhere_leaves_every_payer_its_records() -> None:
    made, truth = MadeForTwo(), {"bleeding": 0.03}
    patterns, found = made.patterns(), made.found
    parts = patterns.tilted(truth, found=found)
    assert parts is not None
    for payer in range(3):
        own = patterns.strata == payer
        assert parts[own].sum() == pytest.approx((made.payer == payer).mean(), rel=1e-12)
    met = (patterns.states["bleeding"] == MET).astype(float)
    expected = patterns.sums[:, 1] / patterns.records
    # observed over expected goes to the truth as found goes to the ratio that was found
    wanted = truth["bleeding"] / found["bleeding"] * (patterns.parts @ met) / (patterns.parts @ expected)
    assert (parts @ met) / (parts @ expected) == pytest.approx(wanted, rel=1e-9)


def test_patterns_that_do_not_fit_are_refused() -> None:
    contract, inputs, evidence = _settled(Made(7))
    assert evidence.records is not None
    other = RecordPatterns(
        {"other": "ratio"},
        evidence.records.records + 1,
        evidence.records.states,
        evidence.records.sums,
        evidence.records.products,
    )
    with pytest.raises(SettlementError) as caught:
        luck(contract, inputs, replace(evidence, records=other))
    assert caught.value.faults[0] == "evidence.records: indicator other has no score in the facts"
    assert "expected all 1500 of the settled year" in caught.value.faults[1]
    assert Decimal(inputs.records) == N

"""Every number that other projects publish of themselves, to its printed digits or as near as it can be.

A leaf stands under one case, or among the inputs of one: the last test counts them.
"""

from collections import Counter
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

from risk_models.between import outcome_reliability
from risk_models.cusum import cusum_weights, limit_for_run_length, run_length, run_length_by_chain
from risk_models.empirical_bayes import beta_binomial
from risk_models.funnels import (
    RATIO_LIMITS,
    chi_square_limits,
    proportion_limits,
    public_health_ratio_interval,
    shmi_limits,
    tails_of_average,
)
from risk_models.intervals import byar_ratio_interval, poisson_ratio_interval, wilson_interval
from risk_models.random_intercept import fit_random_intercept
from risk_models.split_half import split_half_reliability
from risk_models.spread import Overdispersion, cqc_overdispersion, shmi_overdispersion
from risk_models.standardise import score_count
from tests.risk_models.conftest import read_records
from tests.risk_models.golden_tree import Case, assert_same, at, uncovered
from tests.risk_models.profiling_records import Profiling

pytestmark = pytest.mark.data

SIX_O, SIX_E = np.array([100.0, 150, 180, 80, 120, 225]), np.array([108.0, 112, 165, 95, 100, 220])
LIMITS = {"95": 0.95, "998": 0.998}
KEYS = {
    "chi-square": "chisq_at_E (FunnelPlotR, PowerBI)",
    "spiegelhalter-2005": "spiegelhalter2005_interpolated",
    "shmi": "shmi_log_normal_tau0",
    "cqc": "sqrt_tau0 (squared back)",
}


class Printed(Profiling):
    """The records, and the printed file for the inputs that stand in it."""

    def __init__(self, shared: Any, file: Any) -> None:
        super().__init__(shared)
        self.file = file


# ---------------------------------------------------------------------- public health


def byar_wilson(d: Printed) -> list[dict[str, Any]]:
    """Byar's interval of counts and Wilson's of proportions, with what they are of."""
    rows = []
    for known in d.file["PHEindicatormethods"]["byar_wilson"]:
        level = float(known["confidence"].rstrip("%")) / 100
        if known["method"] == "Byars":
            found = byar_ratio_interval(known["x"], 1.0, level=level)
        else:
            found = wilson_interval(known["x"], known["n"], level=level)
        # a lower end that is 0 is printed as missing, since the formula puts it below
        rows.append(
            {
                "x": known["x"],
                "n": known["n"],
                "lowercl": float(found.lower) or None,
                "uppercl": float(found.upper),
            }
        )
    return rows


def indirect_rates(d: Printed) -> list[dict[str, Any]]:
    """Observed and expected from the age bands, and the rate or ratio with its intervals."""
    r = d.file["PHEindicatormethods"]
    own: dict[str, list[dict[str, Any]]] = {}
    for row in r["isr_inputs"]:
        own.setdefault(row["area"], []).append(row)
    reference = own["testdata_big"]
    rows = []
    for known in r["isr_results"]:
        part = own.get(known["area"], reference)
        observed = sum(row["count"] or 0 for row in part) if known["area"] in own else known["observed"]
        # the other areas of the file are the first two anew, Area1 without a population in this band
        without = "5-9" if known["area"] == "Area1" else None
        expected = sum(
            row["pop"] * row["refcount"] / row["refpop"] for row in reference if row["ageband"] != without
        )
        crude = sum(row["refcount"] or 0 for row in reference) / sum(row["refpop"] for row in reference)
        per = float(known["statistic"].split(" ")[-1])
        rated = known["statistic"].startswith("indirectly standardised rate")
        scale = per * crude if rated else per
        row = {
            "observed": observed,
            "expected": expected,
            "ref_rate": crude * per if rated else None,
            "value": observed / expected * scale,
        }
        for level, key in ((0.95, "95_0"), (0.998, "99_8")):
            ours = public_health_ratio_interval(observed, expected, level=level)
            row[f"lower{key}cl"] = float(ours.lower) * scale
            row[f"upper{key}cl"] = float(ours.upper) * scale
        # what the file leaves blank
        rows.append({name: None if known[name] is None else value for name, value in row.items()})
    return rows


def ratio_funnel(d: Printed) -> Any:
    """Expected events at which a count would just be remarkable; that less the count; and the ratio there."""
    o = np.arange(1.0, 26)
    columns = [o]
    for level in (0.95, 0.998):
        e = poisson_ratio_interval(o, 1.0, level=level)
        for at_e in (e.upper, e.lower):
            columns += [at_e, (o - at_e) / at_e, 100 * o / at_e]
    return np.column_stack(columns)


@cache
def proportion_funnel(d: Printed) -> dict[str, Any]:
    rows = read_records(d.folder / "phe_testdata_funnel_prop_inputs.csv", text=["\ufeffArea", "significance"])
    x, n = rows["numerator"], rows["denominator"]
    p, target = x / n, x.sum() / n.sum()
    wide, narrow = (proportion_limits(n, target, level=level) for level in (0.998, 0.95))
    verdict = np.select(
        [p < wide.lower, p > wide.upper, p < narrow.lower, p > narrow.upper],
        ["Low (0.001)", "High (0.001)", "Low (0.025)", "High (0.025)"],
        default="Not significant",
    )
    assert verdict.tolist() == rows["significance"].tolist()
    outside = [wilson_interval(x, n, level=level) for level in (0.998, 0.95)]
    wilson = np.select(
        [target > outside[0].upper, target < outside[0].lower, target > outside[1].upper],
        ["Low (0.001)", "High (0.001)", "Low (0.025)"],
        default=np.where(target < outside[1].lower, "High (0.025)", "Not significant"),
    )
    return {
        "n": len(x),
        "target": target,
        "counts": dict(Counter(verdict.tolist())),
        "agree_with_wilson_inversion": int(np.sum(wilson == verdict)),
    }


PUBLIC_HEALTH: dict[str, Case] = {
    "PHEindicatormethods / byar_wilson": Case(byar_wilson, 1e-12),
    "PHEindicatormethods / isr_results": Case(indirect_rates, 1e-12),
    # the table was made by a search that stops at about a ten-millionth of an event
    "PHEindicatormethods / funnel_ratio_outputs / first_25": Case(ratio_funnel, 5e-5),
    "PHEindicatormethods / funnel_prop_significance": Case(proportion_funnel, 1e-13),
}


# ---------------------------------------------------------------------- FunnelPlotR


@cache
def medpar(d: Printed) -> dict[str, Any]:
    y, mean = d.medpar["los"], d.stay.expected(d.medpar)
    o, e = d.per_hospital(y), d.per_hospital(mean)
    shmi, rounded = shmi_overdispersion(o, e), np.round(e, 2)

    def outliers(limits: Any) -> int:
        return int(np.sum((o / e < limits.lower) | (o / e > limits.upper)))

    return {
        "readme": {
            "providers": len(o),
            "outliers_998_unadjusted": outliers(chi_square_limits(rounded, level=0.998)),
            "outliers_998_shmi_od": outliers(shmi_limits(rounded, tau2=shmi.tau2, level=0.998)),
            "pearson_phi": np.sum((y - mean) ** 2 / mean) / (len(y) - 6),
        },
        "shmi": shmi,
        "cqc": cqc_overdispersion(o, e),
    }


def spread(found: Overdispersion) -> dict[str, Any]:
    return {"phi": found.phi, "tau2": found.tau2}


FUNNEL_PLOT: dict[str, Case] = {
    "FunnelPlotR / poisson_limits": Case(
        lambda _: (
            {"E": [15, 20, 30]}
            | {
                f"{side}l{key}": getattr(chi_square_limits([15.0, 20, 30], level=level), name)
                for side, name in (("l", "lower"), ("u", "upper"))
                for key, level in LIMITS.items()
            }
        ),
        # seven digits are printed
        3e-7,
    ),
    # R's dispersion is from the weights of its last step but one
    "FunnelPlotR / medpar_readme": Case(lambda d: medpar(d)["readme"], 3.1e-6),
    "FunnelPlotR / own_run_of_its_functions / medpar_shmi": Case(
        lambda d: spread(medpar(d)["shmi"]) | {"kept": medpar(d)["shmi"].kept}, 1e-9, 1e-12
    ),
    "FunnelPlotR / own_run_of_its_functions / medpar_cqc": Case(lambda d: spread(medpar(d)["cqc"]), 1e-9),
    **{
        f"FunnelPlotR / own_run_of_its_functions / six_row_{name}": Case(
            lambda _, measure=measure: spread(measure(SIX_O, SIX_E)), 1e-9
        )
        for name, measure in (
            ("shmi", shmi_overdispersion),
            ("cqc", cqc_overdispersion),
            ("cqc_trim05", lambda o, e: cqc_overdispersion(o, e, winsorise=0.05)),
        )
    },
}


# ---------------------------------------------------------------------- vlad, QualityMeasure


def weights(ratio: float) -> Any:
    risk = expit(-3.68 + 0.077 * np.array([0.0, 0, 50, 50]))
    return cusum_weights([0, 1, 0, 1], risk, odds_ratio=ratio).round(3)


GRIDS = (500, 1000, 2000, 4000, 6000)

VLAD: dict[str, Case] = {
    "vlad / llr_RA2_s0y0_s0y1_s50y0_s50y1": Case(lambda _: weights(2.0), 1e-12),
    "vlad / llr_RA0.5": Case(lambda _: weights(0.5), 1e-12),
    # found by simulation there and here
    "vlad / cardiacsurgery_phase1_h_for_ARL0_370": Case(
        lambda d: limit_for_run_length(*d.case_mix, records=370, runs=4000, seed=3).limit, 0.02
    ),
    "vlad / own_simulation_h1.8592 / arl": Case(
        lambda d: run_length(*d.case_mix, limit=1.8592, runs=20_000, seed=3).value, 4 * 0.0073
    ),
    # the error of a mean goes with one over the root of the runs
    "vlad / own_simulation_h1.8592 / se": Case(
        lambda d: (
            run_length(*d.case_mix, limit=1.8592, runs=20_000, seed=3).error * np.sqrt(20_000 / 400_000)
        ),
        0.05,
    ),
    # three decimals are printed
    "vlad / own_markov_grid_h1.8592 / arl": Case(
        lambda d: [run_length_by_chain(*d.case_mix, limit=1.8592, steps=m) for m in GRIDS], 0, 5.1e-4
    ),
}


def hierarchical(d: Printed) -> dict[str, Any]:
    """Its reliability is of an unadjusted model: medians of the variances, and the mean of their ratio."""
    y, provider = d.example["y"], d.example["provider"]
    ones = np.ones(len(y))
    model = fit_random_intercept(
        "logistic", [], {}, provider=provider, providers=100, n=ones, sum_y=y, nodes=0
    )
    p, n = float(model.expected({}, rows=1)[0]), np.bincount(provider)
    variance = n * p * (1 - p)
    return {
        "between_var": np.median((variance / n * model.tau) ** 2),
        "within_var": np.median(variance / n**2),
        "mean": outcome_reliability(model.tau, variance, n).mean(),
    }


def shrunken(d: Printed) -> dict[str, Any]:
    n, x = np.bincount(d.example["provider"]), np.bincount(d.example["provider"], weights=d.example["y"])
    found = beta_binomial(n, x)
    return {"alpha": found.prior[0], "beta": found.prior[1], "mean": found.reliability.mean()}


def halves(d: Printed) -> float:
    n, x = np.bincount(d.example["provider"]), np.bincount(d.example["provider"], weights=d.example["y"])
    return split_half_reliability(np.arange(100), n, x, providers=100, splits=1000, seed=1).value


QUALITY: dict[str, Case] = {
    # lme4's default stop leaves its variance 0.014 % off its own optimum, which ours is at
    "QualityMeasure / example_df_1 / HLGM_nAGQ0": Case(hierarchical, 2e-4),
    # L-BFGS-B without a gradient stops at four digits
    "QualityMeasure / example_df_1 / beta_binomial": Case(shrunken, 1e-3),
    # theirs is of splits of its own, of which one has a standard deviation of 0.03
    "QualityMeasure / example_df_1 / split_sample": Case(halves, 0, 0.01),
}


# ---------------------------------------------------------------------- false alarms


def exact_tails(e: float) -> list[float]:
    """Chance that the exact Poisson test calls an average provider out, on either side."""
    counts = np.arange(0.0, 60 + 3 * e)
    scores = score_count(
        np.arange(len(counts)), np.full(len(counts), 1.0), counts, np.full(len(counts), e),
        providers=len(counts), test="poisson", levels=(0.95, 0.998),
    )  # fmt: skip
    chance = stats.poisson.pmf(counts, e)
    return [float(chance[np.char.startswith(scores.band, side)].sum()) for side in ("low", "high")]


def tails(d: Printed) -> list[dict[str, Any]]:
    return [
        {"E": row["E"], "exact_test_inversion": exact_tails(row["E"])}
        | {key: tails_of_average(RATIO_LIMITS[name](row["E"]), row["E"]) for name, key in KEYS.items()}
        for row in d.file["funnel_tail_probabilities_95"]["rows"]
    ]


CASES = (
    PUBLIC_HEALTH
    | FUNNEL_PLOT
    | VLAD
    | QUALITY
    | {"funnel_tail_probabilities_95 / rows": Case(tails, 1e-9, 1e-14)}
)

INPUTS = {
    "PHEindicatormethods / isr_inputs": "input",
    "vlad / own_simulation_h1.8592 / runs": "input",
    "vlad / own_simulation_h1.8592 / seed": "of another generator of random numbers",
    "vlad / own_markov_grid_h1.8592 / m": "input",
}


@pytest.fixture(scope="module")
def printed(shared, published):
    return Printed(shared, published)


@pytest.mark.parametrize("path", CASES)
def test_part_of_the_printed_file(path, published, printed):
    assert_same(CASES[path].make(printed), at(published, path), CASES[path])


def test_every_number_is_compared(published):
    missing, twice = uncovered(published, CASES, INPUTS)
    assert not missing
    assert not twice


def test_inputs_are_those_of_the_file(published):
    assert at(published, "vlad / own_markov_grid_h1.8592 / m") == list(GRIDS)
    assert at(published, "vlad / own_simulation_h1.8592 / runs") == 400_000

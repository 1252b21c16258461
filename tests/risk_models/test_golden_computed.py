"""Every number of the golden file that R computed on published data sets, at its tolerance.

A leaf stands under one case, or among the inputs of one: the last test counts them.
"""

from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

from risk_models.between import (
    direct_rates,
    latent_icc,
    latent_reliability,
    median_odds_ratio,
    outcome_reliability,
    predicted_expected,
    rankability,
)
from risk_models.cusum import FalseAlarms, cusum, cusum_weights, run_length, run_length_by_chain
from risk_models.empirical_bayes import beta_binomial, gamma_poisson, smoothed_rates
from risk_models.funnels import (
    arcsine_limits,
    chi_square_limits,
    cqc_limits,
    shmi_limits,
    spiegelhalter_proportion_limits,
    spiegelhalter_ratio_limits,
)
from risk_models.intervals import (
    Interval,
    byar_ratio_interval,
    clopper_pearson_interval,
    midp_ratio_interval,
    poisson_ratio_interval,
    wilson_interval,
)
from risk_models.monitoring import vlad
from risk_models.negative_binomial import fit_negative_binomial
from risk_models.random_intercept import fit_random_intercept
from risk_models.ranks import expected_ranks
from risk_models.spread import (
    Overdispersion,
    cqc_overdispersion,
    overdispersion,
    proportion_overdispersion,
    shmi_overdispersion,
)
from risk_models.standardise import score_binary, score_count
from risk_models.survival import kaplan_meier
from tests.risk_models.golden_tree import Case, assert_same, at, uncovered
from tests.risk_models.profiling_records import DEATH, SCORES, STAY, Profiling, in_r, named, uncentred

pytestmark = pytest.mark.data

COUNTS = [0, 1, 2, 3, 5, 10, 15, 20, 30, 50, 65, 100, 500, 1045]
PROPORTIONS = np.array([[0, 10], [1, 10], [5, 10], [10, 10], [65, 100], [1045, 5000], [3, 10], [2, 200]])
EXPECTED = np.array([1, 2, 5, 10, 15, 20, 30, 50, 100, 500], dtype=float)
SIX_O, SIX_E = np.array([100.0, 150, 180, 80, 120, 225]), np.array([108.0, 112, 165, 95, 100, 220])
LEVELS = {"L90": 0.9, "L95": 0.95, "L99.8": 0.998}


def pairs(interval: Interval) -> Any:
    return np.column_stack([interval.lower, interval.upper])


def limits_at(draw: Any, *args: Any) -> dict[str, Any]:
    inner, outer = draw(*args, level=0.95), draw(*args, level=0.998)
    return {"ll998": outer.lower, "ll95": inner.lower, "ul95": inner.upper, "ul998": outer.upper}


def spread(found: Overdispersion, *names: str) -> dict[str, Any]:
    ours = {"n_kept": "kept", "tau2_ratio_scale": "tau2"}
    return {name: getattr(found, ours.get(name, name)) for name in names}


# ---------------------------------------------------------------------- intervals and funnels

SMALL: dict[str, Case] = {
    **{
        f"intervals / {name}_count_{key}": Case(
            lambda _, formula=formula, level=level: pairs(formula(COUNTS, 1.0, level=level)), rel, 1e-12
        )
        for key, level in LEVELS.items()
        for name, formula, rel in (
            ("exact", poisson_ratio_interval, 1e-12),
            ("midp", midp_ratio_interval, 1e-8),
        )
    },
    **{
        f"intervals / {name}_{key}": Case(
            lambda _, formula=formula, level=level: pairs(formula(*PROPORTIONS.T, level=level)), 1e-11, 1e-15
        )
        for key, level in LEVELS.items()
        for name, formula in (("wilson", wilson_interval), ("clopper_pearson", clopper_pearson_interval))
        if key != "L90"
    },
    "intervals / midp_p_greater / p": Case(
        lambda _: (
            score_count(
                np.arange(5),
                np.full(5, 1000.0),
                [8, 151, 159, 0, 3],
                np.array([6.239860227, 106.4429719, 232.9329036, 2.5, 1.2]) / 1000,
                providers=5,
                test="poisson-mid-p",
            ).p_high
        )
    ),
    "chisq_limits": Case(lambda _: {"E": EXPECTED} | limits_at(chi_square_limits, EXPECTED), 1e-11),
    "sp2005_poisson": Case(lambda _: {"E": EXPECTED} | limits_at(spiegelhalter_ratio_limits, EXPECTED), 1e-9),
    "sp2005_binomial": Case(
        lambda _: (
            {"n": [10, 25, 50, 100, 250, 1000] * 3, "t": np.repeat([0.02, 0.1, 0.5], 6)}
            | limits_at(
                spiegelhalter_proportion_limits,
                np.tile([10.0, 25, 50, 100, 250, 1000], 3),
                np.repeat([0.02, 0.1, 0.5], 6),
            )
        ),
        1e-9,
        1e-14,
    ),
    "six_row": Case(
        lambda _: {
            "O": SIX_O,
            "E": SIX_E,
            "shmi": spread(shmi_overdispersion(SIX_O, SIX_E), "phi", "tau2", "n_kept", "z"),
            "cqc": spread(cqc_overdispersion(SIX_O, SIX_E), "phi", "tau2", "z"),
            "cqc_trim05": spread(cqc_overdispersion(SIX_O, SIX_E, winsorise=0.05), "phi", "tau2", "z"),
            "exact95": pairs(poisson_ratio_interval(SIX_O, SIX_E)),
            "byar95": pairs(byar_ratio_interval(SIX_O, SIX_E)),
            "shmi_od95": pairs(shmi_limits(SIX_E, tau2=shmi_overdispersion(SIX_O, SIX_E).tau2)),
        },
        1e-10,
    ),
}


# ---------------------------------------------------------------------- medpar


def stay_per_provider(d: Profiling) -> dict[str, Any]:
    ones = np.ones(len(d.medpar["los"]))
    return {
        "O": d.per_hospital(d.medpar["los"]),
        "E": d.per_hospital(d.stay.expected(d.medpar)),
        "n": d.per_hospital(ones),
    }


@cache
def stay_fit(d: Profiling) -> dict[str, Any]:
    y, mean = d.medpar["los"], d.stay.expected(d.medpar)
    coef, errors = in_r(d.stay, d.stay.covariance)
    return {
        "n": len(y),
        "providers": len(d.hospital[0]),
        "poisson_coef": coef,
        "poisson_se": errors,
        "deviance": 2 * (np.sum(y * np.log(y) - y) - d.stay.log_likelihood),
        "pearson_phi": np.sum((y - mean) ** 2 / mean) / (len(y) - len(coef)),
    }


@cache
def stay_spread(d: Profiling) -> dict[str, Any]:
    rows = stay_per_provider(d)
    o, e = rows["O"], rows["E"]
    shmi, cqc = shmi_overdispersion(o, e), cqc_overdispersion(o, e)
    rounded = np.round(e, 2)

    def outliers(limits: Interval) -> int:
        return int(np.sum((o / e < limits.lower) | (o / e > limits.upper)))

    return {
        "shmi_phi": shmi.phi,
        "shmi_tau2": shmi.tau2,
        "shmi_kept": shmi.kept,
        "cqc_phi": cqc.phi,
        "cqc_tau2": cqc.tau2,
        "outliers_998_unadjusted": outliers(chi_square_limits(rounded, level=0.998)),
        "outliers_998_shmi_od": outliers(shmi_limits(rounded, tau2=shmi.tau2, level=0.998)),
        "outliers_998_cqc_od_linear": outliers(cqc_limits(e, tau2=cqc.tau2, level=0.998, squared=False)),
    }


def stay_shrunken(d: Profiling) -> dict[str, Any]:
    rows = stay_per_provider(d)
    found = gamma_poisson(rows["O"], rows["E"])
    a, b = found.prior
    return {
        "a": a,
        "b": b,
        "prior_mean": a / b,
        "eb_ratio": found.shrunken,
        "reliability": found.reliability,
        "minus_logLik": -found.log_likelihood,
    }


def stay_negative_binomial(d: Profiling) -> dict[str, Any]:
    y = d.medpar["los"]
    model = fit_negative_binomial(STAY, d.medpar, n=np.ones(len(y)), y=y)
    return {
        "coef": named(model.design.columns, model.coefficients),
        "theta": model.theta,
        "minus2logLik": -2 * model.log_likelihood,
    }


@cache
def deaths(d: Profiling) -> dict[str, Any]:
    y, risk = d.medpar["died"], d.death.expected(d.medpar)
    coef, errors = in_r(d.death, d.death.covariance)
    scores = score_binary(d.hospital[1], np.ones(len(y)), y, risk, providers=54)
    return {
        "glm_coef": coef,
        "glm_se": errors,
        "deviance": -2 * d.death.log_likelihood,
        "by_provider": {
            "O": scores.observed,
            "E": scores.expected,
            "V": scores.variance,
            "n": scores.n,
        },
        "z": (scores.observed - scores.expected) / np.sqrt(scores.variance),
    }


def deaths_mixed(d: Profiling, nodes: int) -> Any:
    y = d.medpar["died"]
    return fit_random_intercept(
        "logistic",
        DEATH,
        d.medpar,
        provider=d.hospital[1],
        providers=54,
        n=np.ones(len(y)),
        sum_y=y,
        nodes=nodes,
    )


def mixed(model: Any) -> dict[str, Any]:
    """Give a random-intercept fit as the file has it."""
    coef, errors = in_r(model, model.covariance)
    return {
        "fixef": coef,
        "se_default": errors,
        "se_rx": in_r(model, model.covariance_given_tau)[1],
        "sd_u": model.tau,
        "minus2logLik": -2 * model.log_likelihood,
    }


def deaths_effects(d: Profiling) -> dict[str, Any]:
    model = deaths_mixed(d, 25)
    return {"u": dict(zip(d.hospital[0], model.effect, strict=True)), "sd": model.effect_sd}


MEDPAR: dict[str, Case] = {
    **{
        f"medpar_los / {key}": Case(lambda d, key=key: stay_fit(d)[key])
        for key in ("n", "providers", "poisson_coef", "poisson_se", "deviance", "pearson_phi")
    },
    **{
        f"medpar_los / by_provider / {key}": Case(lambda d, key=key: stay_per_provider(d)[key], 1e-10)
        for key in ("O", "E", "n")
    },
    **{
        f"medpar_los / {key}": Case(lambda d, key=key: stay_spread(d)[key], 1e-9)
        for key in (
            "shmi_phi",
            "shmi_tau2",
            "shmi_kept",
            "cqc_phi",
            "cqc_tau2",
            "outliers_998_unadjusted",
            "outliers_998_shmi_od",
            "outliers_998_cqc_od_linear",
        )
    },
    # R's optim stops at about five digits
    "medpar_los / gamma_poisson_eb": Case(stay_shrunken, 1e-5),
    "medpar_los / glm_nb": Case(stay_negative_binomial, 1e-10),
    **{
        f"medpar_died / {key}": Case(lambda d, key=key: deaths(d)[key], 1e-8, 1e-9)
        for key in ("glm_coef", "glm_se", "deviance", "by_provider", "z")
        if key != "by_provider"
    },
    **{
        f"medpar_died / by_provider / {key}": Case(lambda d, key=key: deaths(d)["by_provider"][key], 1e-9)
        for key in ("O", "E", "V", "n")
    },
    # the standard errors of lme4 are from differences of its deviance; with one node that is rough
    **{
        f"medpar_died / glmer / nAGQ{nodes}": Case(
            lambda d, nodes=nodes: mixed(deaths_mixed(d, nodes)), 5e-4 if nodes == 1 else 2e-5, 1e-6
        )
        for nodes in (0, 1, 7, 25)
    },
    "medpar_died / ranef": Case(deaths_effects, 0, 1e-5),
}


# ---------------------------------------------------------------------- pprof


@cache
def fixed(d: Profiling) -> dict[str, Any]:
    """The fixed-effects fit; R stops on the way to minus infinity for the three providers without events."""
    model, y = d.fixed, d.pprof["y"]
    gamma = model.intercept - model.coefficients @ [term.centre for term in model.design.terms]
    middle = float(np.median(model.intercept))
    eta, away = model.case_mix(d.pprof) + middle, model.intercept - middle
    scores = score_binary(
        d.pprof_fit["provider"], d.pprof_fit["n"], y, expit(eta), providers=100, test="exact-mid-p"
    )
    names = model.design.columns[1:]
    return {
        "beta": named(names, model.coefficients),
        "beta_se": named(names, model.standard_errors),
        "gamma": gamma,
        "gamma_se": model.intercept_se,
        "gamma_median": float(np.median(gamma)),
        "deviance": -2 * model.log_likelihood,
        "O": scores.observed,
        "E_at_median": scores.expected,
        "indirect_ratio": scores.ratio,
        "direct_ratio": direct_rates("logistic", eta, d.pprof_fit["n"], intercept=away) / y.mean(),
        "score_z": (scores.observed - scores.expected) / np.sqrt(scores.variance),
        "poisson_binomial": {
            "p_upper_mid": scores.p_high,
            "p_two": scores.p,
            "z": stats.norm.isf(scores.p_high),
        },
    }


def between(d: Profiling) -> dict[str, Any]:
    model, y, args = d.laplace, d.pprof["y"], d.pprof_fit
    eta = model.linear_predictor(d.pprof)
    found = predicted_expected(
        "logistic", eta, args["n"], provider=args["provider"], effect=model.effect, sd=model.effect_sd
    )
    return {
        "u": model.effect,
        "u_sd": model.effect_sd,
        "predicted": found.predicted,
        "expected": found.expected,
        "PE": found.ratio,
        "RSRR": found.ratio * y.mean(),
        "OE": d.per_pprof(y) / found.expected,
        "direct_rate": direct_rates("logistic", eta, args["n"], intercept=model.effect),
    }


@cache
def pooled_profile(d: Profiling) -> dict[str, Any]:
    risk = d.pooled.expected(d.pprof)
    scores = score_binary(d.pprof_fit["provider"], d.pprof_fit["n"], d.pprof["y"], risk, providers=100)
    exact = poisson_ratio_interval(scores.observed, scores.expected)
    byar = byar_ratio_interval(scores.observed, scores.expected)
    z = (scores.observed - scores.expected) / np.sqrt(scores.variance)
    return {
        "n": scores.n,
        "O": scores.observed,
        "E": scores.expected,
        "V": scores.variance,
        "OE": scores.ratio,
        "exact95.lo": exact.lower,
        "exact95.hi": exact.upper,
        "byar95.lo": byar.lower,
        "byar95.hi": byar.upper,
        "z": z,
    }


def smoothed(d: Profiling) -> dict[str, Any]:
    rows = pooled_profile(d)
    found = smoothed_rates(rows["O"], rows["E"], rows["V"], reference=float(d.pprof["y"].mean()))
    return {
        "tau2": found.tau2,
        "mean": found.mean,
        "RAR": found.adjusted,
        "noise_var": found.noise,
        "reliability": found.reliability,
        "smoothed": found.smoothed,
        "smoothed_se": found.smoothed_sd,
    }


def pprof_reliability(d: Profiling) -> dict[str, Any]:
    risk = d.laplace.expected(d.pprof)
    n = d.per_pprof(d.pprof_fit["n"])
    return {
        "latent": latent_reliability(d.laplace.tau, n),
        "outcome_delta": outcome_reliability(d.laplace.tau, d.per_pprof(risk * (1 - risk)), n),
    }


def flags(d: Profiling) -> dict[str, Any]:
    rows, at_median = pooled_profile(d), fixed(d)
    exact = poisson_ratio_interval(rows["O"], rows["E"])
    z95 = stats.norm.ppf(0.975)
    return {
        "poisson_exact95": int(np.sum((exact.lower > 1) | (exact.upper < 1))),
        "binomial_z95": int(np.sum(np.abs(rows["z"]) > z95)),
        "poibin_midp95_fe_median": int(np.sum(at_median["poisson_binomial"]["p_two"] < 0.05)),
        "score_fe_median": int(np.sum(np.abs(at_median["score_z"]) > z95)),
    }


def correlated(d: Profiling) -> dict[str, Any]:
    """Ours has the means of the case mix about their overall mean, and R's as they are."""
    model = fit_random_intercept("logistic", SCORES, d.pprof, **d.pprof_fit, correlated=True, nodes=7)
    T = np.eye(11)
    T[:6, :6] = uncentred(model)
    T[0, 6:] = [-d.pprof[f"z{i}"].mean() for i in range(1, 6)]
    names = ("(intercept)", *(f"z{i}" for i in range(1, 6)), *(f"mz{i}" for i in range(1, 6)))

    def errors(covariance: Any) -> dict[str, float]:
        return named(names, np.sqrt(np.diag(T @ covariance @ T.T)))

    return {
        "fixef": named(names, T @ np.append(model.coefficients, model.between)),
        "se_default": errors(model.covariance),
        "se_rx": errors(model.covariance_given_tau),
        "sd_u": model.tau,
        "minus2logLik": -2 * model.log_likelihood,
    }


def pprof_spread(d: Profiling) -> dict[str, Any]:
    rows = pooled_profile(d)
    o, e, v, n = (rows[key] for key in ("O", "E", "V", "n"))
    return {
        "cqc": spread(cqc_overdispersion(o, e), "phi", "tau2"),
        "shmi": spread(shmi_overdispersion(o, e), "phi", "tau2", "n_kept"),
        "prop": {"target": o.sum() / n.sum()} | spread(proportion_overdispersion(o, n), "phi", "tau2"),
        "casemix_binomial": spread(overdispersion(o, e, v), "phi", "tau2_ratio_scale"),
    }


FIXED = (
    "beta",
    "beta_se",
    "gamma_median",
    "deviance",
    "O",
    "E_at_median",
    "indirect_ratio",
    "direct_ratio",
    "score_z",
)

PPROF: dict[str, Case] = {
    "pprof_binary / n": Case(lambda d: len(d.pprof["y"])),
    "pprof_binary / rate": Case(lambda d: d.pprof["y"].mean()),
    "pprof_binary / glm_coef": Case(lambda d: in_r(d.pooled, d.pooled.covariance)[0]),
    "pprof_binary / glm_se": Case(lambda d: in_r(d.pooled, d.pooled.covariance)[1]),
    "pprof_binary / glm_deviance": Case(lambda d: -2 * d.pooled.log_likelihood),
    **{f"pprof_binary / fe / {key}": Case(lambda d, key=key: fixed(d)[key], 2e-7, 1e-7) for key in FIXED},
    **{
        f"pprof_binary / fe / poisson_binomial / {key}": Case(
            lambda d, key=key: fixed(d)["poisson_binomial"][key], 1e-6, 1e-12
        )
        for key in ("p_upper_mid", "p_two", "z")
    },
    **{
        f"pprof_binary / glmer / nAGQ{nodes}": Case(
            lambda d, nodes=nodes: mixed(
                fit_random_intercept("logistic", SCORES, d.pprof, **d.pprof_fit, nodes=nodes)
            ),
            2e-5,
            1e-6,
        )
        for nodes in (0, 1, 7, 25)
    },
    "pprof_binary / re_nAGQ1": Case(between, 1e-5, 1e-6),
    "pprof_binary / pooled_glm_profile": Case(pooled_profile, 1e-8),
    "pprof_binary / ahrq": Case(smoothed, 1e-8),
    "pprof_binary / rankability": Case(
        lambda d: {
            "tau2_re": d.laplace.tau**2,
            "median_s2_fe": np.median(d.fixed.intercept_se**2),
            "rankability": rankability(d.laplace.tau, d.fixed.intercept_se),
        },
        3e-6,
    ),
    "pprof_binary / reliability": Case(pprof_reliability, 3e-6),
    "pprof_binary / expected_rank": Case(
        lambda d: expected_ranks(d.laplace.effect, d.laplace.effect_sd).expected, 1e-5
    ),
    "pprof_binary / pcer": Case(lambda d: expected_ranks(d.laplace.effect, d.laplace.effect_sd).pcer, 1e-5),
    "pprof_binary / median_odds_ratio": Case(lambda d: median_odds_ratio(d.laplace.tau), 1e-6),
    "pprof_binary / icc_latent": Case(lambda d: latent_icc(d.laplace.tau), 3e-6),
    "pprof_binary / flags_95": Case(flags, 0),
    "pprof_binary / correlated_re_nAGQ7": Case(correlated, 1e-4, 1e-6),
    "pprof_binary / overdispersion": Case(pprof_spread, 1e-8, 1e-14),
}


# ---------------------------------------------------------------------- monitoring


def steiner(_: Profiling) -> dict[str, Any]:
    score, y = np.array([0.0, 0, 50, 50]), np.array([0, 1, 0, 1])
    risk = expit(-3.68 + 0.077 * score)
    return {
        "s": score,
        "y": y,
        "W_RA2": cusum_weights(y, risk, odds_ratio=2.0),
        "W_RA0.5": cusum_weights(y, risk, odds_ratio=0.5),
        "EO": np.diff(vlad(y, risk), prepend=0),
    }


def charts(d: Profiling, which: Any) -> dict[str, Any]:
    """VLAD and both CUSUMs of some records of the second phase."""
    o, p = d.cardiac["dead"][which], d.phase_one.expected(d.cardiac)[which]
    line = vlad(o, p)
    found = {
        "n": len(o),
        "O": o.sum(),
        "E": p.sum(),
        "vlad_end": line[-1],
        "vlad_min": line.min(),
        "vlad_max": line.max(),
    }
    for side, ratio in (("up", 2.0), ("down", 0.5)):
        chart = cusum(o, p, odds_ratio=ratio, limit=4.5, restart=False)
        found[f"cusum_{side}_max"], found[f"cusum_{side}_end"] = chart.path.max(), chart.path[-1]
        found[f"first_signal_{side}_h4.5"] = chart.signals[0] + 1 if chart.signals else None
    return found


def by_surgeon(d: Profiling) -> dict[str, Any]:
    later = d.cardiac["date"] >= 730
    return {name: charts(d, later & (d.cardiac["surgeon"] == name)) for name in "1234567"}


@cache
def simulated(d: Profiling) -> FalseAlarms:
    return run_length(*d.case_mix, limit=1.8592, runs=20_000, seed=3)


CARDIAC: dict[str, Case] = {
    "steiner2000": Case(steiner, 1e-11),
    "cardiac / n": Case(lambda d: len(d.cardiac["dead"])),
    "cardiac / n_phase1": Case(lambda d: np.sum(d.cardiac["date"] < 730)),
    "cardiac / deaths30": Case(lambda d: d.cardiac["dead"].sum()),
    "cardiac / phase1_coef": Case(lambda d: in_r(d.phase_one, d.phase_one.covariance)[0]),
    "cardiac / phase1_se": Case(lambda d: in_r(d.phase_one, d.phase_one.covariance)[1]),
    "cardiac / phase2_by_surgeon": Case(by_surgeon, 1e-8, 1e-9),
    "cardiac / phase2_all": Case(lambda d: charts(d, d.cardiac["date"] >= 730), 1e-8, 1e-9),
    "cardiac / arl0_markov / arl": Case(
        lambda d: [run_length_by_chain(*d.case_mix, limit=h, steps=1500) for h in (1.8592, 2.5, 4.5)], 1e-9
    ),
    # two simulations, of which theirs has an error of 0.7 %
    "cardiac / arl0_sim_h1.8592 / arl": Case(lambda d: simulated(d).value, 4 * np.hypot(0.0067, 0.0071)),
    "cardiac / arl0_sim_h1.8592 / se": Case(lambda d: simulated(d).error, 0.05),
}


# ---------------------------------------------------------------------- lung, colonoscopy


@cache
def per_institution(d: Profiling) -> dict[str, Any]:
    who, ones, events = d.lung["inst"], np.ones(len(d.lung["inst"])), d.lung["status"] - 1
    names, index = np.unique(who, return_inverse=True)
    times = {"time": d.lung["time"], "n": ones}

    def sums(values: Any) -> Any:
        return np.bincount(index, weights=values)

    return {
        "inst": names,
        "n": sums(ones),
        "O": sums(events),
        "E_breslow": sums(d.lung_model("breslow").expected(d.lung, **times, events=events)),
        "E_efron": sums(d.lung_model("efron").expected(d.lung, **times, events=events)),
        "E_efroncoef_breslowbase": sums(d.lung_model("efron").expected(d.lung, **times, baseline="breslow")),
    }


def institution_intervals(d: Profiling) -> Any:
    rows = per_institution(d)
    return pairs(poisson_ratio_interval(rows["O"], rows["E_efron"]))


def lung_coefficients(d: Profiling, ties: str) -> dict[str, float]:
    model = d.lung_model(ties)
    return named(model.design.columns[1:], model.coefficients)


def restricted_mean(d: Profiling) -> list[Any]:
    curve = kaplan_meier(d.lung["time"], np.ones(len(d.lung["time"])), d.lung["status"] - 1)
    mean, error = curve.restricted_mean(365)
    # R has no column of the other two names
    return [mean, None, error, None]


def colonoscopy_shrunken(d: Profiling) -> dict[str, Any]:
    found = beta_binomial(*d.colonoscopy)
    return {
        "alpha": found.prior[0],
        "beta": found.prior[1],
        "minus_logLik": -found.log_likelihood,
        "mean_reliability": found.reliability.mean(),
        "median_reliability": np.median(found.reliability),
    }


def colonoscopy_outliers(d: Profiling, *, exact: bool) -> int:
    n, x = d.colonoscopy
    target = x.sum() / n.sum()
    limits = (
        spiegelhalter_proportion_limits(n, target, level=0.998)
        if exact
        else arcsine_limits(n, target, tau2=proportion_overdispersion(x, n).tau2, level=0.998)
    )
    return int(np.sum((x / n < limits.lower) | (x / n > limits.upper)))


OTHERS: dict[str, Case] = {
    "lung / n": Case(lambda d: len(d.lung["inst"])),
    "lung / coef_breslow": Case(lambda d: lung_coefficients(d, "breslow")),
    "lung / coef_efron": Case(lambda d: lung_coefficients(d, "efron")),
    "lung / by_inst": Case(per_institution, 1e-9),
    "lung / smr_exact95_efron": Case(institution_intervals, 1e-9),
    "lung / km_rmst_365": Case(restricted_mean, 1e-10),
    "cms_colonoscopy / providers": Case(lambda d: len(d.colonoscopy[0])),
    "cms_colonoscopy / n_total": Case(lambda d: d.colonoscopy[0].sum()),
    "cms_colonoscopy / x_total": Case(lambda d: d.colonoscopy[1].sum()),
    "cms_colonoscopy / beta_binomial": Case(colonoscopy_shrunken, 1e-5),
    "cms_colonoscopy / overdispersion_arcsine": Case(
        lambda d: (
            {"target": d.colonoscopy[1].sum() / d.colonoscopy[0].sum()}
            | spread(proportion_overdispersion(*d.colonoscopy[::-1]), "phi", "tau2")
        )
    ),
    "cms_colonoscopy / outliers_998_exact_binomial": Case(lambda d: colonoscopy_outliers(d, exact=True)),
    "cms_colonoscopy / outliers_998_arcsine_od": Case(lambda d: colonoscopy_outliers(d, exact=False)),
}

CASES = SMALL | MEDPAR | PPROF | CARDIAC | OTHERS

# what the cases above are given, and what has a test of its own below
INPUTS = {
    "meta": "the quantiles of the normal: test_quantiles",
    "intervals / count_o": "input",
    "intervals / prop_xn": "input",
    "intervals / midp_p_greater / o": "input",
    "intervals / midp_p_greater / e": "input",
    "cardiac / arl0_markov / h": "input",
    "cardiac / arl0_markov / m": "input",
    **{f"intervals / byar_count_{key}": "test_byar_ends_at_0" for key in LEVELS},
    "pprof_binary / fe / gamma": "test_providers_without_events",
    "pprof_binary / fe / gamma_se": "test_providers_without_events",
}


@pytest.fixture(scope="module")
def records(shared):
    return Profiling(shared)


@pytest.mark.parametrize("path", CASES)
def test_part_of_the_golden_file(path, profiling, records):
    assert_same(CASES[path].make(records), at(profiling, path), CASES[path])


def test_every_number_is_compared(profiling):
    missing, twice = uncovered(profiling, CASES, INPUTS)
    assert not missing
    assert not twice


def test_inputs_are_those_of_the_file(profiling):
    assert at(profiling, "intervals / count_o") == COUNTS
    assert at(profiling, "intervals / prop_xn") == PROPORTIONS.tolist()


def test_quantiles(profiling):
    assert stats.norm.ppf(0.975) == pytest.approx(profiling["meta"]["z975"], rel=1e-14)
    assert stats.norm.ppf(0.999) == pytest.approx(profiling["meta"]["z999"], rel=1e-14)


@pytest.mark.parametrize("key", LEVELS)
def test_byar_ends_at_0(profiling, key):
    # the formula puts the lower end of one event below 0 at 99.8 %; ours is then 0
    known = np.maximum(at(profiling, f"intervals / byar_count_{key}"), 0)
    ours = byar_ratio_interval(COUNTS, 1.0, level=LEVELS[key])
    np.testing.assert_allclose(pairs(ours), known, rtol=1e-10, atol=1e-15)


def test_providers_without_events(profiling, records):
    # R's glm stops on the way to minus infinity, with an error of 130,000
    known, ours = profiling["pprof_binary"]["fe"], fixed(records)
    infinite = np.isneginf(ours["gamma"])
    np.testing.assert_array_equal(infinite, np.array(known["O"]) == 0)
    for key in ("gamma", "gamma_se"):
        np.testing.assert_allclose(ours[key][~infinite], np.array(known[key])[~infinite], rtol=1e-6)
    assert (np.array(known["gamma"])[infinite] < -25).all()
    assert (np.array(known["gamma_se"])[infinite] > 1000).all()
    assert np.isposinf(ours["gamma_se"][infinite]).all()

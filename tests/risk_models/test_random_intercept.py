import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, ndtr

from risk_models.design import Term
from risk_models.expected import CannotFit
from risk_models.random_intercept import fit_random_intercept
from tests.risk_models.provider_records import (
    NO_DEATHS,
    ONLY_DEATHS,
    PROVIDERS,
    TERMS,
    at_sixty,
    cohort,
    golden,
    records,
    stratified,
)


def fit(kind, **options):
    return fit_random_intercept(kind, TERMS, records(), **cohort(kind), **options)


def assert_is_lme4(model, known):
    """Within what lme4's own optimiser leaves undecided, a tenth of the tolerances asked for.

    Its standard errors come from differences of its deviance, which is less smooth with one node.
    """
    np.testing.assert_allclose(at_sixty(model), known["coef"], atol=1e-4)
    np.testing.assert_allclose(
        model.standard_errors[1:], known["se"][1:], rtol=1e-3 if model.nodes != 1 else 6e-3
    )
    assert model.tau == pytest.approx(known["tau"], abs=1e-4)
    np.testing.assert_allclose(model.effect, known["effect"], atol=1e-4)
    np.testing.assert_allclose(model.effect_sd, known["effect_sd"], atol=1e-4)


@pytest.mark.parametrize("nodes", [1, 5, 9, 25])
def test_logistic_is_glmer(nodes):
    model, known = fit("logistic", nodes=nodes), golden()["logistic"]
    assert_is_lme4(model, known[f"nodes{nodes}"])
    assert model.log_likelihood == pytest.approx(known[f"nodes{nodes}"]["log_likelihood"], abs=1e-6)
    assert model.log_likelihood_without == pytest.approx(known["without"], abs=1e-9)


@pytest.mark.parametrize("nodes", [1, 9])
def test_poisson_with_exposure_is_glmer(nodes):
    model, known = fit("poisson", nodes=nodes), golden()["poisson"]
    assert_is_lme4(model, known[f"nodes{nodes}"])
    log_likelihood = known["nodes1"]["log_likelihood"] if nodes == 1 else known["integrated"]
    assert model.log_likelihood == pytest.approx(log_likelihood, abs=1e-4 if nodes == 1 else 1e-5)
    assert model.log_likelihood_without == pytest.approx(known["without"], abs=1e-9)


@pytest.mark.parametrize("restricted", [False, True])
def test_linear_is_lmer(restricted):
    model, known = fit("linear", restricted=restricted), golden()["linear"]["reml" if restricted else "ml"]
    assert_is_lme4(model, known)
    assert model.residual_sd == pytest.approx(known["sigma"], abs=1e-6)
    assert model.log_likelihood == pytest.approx(known["log_likelihood"], abs=1e-8)


@pytest.mark.parametrize(
    ("kind", "interval"),
    [("logistic", "tau_interval1"), ("poisson", "tau_interval1"), ("linear", "tau_interval_ml")],
)
def test_interval_and_test_of_tau_are_those_of_the_profile_likelihood(kind, interval):
    known = golden()[kind]
    options = {} if kind == "linear" else {"nodes": 1}
    model = fit(kind, interval_level=0.95, **options)
    np.testing.assert_allclose(model.tau_interval, known[interval], atol=2e-4)
    # half of chi-square(1): its upper tail is that of a normal, two-sided
    gain = 2 * (known["ml" if kind == "linear" else "nodes1"]["log_likelihood"] - known["without"])
    assert model.p_value == pytest.approx(ndtr(-np.sqrt(gain)), rel=1e-4)


def test_posterior_is_that_of_direct_integration():
    model, known = fit("logistic", nodes=25), golden()["posterior"]
    np.testing.assert_allclose(model.mean, known["mean"], atol=5e-6)
    np.testing.assert_allclose(model.sd, known["sd"], atol=5e-6)
    # the mean of a skew distribution is farther out than its mode
    assert model.mean[ONLY_DEATHS] > model.effect[ONLY_DEATHS] + 0.003
    assert model.mean[NO_DEATHS] < model.effect[NO_DEATHS] - 0.03


def test_correlated_effects_are_glmer_with_provider_means():
    model, known = fit("logistic", correlated=True), golden()["correlated"]
    np.testing.assert_allclose(np.append(at_sixty(model), model.between), known["coef"], atol=2e-4)
    np.testing.assert_allclose(model.between_errors, known["se"][3:], rtol=1e-3)
    np.testing.assert_allclose(model.context, known["context"], atol=1e-4)
    assert model.tau == pytest.approx(known["tau"], abs=1e-5)
    assert model.log_likelihood == pytest.approx(known["log_likelihood"], abs=1e-6)
    eta = (
        model.linear_predictor(records()) + (model.effect + model.context)[records()["provider"].astype(int)]
    )
    np.testing.assert_allclose(
        model.predicted(records(), records()["provider"].astype(int)), expit(eta), rtol=1e-12
    )


@pytest.mark.parametrize("kind", ["logistic", "linear"])
def test_strata_give_what_records_give(kind):
    columns, args = stratified(kind)
    assert len(args["n"]) < len(records()["age"])
    on_strata = fit_random_intercept(kind, TERMS, columns, **args, interval_level=0.9)
    on_records = fit(kind, interval_level=0.9)
    np.testing.assert_allclose(on_strata.coefficients, on_records.coefficients, atol=1e-8)
    np.testing.assert_allclose(on_strata.standard_errors, on_records.standard_errors, rtol=1e-7)
    np.testing.assert_allclose(on_strata.effect, on_records.effect, atol=1e-7)
    np.testing.assert_allclose(on_strata.sd_total, on_records.sd_total, rtol=1e-6)
    np.testing.assert_allclose(on_strata.tau_interval, on_records.tau_interval, rtol=1e-4)
    assert on_strata.log_likelihood == pytest.approx(on_records.log_likelihood, abs=1e-8)


def test_strata_of_counts_give_what_records_give_but_for_a_constant():
    columns, args = stratified("poisson")
    on_strata = fit_random_intercept("poisson", TERMS, columns, **args)
    on_records = fit("poisson")
    np.testing.assert_allclose(on_strata.coefficients, on_records.coefficients, atol=1e-8)
    np.testing.assert_allclose(on_strata.effect, on_records.effect, atol=1e-7)
    assert on_strata.p_value == pytest.approx(on_records.p_value, rel=1e-6)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10**6), st.sampled_from(["logistic", "poisson", "linear"]), st.sampled_from([1, 2, 9]))
def test_random_designs_give_the_same_on_strata_and_records(seed, kind, nodes):
    rng = np.random.default_rng(seed)
    N, providers = 600, 12
    strata = {"x": rng.integers(0, 4, N).astype(float), "c": rng.choice(["a", "b", "c"], N)}
    provider = rng.integers(0, providers, N)
    eta = 0.3 * strata["x"] + 0.5 * (strata["c"] == "b") + rng.normal(0, 0.6, providers)[provider] - 1
    y = {
        "logistic": lambda: (rng.random(N) < expit(eta)).astype(float),
        "poisson": lambda: rng.poisson(np.exp(eta)).astype(float),
        "linear": lambda: rng.normal(eta, 1),
    }[kind]()
    terms = [Term("x", "number"), Term("c", "category")]
    options = {} if kind == "linear" else {"nodes": nodes}
    one = fit_random_intercept(
        kind,
        terms,
        strata,
        provider=provider,
        providers=providers,
        n=np.ones(N),
        sum_y=y,
        sum_y2=y**2,
        **options,
    )
    _, first, group = np.unique(
        np.array([f"{p} {x} {c}" for p, x, c in zip(provider, strata["x"], strata["c"], strict=True)]),
        return_index=True,
        return_inverse=True,
    )
    many = fit_random_intercept(
        kind,
        terms,
        {name: column[first] for name, column in strata.items()},
        provider=provider[first],
        providers=providers,
        n=np.bincount(group),
        sum_y=np.bincount(group, weights=y),
        sum_y2=np.bincount(group, weights=y**2),
        **options,
    )
    np.testing.assert_allclose(many.expected(strata), one.expected(strata), atol=1e-7)
    np.testing.assert_allclose(many.effect, one.effect, atol=1e-6)
    assert many.tau == pytest.approx(one.tau, abs=1e-6)


def test_the_order_of_rows_and_the_numbering_of_providers_do_not_matter():
    rng = np.random.default_rng(5)
    args = cohort("logistic")
    order = rng.permutation(len(args["n"]))
    name = rng.permutation(PROVIDERS)
    plain = fit("logistic")
    shuffled = fit_random_intercept(
        "logistic",
        TERMS,
        {key: column[order] for key, column in records().items()},
        provider=name[args["provider"].astype(int)][order],
        providers=PROVIDERS,
        n=args["n"],
        sum_y=args["sum_y"][order],
    )
    np.testing.assert_allclose(shuffled.effect[name], plain.effect, atol=1e-7)
    assert shuffled.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-9)


def test_a_provider_without_records_has_what_is_known_of_any():
    args = cohort("logistic") | {"providers": PROVIDERS + 1}
    model = fit_random_intercept("logistic", TERMS, records(), **args)
    assert (model.effect[-1], model.mean[-1]) == (0, 0)
    assert model.effect_sd[-1] == model.sd[-1] == model.tau
    assert model.tau == pytest.approx(fit("logistic").tau, abs=1e-12)


def test_extreme_providers_are_drawn_in_and_are_the_least_sure():
    model = fit("logistic")
    assert -3 * model.tau < model.effect[NO_DEATHS] < -model.tau
    assert 3 * model.tau > model.effect[ONLY_DEATHS] == model.effect.max()
    assert np.all(model.sd < model.tau)
    assert np.all(model.sd_total > model.sd)


def test_averaging_over_tau_is_the_posterior_with_flat_priors():
    n, y = np.full(8, 60.0), np.array([4.0, 9, 7, 15, 6, 11, 5, 8])
    args = {"provider": np.arange(8), "providers": 8, "n": n, "sum_y": y}
    model = fit_random_intercept("logistic", [], {}, **args, nodes=25, average_tau=True)
    # all of it by brute force, over mean, tau and intercept
    mean, tau, z = np.linspace(-4, 0, 161), np.linspace(0.01, 3, 150), np.linspace(-7, 7, 241)
    u = tau[:, None] * z
    prior = np.exp(-(z**2) / 2) / np.sum(np.exp(-(z**2) / 2))
    eta = mean[:, None, None] + u
    moments = []
    for events in y:
        density = np.exp(events * eta - 60 * np.logaddexp(0, eta) + 24) * prior
        moments.append([density.sum(axis=2), (density * u).sum(axis=2), (density * u**2).sum(axis=2)])
    total = np.prod([of[0] for of in moments], axis=0) * tau  # flat on the variance
    first, second = (
        np.array([np.sum(total * of[k] / of[0]) / total.sum() for of in moments]) for k in (1, 2)
    )
    # the mean is integrated out approximately
    np.testing.assert_allclose(model.mean_total, first, atol=0.02)
    np.testing.assert_allclose(model.sd_total, np.sqrt(second - first**2), rtol=0.05)
    plain = fit_random_intercept("logistic", [], {}, **args, nodes=25)
    assert np.all(model.sd_total > plain.sd)


@pytest.mark.parametrize("spread", [0.0, 0.8, 3.0])
def test_averaging_a_value_over_tau_is_the_posterior_with_flat_priors(spread):
    """By brute force on records: a grid over tau and sigma, with the covariance of records written out."""
    rng = np.random.default_rng(4)
    provider = np.repeat(np.arange(8), [4, 6, 8, 10, 12, 14, 16, 20])
    x = rng.normal(0, 1, len(provider)) + 0.2 * provider
    y = 3 + x + rng.normal(0, spread, 8)[provider] + rng.normal(0, 2, len(provider))
    args = {"provider": provider, "providers": 8, "n": np.ones(len(y)), "sum_y": y, "sum_y2": y**2}
    model = fit_random_intercept("linear", [Term("x", "number")], {"x": x}, **args, average_tau=True)
    X, Z = np.column_stack([np.ones(len(y)), x]), (provider[:, None] == np.arange(8)) * 1.0
    taus, sigmas = np.linspace(0.05, 12, 120), np.exp(np.linspace(np.log(1.4), np.log(2.8), 9))
    likelihood, first, second = np.zeros((120, 9)), np.zeros((120, 9, 8)), np.zeros((120, 9, 8))
    for place in np.ndindex(120, 9):
        s2, t2 = sigmas[place[1]] ** 2, taus[place[0]] ** 2
        V = s2 * np.eye(len(y)) + t2 * Z @ Z.T
        inverse = np.linalg.inv(V)
        A = X.T @ inverse @ X
        away = y - X @ np.linalg.solve(A, X.T @ inverse @ y)
        logs = np.linalg.slogdet(V)[1] + np.linalg.slogdet(A)[1] + away @ inverse @ away
        pull = t2 * Z.T @ inverse
        given = t2 - np.sum(pull * (t2 * Z.T), axis=1)
        of_beta = np.einsum("ja,ab,jb->j", pull @ X, np.linalg.inv(A), pull @ X)
        likelihood[place], first[place] = -logs / 2, pull @ away
        second[place] = given + of_beta + first[place] ** 2
    share = taus[:, None] * np.exp(likelihood - likelihood.max())  # flat on the variance, and on log sigma
    share[likelihood.max(axis=1) < likelihood.max() - 5] = 0  # as ours leaves out what is this unlikely
    share /= share.sum()
    mean = np.einsum("ts,tsj->j", share, first)
    sd = np.sqrt(np.einsum("ts,tsj->j", share, second) - mean**2)
    np.testing.assert_allclose(model.mean_total, mean, atol=0.03 * sd.max())
    np.testing.assert_allclose(model.sd_total, sd, rtol=0.03)


def test_averaging_a_value_over_tau_leaves_doubt_where_tau_is_0():
    y = np.array([10.0, 10.2, 9.9, 10.1, 9.8, 10.0]) * 50
    args = {"provider": np.arange(6), "providers": 6, "n": [50.0] * 6, "sum_y": y, "sum_y2": y**2 / 50 + 450}
    plain = fit_random_intercept("linear", [], {}, **args)
    model = fit_random_intercept("linear", [], {}, **args, average_tau=True)
    assert plain.tau == model.tau == 0
    np.testing.assert_allclose(plain.sd_total, 0, atol=1e-12)
    assert np.all(model.sd_total > 0.2)
    assert np.all(model.mean_total * (y - y.mean()) >= 0)


def test_averaging_over_tau_leaves_doubt_where_tau_is_0():
    args = {"provider": np.arange(4), "providers": 4, "n": [100] * 4, "sum_y": [20, 21, 19, 20]}
    model = fit_random_intercept("logistic", [], {}, **args, average_tau=True)
    assert (model.tau, model.sd[0]) == (0, 0)
    assert np.all(model.sd_total > 0.05)


def test_no_more_than_chance_gives_tau_0():
    n = np.full(8, 100.0)
    model = fit_random_intercept(
        "logistic",
        [],
        {},
        provider=np.arange(8),
        providers=8,
        n=n,
        sum_y=[20, 21, 19, 20, 20, 21, 19, 20],
        interval_level=0.95,
    )
    assert (model.tau, model.p_value) == (0, 1)
    assert model.log_likelihood == model.log_likelihood_without
    np.testing.assert_array_equal(model.effect, 0)
    np.testing.assert_array_equal(model.sd, 0)
    assert model.coefficients[0] == pytest.approx(np.log(0.2 / 0.8), abs=1e-9)
    assert model.standard_errors[0] == pytest.approx(1 / np.sqrt(800 * 0.16), rel=1e-6)
    # chance could still hide some spread
    assert model.tau_interval[0] == 0
    assert 0.05 < model.tau_interval[1] < 0.5
    linear = fit_random_intercept(
        "linear",
        [],
        {},
        provider=[0, 1],
        providers=2,
        n=[50, 50],
        sum_y=[100, 100],
        sum_y2=[250, 250],
        interval_level=0.95,
    )
    assert (linear.tau, linear.p_value, linear.tau_interval[0]) == (0, 1, 0)


def test_balanced_linear_model_is_analysis_of_variance():
    rng = np.random.default_rng(8)
    y = rng.normal(rng.normal(0, 2, 15)[:, None], 3, (15, 40))
    model = fit_random_intercept(
        "linear", [], {}, provider=np.arange(15), providers=15, n=np.full(15, 40),
        sum_y=y.sum(axis=1), sum_y2=(y**2).sum(axis=1), restricted=True,
    )  # fmt: skip
    within = y.var(axis=1, ddof=1).mean()
    between = (40 * y.mean(axis=1).var(ddof=1) - within) / 40
    assert model.residual_sd**2 == pytest.approx(within, rel=1e-6)
    assert model.tau**2 == pytest.approx(between, rel=1e-6)
    shrunk = between / (between + within / 40) * (y.mean(axis=1) - y.mean())
    np.testing.assert_allclose(model.effect, shrunk, rtol=1e-6)


@pytest.mark.parametrize("kind", ["logistic", "poisson", "linear"])
def test_shifted_and_rescaled_case_mix_changes_nothing_else(kind):
    rows = records()
    far = fit_random_intercept(kind, TERMS, rows | {"decades": 5000 + 1e-3 * rows["decades"]}, **cohort(kind))
    near = fit(kind)
    np.testing.assert_allclose(far.coefficients[1:] * [1e-3, 1], near.coefficients[1:], rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(far.effect, near.effect, atol=1e-6)


PROVIDER = np.repeat(np.arange(5), 4)
X = np.tile([0.0, 1.0, 2.0, 3.0], 5)
ONES = np.ones(20)
Y = np.tile([0.0, 1.0, 1.0, 0.0, 0.0], 4)


@pytest.mark.parametrize(
    ("kind", "changed", "message"),
    [
        ("logistic", {"n": 0 * ONES, "sum_y": 0 * ONES}, "the cohort is empty"),
        ("logistic", {"provider": 0 * ONES}, "one provider has all records"),
        ("linear", {"provider": 0 * ONES}, "one provider has all records"),
        ("logistic", {"sum_y": 0 * ONES}, "none of the 20 records has an event"),
        ("poisson", {"sum_y": 0 * ONES}, "none of the 20 records has an event"),
        ("logistic", {"sum_y": ONES}, "every one of the 20 records has the event"),
        ("logistic", {"n": np.where(X == 1, np.nan, 1)}, "n: stratum 1 has nan, expected a finite number"),
        ("linear", {"n": np.where(X == 1, np.inf, 1)}, "n: stratum 1 has inf, expected a finite number"),
        ("poisson", {"sum_y": Y - 1}, "sum_y: stratum 0 has -1, expected a count of zero or more"),
        ("poisson", {"exposure": X}, "exposure: stratum 0 has 0, expected an exposure above 0"),
        ("logistic", {"provider": PROVIDER - 1}, "provider: stratum 0 has -1, expected a whole"),
        ("logistic", {"provider": np.arange(20), "providers": 20}, "every one of the 20 providers has one"),
        ("logistic", {"strata": {"x": ONES}}, "column 'x' is the same in every record"),
        ("poisson", {"strata": {"x": 1e6 + 0 * X}}, "column 'x' is the same in every record"),
        ("linear", {"sum_y2": 0 * ONES}, "sum_y2: stratum 1 has 0, expected at least the square"),
        ("logistic", {"sum_y": X > 1}, r"the case mix separates the outcome \(columns 'x'"),
        ("poisson", {"strata": {"x": (Y == 0).astype(float)}}, "the case mix separates the outcome"),
        ("logistic", {"sum_y": PROVIDER > 2, "terms": []}, "tau has no finite estimate"),
        ("logistic", {"terms": [], "correlated": True}, "no case mix"),
    ],
)  # fmt: skip
def test_what_cannot_be_fitted_is_said_in_words(kind, changed, message):
    args = {
        "provider": PROVIDER,
        "providers": 5,
        "n": ONES,
        "sum_y": Y,
        "sum_y2": Y if kind == "linear" else None,
    }
    args |= changed
    terms, strata = args.pop("terms", [Term("x", "number")]), args.pop("strata", {"x": X})
    with pytest.raises(CannotFit, match=message):
        fit_random_intercept(kind, terms, strata, **args)


@pytest.mark.parametrize("kind", ["logistic", "poisson", "linear"])
def test_dependent_columns_are_refused(kind):
    rows = records() | {"twice": 2 * records()["decades"]}
    with pytest.raises(CannotFit, match="column 'twice' follows exactly from 'decades'"):
        fit_random_intercept(kind, [*TERMS, Term("twice", "number")], rows, **cohort(kind))


def test_more_means_than_providers_are_refused():
    few = {"provider": PROVIDER % 2, "providers": 2, "n": 10 * ONES, "sum_y": 3 + 2 * Y}
    with pytest.raises(
        CannotFit, match="the means of 2 case-mix columns cannot be told apart between 2 providers"
    ):
        fit_random_intercept(
            "logistic", [Term("x", "number", degree=2)], {"x": X + 0.1 * PROVIDER}, **few, correlated=True
        )


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("probit", {}, "kind 'probit' is none of logistic, linear, poisson"),
        ("linear", {}, "needs sum_y2"),
        ("logistic", {"exposure": ONES}, "a logistic model has no exposure"),
        ("logistic", {"nodes": -1}, "nodes: -1; expected 0 or more"),
        ("logistic", {"nodes": 0, "interval_level": 0.95}, "nodes: 0 has no profile of tau"),
        ("poisson", {"restricted": True}, "a poisson model has no restricted likelihood"),
    ],
)
def test_options_that_do_not_fit_together(kind, options, message):
    with pytest.raises(ValueError, match=message):
        fit_random_intercept(kind, [], {}, provider=PROVIDER, providers=5, n=ONES, sum_y=Y, **options)


def test_laplace_that_does_not_settle_says_to_use_more_nodes():
    # two of six providers have all events; lme4 stops at tau 4.7 with a warning, and nine nodes settle
    rng = np.random.default_rng(65)
    providers, n = int(rng.integers(2, 25)), int(rng.integers(30, 600))
    provider, tau = rng.integers(0, providers, n), rng.choice([0, 0.1, 0.5, 2])
    u, x = rng.normal(0, tau, providers), rng.normal(0, 1, n)
    eta = rng.choice([-3, -1, 0]) + u[provider] + 0.5 * x
    rng.choice(["logistic", "poisson"])
    args = {
        "provider": provider,
        "providers": providers,
        "n": np.ones(n),
        "sum_y": (rng.random(n) < expit(eta)) * 1.0,
    }
    with pytest.raises(CannotFit, match=r"tau does not settle .* use more nodes"):
        fit_random_intercept("logistic", [Term("x", "number")], {"x": x}, **args, nodes=1)
    assert fit_random_intercept("logistic", [Term("x", "number")], {"x": x}, **args).tau > 3


@pytest.mark.parametrize("average_tau", [False, True])
def test_values_that_are_the_same_within_each_provider_have_no_model(average_tau: bool) -> None:
    provider = np.repeat(np.arange(12), 20)
    y = provider.astype(float)
    with pytest.raises(CannotFit, match="follows from its provider and case mix"):
        fit_random_intercept(
            "linear", [], {}, provider=provider, providers=12, n=np.ones(240), sum_y=y, sum_y2=y**2,
            average_tau=average_tau,
        )  # fmt: skip

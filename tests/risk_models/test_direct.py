"""Directly standardised rates against the published tables, R's fixed-effects fit and simulation."""

import numpy as np
import pytest
from openpyxl import load_workbook
from scipy.special import expit

from risk_models.bootstrap import bootstrap_expected
from risk_models.clustered import clustered_covariance
from risk_models.design import Term
from risk_models.direct import direct_rate, marginal_bootstrap, marginal_rate
from risk_models.expected import fit_model
from risk_models.funnels import public_health_ratio_interval
from risk_models.intervals import clopper_pearson_interval, wilson_interval
from tests.risk_models.conftest import read_records

# the European standard population of 2013, in 19 age bands
ESP2013 = [
    5000,
    5500,
    5500,
    5500,
    6000,
    6000,
    6500,
    7000,
    7000,
    7000,
    7000,
    6500,
    6000,
    5500,
    5000,
    4000,
    2500,
    1500,
    1000,
]


def sheet(shared, file, name):
    book = load_workbook(shared / "data" / "profiling" / file, data_only=True, read_only=True)
    header, *rows = book[name].iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows if row[0] is not None]


@pytest.mark.data
def test_rates_of_the_public_health_tables(shared):
    results = sheet(shared, "phe_testdata_DSR_ISR.xlsx", "testresults_DSR")
    rows = sheet(shared, "phe_testdata_DSR_ISR.xlsx", "testdata_multiarea")
    clustered = sheet(shared, "phe_testdata_DSR_ISR.xlsx", "testdata_nonindepe")
    old = sheet(shared, "phe_testdata_DSR_ISR.xlsx", "testdata_1976")
    seen = 0
    for known in results:
        part = [row for row in (*rows, *clustered) if row["area"] == known["area"]]
        weight = ESP2013
        if known["area"] == "testdata_1976":
            part, weight = old, [row["esp1976"] for row in old]
        # an empty line stands for a band without events, of the same size as elsewhere
        d = [row["count"] or 0 for row in part]
        e = [row["pop"] or other["pop"] for row, other in zip(part, rows, strict=False)]
        squares = None
        if "f1" in part[0]:
            squares = [sum(k**2 * (row[f"f{k}"] or 0) for k in range(1, 5)) for row in part]
        scale = 100_000 if "100000" in known["statistic"] else 10_000
        for level, key in ((0.95, "95_0"), (0.998, "99_8")):
            ours = direct_rate(np.zeros(len(d)), d, e, weight, providers=1, level=level, squares=squares)
            if known["value"] is None:
                assert ours.reason[0] == "fewer than 10 events"
                assert np.isnan([ours.rate[0], ours.lower[0], ours.upper[0]]).all()
                continue
            # two cells of the old standard are printed ten times too large
            ten = 10 if known["area"] == "testdata_1976" and key == "99_8" else 1
            printed = [known["value"], known[f"lower{key}cl"] / ten, known[f"upper{key}cl"] / ten]
            found = [scale * x[0] for x in (ours.rate, ours.lower, ours.upper)]
            np.testing.assert_allclose(found, printed, rtol=1e-10)
        assert (ours.events[0], ours.exposure[0]) == (known["total_count"], known["total_pop"])
        seen += 1
    assert seen == 12


@pytest.mark.data
@pytest.mark.parametrize("name", ["testdata_Prop", "testdata_Prop_g"])
def test_proportions_of_the_public_health_tables(shared, name):
    rows = sheet(shared, "phe_testdata_Proportion.xlsx", name)
    assert len(rows) == (19 if name == "testdata_Prop" else 11)
    for row in rows:
        x, n = (np.nan if row[k] is None else row[k] for k in ("Numerator", "Denominator"))
        for level, low, high in (
            (0.95, "lower95_0cl", "upper95_0cl"),
            (0.998, "lower99_8cl", "upper99_8cl"),
            (0.95, "lowercl", "uppercl"),
        ):
            if low not in row:
                continue
            ours = wilson_interval(x, n, level=level)
            printed = [np.nan if row[k] is None else row[k] for k in ("value", low, high)]
            found = [x / n, float(ours.lower), float(ours.upper)]
            np.testing.assert_allclose(np.array(found) * row["multiplier"], printed, rtol=1e-12)


@pytest.mark.parametrize(("key", "level"), [("l90", 0.9), ("l95", 0.95), ("l998", 0.998)])
def test_tables_of_public_health_that_nobody_printed(proofs, key, level):
    """Areas of any size: bands without events, an area without any, and events that come in pairs."""
    r = proofs["public_health"]
    count, population, squares = (np.array(r[k], dtype=float) for k in ("count", "population", "squares"))
    bands, areas = count.shape
    area = np.tile(np.arange(areas), bands)
    weight = np.repeat(np.array(r["standard"], dtype=float), areas)
    assert (count == 0).any()
    assert (count.sum(axis=0) < 10).any()
    known = r["levels"][key]
    for name, v in (("dsr", None), ("dsr_squares", squares.ravel())):
        found = direct_rate(
            area,
            count.ravel(),
            population.ravel(),
            weight,
            providers=areas,
            level=level,
            squares=v,
            minimum_events=1,
        )
        printed = np.array(known[name], dtype=float)
        some = found.reason == ""
        np.testing.assert_array_equal(some, count.sum(axis=0) > 0)
        ours = np.column_stack([found.rate, found.lower, found.upper])
        np.testing.assert_allclose(ours[some], printed[some], rtol=1e-10)
    observed, expected = np.array(r["observed"], dtype=float), np.array(r["expected"])
    np.testing.assert_allclose(observed / expected, r["smr"], rtol=1e-12)
    for name, size in (("smr", expected), ("crude", population.sum(axis=0))):
        interval = public_health_ratio_interval(observed, size, level=level)
        np.testing.assert_allclose(
            np.column_stack([interval.lower, interval.upper]), known[name], rtol=1e-10, atol=1e-15
        )
    interval = wilson_interval(observed, population.sum(axis=0), level=level)
    np.testing.assert_allclose(
        np.column_stack([interval.lower, interval.upper]), known["proportion"], rtol=1e-9, atol=1e-15
    )


@pytest.mark.data
def test_marginal_rates_are_those_of_the_fixed_effects_fit(profiling, shared):
    r = profiling["pprof_binary"]
    d = read_records(shared / "data" / "profiling" / "pprof_ExampleDataBinary.csv", text=["prov"])
    eta = sum(r["fe"]["beta"][f"z{i}"] * d[f"z{i}"] for i in range(1, 6))
    names = sorted(set(d["prov"]), key=int)
    index, ones = [names.index(p) for p in d["prov"]], np.ones(len(eta))
    found = marginal_rate(index, ones, d["y"], eta, providers=100)
    some = (found.rate > 0) & (found.rate < 1)
    size, events = (np.bincount(index, weights=x) for x in (ones, d["y"]))
    np.testing.assert_array_equal(some, (events > 0) & (events < size))
    np.testing.assert_allclose(found.shift[some], np.array(r["fe"]["gamma"])[some], rtol=1e-7)
    ratio = found.rate / d["y"].mean()
    np.testing.assert_allclose(ratio[some], np.array(r["fe"]["direct_ratio"])[some], rtol=1e-7)
    assert ((found.lower < found.rate) & (found.rate < found.upper))[some].all()


def test_one_risk_gives_the_plain_proportion_and_its_interval():
    n, o = np.array([40.0, 25.0, 30.0, 0.0]), np.array([7.0, 0.0, 30.0, 0.0])
    found = marginal_rate(np.arange(4), n, o, np.full(4, -1.3), providers=4)
    exact = clopper_pearson_interval(o, n)
    np.testing.assert_allclose(found.rate, [7 / 40, 0, 1, np.nan])
    np.testing.assert_allclose(found.lower, exact.lower, rtol=1e-9)
    np.testing.assert_allclose(found.upper, exact.upper, rtol=1e-9)
    np.testing.assert_allclose(found.error, [np.sqrt(7 / 40 * 33 / 40 / 40), np.nan, np.nan, np.nan])


def test_delta_error_with_the_model_is_a_numerical_derivative(records):
    y, ones, provider = records["died"], np.ones(600), records["provider"].astype(int)
    terms = [Term("age", "number"), Term("diabetes", "flag")]
    model = fit_model("logistic", terms, records, n=ones, sum_y=y)
    X = model.design.matrix(records)
    known = {"providers": 9, "X": X, "covariance": model.covariance}
    with_model = marginal_rate(provider, ones, y, X @ model.coefficients, **known)
    plain = marginal_rate(provider, ones, y, X @ model.coefficients, providers=9)
    gradient = np.empty((9, 3))
    for k in range(3):
        step = np.zeros(3)
        step[k] = 1e-5
        up, down = (
            marginal_rate(provider, ones, y, X @ (model.coefficients + s), providers=9).rate
            for s in (step, -step)
        )
        gradient[:, k] = (up - down) / 2e-5
    extra = np.einsum("ij,jk,ik->i", gradient, model.covariance, gradient)
    np.testing.assert_allclose(with_model.error**2, plain.error**2 + extra, rtol=1e-5)


def test_delta_error_is_that_of_simulation():
    rng = np.random.default_rng(4)
    eta = rng.normal(-1, 1, 400)
    provider = np.repeat([0, 1], [150, 250])
    truth = expit(eta + np.where(provider == 0, 0.5, 0))
    rates = [
        marginal_rate(provider, np.ones(400), (rng.random(400) < truth) * 1.0, eta, providers=2)
        for _ in range(300)
    ]
    spread = np.std([r.rate[0] for r in rates])
    assert spread == pytest.approx(np.mean([r.error[0] for r in rates]), rel=0.12)


def test_what_cannot_be_standardised_is_refused():
    with pytest.raises(ValueError, match="exposure: expected above 0"):
        direct_rate([0], [12], [0.0], [1.0], providers=1)
    with pytest.raises(ValueError, match="exposure: expected above 0"):
        direct_rate([0], [12], [5.0], [-1.0], providers=1)
    with pytest.raises(ValueError, match="belong together"):
        marginal_rate([0], [1.0], [1.0], [0.0], providers=1, X=np.ones((1, 1)))
    absent = direct_rate([0], [12], [5.0], [1.0], providers=2)
    assert absent.reason.tolist() == ["", "no exposure"]
    assert (
        direct_rate([0], [12], [5.0], [0.0], providers=1).reason[0] == "no weight in the standard population"
    )


def test_bootstrap_interval_agrees_with_the_delta_error():
    rng = np.random.default_rng(7)
    provider = np.repeat(np.arange(12), 250)
    d = {"x": rng.normal(0, 1, 3000).round(1)}
    y = (rng.random(3000) < expit(-1 + 0.8 * d["x"] + rng.normal(0, 0.3, 12)[provider])) * 1.0
    y[provider == 11] = 0
    ones, terms = np.ones(3000), [Term("x", "number")]
    model = fit_model("logistic", terms, d, n=ones, sum_y=y)
    X = model.design.matrix(d)
    uncertain = bootstrap_expected(
        "logistic", terms, d, provider, n=ones, sum_y=y, providers=12, replicates=200, seed=1
    )
    options = {"providers": 12, "seed": 2}
    found = marginal_bootstrap(provider, ones, y, X, model.coefficients, uncertain.coefficients, **options)
    robust = clustered_covariance(model, d, provider, n=ones, sum_y=y, providers=12)
    delta = marginal_rate(provider, ones, y, X @ model.coefficients, providers=12, X=X, covariance=robust)
    width = (found.upper - found.lower)[:11]
    assert np.median(width / (2 * 1.96 * delta.error[:11])) == pytest.approx(1, abs=0.12)
    assert np.isnan([found.lower[11], found.upper[11]]).all()
    assert delta.upper[11] > 0
    with pytest.raises(ValueError, match="draws: 99 replicates; expected 100"):
        marginal_bootstrap(provider, ones, y, X, model.coefficients, uncertain.coefficients[:99], **options)

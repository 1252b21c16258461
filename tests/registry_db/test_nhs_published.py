"""The NHS PROMs records through the whole registry, held against the figures that NHS Digital published."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from registry_db.reader import PublicationReader
from registry_db.records import make_current_view
from registry_db.registry import Registry
from tests.registry_db.test_subgroups import assert_they_add_up

pytestmark = pytest.mark.data

YEARS = {"2016/17": "1617", "2018/19": "1819"}
FILES = {
    "nhs-hip": "Hip Replacement Provider",
    "nhs-knee": "Knee Replacement Provider",
    "nhs-participation": "PartLink Hip and Knee Replacement",
}
RECORDS = {
    ("nhs-hip", "2016/17"): 44_241,
    ("nhs-hip", "2018/19"): 41_280,
    ("nhs-knee", "2016/17"): 47_604,
    ("nhs-knee", "2018/19"): 45_635,
}
# Column of the registry, header in the files: some of those in which a code is a trap.
COMORBIDITIES = {"heart_disease": "Heart Disease", "high_blood_pressure": "High Bp", "arthritis": "Arthritis"}
MEASURES = [
    ("hip", "eq5d", "EQ-5D Index"),
    ("hip", "oxford", "Oxford Hip Score"),
    ("knee", "eq5d", "EQ-5D Index"),
    ("knee", "oxford", "Oxford Knee Score"),
]
EVERY_MEASURE = pytest.mark.parametrize(("joint", "measure", "published_as"), MEASURES)
BANDS = {
    "Negative outlier (99.8%)": "low998",
    "Negative outlier (95%)": "low95",
    "Not an outlier": "in",
    "Positive outlier (95%)": "high95",
    "Positive outlier (99.8%)": "high998",
}


def archive(shared: Path, name: str, period: str) -> Path:
    file = shared / "data" / "nhs_proms" / f"{name} {YEARS[period]}.csv.zip"
    if not file.is_file():
        pytest.skip(f"the real records are not here: no {file.name}")
    return file


def table(shared: Path, name: str, period: str) -> pd.DataFrame:
    """A file as text, read without any of the registry."""
    file = archive(shared, name, period)
    with zipfile.ZipFile(file) as content, content.open(file.name.removesuffix(".zip")) as stream:
        return pd.read_csv(stream, dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def registry(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    folder = tmp_path_factory.mktemp("published") / "nhs"
    with Registry.create(folder, library="nhs-proms") as made:
        for dataset, name in FILES.items():
            for period in YEARS:
                made.deliver(dataset, archive(shared, name, period))
        made.run()
        yield made


@pytest.fixture(scope="module")
def raw(shared: Path) -> dict[str, pd.DataFrame]:
    """The records as delivered, both years of a dataset together."""
    return {
        dataset: pd.concat([table(shared, FILES[dataset], period) for period in YEARS])
        for dataset in ("nhs-hip", "nhs-knee")
    }


def counts(registry: Registry, dataset: str, *expressions: str) -> tuple[int, ...]:
    """Aggregates over the current records of a dataset."""
    view = make_current_view(registry.con, registry.catalogue().dataset(dataset))
    return registry.con.execute(f"select {', '.join(expressions)} from {view}").fetchall()[0]


def official(shared: Path, joint: str, published_as: str, period: str) -> pd.DataFrame:
    """Published results of primary operations per provider: n, gain and band, 30 modelled records or more."""
    operation = f"{joint.capitalize()} Replacement Primary"
    gains = table(shared, "ProvComm Hip and Knee Replacement", period)
    chosen = (gains["Procedure"] == operation) & (gains["Measure"] == published_as)
    gains = gains[chosen & (gains["Organisation Type"] == "Provider")].set_index("Organisation Code")
    series = table(shared, "Time Series Hip and Knee Replacement", period)
    series = series[(series["Procedure"] == operation) & (series["Measure"] == published_as)]
    status = series.set_index("OrgCode")[f"Outlier_{period[:4]}"]
    frame = pd.DataFrame(
        {
            "official_n": pd.to_numeric(gains["Modelled Records"], errors="coerce"),
            "official_gain": pd.to_numeric(gains["Adjusted Average Health Gain"], errors="coerce"),
            "official_band": status.map(BANDS),
        }
    )
    return frame[frame["official_n"] >= 30]


def beside_official(
    registry: Registry, shared: Path, indicator: str, published_as: str, period: str
) -> pd.DataFrame:
    scores = registry.scores(indicator, period=period).set_index("provider")
    theirs = official(shared, indicator.split("-")[1], published_as, period)
    return theirs.join(scores[["n", "adjusted", "band"]])


# -- what was taken in ----------------------------------------------------------------------------


def test_every_record_is_taken_in(registry: Registry):
    deliveries = registry.deliveries()
    assert deliveries["quarantined"].sum() == 0
    records = deliveries[deliveries["dataset"] != "nhs-participation"]
    assert sorted(records["accepted"]) == sorted(RECORDS.values())
    assert records["accepted"].sum() == 178_760


@pytest.mark.parametrize("dataset", ["nhs-hip", "nhs-knee"])
@pytest.mark.parametrize(("when", "header"), [("pre", "Pre-Op Q"), ("post", "Post-Op Q")])
def test_index_from_items_equals_the_delivered_index(
    registry: Registry, raw: dict[str, pd.DataFrame], dataset: str, when: str, header: str
):
    """Dolan's value set reproduces every index; it is null exactly where the file has a blank."""
    rows, same, present, both = counts(
        registry,
        dataset,
        "count(*)",
        f"count(*) filter (where {when}_eq5d is not distinct from {when}_eq5d_delivered)",
        f"count({when}_eq5d)",
        f"count(*) filter (where {when}_eq5d = {when}_eq5d_delivered)",
    )
    delivered = raw[dataset][f"{header} EQ5D Index"]
    assert rows == same == len(delivered)
    assert present == both == (delivered != "").sum()


@pytest.mark.parametrize("dataset", ["nhs-hip", "nhs-knee"])
class TestCodes:
    def test_a_box_not_ticked_is_no_and_never_missing(
        self, registry: Registry, raw: dict[str, pd.DataFrame], dataset: str
    ):
        for column, header in COMORBIDITIES.items():
            yes, known = counts(registry, dataset, f"count(*) filter (where {column})", f"count({column})")
            assert yes == (raw[dataset][header] == "1").sum()
            assert known == len(raw[dataset])

    def test_no_answer_is_missing(self, registry: Registry, raw: dict[str, pd.DataFrame], dataset: str):
        thermometer = raw[dataset]["Pre-Op Q EQ VAS"]
        best, answered, wounds = counts(registry, dataset, "max(pre_vas)", "count(pre_vas)", "count(wound)")
        assert best == 100
        assert answered == (thermometer != "999").sum()
        assert wounds == (raw[dataset]["Post-Op Q Wound"] != "9").sum()

    def test_suppressed_age_and_sex_are_missing(
        self, registry: Registry, raw: dict[str, pd.DataFrame], dataset: str
    ):
        shown = (raw[dataset]["Age Band"] != "*").sum()
        columns = ("age_band", "age_group", "sex")
        assert counts(registry, dataset, *(f"count({column})" for column in columns)) == (shown,) * 3

    def test_a_nine_in_a_profile_stays(self, registry: Registry, raw: dict[str, pd.DataFrame], dataset: str):
        profiles = raw[dataset]["Post-Op Q EQ5D Index Profile"]
        (nines,) = counts(registry, dataset, "count(*) filter (where post_profile like '%9%')")
        assert nines == profiles.str.contains("9").sum() > 0


def test_states_of_each_provider_add_up_to_its_delivered_lines(registry: Registry, shared: Path):
    """Every indicator and period, against the lines that are counted in the files themselves."""
    lines = {
        (dataset, period): table(shared, FILES[dataset], period).iloc[:, 0].value_counts().to_dict()
        for dataset in FILES
        for period in YEARS
    }
    assert {key: sum(counts.values()) for key, counts in lines.items() if key in RECORDS} == RECORDS
    states = registry.con.execute(
        "select indicator, version, period, provider, sum(n) as n from state group by all"
    ).df()
    indicators = registry.catalogue().indicators()
    assert len(indicators) == 14
    for item in indicators:
        of_this = states[(states["indicator"] == item.id) & (states["version"] == item.version)]
        for period in YEARS:
            here = of_this[of_this["period"] == period].set_index("provider")["n"].to_dict()
            assert here == lines[item.model.dataset, period], (item.id, period)


def test_subgroups_add_up(registry: Registry):
    assert assert_they_add_up(registry) > 7000


# -- the published expectation ---------------------------------------------------------------------


@EVERY_MEASURE
def test_published_gains_and_outliers_of_2016(
    registry: Registry, shared: Path, joint: str, measure: str, published_as: str
):
    both = beside_official(registry, shared, f"nhs-{joint}-{measure}-published", published_as, "2016/17")
    assert len(both) >= 238
    assert (both["n"] == both["official_n"]).all()
    largest = (both["adjusted"] - both["official_gain"]).abs().max()
    assert largest <= {"eq5d": 1e-4, "oxford": 1e-3}[measure]
    assert both["official_band"].notna().all()
    assert (both["band"] == both["official_band"]).all()


def test_no_fewer_providers_are_assessed_than_officially(registry: Registry, shared: Path):
    for joint, measure, published_as in MEASURES:
        scores = registry.scores(f"nhs-{joint}-{measure}-published", period="2016/17")
        ours = set(scores.loc[scores["band"] != "not-assessable", "provider"])
        assert ours == set(official(shared, joint, published_as, "2016/17").index)


@EVERY_MEASURE
def test_published_gains_of_2018_within_what_two_extracts_differ(
    registry: Registry, shared: Path, joint: str, measure: str, published_as: str
):
    """Records and results of 2018/19 are different extracts: half of the providers have another n."""
    both = beside_official(registry, shared, f"nhs-{joint}-{measure}-published", published_as, "2018/19")
    same = both[both["n"] == both["official_n"]]
    assert len(same) >= 98
    largest = (same["adjusted"] - same["official_gain"]).abs().max()
    assert largest <= {"eq5d": 0.010, "oxford": 0.76}[measure]
    assert both["adjusted"].corr(both["official_gain"]) >= 0.995


def test_outliers_of_2018_where_the_extracts_agree(registry: Registry, shared: Path):
    """The reference page finds 645 of 652 equal, over more measures than these four."""
    parts = [
        beside_official(registry, shared, f"nhs-{joint}-{measure}-published", published_as, "2018/19")
        for joint, measure, published_as in MEASURES
    ]
    both = pd.concat(parts)
    same = both[both["n"] == both["official_n"]]
    assert (same["band"] == same["official_band"]).mean() >= 0.98


# -- our own models --------------------------------------------------------------------------------


@EVERY_MEASURE
@pytest.mark.parametrize("period", YEARS)
def test_own_model_follows_the_official_gain(
    registry: Registry, shared: Path, joint: str, measure: str, published_as: str, period: str
):
    both = beside_official(registry, shared, f"nhs-{joint}-{measure}", published_as, period)
    assert both["adjusted"].notna().all()
    assert both["adjusted"].corr(both["official_gain"]) >= 0.89


@pytest.mark.parametrize("measure", ["readmission", "wound"])
@pytest.mark.parametrize("joint", ["hip", "knee"])
@pytest.mark.parametrize("period", YEARS)
class TestComplications:
    def test_observed_equals_expected_nationally(
        self, registry: Registry, joint: str, measure: str, period: str
    ):
        scores = registry.scores(f"nhs-{joint}-{measure}", period=period)
        assert scores["observed"].sum() == pytest.approx(scores["expected"].sum(), abs=1e-6)

    def test_observed_are_the_patients_who_said_so(
        self, registry: Registry, shared: Path, joint: str, measure: str, period: str
    ):
        records = table(shared, FILES[f"nhs-{joint}"], period)
        header = {"readmission": "Post-Op Q Readmitted", "wound": "Post-Op Q Wound"}[measure]
        answer = records.loc[records["Revision Flag"] == "0"].groupby("Provider Code")[header]
        scores = registry.scores(f"nhs-{joint}-{measure}", period=period).set_index("provider")
        assert (scores["observed"] == answer.agg(lambda said: (said == "1").sum())[scores.index]).all()
        assert (scores["n"] == answer.agg(lambda said: (said != "9").sum())[scores.index]).all()

    def test_scores_are_whole(self, registry: Registry, joint: str, measure: str, period: str):
        scores = registry.scores(f"nhs-{joint}-{measure}", period=period)
        judged = scores[scores["band"] != "not-assessable"]
        assert len(judged) >= 190
        np.testing.assert_allclose(judged["ratio"], judged["observed"] / judged["expected"], rtol=1e-9)
        assert (judged["lower"] <= judged["adjusted"]).all()
        assert (judged["adjusted"] <= judged["upper"]).all()
        # a limit that no number of events can reach is not drawn
        for outer, inner, sign in (("low998", "low95", 1), ("high998", "high95", -1)):
            assert not (sign * judged[outer] > sign * judged[inner]).any()
            beyond = sign * judged["adjusted"] <= sign * judged[inner]
            assert (judged["band"].isin([outer, inner]) == beyond).all()
            assert ((judged["band"] == outer) == (sign * judged["adjusted"] <= sign * judged[outer])).all()
        assert set(judged["band"]) <= set(BANDS.values())


@pytest.mark.parametrize("joint", ["hip", "knee"])
@pytest.mark.parametrize("period", YEARS)
def test_the_published_response_stands_beside_what_patients_report(
    registry: Registry, shared: Path, joint: str, period: str
) -> None:
    """The records hold only those who answered; the NHS counts who was sent the second questionnaire."""
    participation = table(shared, FILES["nhs-participation"], period).set_index("Organisation Code")
    found = participation[f"Primary {joint.capitalize()} Replacement - Response rate"]
    rate = pd.to_numeric(found, errors="coerce")
    reader = PublicationReader(registry.publish().file)
    indicator = reader.indicator(f"nhs-{joint}-oxford")
    told = {row.provider: row.share for row in reader.responses(indicator, period=period) if row.share}
    published = rate.reindex(told).dropna()
    assert len(published) >= 150
    np.testing.assert_allclose([told[code] for code in published.index], published, atol=1e-6)
    assert "eligible" not in registry.scores(indicator.indicator)


@pytest.mark.parametrize("joint", ["hip", "knee"])
@pytest.mark.parametrize("period", YEARS)
def test_response_is_the_published_rate(registry: Registry, shared: Path, joint: str, period: str):
    participation = table(shared, FILES["nhs-participation"], period).set_index("Organisation Code")
    rate = participation[f"Primary {joint.capitalize()} Replacement - Response rate"]
    scores = registry.scores(f"nhs-{joint}-response", period=period).set_index("provider")
    assert "England" not in scores.index[scores["n"] > 0]
    counted = scores[scores["n"] > 0]
    assert len(counted) >= 190
    published = pd.to_numeric(rate, errors="coerce").reindex(counted.index).dropna()
    assert len(published) >= 180
    np.testing.assert_allclose(counted.loc[published.index, "adjusted"], published, atol=1e-6)

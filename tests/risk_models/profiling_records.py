"""The published data sets of provider profiling, and the models that its golden numbers rest on."""

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from risk_models.cox import CoxModel, fit_cox
from risk_models.design import Term
from risk_models.expected import RiskModel, fit_model
from risk_models.fixed_effects import FixedEffectsModel, fit_fixed_effects
from risk_models.random_intercept import RandomInterceptModel, fit_random_intercept
from tests.risk_models.conftest import collapse, read_records

Records = dict[str, NDArray[Any]]
Numbers = NDArray[np.float64]

TYPE = Term("type", "category", reference="1")
STAY = [*(Term(name, "flag") for name in ("hmo", "died", "age80")), TYPE]
DEATH = [Term("hmo", "flag"), Term("age80", "flag"), TYPE]
SCORES = [Term(f"z{i}", "number") for i in range(1, 6)]
LUNG = [Term(name, "number") for name in ("age", "sex", "ph.ecog")]
R_NAMES = {"type=2": "factor(type)2", "type=3": "factor(type)3", "(intercept)": "(Intercept)"}


def named(columns: tuple[str, ...], values: Numbers) -> dict[str, float]:
    """Give values under the names that R gives their columns."""
    return {R_NAMES.get(name, name): float(value) for name, value in zip(columns, values, strict=True)}


def uncentred(model: Any) -> Numbers:
    """Give the matrix that turns coefficients into those of uncentred numbers, as R has them."""
    columns = len(model.design.columns)
    matrix = np.eye(columns)
    for term, part in zip(model.design.terms, model.design.slices, strict=True):
        matrix[0, part.start] = -term.centre
    return matrix


def in_r(model: Any, covariance: Numbers) -> tuple[dict[str, float], dict[str, float]]:
    """Give coefficients and standard errors as R has them."""
    T, columns = uncentred(model), model.design.columns
    errors = np.sqrt(np.diag(T @ covariance[: len(T), : len(T)] @ T.T))
    return named(columns, T @ model.coefficients), named(columns, errors)


class Profiling:
    """Reads each data set and fits each model once."""

    def __init__(self, shared: Path) -> None:
        self.folder = shared / "data" / "profiling"

    @cached_property
    def medpar(self) -> Records:
        return read_records(self.folder / "medpar.csv", text=["provnum", "type"])

    @cached_property
    def hospital(self) -> tuple[list[str], NDArray[np.intp]]:
        """Names and index of the providers of medpar."""
        names, index = np.unique(self.medpar["provnum"].astype(str), return_inverse=True)
        return names.tolist(), index

    @cached_property
    def stay(self) -> RiskModel:
        strata = collapse(self.medpar, ["hmo", "died", "age80", "type"], self.medpar["los"])
        return fit_model("poisson", STAY, strata.columns, n=strata.n, sum_y=strata.sum_y)

    @cached_property
    def death(self) -> RiskModel:
        strata = collapse(self.medpar, ["hmo", "age80", "type"], self.medpar["died"])
        return fit_model("logistic", DEATH, strata.columns, n=strata.n, sum_y=strata.sum_y)

    def per_hospital(self, values: Numbers) -> Numbers:
        return np.bincount(self.hospital[1], weights=values)

    @cached_property
    def pprof(self) -> Records:
        return read_records(self.folder / "pprof_ExampleDataBinary.csv")

    @cached_property
    def pprof_fit(self) -> dict[str, Any]:
        """Keyword arguments of a fit with provider effects."""
        provider = np.unique(self.pprof["prov"], return_inverse=True)[1]
        y = self.pprof["y"]
        return {"provider": provider, "providers": 100, "n": np.ones(len(y)), "sum_y": y}

    def per_pprof(self, values: Numbers) -> Numbers:
        return np.bincount(self.pprof_fit["provider"], weights=values)

    @cached_property
    def pooled(self) -> RiskModel:
        y = self.pprof["y"]
        return fit_model("logistic", SCORES, self.pprof, n=np.ones(len(y)), sum_y=y)

    @cached_property
    def fixed(self) -> FixedEffectsModel:
        return fit_fixed_effects("logistic", SCORES, self.pprof, **self.pprof_fit)

    @cached_property
    def laplace(self) -> RandomInterceptModel:
        return fit_random_intercept("logistic", SCORES, self.pprof, **self.pprof_fit, nodes=1)

    @cached_property
    def cardiac(self) -> Records:
        rows = read_records(self.folder / "cardiacsurgery.csv", text=["surgeon"])
        return rows | {"dead": ((rows["status"] == 1) & (rows["time"] <= 30)).astype(float)}

    @cached_property
    def phase_one(self) -> RiskModel:
        first = self.cardiac["date"] < 730
        return fit_model(
            "logistic",
            [Term("Parsonnet", "number")],
            {"Parsonnet": self.cardiac["Parsonnet"][first]},
            n=np.ones(first.sum()),
            sum_y=self.cardiac["dead"][first],
        )

    @cached_property
    def case_mix(self) -> tuple[Numbers, Numbers]:
        """Patients of phase one by score, and the risk of each."""
        score, n = np.unique(self.cardiac["Parsonnet"][self.cardiac["date"] < 730], return_counts=True)
        return n.astype(float), self.phase_one.expected({"Parsonnet": score})

    @cached_property
    def lung(self) -> Records:
        names = ("inst", "time", "status", "age", "sex", "ph.ecog")
        rows = np.genfromtxt(self.folder / "lung.csv", delimiter=",", names=True, deletechars='"')
        table = {name: rows[name.strip('"')] for name in rows.dtype.names}
        kept = ~np.any([np.isnan(table[name]) for name in names], axis=0)
        return {name: table[name][kept] for name in names}

    def lung_model(self, ties: Any) -> CoxModel:
        d = self.lung
        ones = np.ones(len(d["time"]))
        return fit_cox(LUNG, d, time=d["time"], n=ones, events=d["status"] - 1, ties=ties)

    @cached_property
    def colonoscopy(self) -> tuple[Numbers, Numbers]:
        """Records and events of each provider."""
        rows = read_records(self.folder / "qm_colonoscopy.csv", text=["entity"])
        return rows["n"], rows["x"]

    @cached_property
    def example(self) -> Records:
        rows = read_records(self.folder / "qm_example_df_1.csv", text=["entity"])
        return rows | {"provider": np.unique(rows["entity"].astype(str), return_inverse=True)[1]}

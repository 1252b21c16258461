"""How outcomes are adjusted for case mix: expectations, scores, intervals, verdicts and reliability.

Everything works on strata: distinct case-mix patterns with their number of records and sums of outcomes, as
arrays of equal length. The functions are pure; none knows of a database, a file or a page.
"""

from risk_models.design import Design, FittedTerm, Term, UnseenLevel, fit_design
from risk_models.diagnostics import Calibration, brier, c_statistic, calibration, r_squared
from risk_models.expected import CannotFit, ModelKind, RiskModel, fit_model
from risk_models.intervals import Interval, exact_ratio_interval, mean_interval, poisson_ratio_interval
from risk_models.poisson_binomial import pmf, tilt
from risk_models.reliability import (
    Overdispersion,
    Reliability,
    between_variance,
    mean_reliability,
    overdispersion,
    ratio_reliability,
)
from risk_models.standardise import BinaryScores, MeanScores, score_binary, score_mean
from risk_models.verdict import Band, Limits

__all__ = [
    "Band",
    "BinaryScores",
    "Calibration",
    "CannotFit",
    "Design",
    "FittedTerm",
    "Interval",
    "Limits",
    "MeanScores",
    "ModelKind",
    "Overdispersion",
    "Reliability",
    "RiskModel",
    "Term",
    "UnseenLevel",
    "between_variance",
    "brier",
    "c_statistic",
    "calibration",
    "exact_ratio_interval",
    "fit_design",
    "fit_model",
    "mean_interval",
    "mean_reliability",
    "overdispersion",
    "pmf",
    "poisson_ratio_interval",
    "r_squared",
    "ratio_reliability",
    "score_binary",
    "score_mean",
    "tilt",
]

"""How outcomes are adjusted for case mix: expectations, scores, intervals, verdicts and reliability.

Everything works on strata: distinct case-mix patterns with their number of records and sums of outcomes, as
arrays of equal length. The functions are pure; none knows of a database, a file or a page.
"""

from risk_models.baseline_hazard import BaselineHazard
from risk_models.between import (
    PredictedExpected,
    direct_rates,
    effect_at_ratio,
    latent_icc,
    latent_reliability,
    median_odds_ratio,
    outcome_reliability,
    predicted_expected,
    probability_above,
    rankability,
)
from risk_models.bootstrap import ModelUncertainty, bootstrap_expected, expected_error, with_model_error
from risk_models.calibration_curve import CalibrationCurve, HosmerLemeshow, hosmer_lemeshow
from risk_models.clustered import clustered_covariance
from risk_models.contribution import ChanceByHorizon, Contributions, Profile, contributions, profile
from risk_models.cox import CoxModel, fit_cox
from risk_models.cox_providers import bootstrap_cox, clustered_cox, influence_cox
from risk_models.cusum import (
    Cusum,
    FalseAlarms,
    cusum_weights,
    limit_for_alarms,
    limit_for_run_length,
    run_length,
    run_length_by_chain,
)
from risk_models.design import Design, FittedTerm, Term, UnseenLevel, fit_design
from risk_models.diagnostics import (
    Calibration,
    brier,
    c_statistic,
    calibration,
    pearson_dispersion,
    r_squared,
    scaled_brier,
)
from risk_models.direct import DirectRates, MarginalRates, direct_rate, marginal_bootstrap, marginal_rate
from risk_models.empirical_bayes import (
    ShrunkenRates,
    SmoothedRates,
    beta_binomial,
    gamma_poisson,
    smoothed_rates,
)
from risk_models.event_tests import EventTest
from risk_models.expected import CannotFit, ModelKind, RiskModel, fit_model
from risk_models.firth import fit_firth
from risk_models.fixed_effects import FixedEffectsModel, fit_fixed_effects
from risk_models.funnels import (
    arcsine_limits,
    chi_square_limits,
    cqc_limits,
    proportion_limits,
    public_health_ratio_interval,
    shmi_limits,
    spiegelhalter_proportion_limits,
    spiegelhalter_ratio_limits,
    tails_of_average,
)
from risk_models.imputed import fit_imputed
from risk_models.intervals import (
    Interval,
    byar_ratio_interval,
    clopper_pearson_interval,
    exact_ratio_interval,
    mean_interval,
    midp_ratio_interval,
    poisson_ratio_interval,
    wilson_interval,
)
from risk_models.missing import Imputed, MissingNote, Pooled, complete_cases, impute, missing_notes, pooled
from risk_models.monitoring import XmR, vlad, xmr
from risk_models.multiple_testing import adjusted_p
from risk_models.negative_binomial import NegativeBinomialModel, fit_negative_binomial
from risk_models.poisson_binomial import pmf, tilt
from risk_models.random_intercept import RandomInterceptModel, fit_random_intercept
from risk_models.ranks import Ranks, expected_ranks
from risk_models.recalibrate import applied
from risk_models.reliability import (
    Overdispersion,
    Reliability,
    between_variance,
    mean_reliability,
    overdispersion,
    ratio_reliability,
)
from risk_models.risk_standardised import RatioDraws, bootstrap_ratios
from risk_models.split_half import SplitHalf, split_half_reliability
from risk_models.spread import (
    EmpiricalNull,
    cqc_overdispersion,
    empirical_null,
    proportion_overdispersion,
    shmi_overdispersion,
)
from risk_models.standardise import BinaryScores, MeanScores, score_binary, score_count, score_mean
from risk_models.survival import SurvivalCurve, adjusted_survival, kaplan_meier
from risk_models.time_scores import score_time
from risk_models.validation import Influence, cross_validated, influence, provider_folds
from risk_models.verdict import Band, Limits

__all__ = [
    "Band",
    "BaselineHazard",
    "BinaryScores",
    "Calibration",
    "CalibrationCurve",
    "CannotFit",
    "ChanceByHorizon",
    "Contributions",
    "CoxModel",
    "Cusum",
    "Design",
    "DirectRates",
    "EmpiricalNull",
    "EventTest",
    "FalseAlarms",
    "FittedTerm",
    "FixedEffectsModel",
    "HosmerLemeshow",
    "Imputed",
    "Influence",
    "Interval",
    "Limits",
    "MarginalRates",
    "MeanScores",
    "MissingNote",
    "ModelKind",
    "ModelUncertainty",
    "NegativeBinomialModel",
    "Overdispersion",
    "Pooled",
    "PredictedExpected",
    "Profile",
    "RandomInterceptModel",
    "Ranks",
    "RatioDraws",
    "Reliability",
    "RiskModel",
    "ShrunkenRates",
    "SmoothedRates",
    "SplitHalf",
    "SurvivalCurve",
    "Term",
    "UnseenLevel",
    "XmR",
    "adjusted_p",
    "adjusted_survival",
    "applied",
    "arcsine_limits",
    "beta_binomial",
    "between_variance",
    "bootstrap_cox",
    "bootstrap_expected",
    "bootstrap_ratios",
    "brier",
    "byar_ratio_interval",
    "c_statistic",
    "calibration",
    "chi_square_limits",
    "clopper_pearson_interval",
    "clustered_covariance",
    "clustered_cox",
    "complete_cases",
    "contributions",
    "cqc_limits",
    "cqc_overdispersion",
    "cross_validated",
    "cusum_weights",
    "direct_rate",
    "direct_rates",
    "effect_at_ratio",
    "empirical_null",
    "exact_ratio_interval",
    "expected_error",
    "expected_ranks",
    "fit_cox",
    "fit_design",
    "fit_firth",
    "fit_fixed_effects",
    "fit_imputed",
    "fit_model",
    "fit_negative_binomial",
    "fit_random_intercept",
    "gamma_poisson",
    "hosmer_lemeshow",
    "impute",
    "influence",
    "influence_cox",
    "kaplan_meier",
    "latent_icc",
    "latent_reliability",
    "limit_for_alarms",
    "limit_for_run_length",
    "marginal_bootstrap",
    "marginal_rate",
    "mean_interval",
    "mean_reliability",
    "median_odds_ratio",
    "midp_ratio_interval",
    "missing_notes",
    "outcome_reliability",
    "overdispersion",
    "pearson_dispersion",
    "pmf",
    "poisson_ratio_interval",
    "pooled",
    "predicted_expected",
    "probability_above",
    "profile",
    "proportion_limits",
    "proportion_overdispersion",
    "provider_folds",
    "public_health_ratio_interval",
    "r_squared",
    "rankability",
    "ratio_reliability",
    "run_length",
    "run_length_by_chain",
    "scaled_brier",
    "score_binary",
    "score_count",
    "score_mean",
    "score_time",
    "shmi_limits",
    "shmi_overdispersion",
    "smoothed_rates",
    "spiegelhalter_proportion_limits",
    "spiegelhalter_ratio_limits",
    "split_half_reliability",
    "tails_of_average",
    "tilt",
    "vlad",
    "wilson_interval",
    "with_model_error",
    "xmr",
]

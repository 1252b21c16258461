"""Intervals of predicted over expected by the bootstrap of CMS: providers redrawn, the model fitted anew."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from risk_models.ascent import Peak, Slope
from risk_models.clusters import Clusters
from risk_models.design import Term
from risk_models.expected import CannotFit
from risk_models.families import Family
from risk_models.intercept_fits import family_of, integrated_peaks
from risk_models.intervals import Interval, checked_level
from risk_models.marginal import Rule
from risk_models.provider_rows import provider_rows
from risk_models.strata import Columns, FloatArray

FEWEST = 100  # draws below which the ends of a 95 % interval are those of single draws


@dataclass(frozen=True, slots=True, eq=False)
class RatioDraws:
    """Bootstrap of the ratio of predicted to expected events.

    Attributes
    ----------
    interval
        Of the ratio, shape (providers,); times the overall rate it is that of the RSRR. NaN for a provider
        without records.
    fitted
        Draws whose model could be fitted; the others are left out.
    """

    interval: Interval
    fitted: int


def bootstrap_ratios(
    kind: Literal["logistic", "poisson"],
    terms: Sequence[Term],
    strata: Columns,
    *,
    provider: ArrayLike,
    providers: int,
    n: ArrayLike,
    sum_y: ArrayLike,
    exposure: ArrayLike | None = None,
    nodes: int = 1,
    draws: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> RatioDraws:
    """Give intervals of predicted over expected that hold the uncertainty of the model too.

    As CMS does: as many providers as there are, drawn with replacement, are fitted as if they all differed;
    each provider drawn gets an intercept from its posterior (normal around the mode), and its ratio is
    computed with the coefficients of that fit. The interval has the percentiles of these ratios.

    Parameters
    ----------
    kind, terms, strata, provider, providers, n, sum_y, exposure
        As for `fit_random_intercept`.
    nodes
        Of quadrature; 1 (Laplace's approximation) is what CMS uses.
    draws
        How many bootstrap samples, 100 or more.
    seed
        Of the random numbers: the same seed gives the same interval.
    level
        Coverage, such as 0.95.

    Returns
    -------
    RatioDraws

    Raises
    ------
    CannotFit
        As `fit_random_intercept` does, or when fewer than half the draws can be fitted.
    ValueError
        For fewer than 100 draws, or a level that is no coverage.

    References
    ----------
    Krumholz HM et al. (2006). Circulation 113:1683-1692. doi:10.1161/CIRCULATIONAHA.105.611186
    CMS, Hospital-wide readmission measure: updates and specifications report, appendix on the bootstrap.
    """
    tail = (1 - checked_level(level)) / 2
    if draws < FEWEST:
        raise ValueError(f"draws: {draws}; expected {FEWEST} or more")
    rows = provider_rows(
        kind, terms, strata,
        provider=provider, providers=providers, n=n, sum_y=sum_y, sum_y2=None, exposure=exposure,
    )  # fmt: skip
    clusters = rows.clusters()
    slope = Slope(clusters, family_of(kind), Rule.of(nodes))
    none, peak = integrated_peaks(rows, slope)
    ratios = _draw(slope, peak, none, draws=draws, rng=np.random.default_rng(seed))
    fitted = int(np.sum(~np.isnan(ratios).all(axis=1)))
    if fitted < draws / 2:
        raise CannotFit(f"only {fitted} of {draws} bootstrap samples have a finite estimate: too few events")
    ends = np.full((2, providers), np.nan)
    ends[:, clusters.present] = np.nanquantile(ratios, [tail, 1 - tail], axis=0)
    return RatioDraws(interval=Interval(lower=ends[0], upper=ends[1]), fitted=fitted)


def _draw(slope: Slope, peak: Peak, none: Peak, *, draws: int, rng: np.random.Generator) -> FloatArray:
    """Give the ratio of each provider in each sample it is in, else NaN; shape (draws, providers present)."""
    providers = len(slope.clusters.present)
    ratios = np.full((draws, providers), np.nan)
    for draw in range(draws):
        times = np.bincount(rng.integers(0, providers, providers), minlength=providers).astype(np.float64)
        noise = rng.standard_normal(providers)
        again = _refit(Slope(slope.clusters, slope.family, slope.rule, times=times), peak, none)
        if again is not None:
            own = _ratios(slope.clusters, slope.family, again, again.at.mode + noise * again.at.mode_sd)
            ratios[draw] = np.where(times > 0, own, np.nan)
    return ratios


def _refit(slope: Slope, peak: Peak, none: Peak) -> Peak | None:
    """Climb from the fit on all; None where this sample has no maximum."""
    without = slope.climb(none.theta, np.zeros(len(none.at.mode)), fixed=True)
    if not without.converged:
        return None
    start = peak if peak.tau > 0 else replace(peak, theta=np.append(peak.theta[:-1], 0.1))
    again = slope.climb(start.theta, start.at.mode)
    if again.converged and again.at.log_likelihood >= without.at.log_likelihood:
        return again
    return without if again.at.log_likelihood <= without.at.log_likelihood or again.tau < 1 else None


def _ratios(clusters: Clusters, family: Family, peak: Peak, intercept: FloatArray) -> FloatArray:
    ratios = []
    for piece in clusters:
        eta = peak.theta[:-1] @ piece.Z
        own = piece.spread(intercept[piece.first : piece.last])
        predicted, expected = (piece.sum(family.rows(at, piece).mean) for at in (eta + own, eta))
        ratios.append(predicted / expected)
    return np.concatenate(ratios)

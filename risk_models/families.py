"""The two likelihoods whose random intercept must be integrated out: events and counts."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from risk_models.clusters import Cluster
from risk_models.strata import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """What one row contributes at one linear predictor, each of shape (rows,).

    Attributes
    ----------
    mean
        Expected outcome of the row.
    weight
        Its derivative to the linear predictor, which is also the variance of the outcome.
    slope
        The derivative of the weight.
    """

    mean: FloatArray
    weight: FloatArray
    slope: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class AtNodes:
    """Sums per provider when the intercepts shift to each of some nodes.

    Attributes
    ----------
    change
        Log-likelihood above that without the shift, shape (nodes, providers).
    residual
        Observed minus expected, shape (nodes, providers).
    score
        Observed minus expected times each column, shape (columns, nodes, providers).
    mean
        Expected outcome of each row at each node, shape (nodes, rows).
    """

    change: FloatArray
    residual: FloatArray
    score: FloatArray
    mean: FloatArray


class Family(Protocol):
    """Log-likelihood of rows given the linear predictor, and its derivatives."""

    def log_likelihood(self, eta: FloatArray, cluster: Cluster) -> FloatArray:
        """Give the log-likelihood of each provider, shape (providers,), without what depends on y alone."""
        ...

    def rows(self, eta: FloatArray, cluster: Cluster) -> Rows:
        """Give mean, weight and slope of each row."""
        ...

    def at_nodes(self, here: Rows, cluster: Cluster, shift: FloatArray) -> AtNodes:
        """Sum per provider with the linear predictors `shift` (nodes, providers) above those of `here`."""
        ...

    def weights(self, mean: FloatArray, cluster: Cluster) -> FloatArray:
        """Give the weights of rows that have these means, shape (nodes, rows)."""
        ...


class Logistic:
    """Events among records: y of n, log-odds linear."""

    def log_likelihood(self, eta: FloatArray, cluster: Cluster) -> FloatArray:
        """Give sum(y eta - n log(1 + exp(eta))) of each provider."""
        return cluster.sum(cluster.y * eta - cluster.n * np.log1p(np.exp(eta)))

    def rows(self, eta: FloatArray, cluster: Cluster) -> Rows:
        """Give n p, n p (1 - p) and n p (1 - p)(1 - 2 p)."""
        risk = 1 / (1 + np.exp(-eta))
        mean = cluster.n * risk
        weight = mean * (1 - risk)
        return Rows(mean=mean, weight=weight, slope=weight * (1 - 2 * risk))

    def at_nodes(self, here: Rows, cluster: Cluster, shift: FloatArray) -> AtNodes:
        """Sum over the rows at each node; odds times exp(shift) need one division, no exponential, a row."""
        odds = cluster.spread(np.exp(shift))
        total = (here.mean / cluster.n) * (odds - 1)
        total += 1
        mean = odds / total
        mean *= here.mean
        logs = np.log(total, out=total)
        if not cluster.single_records:
            logs *= cluster.n
        return AtNodes(
            change=cluster.sum_y * shift - cluster.sum(logs),
            residual=cluster.sum_y - cluster.sum(mean),
            score=cluster.sum_zy[:, None] - cluster.cross(mean),
            mean=mean,
        )

    def weights(self, mean: FloatArray, cluster: Cluster) -> FloatArray:
        """Give n p (1 - p)."""
        squares = mean * mean
        if not cluster.single_records:
            squares /= cluster.n
        return np.subtract(mean, squares, out=squares)


class Poisson:
    """Counts y in an exposure n, log rate linear."""

    def log_likelihood(self, eta: FloatArray, cluster: Cluster) -> FloatArray:
        """Give sum(y eta - n exp(eta)) of each provider."""
        return cluster.sum(cluster.y * eta - cluster.n * np.exp(eta))

    def rows(self, eta: FloatArray, cluster: Cluster) -> Rows:
        """Give n exp(eta), which is its own derivative."""
        mean = cluster.n * np.exp(eta)
        return Rows(mean=mean, weight=mean, slope=mean)

    def at_nodes(self, here: Rows, cluster: Cluster, shift: FloatArray) -> AtNodes:
        """A shift multiplies all means of a provider alike, so the rows are summed once."""
        growth = np.exp(shift)
        mean = cluster.sum(here.mean)
        return AtNodes(
            change=cluster.sum_y * shift - mean * (growth - 1),
            residual=cluster.sum_y - mean * growth,
            score=cluster.sum_zy[:, None] - cluster.cross(here.mean)[:, None] * growth,
            mean=here.mean * cluster.spread(growth),
        )

    def weights(self, mean: FloatArray, cluster: Cluster) -> FloatArray:  # noqa: ARG002
        """Give the means, which are the variances of counts."""
        return mean

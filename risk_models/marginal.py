"""The likelihood of a random-intercept model with the intercepts integrated out, and its derivatives.

One provider has intercept tau v, with v standard normal. The integral over v of its likelihood is that of
adaptive Gauss-Hermite quadrature: nodes around the mode of v, as wide as the curvature there says. One node
is Laplace's approximation. The gradient is that of the approximation itself, the movement of the nodes
included, so that one and the same function is climbed with one node and with many.
"""

from dataclasses import dataclass

import numpy as np
from numpy.polynomial.hermite_e import hermegauss

from risk_models.clusters import Cluster, Clusters
from risk_models.families import AtNodes, Family, Rows
from risk_models.strata import FloatArray

FEWEST_FOR_INFORMATION = 5  # a variance over fewer nodes says too little
MODE_STEPS = 60
MODE_SETTLED = 1e-8  # largest change of an intercept, on the scale of the linear predictor
FARTHEST = 2.0  # the most an intercept may change in one step


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """Nodes x and log weights of Gauss-Hermite quadrature, those of a standard normal, shape (nodes,)."""

    x: FloatArray
    log_weight: FloatArray

    @classmethod
    def of(cls, nodes: int) -> "Rule":
        """Give the rule with this many nodes.

        References
        ----------
        Pinheiro JC, Bates DM (1995). J Comput Graph Stat 4:12-35. doi:10.1080/10618600.1995.10474663
        """
        x, weight = hermegauss(nodes)
        # the weights are those of exp(-x^2/2), which adaptive quadrature divides by again
        return cls(x=x, log_weight=np.log(weight / np.sqrt(2 * np.pi)) + x**2 / 2)


@dataclass(frozen=True, slots=True, eq=False)
class Marginal:
    """The integrated likelihood at one value of the parameters (coefficients of scaled columns, then tau).

    Attributes
    ----------
    log_likelihood, gradient, information
        Natural logarithm; its derivatives, shape (columns + 1,); and minus its second derivatives, shape
        (columns + 1, columns + 1).
    tau_scores
        Sum over providers of the squared derivative to tau: what stands in for the information on tau where
        the likelihood is not concave.
    mode, mode_sd
        Of the intercept of each provider, with the sd that the curvature at the mode gives.
    mean, sd
        Of the posterior distribution of each intercept, by quadrature.
    weight
        Information of each provider's rows on its intercept at the mode.
    mode_slope
        Derivatives of each mode to the parameters, shape (columns + 1, providers); at tau 0, the last is the
        residual of the provider.
    """

    log_likelihood: float
    gradient: FloatArray
    information: FloatArray
    tau_scores: float
    mode: FloatArray
    mode_sd: FloatArray
    mean: FloatArray
    sd: FloatArray
    weight: FloatArray
    mode_slope: FloatArray


def marginal(
    clusters: Clusters,
    family: Family,
    *,
    beta: FloatArray,
    tau: float,
    rule: Rule,
    start: FloatArray,
    times: FloatArray | None = None,
) -> Marginal:
    """Integrate the intercepts out of the likelihood.

    Parameters
    ----------
    clusters, family
        The rows, and the likelihood of one of them.
    beta
        Coefficients of the scaled columns, shape (columns,).
    tau
        Standard deviation of the intercepts, not negative.
    rule
        Of quadrature.
    start
        Guesses of the modes, shape (providers present,).
    times
        How many times each provider counts, shape (providers present,); None is once.

    Returns
    -------
    Marginal
        The log-likelihood is not finite where the linear predictors are beyond floating point.

    References
    ----------
    Pinheiro JC, Bates DM (1995). J Comput Graph Stat 4:12-35. doi:10.1080/10618600.1995.10474663
    Louis TA (1982), on the information. J R Stat Soc B 44:226-233. doi:10.1111/j.2517-6161.1982.tb01203.x
    """
    ones = np.ones(len(clusters.present)) if times is None else times
    size = clusters.columns + 1
    log_likelihood, tau_scores = 0.0, 0.0
    gradient, information = np.zeros(size), np.zeros((size, size))
    intercepts = []
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for cluster in clusters:
            own = slice(cluster.first, cluster.last)
            part = _part(cluster, family, beta, tau, rule, start[own], ones[own])
            log_likelihood += float(ones[own] @ part.values)
            gradient += part.slopes @ ones[own]
            tau_scores += float(ones[own] @ part.slopes[-1] ** 2)
            information += part.information
            intercepts.append(part.intercepts)
    mode, mode_sd, mean, sd, weight, *slope = np.concatenate(intercepts, axis=1)
    return Marginal(
        log_likelihood=log_likelihood,
        gradient=gradient,
        information=information,
        tau_scores=tau_scores,
        mode=mode,
        mode_sd=mode_sd,
        mean=mean,
        sd=sd,
        weight=weight,
        mode_slope=np.array(slope),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """What the providers of one cluster add: values, slopes and intercepts of each, their information."""

    values: FloatArray
    slopes: FloatArray
    information: FloatArray
    intercepts: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class _Mode:
    """The mode u of each provider's intercept, the rows there, and their sums per provider."""

    u: FloatArray
    rows: Rows
    residual: FloatArray
    weight: FloatArray


def _part(
    cluster: Cluster,
    family: Family,
    beta: FloatArray,
    tau: float,
    rule: Rule,
    start: FloatArray,
    times: FloatArray,
) -> _Part:
    eta = beta @ cluster.Z
    if tau == 0:
        return _without_intercepts(cluster, family, eta, times)
    mode = _find_mode(cluster, family, eta, tau, start)
    v, s = mode.u / tau, 1 / np.sqrt(1 + tau**2 * mode.weight)
    at = _quadrature(cluster, family, mode, tau, rule)
    base = family.log_likelihood(eta + cluster.spread(mode.u), cluster) - v**2 / 2
    movement = _movement(cluster, mode, tau, s)
    fine = at
    if len(rule.x) < FEWEST_FOR_INFORMATION:
        fine = _quadrature(cluster, family, mode, tau, Rule.of(FEWEST_FOR_INFORMATION))
    mean = tau * np.sum(fine.q * fine.v, axis=0)
    sd = np.sqrt(np.sum(fine.q * (tau * fine.v - mean) ** 2, axis=0))
    of_mode = tau * movement[0]
    of_mode[-1] += v
    return _Part(
        values=base + np.log(s) + at.log_total,
        slopes=_slopes(at, movement, rule, tau, s),
        information=_information(cluster, family, fine, times),
        intercepts=np.vstack([mode.u, tau * s, mean, sd, mode.weight, of_mode]),
    )


def _slopes(
    at: "_Quadrature", movement: tuple[FloatArray, FloatArray], rule: Rule, tau: float, s: FloatArray
) -> FloatArray:
    """Give the derivatives of each provider's log-likelihood to the parameters, (columns + 1, providers)."""
    pull = tau * at.sums.residual - at.v
    # how the sum over the nodes changes when they move and when they spread
    move = np.sum(at.q * pull, axis=0)
    spread = s**2 / 2 + s**3 / 2 * np.sum(at.q * rule.x[:, None] * pull, axis=0)
    of_beta = np.einsum("kj,akj->aj", at.q, at.sums.score)
    of_tau = np.sum(at.q * at.v * at.sums.residual, axis=0)
    result: FloatArray = np.vstack([of_beta, of_tau]) + move * movement[0] - spread * movement[1]
    return result


def _without_intercepts(cluster: Cluster, family: Family, eta: FloatArray, times: FloatArray) -> _Part:
    rows = family.rows(eta, cluster)
    size, providers = len(cluster.Z) + 1, len(cluster.starts)
    information = np.zeros((size, size))
    information[:-1, :-1] = (cluster.Z * (rows.weight * cluster.spread(times))) @ cluster.Z.T
    # the likelihood is even in tau; its second derivative at 0 compares the residuals with their variance
    residual = cluster.sum_y - cluster.sum(rows.mean)
    information[-1, -1] = times @ (cluster.sum(rows.weight) - residual**2)
    return _Part(
        values=family.log_likelihood(eta, cluster),
        slopes=np.vstack([cluster.sum_zy - cluster.cross(rows.mean), np.zeros(providers)]),
        information=information,
        intercepts=np.vstack(
            [np.zeros((4, providers)), cluster.sum(rows.weight), np.zeros((size - 1, providers)), residual]
        ),
    )


def _find_mode(cluster: Cluster, family: Family, eta: FloatArray, tau: float, start: FloatArray) -> _Mode:
    """Find the modes by Newton's method, halving where it leaves the bracket that the slopes have shown."""
    u = start
    low, high = np.full(len(u), -np.inf), np.full(len(u), np.inf)
    for _ in range(MODE_STEPS):
        rows = family.rows(eta + cluster.spread(u), cluster)
        residual = cluster.sum_y - cluster.sum(rows.mean)
        weight = cluster.sum(rows.weight)
        slope = residual - u / tau**2
        step = np.clip(slope / (weight + 1 / tau**2), -FARTHEST, FARTHEST)
        if not np.max(np.abs(step)) > MODE_SETTLED:
            break
        low, high = np.where(slope > 0, u, low), np.where(slope < 0, u, high)
        to = u + step
        astray = ((to < low) | (to > high)) & np.isfinite(low) & np.isfinite(high)
        u = np.where(astray, (low + high) / 2, to)
    return _Mode(u=u, rows=rows, residual=residual, weight=weight)


@dataclass(frozen=True, slots=True, eq=False)
class _Quadrature:
    """Nodes v, their posterior weights q (nodes, providers), what they add up to, and the rows there."""

    v: FloatArray
    q: FloatArray
    log_total: FloatArray
    sums: AtNodes


def _quadrature(cluster: Cluster, family: Family, mode: _Mode, tau: float, rule: Rule) -> _Quadrature:
    centre = mode.u / tau
    v = centre + rule.x[:, None] / np.sqrt(1 + tau**2 * mode.weight)
    shift = tau * (v - centre)
    sums = family.at_nodes(mode.rows, cluster, shift)
    log_q = rule.log_weight[:, None] + sums.change - (v**2 - centre**2) / 2
    top = log_q.max(axis=0)
    q = np.exp(log_q - top)
    total = q.sum(axis=0)
    return _Quadrature(v=v, q=q / total, log_total=top + np.log(total), sums=sums)


def _movement(cluster: Cluster, mode: _Mode, tau: float, s: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give the derivatives of the mode of v and of 1/s^2 to the parameters, each (columns + 1, providers)."""
    weights, slopes = np.moveaxis(cluster.cross(np.stack([mode.rows.weight, mode.rows.slope])), 1, 0)
    slope = cluster.sum(mode.rows.slope)
    v = mode.u / tau
    of_mode = np.vstack([-tau * weights, mode.residual - tau * mode.weight * v]) * s**2
    of_width = np.vstack([tau**2 * slopes, 2 * tau * mode.weight + tau**2 * slope * v])
    return of_mode, of_width + tau**3 * slope * of_mode


def _information(cluster: Cluster, family: Family, at: _Quadrature, times: FloatArray) -> FloatArray:
    """Louis' formula: the mean information given the intercept, less the variance of the score."""
    score = np.concatenate([at.sums.score, (at.v * at.sums.residual)[None]])
    weights = family.weights(at.sums.mean, cluster)
    crossed = np.einsum("kj,akj->a", times * at.q * at.v, cluster.cross(weights))
    known = np.zeros((len(score), len(score)))
    known[:-1, :-1] = (cluster.Z * np.sum(cluster.spread(times * at.q) * weights, axis=0)) @ cluster.Z.T
    known[:-1, -1] = known[-1, :-1] = crossed
    known[-1, -1] = np.sum(times * at.q * at.v**2 * cluster.sum(weights))
    mean = np.einsum("kj,akj->aj", at.q, score)
    away = (score - mean[:, None]).reshape(len(score), -1)
    result: FloatArray = known - (away * (times * at.q).ravel()) @ away.T
    return result

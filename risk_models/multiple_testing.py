"""Many providers, many tests: p-values adjusted for their number."""

from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike

from risk_models.strata import FloatArray

Adjustment: TypeAlias = Literal["bonferroni", "holm", "benjamini-hochberg"]


def adjusted_p(p: ArrayLike, method: Adjustment) -> FloatArray:
    """Adjust p-values for the number of tests; a provider is called out where the result is at most alpha.

    - `bonferroni`: p times m, at most 1; the chance of any false alarm is at most alpha;
    - `holm`: the same promise, calls out at least as many; for the k-th smallest, the largest (m - i + 1) p_i
      of the i <= k smallest;
    - `benjamini-hochberg`: the expected share of false alarms among those called out is at most alpha; for
      the k-th smallest, the least m p_i / i of the i >= k.

    Parameters
    ----------
    p
        Two-sided p-values, shape (providers,); NaN (not assessable) is no test and stays NaN.
    method
        Which of the three.

    Returns
    -------
    FloatArray
        Same shape, between p and 1.

    Raises
    ------
    ValueError
        For a p outside 0 to 1, or an unknown method.

    References
    ----------
    Holm S (1979). Scand J Stat 6:65-70.
    Benjamini Y, Hochberg Y (1995). J R Stat Soc B 57:289-300. doi:10.1111/j.2517-6161.1995.tb02031.x
    Jones HE et al. (2008), for providers of care. J Clin Epidemiol 61:232-240.
    doi:10.1016/j.jclinepi.2007.04.017

    Examples
    --------
    >>> adjusted_p([0.01, 0.02, 0.9], "benjamini-hochberg").tolist()
    [0.03, 0.03, 0.9]
    """
    if method not in get_args(Adjustment):
        raise ValueError(f"method '{method}' is none of {', '.join(get_args(Adjustment))}")
    values = np.asarray(p, dtype=np.float64)
    if values.ndim != 1 or np.any((values < 0) | (values > 1)):
        raise ValueError("p: expected one probability (or NaN) per provider")
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.argsort(values[known], kind="stable")]
    tests, place = len(order), np.arange(1, len(order) + 1)
    ordered = values[order]
    if method == "bonferroni":
        adjusted = ordered * tests
    elif method == "holm":
        adjusted = np.maximum.accumulate(ordered * (tests - place + 1))
    else:
        adjusted = np.minimum.accumulate((ordered * tests / place)[::-1])[::-1]
    result = np.full(len(values), np.nan)
    result[order] = np.minimum(adjusted, 1.0)
    return result

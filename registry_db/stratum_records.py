"""The strata of one period with their case mix, as models, cards and explanations look at them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from indicators.cohort import NO_NETWORK
from registry_db.cohorts import Patterns, Strata
from risk_models.missing import Imputed
from risk_models.model_card import Records


def records_of(
    strata: Strata, patterns: Patterns, stack: Imputed | None, *, by_outcome: bool = True
) -> Records:
    """Give strata their case mix; where values were filled in, each stratum by its share in every copy.

    Parameters
    ----------
    strata, patterns : Strata, Patterns
        Of one period.
    stack : Imputed or None
        The patterns with missing values filled in; None where nothing is.
    by_outcome : bool
        Whether the events of a stratum have the values of all events of its pattern, and the other records
        likewise; else all its records have those of all records of its pattern.

    Returns
    -------
    Records
        Records and outcomes add up to those of the strata, each for its share.
    """
    if stack is not None:
        return _filled_in(strata, stack, by_outcome=by_outcome)
    return Records(
        columns={name: values[strata.pattern] for name, values in patterns.columns.items()},
        provider=strata.provider,
        codes=strata.providers,
        outside=NO_NETWORK,
        n=strata.n * strata.share,
        sum_y=strata.sum_y * strata.share,
        sum_y2=strata.sum_y2 * strata.share,
    )


def _filled_in(strata: Strata, stack: Imputed, *, by_outcome: bool) -> Records:
    names = list(stack.columns)
    filled = pd.DataFrame({f"x{place}": stack.columns[name] for place, name in enumerate(names)})
    filled = filled.assign(pattern=stack.origin, met=stack.events > 0, share=stack.n)
    keys = [name for name in filled if name != "share"]
    filled = filled.groupby(keys, dropna=False, sort=False, as_index=False)["share"].sum()
    same = ["pattern", "met"] if by_outcome else ["pattern"]
    filled["share"] /= filled.groupby(same)["share"].transform("sum")
    split = pd.DataFrame(
        {
            "pattern": np.tile(strata.pattern, 2),
            "provider": np.tile(strata.provider, 2),
            "met": np.repeat([True, False], len(strata.n)),
            "n": np.concatenate([strata.sum_y, strata.n - strata.sum_y]) * np.tile(strata.share, 2),
        }
    )
    filled = filled if by_outcome else filled.drop(columns="met")
    rows = split[split["n"] > 0].merge(filled, on=same, how="left", sort=False)
    n = (rows["n"] * rows["share"]).to_numpy(np.float64)
    events = np.where(rows["met"].to_numpy(bool), n, 0.0)
    return Records(
        columns={name: rows[f"x{place}"].to_numpy() for place, name in enumerate(names)},
        provider=rows["provider"].to_numpy(np.int64),
        codes=strata.providers,
        outside=NO_NETWORK,
        n=n,
        sum_y=events,
        sum_y2=events,
    )

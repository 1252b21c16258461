"""What may be seen of the course of an indicator by month: months taken together, and rounded figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from indicators.cohort import NO_NETWORK
from registry_db.monitoring import has_usual_course
from registry_db.populations import Population
from risk_models.monitoring import XmR, xmr

_GROUP = ["indicator", "version", "period"]
_OF = [*_GROUP, "provider"]
COLUMNS = (
    *_OF, "first_month", "last_month", "ratio", "vlad", "cusum", "alarm", "signals",
    "centre", "lower", "upper", "odds_ratio", "false_alarms",
)  # fmt: skip
_OF_CHART = ("signals", "centre", "lower", "upper")
# Of the limit: with more digits the height of a CUSUM tells the risk of the one patient who raised it.
_STEPS = 20


def hide_courses(
    courses: pd.DataFrame,
    scores: pd.DataFrame,
    unsafe: pd.DataFrame,
    populations: Mapping[tuple[str, str], Population],
    *,
    small_cell: int,
) -> pd.DataFrame:
    """Give the courses that may be seen beside the scores.

    Months of a period are taken together until each part has as many patients as may be shown, and the parts
    of a period together have those of its score. So whatever parts are added up or subtracted, no smaller
    number follows. Where another period of the same records begins or ends within this one, parts and that
    period could be subtracted: then the whole period is one part, which tells no more than its score does and
    whether there was an alarm. A provider whose score is hidden has no course. Numbers of patients are left
    out, and the others rounded.

    Parameters
    ----------
    courses : DataFrame
        The table ``course`` of the vault, of shown indicators.
    scores : DataFrame
        Scores as they are published, with ``suppressed``.
    unsafe : DataFrame
        Indicators, versions and periods of which the total is not shown: they have no course.
    populations : mapping of (str, str) to Population
        As in `hiding.hide_small`.
    small_cell : int
        Fewest patients that may be shown.

    Returns
    -------
    DataFrame
        Columns COLUMNS, by indicator, provider and month. ``ratio`` is observed over expected, ``vlad``
        expected less observed since the period began, ``cusum`` the highest value as a part of the limit.
        ``centre``, ``lower``, ``upper`` and ``signals`` are of the XmR chart of all parts of the provider,
        NaN and empty where these are fewer than six, or have fewer than two events expected on average.
    """
    shown = scores.loc[~scores["suppressed"], _OF]
    kept = courses[courses["provider"] != NO_NETWORK].merge(shown, on=_OF)
    gone = set(map(tuple, unsafe[_GROUP].to_numpy()))
    within = _with_ends_within(scores, populations)
    rows: list[dict[str, Any]] = []
    for key, months in kept.groupby(_OF, sort=True):
        if key[:3] not in gone:
            parts = _parts(months["n"].to_numpy(np.int64), small_cell)
            whole = [slice(0, len(months))] if months["n"].sum() >= small_cell else []
            for part in whole if key[:3] in within else parts:
                rows.append(dict(zip(_OF, key, strict=True)) | _told(months.iloc[part]))
    parts = pd.DataFrame(rows, columns=["expected", *(name for name in COLUMNS if name not in _OF_CHART)])
    own = parts.groupby(["indicator", "version", "provider"], sort=False)
    charts = [_chart(months) for _, months in own]
    found = parts.join(pd.concat(charts) if charts else pd.DataFrame(columns=list(_OF_CHART)))
    return found[list(COLUMNS)]


def _parts(n: NDArray[np.int64], small_cell: int) -> list[slice]:
    """Whole months after each other, each part just large enough; a small rest goes with the last part."""
    parts: list[slice] = []
    first = total = 0
    for month, patients in enumerate(n.tolist()):
        total += patients
        if total >= small_cell:
            parts.append(slice(first, month + 1))
            first, total = month + 1, 0
    if parts and first < len(n):
        parts[-1] = slice(parts[-1].start, len(n))
    return parts


def _told(months: pd.DataFrame) -> dict[str, Any]:
    """Tell of one part of a period, rounded; its height is at the limit only where there was an alarm."""
    first, last = months.iloc[0], months.iloc[-1]
    alarm = bool(months["alarm"].any())
    reached = float((months["cusum"] / months["limit"]).max())
    # where the first event is beyond the limit already, the limit may be next to 0
    height = round(reached * _STEPS) / _STEPS if np.isfinite(reached) else 1.0
    return {
        "expected": float(months["expected"].sum()),
        "first_month": first["month"],
        "last_month": last["month"],
        "ratio": round(float(months["observed"].sum() / months["expected"].sum()), 2),
        "vlad": round(float(last["vlad"]), 1),
        "cusum": max(height, 1.0) if alarm else min(height, 1 - 1 / _STEPS),
        "alarm": alarm,
        "odds_ratio": first["odds_ratio"],
        "false_alarms": first["false_alarms"],
    }


def _chart(parts: pd.DataFrame) -> pd.DataFrame:
    """Rules that each part of a provider meets among all its parts, and the lines of the chart."""
    if not has_usual_course(parts["expected"].to_numpy(np.float64)):
        nothing = dict.fromkeys(_OF_CHART, np.nan) | {"signals": ""}
        return pd.DataFrame(nothing, index=parts.index)
    chart: XmR = xmr(parts["ratio"].to_numpy(np.float64))
    met = [", ".join(rule for rule in chart.signals if chart.signals[rule][at]) for at in range(len(parts))]
    lines = {"centre": chart.centre, "lower": max(chart.lower, 0.0), "upper": chart.upper}
    rounded = {name: round(value, 2) for name, value in lines.items()}
    return pd.DataFrame({"signals": met} | rounded, index=parts.index)


def _with_ends_within(
    scores: pd.DataFrame, populations: Mapping[tuple[str, str], Population]
) -> set[tuple[Any, ...]]:
    """Indicators, versions and periods within which another period of the same records begins or ends."""
    ends: dict[str, set[int]] = {}
    spans: dict[tuple[Any, ...], tuple[str, tuple[int, int]]] = {}
    for key in scores[_GROUP].drop_duplicates().itertuples(index=False, name=None):
        known = populations.get(key[:2])
        if known and (span := known.months(key[2])):
            spans[key] = known.records, span
            ends.setdefault(known.records, set()).update(span)
    return {
        key
        for key, (records, (start, end)) in spans.items()
        if any(start < month < end for month in ends[records])
    }

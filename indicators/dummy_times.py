"""Generated days and moments around another one: from minutes to months away, on either side."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from indicators.words import ColumnType

Moments: TypeAlias = NDArray[np.datetime64]
_MINUTE, _DAY = 60, 86400
_FARTHEST = 300 * _DAY
_OLDEST = 100


def times_around(at: Moments, kind: ColumnType, draw: np.random.Generator) -> Moments:
    """Moments before and after others; of a ``date`` whole days away, one in a few on the same day."""
    sign = np.where(draw.random(len(at)) < 0.5, -1, 1)
    return at + sign * _steps(len(at), kind, draw)


def times_after(at: Moments, kind: ColumnType, draw: np.random.Generator) -> Moments:
    """Moments after others, or on the same day."""
    return at + _steps(len(at), kind, draw)


def born_before(year: int, size: int, draw: np.random.Generator) -> Moments:
    """Days in the hundred years before a year."""
    days = draw.integers(1, _OLDEST * 365, size).astype("timedelta64[D]")
    return np.datetime64(f"{year}-01-01T00:00:00") - days


def _steps(size: int, kind: ColumnType, draw: np.random.Generator) -> NDArray[np.timedelta64]:
    """Steps of every scale alike: as many of an hour or so as of a month or so."""
    seconds = np.exp(draw.uniform(np.log(_MINUTE), np.log(_FARTHEST), size))
    if kind == "date":
        seconds = np.floor(seconds / _DAY) * _DAY
    return seconds.astype(np.int64).astype("timedelta64[s]")


def moments_of(at: Moments, kind: ColumnType) -> NDArray[np.str_]:
    """Write moments as they are delivered: a day, or a moment in UTC."""
    if kind == "date":
        return np.datetime_as_string(at, unit="D")
    return np.char.add(np.datetime_as_string(at, unit="s"), "Z")

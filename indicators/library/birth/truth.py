"""What is true in the generated records: the models that draw the outcomes, and what each network adds.

Estimates can be held against these numbers, since the case-mix terms are those of the shipped indicators
and the names of the coefficients are those of the columns of their models: ``parity=nulliparous``,
``age^2``. An age spline of a true linear effect has 0 in its further columns.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
Columns: TypeAlias = Mapping[str, NDArray[Any]]
Streams: TypeAlias = Callable[[str], np.random.Generator]

NO_VALUE = "(missing)"
CONTRACT_NETWORK = "VSV-03"
SAVING = 0.04
TREND = 0.03
# The contract network in units of `spread`, positive is better: first year, second, third and on.
_IMPROVEMENT = (-0.5, 0.5, 1.5)


@dataclass(frozen=True, slots=True)
class TrueModel:
    """The model that drew one outcome.

    Attributes
    ----------
    scale : str
        ``logit``: the predictor is the log odds of the event; ``identity``: it is the mean.
    intercept : float
        Predictor of a woman at all references and centres, in a network without an effect.
    coefficients : mapping of str to float
        Per column of the design. ``term=level`` is 1 at that level, ``term^2`` the square.
    centre : mapping of str to float
        Subtracted from a number before its powers are taken; 0 for others.
    spread : float
        Standard deviation of the networks' effects, on this scale.
    better : str
        ``higher`` or ``lower``.
    """

    scale: Literal["logit", "identity"]
    intercept: float
    spread: float
    better: Literal["lower", "higher"]
    coefficients: Mapping[str, float] = field(default_factory=dict)
    centre: Mapping[str, float] = field(default_factory=dict)

    def predictor(self, columns: Columns, network_effect: FloatArray) -> FloatArray:
        """Linear predictor per record, shape (records,).

        Parameters
        ----------
        columns : mapping of str to array
            At least the terms of the model, each of shape (records,).
        network_effect : array, shape (records,)
            What the network of each record adds.
        """
        total: FloatArray = self.intercept + network_effect
        for name, coefficient in self.coefficients.items():
            total = total + coefficient * self._column(name, columns)
        return total

    def _column(self, name: str, columns: Columns) -> FloatArray:
        term, _, level = name.partition("=")
        if level:
            return np.asarray(columns[term] == level, dtype=np.float64)
        term, _, power = name.partition("^")
        centred = np.asarray(columns[term], dtype=np.float64) - self.centre.get(term, 0.0)
        result: FloatArray = centred ** int(power or 1)
        return result


MODELS: Mapping[str, TrueModel] = {
    "birth-booking": TrueModel(scale="logit", intercept=1.68, spread=0.40, better="higher"),
    "birth-pph": TrueModel(
        scale="logit",
        intercept=-2.90,
        spread=0.25,
        better="lower",
        coefficients={
            "age": 0.015,
            "parity=nulliparous": 0.45,
            "previous_caesarean": 0.35,
            "pre_eclampsia": 0.42,
        },
        centre={"age": 31.0},
    ),
    "birth-tear": TrueModel(
        scale="logit",
        intercept=-4.14,
        spread=0.25,
        better="lower",
        coefficients={
            "parity=nulliparous": 0.90,
            "birth_weight_g": 0.0007,
            "mode_of_birth=instrumental": 0.70,
        },
        centre={"birth_weight_g": 3500.0},
    ),
    "birth-apgar": TrueModel(
        scale="logit",
        intercept=-4.72,
        spread=0.25,
        better="lower",
        coefficients={
            "parity=nulliparous": 0.60,
            "age": 0.010,
            "age^2": 0.002,
            "ses=low": 0.25,
            "ses=high": -0.10,
            "ses=(missing)": 0.10,
        },
        centre={"age": 31.0},
    ),
    "birth-recovery": TrueModel(
        scale="identity",
        intercept=0.897,
        spread=0.015,
        better="higher",
        coefficients={
            "eq5d_before": 0.40,
            "eq5d_before^2": -0.15,
            "age": -0.001,
            "parity=nulliparous": -0.012,
            "ses=low": -0.020,
            "ses=high": 0.006,
            "ses=(missing)": -0.005,
            "bmi": -0.0015,
        },
        centre={"eq5d_before": 0.84, "age": 31.0, "bmi": 25.0},
    ),
    "birth-experience": TrueModel(
        scale="identity",
        intercept=8.35,
        spread=0.15,
        better="higher",
        coefficients={
            "parity=nulliparous": -0.35,
            "ses=low": -0.10,
            "ses=high": 0.05,
            "ses=(missing)": 0.0,
            "deprived_area": -0.15,
        },
    ),
}


@dataclass(frozen=True, slots=True)
class Truth:
    """Everything that is true for one simulation.

    Attributes
    ----------
    networks : tuple of str
        Codes, in the order of the rows below.
    years : tuple of int
        In the order of the columns below.
    effects : mapping of str to array, shape (networks, years)
        Per indicator, on the scale of its model.
    spending_level : array, shape (networks, years)
        Factor on the spending of a birth, trend and saving included.
    """

    networks: tuple[str, ...]
    years: tuple[int, ...]
    effects: Mapping[str, FloatArray]
    spending_level: FloatArray

    @property
    def cut_off(self) -> dt.date:
        """Day on which the records end: the last of the last year."""
        return dt.date(self.years[-1], 12, 31)

    def to_dict(self) -> dict[str, Any]:
        """Give plain values for JSON; effects and levels by network and year."""
        models = {
            name: {
                "scale": model.scale,
                "intercept": model.intercept,
                "coefficients": dict(model.coefficients),
                "centre": dict(model.centre),
                "spread": model.spread,
                "better": model.better,
                "effects": self._by_network(self.effects[name]),
            }
            for name, model in MODELS.items()
        }
        spending = {
            "trend": TREND,
            "saving": SAVING,
            "saving_network": CONTRACT_NETWORK,
            "level": self._by_network(self.spending_level),
        }
        return {"generated": True, "indicators": models, "spending": spending}

    def _by_network(self, table: FloatArray) -> dict[str, dict[str, float]]:
        return {
            network: {str(year): round(float(value), 6) for year, value in zip(self.years, row, strict=True)}
            for network, row in zip(self.networks, table, strict=True)
        }


def draw_truth(networks: Sequence[str], years: Sequence[int], streams: Streams) -> Truth:
    """Draw the effect of each network on each outcome and on spending.

    Effects stay the same over the years, except in the contract network, which improves from year to year
    and from the second year on spends `SAVING` less than the trend.

    Parameters
    ----------
    networks : sequence of str
        Codes of the networks.
    years : sequence of int
        In order.
    streams : callable
        Gives a generator for a purpose.
    """
    improvement = np.array([_IMPROVEMENT[min(place, 2)] for place in range(len(years))])
    contract = np.array([network == CONTRACT_NETWORK for network in networks])
    effects = {}
    for name, model in MODELS.items():
        drawn = streams(f"effect {name}").normal(0.0, model.spread, len(networks))
        toward_better = model.spread if model.better == "higher" else -model.spread
        table = np.repeat(drawn[:, None], len(years), axis=1)
        table[contract] = toward_better * improvement
        # Rounded as in the file, so that what is written is what drew the records.
        effects[name] = np.round(table, 6)
    since_first = np.array(years) - years[0]
    level = np.exp(streams("spending level").normal(0.0, 0.04, len(networks)))
    levels = level[:, None] * (1.0 + TREND) ** since_first[None, :]
    levels[np.ix_(contract, since_first > 0)] *= 1.0 - SAVING
    return Truth(tuple(networks), tuple(years), effects, np.round(levels, 6))

"""Generated births: what happened, what women report, and what it cost.

Every outcome that an indicator counts comes from a `TrueModel`. What the models leave out (twins, early
births) gets an extra of its own and is left out by the indicators too.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from indicators.library.birth.health import ITEMS, answers, skewed_below
from indicators.library.birth.truth import MODELS, FloatArray, Streams, Truth
from indicators.library.birth.women import TINY_NETWORK, Places

Births = dict[str, NDArray[Any]]
# Days after birth at which women are asked.
EXPERIENCE_ASKED = 42
RECOVERY_ASKED = 183
_BASE_SPENDING = 4300.0


def add_birth(births: Births, truth: Truth, year: int, streams: Streams) -> None:
    """Add the birth itself: induction, mode, weight, blood loss, tear, child, first visit."""
    rng = streams(f"{year} birth")
    count = len(births["age"])
    nulliparous = births["parity"] == "nulliparous"
    births["induction"] = rng.random(count) < 0.22 + 0.45 * births["pre_eclampsia"]
    births["mode_of_birth"] = _mode(births, rng)
    births["birth_weight_g"] = _weight(births, rng)
    viable = np.select([births["gestation_weeks"] < 24, births["gestation_weeks"] < 32], [0.15, 0.94], 0.998)
    births["live_born"] = rng.random(count) < viable

    pph = _event("birth-pph", births, truth, year, rng, extra=0.9 * (births["plurality"] > 1))
    usual = np.minimum(50 * np.rint(np.exp(rng.normal(5.75, 0.45, count)) / 50), 1000)
    severe = 1050 + 50 * np.rint(rng.exponential(9.0, count))
    births["blood_loss_ml"] = np.where(pph, np.minimum(severe, 8000), usual).astype(np.int64)

    tear = _event("birth-tear", births, truth, year, rng)
    minor = rng.random(count) < np.where(nulliparous, 0.55, 0.40)
    grade = np.select([tear, minor], ["third_fourth", "first_second"], "none")
    births["perineal_tear"] = np.where(births["mode_of_birth"] == "caesarean", "", grade)

    weak = _event("birth-apgar", births, truth, year, rng, extra=1.5 * (births["gestation_weeks"] < 37))
    low = rng.choice([1, 2, 3, 4, 5, 6], count, p=[0.04, 0.06, 0.10, 0.15, 0.25, 0.40])
    good = rng.choice([7, 8, 9, 10], count, p=[0.03, 0.09, 0.38, 0.50])
    births["apgar5"] = np.where(births["live_born"], np.where(weak, low, good), 0)

    early = _event("birth-booking", births, truth, year, rng, extra=-2.5 * births["transferred"])
    before_ten, later = rng.binomial(4, 0.6, count) + 5, 10 + np.minimum(rng.geometric(0.25, count) - 1, 28)
    births["first_visit_week"] = np.minimum(np.where(early, before_ten, later), births["gestation_weeks"])


def add_provider(births: Births, places: Places, year: int, streams: Streams) -> None:
    """Add who was responsible at birth: for half of the low-risk births the practice, else a hospital."""
    rng = streams(f"{year} provider")
    count = len(births["age"])
    risk = births["previous_caesarean"] | births["pre_eclampsia"] | births["induction"]
    low_risk = ~risk & (births["plurality"] == 1) & (births["gestation_weeks"] >= 37)
    midwife = low_risk & (births["mode_of_birth"] == "spontaneous") & (rng.random(count) < 0.55)
    hospital = places.hospitals[births["network"], (rng.random(count) < 0.4).astype(np.int64)]
    births["provider"] = np.where(midwife, np.array(places.practices)[births["practice"]], hospital)


def add_reports(births: Births, places: Places, truth: Truth, year: int, streams: Streams) -> None:
    """Add what women report; NaN where a woman did not answer."""
    rng = streams(f"{year} reports")
    count = len(births["age"])
    starting = np.array(places.networks)[births["network"]] == TINY_NETWORK
    willing = np.select([births["ses"] == "low", births["ses"] == "high"], [0.80, 1.15], 1.0)
    willing = willing * np.where(starting, 0.3, 1.0)

    mean = MODELS["birth-experience"].predictor(births, _effect("birth-experience", births, truth, year))
    mark = np.round(np.clip(skewed_below(mean, 10.0, 2.2, rng), 0.0, 10.0), 1)
    told = _answered(births, 0.36 * willing, rng) & _asked(births, truth, EXPERIENCE_ASKED)
    births["experience_score"] = np.where(told, mark, np.nan)

    before, index = answers(skewed_below(np.full(count, 0.84), 1.0, 1.6, rng), rng)
    known: Births = {**births, "eq5d_before": index}
    mean = MODELS["birth-recovery"].predictor(known, _effect("birth-recovery", births, truth, year))
    after, _ = answers(skewed_below(np.minimum(mean, 0.99), 1.0, 1.6, rng), rng)
    first = rng.random(count) < 0.47 * willing
    second = _answered(births, np.where(first, 0.54, 0.05), rng) & _asked(births, truth, RECOVERY_ASKED)
    for name, profile, answered in (("before", before, first), ("after", after, second)):
        levels = np.where(answered[:, None], profile, np.nan)
        levels[rng.random(count) < 0.01, 4] = np.nan
        births |= {f"{name}_{item}": levels[:, place] for place, item in enumerate(ITEMS)}


def add_spending(births: Births, truth: Truth, year: int, streams: Streams) -> None:
    """Add spending in euros: a gamma distribution around what the birth asks, with a few very costly ones."""
    rng = streams(f"{year} spending")
    count = len(births["age"])
    asks = (
        0.40 * (births["mode_of_birth"] == "caesarean")
        + 0.15 * (births["mode_of_birth"] == "instrumental")
        + 0.55 * (births["plurality"] > 1)
        + 0.70 * (births["gestation_weeks"] < 37)
        + 0.20 * births["pre_eclampsia"]
        + 0.15 * births["induction"]
        + 0.10 * np.char.startswith(births["provider"], "H")
    )
    level = truth.spending_level[births["network"], truth.years.index(year)]
    costly = np.where(rng.random(count) < 0.004, 6.0, 1.0)
    spending = _BASE_SPENDING * level * np.exp(asks) * rng.gamma(16.0, 1.0 / 16.0, count) * costly
    births["spending_eur"] = np.round(spending, 2)


def _effect(indicator: str, births: Births, truth: Truth, year: int) -> FloatArray:
    effects: FloatArray = truth.effects[indicator][births["network"], truth.years.index(year)]
    return effects


def _event(
    indicator: str,
    births: Births,
    truth: Truth,
    year: int,
    rng: np.random.Generator,
    *,
    extra: NDArray[np.floating[Any]] | float = 0.0,
) -> NDArray[np.bool_]:
    """Draw whether the event of a binary indicator happened, for every birth."""
    log_odds = MODELS[indicator].predictor(births, _effect(indicator, births, truth, year)) + extra
    result: NDArray[np.bool_] = rng.random(len(log_odds)) < 1.0 / (1.0 + np.exp(-log_odds))
    return result


def _answered(births: Births, chance: FloatArray, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Draw who answered a questionnaire after birth; it is not sent after a stillbirth."""
    result: NDArray[np.bool_] = (rng.random(len(chance)) < chance) & births["live_born"]
    return result


def _asked(births: Births, truth: Truth, days: int) -> NDArray[np.bool_]:
    """Tell who was asked before the records end: later answers are not in yet."""
    result: NDArray[np.bool_] = births["birth_date"] + days <= np.datetime64(truth.cut_off)
    return result


def _mode(births: Births, rng: np.random.Generator) -> NDArray[np.str_]:
    nulliparous = births["parity"] == "nulliparous"
    caesarean = (
        0.07
        + 0.10 * nulliparous
        + 0.38 * births["previous_caesarean"]
        + 0.30 * (births["plurality"] > 1)
        + 0.12 * births["pre_eclampsia"]
        + 0.003 * (births["age"] - 31.0)
    )
    draw = rng.random(len(caesarean))
    instrumental = np.where(nulliparous, 0.14, 0.025)
    return np.select(
        [draw < caesarean, draw > 1.0 - instrumental], ["caesarean", "instrumental"], "spontaneous"
    )


def _weight(births: Births, rng: np.random.Generator) -> NDArray[np.int64]:
    weeks = births["gestation_weeks"].astype(np.float64)
    # Rough growth curve through 450 g at 22, 1,500 g at 30, 3,550 g at 40 weeks.
    usual = np.interp(weeks, [16, 22, 26, 30, 34, 37, 40, 42], [120, 450, 880, 1500, 2350, 3000, 3550, 3750])
    usual = usual * np.where(births["plurality"] > 1, 0.87, 1.0)
    usual = usual * np.where(births["parity"] == "nulliparous", 0.97, 1.01)
    grams = usual * (1.0 + rng.normal(0.0, 0.12, len(weeks)))
    result: NDArray[np.int64] = np.clip(10 * np.rint(grams / 10), 60, 6500).astype(np.int64)
    return result

"""Generated networks and women: who is pregnant where, and what is known of her before birth."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indicators.library.birth.truth import CONTRACT_NETWORK, NO_VALUE, FloatArray, Streams
from indicators.networks import NetworkSet

TINY_NETWORK = "VSV-24"
_SIZE = {CONTRACT_NETWORK: 1.7, TINY_NETWORK: 0.09}

_PRACTICE_KIND = ("Verloskundigenpraktijk", "Verloskundigen", "Geboortehuis")
_PRACTICE_NAME = (
    "Anemoon", "Bloesem", "Boterbloem", "Brem", "Dageraad", "Duizendblad", "Eikenlaan", "Esdoorn",
    "Hazelaar", "Hofstede", "Iris", "Jasmijn", "Kamperfoelie", "Kastanje", "Klaproos", "Korenbloem",
    "Krokus", "Lavendel", "Lijsterbes", "Madelief", "Meidoorn", "Morgenster", "Narcis", "Oase", "Populier",
    "Roos", "Sneeuwklok", "Spil", "Sterrenhof", "Tijm", "Vlier", "Vuurtoren", "Waterlelie", "Wegwijzer",
    "Zilverspar", "Zonnehoek",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Places:
    """Providers and networks with what sets them apart, the same in all years.

    Attributes
    ----------
    network_set : NetworkSet
        Who is a member of what, and when.
    networks : tuple of str
        Codes, in order; arrays by network follow it.
    practices : tuple of str
        Midwifery practices; arrays by practice follow it.
    practice_share : array, shape (practices,)
        Share of all women who are at each practice; sums to 1.
    hospitals : array of str, shape (networks, 2)
        Hospitals of each network; twice the same where it has one.
    poverty, first_births, older : arrays, shape (networks,)
        How the women of a network differ, in standard deviations.
    """

    network_set: NetworkSet
    networks: tuple[str, ...]
    practices: tuple[str, ...]
    practice_share: FloatArray
    hospitals: NDArray[np.str_]
    poverty: FloatArray
    first_births: FloatArray
    older: FloatArray

    def network_of(self, practice: NDArray[np.int64], day: NDArray[np.datetime64]) -> NDArray[np.int64]:
        """Place in `networks` of each woman, by her practice on the day of birth.

        Raises
        ------
        ValueError
            If a practice is in no network on one of the days.
        """
        found = np.full(len(practice), -1)
        place = {code: number for number, code in enumerate(self.practices)}
        for number, code in enumerate(self.networks):
            for member in self.network_set.networks[code].members:
                if member.provider in place:
                    until = np.datetime64(member.until or dt.date.max)
                    held = (day >= np.datetime64(member.since)) & (day <= until)
                    found[(practice == place[member.provider]) & held] = number
        if (found < 0).any():
            first = int(np.argmax(found < 0))
            raise ValueError(f"practice {self.practices[practice[first]]} is in no network on {day[first]}")
        return found


def draw_places(network_set: NetworkSet, streams: Streams) -> Places:
    """Draw sizes of practices and what sets networks apart.

    A practice counts for the size of the network that it was in first.
    """
    networks = tuple(network_set.networks)
    rng = streams("places")
    size = np.exp(rng.normal(0.0, 0.45, len(networks)))
    for code, fixed in _SIZE.items():
        size[networks.index(code)] = fixed
    first: dict[str, int] = {}
    members = sorted(
        (member.since, number, member.provider)
        for number, code in enumerate(networks)
        for member in network_set.networks[code].members
    )
    for _, number, provider in members:
        first.setdefault(provider, number)
    practices = tuple(sorted(code for code in first if code.startswith("M")))
    home = np.array([first[code] for code in practices])
    weight = np.exp(rng.normal(0.0, 0.4, len(practices)))
    share = size[home] * weight / np.bincount(home, weight, len(networks))[home]
    by_network = [
        sorted(code for code in first if code[0] == "H" and first[code] == n) for n in range(len(networks))
    ]
    return Places(
        network_set=network_set,
        networks=networks,
        practices=practices,
        practice_share=share / share.sum(),
        hospitals=np.array([(codes[0], codes[-1]) for codes in by_network]),
        poverty=rng.normal(0.0, 0.45, len(networks)),
        first_births=rng.normal(0.0, 0.20, len(networks)),
        older=rng.normal(0.0, 0.6, len(networks)),
    )


def provider_names(places: Places) -> dict[str, str]:
    """Give every provider an invented name."""
    names: dict[str, str] = {}
    for number, code in enumerate(places.practices):
        kind, name = divmod(number, len(_PRACTICE_NAME))
        names[code] = f"{_PRACTICE_KIND[kind]} {_PRACTICE_NAME[name]}"
    for network, (one, other) in zip(places.networks, places.hospitals.tolist(), strict=True):
        place = places.network_set.networks[network].name.removeprefix("VSV ")
        names[other] = f"Kliniek {place}"
        names[one] = f"Ziekenhuis {place}"
    return names


def draw_women(places: Places, year: int, count: int, streams: Streams) -> dict[str, NDArray[Any]]:
    """Draw the women who give birth in a year and what is known of them before birth.

    Returns
    -------
    dict of str to array, shape (count,)
        Columns of the dataset, and ``network`` and ``practice``: places in the lists of `Places`. In order of
        the day of birth.
    """
    rng = streams(f"{year} women")
    days = dt.date(year, 12, 31).timetuple().tm_yday
    day = np.datetime64(f"{year}-01-01", "D") + np.sort(rng.integers(0, days, count))
    practice = rng.choice(len(places.practices), count, p=places.practice_share)
    network = places.network_of(practice, day)
    women: dict[str, NDArray[Any]] = {"network": network, "practice": practice, "birth_date": day}
    nulliparous = rng.random(count) < _chance(-0.24 + places.first_births[network])
    women["parity"] = np.where(nulliparous, "nulliparous", "multiparous")
    age = 32.4 - 2.3 * nulliparous + places.older[network] + rng.normal(0.0, 4.5, count)
    women["age"] = np.clip(np.rint(age), 16, 49).astype(np.int64)
    women["bmi"] = np.round(np.clip(np.exp(rng.normal(3.19, 0.18, count)), 15.0, 60.0), 1)
    women["previous_caesarean"] = ~nulliparous & (rng.random(count) < 0.17)
    women["ses"] = _ses(places.poverty[network], rng)
    deprived = np.select([women["ses"] == "low", women["ses"] == "high"], [0.25, 0.02], 0.07)
    women["deprived_area"] = rng.random(count) < deprived
    women["plurality"] = rng.choice([1, 2, 3], count, p=[0.986, 0.0136, 0.0004])
    women["pre_eclampsia"] = rng.random(count) < 0.015 + 0.015 * nulliparous
    women["gestation_weeks"] = _weeks(women["plurality"], women["pre_eclampsia"], rng)
    women["care_start"] = np.where(rng.random(count) < 0.86, "practice", "hospital")
    women["transferred"] = rng.random(count) < 0.03
    return women


def _chance(log_odds: FloatArray) -> FloatArray:
    result: FloatArray = 1.0 / (1.0 + np.exp(-log_odds))
    return result


def _ses(poverty: FloatArray, rng: np.random.Generator) -> NDArray[np.str_]:
    """Socio-economic status; not known for one in fifty, which has an effect of its own."""
    known = rng.random(len(poverty)) > 0.02
    draw = rng.random(len(poverty))
    low, high = _chance(poverty - 0.85), _chance(-poverty - 1.10)
    status = np.select([draw < low, draw < low + (1.0 - low) * high], ["low", "high"], "middle")
    return np.where(known, status, NO_VALUE)


def _weeks(
    plurality: NDArray[np.int64], pre_eclampsia: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Completed weeks: most around 39 and 40, a tail of early births, a few before 22."""
    count = len(plurality)
    term = rng.normal(39.85, 1.2, count)
    early = 37.0 - rng.gamma(1.3, 2.2, count)
    very_early = rng.integers(16, 24, count).astype(np.float64)
    draw = rng.random(count)
    weeks = np.select([draw < 0.006, draw < 0.048], [very_early, early], term)
    weeks = weeks - np.where(plurality > 1, 2.5, 0.0) - np.where(pre_eclampsia, 1.5, 0.0)
    result: NDArray[np.int64] = np.clip(np.floor(weeks), 16, 42).astype(np.int64)
    return result

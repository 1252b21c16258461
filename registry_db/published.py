"""What a publication holds, as plain frozen objects: one class for each table of `schema/publication.sql`.

Numbers are None where they are suppressed or do not exist. Rates are proportions (0.05 is 5 %); values with
`show_unit` points are in the points of their scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import yaml

from indicators.cohort import NO_NETWORK
from risk_models.verdict import Band

Side = Literal["better", "worse", "as-expected"]
Level = Literal["high", "moderate", "low"]

# From 0.7 on organisations can be told apart (Adams JL (2009), The Reliability of Provider Profiling, RAND
# TR-653); below 0.4 well over half of the differences is chance.
RELIABLE, MODERATE = 0.7, 0.4


@dataclass(frozen=True, slots=True)
class Publication:
    """The publication itself; `id` is the hash of its content, `cut_off` the day on which the data end."""

    id: str
    registry: str
    generated: bool
    small_cell: int
    cut_off: date | None
    meetlat: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset, and where it comes from."""

    dataset: str
    version: str
    title_nl: str
    title_en: str
    source_nl: str
    source_en: str
    generated: bool
    hash: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """A file that was handed in: rows read, accepted and put aside; superseded by a later one or not."""

    delivery: str
    dataset: str
    file_name: str
    received_at: datetime
    rows: int
    accepted: int
    quarantined: int
    superseded: bool


@dataclass(frozen=True, slots=True)
class Organisation:
    """A provider or network that is scored; `kind` is `provider` or the id of a network set."""

    provider: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Indicator:
    """One version of an indicator; see `indicators.definition.Indicator` for the meaning of its parts."""

    indicator: str
    version: str
    status: str
    horizon: int
    title_nl: str
    title_en: str
    why_nl: str
    why_en: str
    steward: str
    dataset: str
    unit: str
    kind: str
    better: str
    expectation: str
    show_unit: str
    show_decimals: int
    show_per: int
    show_of_nl: str | None
    show_of_en: str | None
    minimum_n: int
    norm: float | None
    norm_kind: str | None
    definition: str
    hash: str
    response_json: str | None = None

    @property
    def order(self) -> tuple[int, ...]:
        """By which versions sort: 1.10.0 after 1.9.0."""
        return tuple(int(part) for part in self.version.split("."))

    @property
    def adjusted(self) -> bool:
        """Whether scores are set against an expectation given the case mix."""
        return self.expectation != "none"

    @property
    def is_fact(self) -> bool:
        """Whether it is a fact about an organisation, to which neither chance nor case mix belongs."""
        return self.kind == "structure"

    @property
    def exclusions(self) -> tuple[dict[str, str], ...]:
        """Why each rule leaves records out, by language, in the order of the definition."""
        return self._reasons("exclude")

    @property
    def exceptions(self) -> tuple[dict[str, str], ...]:
        """Why each exception excuses records that did not meet the outcome, as `exclusions`."""
        return self._reasons("except")

    @property
    def steward_nl(self) -> str:
        """Who is responsible for the definition, in Dutch; the column `steward` holds it in English."""
        written = yaml.safe_load(self.definition)["steward"]
        return str(written["nl"] if isinstance(written, dict) else written)

    @property
    def steward_en(self) -> str:
        """Who is responsible for the definition, in English."""
        return self.steward

    def _reasons(self, block: str) -> tuple[dict[str, str], ...]:
        rules = yaml.safe_load(self.definition).get(block, [])
        return tuple(rule["why"] for rule in rules)


@dataclass(frozen=True, slots=True)
class Benchmark:
    """All providers together, for one indicator and period.

    Attributes
    ----------
    reference : float
        What a provider that is exactly as expected has, on the scale of `Score.adjusted`: the middle of the
        funnel.
    tau, phi : float or None
        Standard deviation between providers on that scale; over-dispersion.
    n_reliable : float or None
        Records needed for a reliability of 0.7.
    test, overdispersion : str or None
        What interval, limits and verdict rest on; None for a fact.
    allowed : float or None
        The tau2 or phi that the verdicts allow for.
    """

    indicator: str
    version: str
    period: str
    providers: int
    assessable: int
    n: float
    observed: float
    expected: float | None
    reference: float
    tau: float | None
    phi: float | None
    n_reliable: float | None
    model: str | None
    test: str | None
    overdispersion: str | None
    allowed: float | None

    def average(self, indicator: Indicator) -> float:
        """What all have together on that scale: not the reference where a model of another period expects."""
        if indicator.kind not in ("binary", "top_box", "count") or not self.expected:
            return self.reference
        return self.reference * self.observed / self.expected


@dataclass(frozen=True, slots=True)
class Score:
    """The score of one organisation on one indicator in one period.

    Attributes
    ----------
    observed, expected : float or None
        Numbers of events, or means for a continuous outcome or a change.
    exposure : float or None
        What the events of a count are counted per.
    adjusted, lower, upper : float or None
        The value that may be compared, and its 95 % interval.
    low998, low95, high95, high998 : float or None
        Funnel limits of this organisation, on the scale of `adjusted`.
    suppressed : bool
        Fewer patients than may be shown: every number is None.
    kind, better : str
        Of the indicator.
    """

    indicator: str
    version: str
    period: str
    provider: str
    n: float | None
    exposure: float | None
    observed: float | None
    expected: float | None
    ratio: float | None
    adjusted: float | None
    lower: float | None
    upper: float | None
    low998: float | None
    low95: float | None
    high95: float | None
    high998: float | None
    band: Band
    reason: str
    reliability: float | None
    suppressed: bool
    kind: str
    better: str

    @property
    def outside(self) -> bool:
        """Whether it is what counts for no network, and of no organisation."""
        return self.provider == NO_NETWORK

    @property
    def assessable(self) -> bool:
        """Whether the value was judged."""
        return not self.suppressed and self.band != "not-assessable"

    @property
    def certainty(self) -> float | None:
        """0.95 or 0.998: the funnel limit that the value is beyond; None if within both or not assessable."""
        return {"95": 0.95, "998": 0.998}.get(self.band.removeprefix("low").removeprefix("high"))

    @property
    def observed_value(self) -> float | None:
        """What was observed, per record: a proportion or a mean; of a count, per unit of exposure."""
        return self._per_record(self.observed)

    @property
    def expected_value(self) -> float | None:
        """What was expected, per record: a proportion or a mean."""
        return self._per_record(self.expected)

    @property
    def side(self) -> Side:
        """Whether the value is better or worse than can be chance; `as-expected` also if not assessable."""
        if self.band in ("in", "not-assessable"):
            return "as-expected"
        low = self.band.startswith("low")
        return "better" if low == (self.better == "lower") else "worse"

    @property
    def reliability_level(self) -> Level | None:
        """How well numbers of this size tell organisations apart."""
        if self.reliability is None:
            return None
        if self.reliability >= RELIABLE:
            return "high"
        return "moderate" if self.reliability >= MODERATE else "low"

    def _per_record(self, value: float | None) -> float | None:
        return per_record(self.kind, value, self.exposure if self.kind == "count" else self.n)


def per_record(kind: str, value: float | None, of: float | None) -> float | None:
    """Give a number of events per record or unit of exposure; a mean as it is. None without either."""
    if kind in ("continuous", "change") or value is None:
        return value
    return value / of if of else None


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a definition asks for beside the score, of one organisation.

    Attributes
    ----------
    estimator : str
        ``shrunken`` or ``direct``, on the scale of `Score.adjusted`; ``predicted-expected``, a ratio;
        ``probability-worse``, of being worse than the norm, or without one than the average; ``rank``, where
        1 is the best.
    value, lower, upper : float or None
        With its 95 % interval; a probability has none.
    """

    indicator: str
    version: str
    period: str
    provider: str
    estimator: str
    value: float
    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many records ended in a state, and for which reason; `n` is None where suppressed."""

    indicator: str
    version: str
    period: str
    provider: str
    state: str
    reason: str
    n: int | None


@dataclass(frozen=True, slots=True)
class Result:
    """A score with its indicator and its benchmark."""

    indicator: Indicator
    score: Score
    benchmark: Benchmark | None

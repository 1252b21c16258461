"""What a publication holds of subgroups: their titles and their scores."""

from __future__ import annotations

from dataclasses import dataclass

from registry_db.published import per_record


@dataclass(frozen=True, slots=True)
class Subgroup:
    """Records that a stratifier of an indicator puts together; `subgroup` is its value."""

    indicator: str
    version: str
    stratifier: str
    stratifier_nl: str
    stratifier_en: str
    subgroup: str
    subgroup_nl: str
    subgroup_en: str


@dataclass(frozen=True, slots=True)
class SubgroupScore:
    """The score of a subgroup, of one organisation or of all together (`(all)`).

    Attributes
    ----------
    n, exposure, observed, expected, ratio, adjusted, lower, upper : float or None
        As in `Score`, held against the expectation and tested by the test of the whole indicator.
    reason : str
        Why the interval says little; else empty.
    suppressed : bool
        Every number is None: it, or another one that it would give away, is of too few patients.
    kind, better : str
        Of the indicator.
    """

    indicator: str
    version: str
    period: str
    provider: str
    stratifier: str
    subgroup: str
    n: float | None
    exposure: float | None
    observed: float | None
    expected: float | None
    ratio: float | None
    adjusted: float | None
    lower: float | None
    upper: float | None
    reason: str
    suppressed: bool
    kind: str
    better: str

    @property
    def observed_value(self) -> float | None:
        """What was observed, per record or unit of exposure, as `Score.observed_value`."""
        return per_record(self.kind, self.observed, self.exposure if self.kind == "count" else self.n)

    @property
    def expected_value(self) -> float | None:
        """What was expected, per record or unit of exposure."""
        return per_record(self.kind, self.expected, self.exposure if self.kind == "count" else self.n)

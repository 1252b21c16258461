"""What a publication holds of the course of an indicator within its periods, by month."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CoursePart:
    """One organisation in one month, or in months that are taken together since one has too few patients.

    Attributes
    ----------
    first_month, last_month : str
        Such as 2025-01.
    ratio : float
        Observed over expected events.
    vlad : float
        Expected less observed events since the period began, at the end of these months.
    cusum : float
        How far the risk-adjusted CUSUM came at the most, as a part of its limit.
    alarm : bool
        Whether it reached the limit.
    signals : str
        Which rules of the XmR chart `ratio` meets, with commas between them: outside, shift, trend,
        two-of-three.
    centre, lower, upper : float or None
        Of the XmR chart of all months of the organisation; None where these are too few.
    odds_ratio : float
        The change of the odds that the CUSUM looks for: 2 for twice, 0.5 for half.
    false_alarms : float
        Chance of an alarm within the period at an organisation that is as expected.
    """

    indicator: str
    version: str
    period: str
    provider: str
    first_month: str
    last_month: str
    ratio: float
    vlad: float
    cusum: float
    alarm: bool
    signals: str
    centre: float | None
    lower: float | None
    upper: float | None
    odds_ratio: float
    false_alarms: float

    @property
    def rules(self) -> tuple[str, ...]:
        """The names in `signals`."""
        return tuple(self.signals.split(", ")) if self.signals else ()

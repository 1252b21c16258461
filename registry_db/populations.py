"""Which records indicators count, and in which months: what makes counts of periods subtractable."""

from __future__ import annotations

from dataclasses import dataclass

from indicators.periods import ReportingPeriod, months_of


@dataclass(frozen=True, slots=True)
class Population:
    """Which records an indicator counts, and by which periods.

    Attributes
    ----------
    records : str
        The same text for indicators that count the same records.
    period : ReportingPeriod or None
        That of the indicator.
    outcome : str
        The same text for indicators that ask the same of records of one dataset; empty for what is like no
        other.
    """

    records: str
    period: ReportingPeriod | None
    outcome: str = ""

    def months(self, label: str) -> tuple[int, int] | None:
        """First month of a period and the month after its last; None if its label tells none."""
        return months_of(label, self.period)

"""Which spending counts, the target it is held against, and the target after the term."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from contracts.terms.part import (
    AMOUNT,
    AMOUNT_OR_WORD,
    WORD,
    ColumnName,
    Euros,
    Id,
    Number,
    Part,
    Period,
    Rate,
    Text,
    Weight,
    fault_at,
    once,
)
from contracts.terms.rates import DiscountByQuality


class Spending(Part):
    """Which spending counts.

    Attributes
    ----------
    truncation : Decimal or 'none'
        Euros per record. A record that cost more counts as this much, in the baseline periods as in the
        settled year; otherwise truncation would make a saving by itself.
    out_of_scope : list of Text
        What the column leaves out, in words.
    """

    dataset: Id
    column: ColumnName
    truncation: Annotated[Annotated[Euros, AMOUNT] | Annotated[Literal["none"], WORD], AMOUNT_OR_WORD] = (
        Field(
            description="an amount, such as 25000: a record that cost more counts as this much, in the "
            "baseline periods as in the settled year; 'none': every euro of every record counts"
        )
    )
    payer_share_above: Rate = Field(
        description="1: what lies above the truncation is the payer's and does not count at all; less, such "
        "as 0.8: the payer bears that part, and the rest (a fifth) counts as spending after all; without "
        "truncation nothing lies above, say 1"
    )
    out_of_scope: tuple[Text, ...] = ()


class BaselinePeriod(Part):
    """One period of the own history; weights are relative and divided by their sum."""

    period: Period
    weight: Weight


class Trend(Part):
    """Growth from a baseline period to the settled year.

    Attributes
    ----------
    rate : Decimal
        Per year, as a proportion: 0.03 is 3 %. Negative for a shrinking target.
    """

    kind: Literal["rate"] = "rate"
    rate: Number = Field(gt=-1, le=1)
    growth: Literal["compound", "simple"] = Field(
        description="'compound': growth upon growth, two years of 3 % make 6.09 %; "
        "'simple': years times the rate, two years of 3 % make 6 %"
    )


class GroupTrend(Part):
    """Growth as the spending per record of a comparison group grew over the same years."""

    kind: Literal["comparison-group"]


def _kind(value: Any) -> str:
    kind = value.get("kind", "rate") if isinstance(value, dict) else getattr(value, "kind", value)
    return f"kind {kind}"


AnyTrend = Annotated[
    Annotated[Trend, Tag("kind rate")] | Annotated[GroupTrend, Tag("kind comparison-group")],
    Discriminator(_kind),
]


class CaseMix(Part):
    """The target follows the risk of the population: it is multiplied by risk now over risk then.

    Attributes
    ----------
    limit : Decimal or 'none'
        Largest change that counts: 0.03 lets the ratio go to 1.03 at most.
    column : str or None
        Column of the spending dataset with the risk of each record, of which the mean counts.
    indicator : str or None
        Indicator whose expected value of each record is its risk, by a case-mix model of a fixed period (its
        ``estimators.reference``), so that only the population can change it. The mean is over the records
        that count for the indicator. Without column and indicator the mean is delivered.
    """

    limit: Annotated[Annotated[Rate, AMOUNT] | Annotated[Literal["none"], WORD], AMOUNT_OR_WORD] = Field(
        description="a rate, such as 0.03: the risk ratio counts up to that change; 'none': in full"
    )
    column: ColumnName | None = None
    indicator: Id | None = None
    limited: Literal["growth", "both-ways"] = Field(
        description="'growth': only a rising risk is limited, a falling one lowers the target in full; "
        "'both-ways': a fall is limited just the same"
    )

    @model_validator(mode="after")
    def _one_risk(self) -> Self:
        if self.column is not None and self.indicator is not None:
            raise fault_at("the risk is in a column or follows from an indicator, not both", "indicator")
        return self


_RATES_OF = (
    "'target-after-discount': a threshold, cap, limit, bonus, withhold or corridor that is a part of the "
    "target is a part of what the discount leaves of it; a part of the target before the discount, which "
    "is another amount, is not offered"
)


class _Target(Part):
    """What all targets share.

    Attributes
    ----------
    path : dict of str to Decimal or None
        Growth path: factor by which the target of a contract year is multiplied, 0.98 for 2 % less.
    discount : rule or None
        Part of the target that the payer keeps beforehand, as a function of quality.
    rates_of : str or None
        With a discount: of which target the other rates of the contract are.
    """

    path: dict[Period, Weight] | None = None
    discount: DiscountByQuality | None = None
    rates_of: Literal["target-after-discount"] | None = Field(default=None, description=_RATES_OF)

    def _open_words(self) -> Iterator[tuple[str, str]]:
        if self.discount is not None and self.rates_of is None:
            yield "rates_of", _RATES_OF

    @model_validator(mode="after")
    def _rates_of_a_discount(self) -> Self:
        if self.discount is None and self.rates_of is not None:
            raise fault_at("this says of which target rates are, and there is no 'discount'", "rates_of")
        return self


class _RiskTarget(_Target):
    """A target that may follow the risk of the population."""

    case_mix: CaseMix | None = None


class OwnHistory(_RiskTarget):
    """The target is what the participant itself spent before, brought to the settled year."""

    kind: Literal["own-history"]
    basis: Literal["per-record", "total"] = Field(
        description="'per-record': weighted mean of the spending per record, times the records of the "
        "settled year, so that more births raise the target; "
        "'total': weighted mean of the total spending, whatever the number of births"
    )
    baseline: list[BaselinePeriod] = Field(min_length=1)
    trend: AnyTrend

    @model_validator(mode="after")
    def _each_period_once(self) -> Self:
        placed = ((part.period, ("baseline", number, "period")) for number, part in enumerate(self.baseline))
        once(placed, "baseline period")
        return self


class ComparisonGroup(_RiskTarget):
    """The target is what a comparison group spent per record in the same year, times the own records."""

    kind: Literal["comparison-group"]

    @property
    def baseline(self) -> list[BaselinePeriod]:
        """None: a comparison is within the year."""
        return []


class Blend(_Target):
    """Part own history and part comparison group."""

    kind: Literal["blend"]
    own_weight: Rate
    own: OwnHistory
    group: ComparisonGroup

    @model_validator(mode="after")
    def _discount_once(self) -> Self:
        for name, part in (("own", self.own), ("group", self.group)):
            for field in ("discount", "path"):
                if getattr(part, field) is not None:
                    raise fault_at("this is for the whole target; put it under 'target'", name, field)
        return self

    @property
    def baseline(self) -> list[BaselinePeriod]:
        """Periods of the own history."""
        return self.own.baseline


class Stated(_RiskTarget):
    """The target is an amount in the contract: a bundle price, a norm cost, a budget, a revenue target."""

    kind: Literal["stated"]
    basis: Literal["per-record", "total"] = Field(
        description="'per-record': the amount is for each record, so that more records raise the target; "
        "'total': the amount is for all, whatever the number of records"
    )
    amounts: dict[Period, Euros] = Field(min_length=1)

    @property
    def baseline(self) -> list[BaselinePeriod]:
        """None: the amount was agreed."""
        return []


class Delivered(_Target):
    """The target of the year is drawn up outside this contract and delivered with the facts."""

    kind: Literal["delivered"]

    @property
    def baseline(self) -> list[BaselinePeriod]:
        """None: it comes as one amount."""
        return []


Target = Annotated[OwnHistory | ComparisonGroup | Blend | Stated | Delivered, Field(discriminator="kind")]


class ProjectCosts(Part):
    """What the project cost is taken off the saving first.

    Attributes
    ----------
    at_most : Decimal or None
        Euros a year; costs above it are the participant's own.
    """

    at_most: Euros | None = None
    threshold_judges: Literal["net-saving", "gross-saving"] = Field(
        description="'net-saving': the saving after project costs must pass the threshold; "
        "'gross-saving': the saving before them must pass it"
    )


class Rebasing(Part):
    """The target after the term, from the own spending in its years.

    Attributes
    ----------
    weights : list of Decimal
        One for each contract year, oldest first; relative.
    add_back : Decimal
        Part of the mean yearly payment that is put on top, so that who saved is not punished for it by a
        lower target; 0 for none.
    """

    basis: Literal["per-record", "total"] = Field(
        description="'per-record': mean of the spending per record; 'total': mean of the total spending"
    )
    weights: list[Weight] = Field(min_length=1)
    trend: Trend
    prices_of: Literal["last-year", "year-after"] = Field(
        description="'last-year': earlier years are brought to the price level of the last contract year; "
        "'year-after': to that of the first year after it"
    )
    add_back: Rate = Field(
        description="a part, such as 0.5: that part of the mean yearly payment (what was owed counts as "
        "negative) is put on top of the next target; 0: nothing is"
    )

"""What surrounds the share: bonus, deductions, cap, losses, withhold, rounding."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field, model_validator

from contracts.terms.part import ByYear, Euros, Id, Part, Period, Rate, SomePart, Text, fault_at
from contracts.terms.rates import EarnedByQuality, LossRate
from contracts.terms.threshold import Threshold

COVERS = (
    "'share': the cap holds for the share in the saving and not for the bonus; "
    "'share-and-bonus': for the two together"
)
_PHASE = (
    "'before-limits': the limits cut what is left after the phase-in; "
    "'after-limits': the phase-in takes its part of what the limits left"
)
_REVENUE = (
    "'no-settlement': without the participant's revenue nothing is settled; "
    "'other-limits-only': the limit on revenue is passed over"
)


class BonusSize(Part):
    """The whole bonus: an amount, or a part of the target."""

    rate_of: Literal["target", "none"] = Field(
        description="'target': the whole bonus is 'rate' times the spending target, after any discount; "
        "'none': it is an amount in 'euros'"
    )
    rate: SomePart | None = None
    euros: Euros | None = None

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Self:
        given = (self.rate is not None, self.euros is not None)
        if given != ((True, False) if self.rate_of == "target" else (False, True)):
            raise fault_at("'rate_of: target' needs a 'rate', and 'rate_of: none' needs 'euros'", "rate_of")
        return self


class Bonus(Part):
    """A payment for quality beside the share."""

    size: BonusSize
    earned: EarnedByQuality
    limit: Literal["remaining-saving", "none"] = Field(
        description="'remaining-saving': share and bonus together never exceed the saving; "
        "'none': the bonus is paid whatever was saved"
    )
    without_counted_saving: Literal["paid", "lapses"] = Field(
        description="'paid': the bonus is paid, within its limit, even if the saving does not pass the "
        "threshold; 'lapses': without a saving that counts there is no bonus"
    )


class Deduction(Part):
    """A part that is taken off what was earned; it never touches what is owed."""

    name: Text
    rate: Rate
    when: Literal["before-bonus", "before-cap", "after-cap"] = Field(
        description="'before-bonus': off the share only; 'before-cap': off share and bonus, and then the cap "
        "is held against what is left; 'after-cap': off what the cap left, so that the cap itself is lowered"
    )


class Cap(Part):
    """The most that is paid."""

    rate_of: Literal["target", "none"] = Field(
        description="'target': the payment is at most 'rate' times the spending target, after any discount; "
        "'none': only the saving itself limits the payment"
    )
    rate: ByYear | None = None
    covers: Literal["share", "share-and-bonus"] | None = Field(default=None, description=COVERS)

    @model_validator(mode="after")
    def _rate_where_it_means_something(self) -> Self:
        if (self.rate is None) != (self.rate_of == "none"):
            raise fault_at("'rate_of: target' needs a 'rate', and 'rate_of: none' has none", "rate_of")
        return self


class LossLimit(Part):
    """The most that is owed; of several limits the lowest holds.

    Attributes
    ----------
    when : str or None
        The limit holds only if this was found.
    unless : str or None
        The limit holds only if this was not found.
    """

    rate_of: Literal["target", "revenue"] = Field(
        description="'target': at most 'rate' times the spending target, after any discount (a collar); "
        "'revenue': at most 'rate' times the participant's revenue"
    )
    rate: ByYear
    when: Id | None = None
    unless: Id | None = None

    @model_validator(mode="after")
    def _may_hold(self) -> Self:
        if self.when is not None and self.when == self.unless:
            raise fault_at(f"'{self.when}' is 'when' too, so that this limit never holds", "unless")
        return self


class Losses(Part):
    """The participant's part in an overspending."""

    threshold: Threshold
    rate: LossRate
    phase_in: dict[Period, Rate] | None = None
    phase: Literal["before-limits", "after-limits"] | None = Field(default=None, description=_PHASE)
    limits: list[LossLimit]
    revenue_unknown: Literal["no-settlement", "other-limits-only"] | None = Field(
        default=None, description=_REVENUE
    )
    relief: Literal["none", "as-established"] = Field(
        description="'none': what is owed is owed; 'as-established': an amount that was established for the "
        "year (a disaster, say) is taken off what is owed, after the limits"
    )

    @property
    def limited_by_revenue(self) -> bool:
        """Whether any limit is on the participant's revenue."""
        return any(limit.rate_of == "revenue" for limit in self.limits)

    def _open_words(self) -> Iterator[tuple[str, str]]:
        if self.phase_in is not None and self.phase is None:
            yield "phase", _PHASE
        if self.limited_by_revenue and self.revenue_unknown is None:
            yield "revenue_unknown", _REVENUE

    @model_validator(mode="after")
    def _each_limit_once(self) -> Self:
        seen = []
        for number, limit in enumerate(self.limits):
            kind = (limit.rate_of, limit.when, limit.unless)
            if kind in seen:
                message = f"there is a limit on {limit.rate_of} on the same conditions before this one"
                raise fault_at(message, "limits", number)
            seen.append(kind)
        return self

    @model_validator(mode="after")
    def _no_word_too_many(self) -> Self:
        if self.phase_in is None and self.phase is not None:
            raise fault_at("this says when the phase-in works, and there is no 'phase_in'", "phase")
        if not self.limited_by_revenue and self.revenue_unknown is not None:
            raise fault_at("this is for a limit on revenue, and there is none", "revenue_unknown")
        if self.threshold.below is not None:
            message = "this is for savings; an overspending below the threshold costs nothing"
            raise fault_at(message, "threshold", "below")
        return self


class Suspension(Part):
    """Something that, once found, keeps a year from counting."""

    when: Id
    covers: Literal["savings", "savings-and-losses"] = Field(
        description="'savings': no saving counts, and an overspending still does; "
        "'savings-and-losses': neither counts"
    )


class Withhold(Part):
    """A part of the target that is held back and earned by quality, whatever was saved."""

    rate: ByYear
    earned: EarnedByQuality
    settled_as: Literal["returned", "charged"] = Field(
        description="'returned': the money was held back during the year, and the settlement pays back what "
        "was earned; 'charged': nothing was held back, and the settlement charges what was not earned"
    )


class Rounding(Part):
    """How the payment becomes an amount that can be transferred."""

    unit: Literal["cent", "euro"] = Field(
        description="'cent': the payment is rounded to whole cents; 'euro': to whole euros"
    )
    mode: Literal["half-up"] = Field(
        description="'half-up': half a unit goes up, for what is owed just as for what is paid; half to the "
        "even unit, as bankers do, is not offered"
    )
    when: Literal["once-at-the-end"] = Field(
        description="'once-at-the-end': only the payment is rounded; rounding every step, which gives "
        "another payment, is not offered"
    )

"""A line of the ledger, and the book in which the lines are written one after another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

from contracts.canonical import plain, shown
from contracts.money import Currency
from contracts.terms.part import Text

Unit = Literal["eur", "rate", "points"]
Value = Decimal | int | str


@dataclass(frozen=True, slots=True)
class StepInput:
    """A value that goes into a step.

    Attributes
    ----------
    value : Decimal, int or str
        Decimals as amounts of euros, rates or points.
    source : str
        ``contract:`` and the field, ``inputs:`` and the fact, ``quality:`` and the indicator, or ``step:``
        and the key of an earlier step; ``step:running`` is the running amount before this step.
    """

    value: Value
    source: str


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the ledger.

    Attributes
    ----------
    key : str
        Always there: ``target``, ``actual``, ``saving``, ``savings_rate``, ``threshold``, ``counted``,
        ``quality``, ``share``, ``shared``, ``cap`` and ``payment``. Where the contract has them:
        ``benchmark`` and ``discount``, ``project_costs``, ``bonus``, ``deduction-1`` and so on, ``phase_in``,
        ``relief``, ``withhold``.
    name, formula : Text
        In Dutch and English.
    inputs : mapping of str to StepInput
        What the formula was applied to.
    amount : Decimal
        What the step yields.
    unit : str
        ``eur``, money in the currency of the contract; ``rate``, a proportion; or ``points``, the quality
        score from 0 to 1.
    effect : Decimal
        Euros that the step adds to the running amount. The effects of all steps sum exactly to the payment;
        after ``saving``, ``counted``, ``shared``, ``cap`` and ``payment`` the running amount is the amount of
        the step.
    """

    key: str
    name: Text
    formula: Text
    inputs: Mapping[str, StepInput]
    amount: Decimal
    unit: Unit
    effect: Decimal

    def to_dict(self, currency: Currency) -> dict[str, Any]:
        """Json-safe, decimals as text; the unit of money is that of the contract: ``eur`` or ``usd``."""
        return {
            "key": self.key,
            "name": self.name.model_dump(),
            "formula": self.formula.model_dump(),
            "inputs": {
                name: {"value": plain(given.value), "source": given.source}
                for name, given in self.inputs.items()
            },
            "amount": plain(self.amount),
            "unit": currency.lower() if self.unit == "eur" else self.unit,
            "effect": plain(self.effect),
        }


@dataclass(slots=True)
class Book:
    """The ledger while it is written; amounts are exact, and shown with twelve digits behind the point.

    Attributes
    ----------
    steps : list of Step
        Written so far.
    amounts : dict of str to Fraction
        Exact amount of each step.
    running : Fraction
        The money so far: target, then saving, then what of it is earned.
    """

    steps: list[Step] = field(default_factory=list)
    amounts: dict[str, Fraction] = field(default_factory=dict)
    running: Fraction = Fraction(0)

    def write(
        self,
        key: str,
        amount: Fraction,
        *,
        words: tuple[Text, Text],
        inputs: Mapping[str, StepInput],
        unit: Unit = "eur",
        running: Fraction | None = None,
    ) -> None:
        """Write a line; ``running`` is the money after it, where it changes."""
        after = self.running if running is None else running
        # differences of shown amounts, so that what is seen adds up to the last digit
        effect = shown(Fraction(shown(after)) - Fraction(shown(self.running)))
        self.running = after
        self.amounts[key] = amount
        self.steps.append(Step(key, *words, inputs, shown(amount), unit, effect))

    def earlier(self, *keys: str) -> dict[str, StepInput]:
        """Amounts of earlier lines, as inputs of a later one."""
        return {key: StepInput(shown(self.amounts[key]), f"step:{key}") for key in keys}


def from_contract(field: str, value: Value) -> StepInput:
    """Make an input that stands in the contract."""
    return StepInput(value, f"contract:{field}")


def from_facts(field: str, value: Value) -> StepInput:
    """Make an input that was delivered."""
    return StepInput(value, f"inputs:{field}")

"""The settlement: an ordered list of steps from spending target to payment.

All arithmetic is exact (fractions of the decimals that go in), so nothing is rounded on the way and a saving
that lies exactly at the threshold is found there. Amounts come out as decimals: the payment in whole units,
the steps before it shown with twelve digits behind the point.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

from contracts.canonical import plain, sha256_of, shown
from contracts.contract import Contract, Participant, Rounding, Text
from contracts.inputs import SettlementInputs, check_inputs
from contracts.quality import QualityScore, quality_score
from contracts.target import spending_target
from contracts.wording import NAMES, formulas

Unit = Literal["eur", "rate", "points"]
_UNITS = {"cent": Fraction(1, 100), "euro": Fraction(1)}


@dataclass(frozen=True, slots=True)
class StepInput:
    """A value that goes into a step.

    Attributes
    ----------
    value : Decimal, int or str
        Decimals as amounts of euros, rates or points.
    source : str
        ``contract:`` and the field, ``inputs:`` and the fact, ``quality:`` and the indicator, or ``step:``
        and the key of an earlier step.
    """

    value: Decimal | int | str
    source: str


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the ledger.

    Attributes
    ----------
    key : str
        ``target``, ``actual``, ``saving``, ``savings_rate``, ``threshold``, ``counted``, ``quality``,
        ``share``, ``shared``, ``cap`` or ``payment``.
    name, formula : Text
        In Dutch and English.
    inputs : mapping of str to StepInput
        What the formula was applied to.
    amount : Decimal
        What the step yields.
    unit : str
        ``eur``; ``rate``, a proportion; or ``points``, the quality score from 0 to 1.
    effect : Decimal
        Euros that the step adds to the running amount. The effects of all steps sum exactly to the payment;
        after ``saving``, ``counted``, ``shared``, ``cap`` and ``payment`` the running amount is the amount of
        the step (to the last digit shown).
    """

    key: str
    name: Text
    formula: Text
    inputs: Mapping[str, StepInput]
    amount: Decimal
    unit: Unit
    effect: Decimal

    def to_dict(self) -> dict[str, Any]:
        """Json-safe, decimals as text."""
        return {
            "key": self.key,
            "name": self.name.model_dump(),
            "formula": self.formula.model_dump(),
            "inputs": {
                name: {"value": plain(given.value), "source": given.source}
                for name, given in self.inputs.items()
            },
            "amount": plain(self.amount),
            "unit": self.unit,
            "effect": plain(self.effect),
        }


@dataclass(frozen=True, slots=True)
class Settlement:
    """The ledger of one contract and one period.

    Attributes
    ----------
    contract, version, period : str
        What was settled.
    payer : str
        Who pays.
    participant : Participant
        Who receives.
    inputs : SettlementInputs
        The facts it follows from.
    quality : QualityScore
        With a line per indicator.
    steps : tuple of Step
        In order; the last one is the payment.
    payment : Decimal
        Euros, at least 0, never more than the saving.
    hash : str
        SHA-256 of contract and inputs: equal hashes give equal settlements.
    """

    contract: str
    version: str
    period: str
    payer: str
    participant: Participant
    inputs: SettlementInputs
    quality: QualityScore
    steps: tuple[Step, ...]
    payment: Decimal
    hash: str

    def step(self, key: str) -> Step:
        """The step with a key; ``KeyError`` if there is none."""
        return {step.key: step for step in self.steps}[key]

    def to_dict(self) -> dict[str, Any]:
        """Json-safe, decimals as text."""
        return {
            "contract": self.contract,
            "version": self.version,
            "period": self.period,
            "currency": "EUR",
            "payer": self.payer,
            "participant": self.participant.model_dump(),
            "payment": format(self.payment, "f"),
            "quality": self.quality.to_dict(),
            "steps": [step.to_dict() for step in self.steps],
            "inputs": self.inputs.to_dict(),
            "hash": self.hash,
        }


@dataclass(frozen=True, slots=True)
class _Amounts:
    """The exact amounts of a settlement; euros, except the three rates."""

    target: Fraction
    actual: Fraction
    saving: Fraction
    savings_rate: Fraction
    threshold: Fraction
    counted: Fraction
    quality: Fraction
    share: Fraction
    shared: Fraction
    cap: Fraction
    payment: Fraction


def settle(contract: Contract, inputs: SettlementInputs) -> Settlement:
    """Settle one period of a one-sided shared-savings contract.

    ``payment = min((base + (full - base) Q) G, cap B)``, with target ``B``, quality score ``Q`` and the
    saving that counts ``G``: the saving ``D`` (gate) or ``D - m B`` (deductible) if it passes the threshold
    ``m``, else 0.

    Parameters
    ----------
    contract : Contract
    inputs : SettlementInputs

    Returns
    -------
    Settlement

    Raises
    ------
    SettlementError
        If the inputs do not fit the contract: another period, a missing baseline or indicator, a number
        that is negative or not finite, money that is not a decimal; or if no indicator is left to score.
    """
    check_inputs(contract, inputs)
    quality = quality_score(contract.quality, inputs.results)
    amounts = _amounts(contract, inputs, quality.score)
    return Settlement(
        contract=contract.contract,
        version=contract.version,
        period=inputs.period,
        payer=contract.parties.payers[0],
        participant=contract.parties.participant,
        inputs=inputs,
        quality=quality,
        steps=_steps(contract, inputs, quality, amounts),
        payment=_in_units(amounts.payment, contract.rounding),
        hash=sha256_of({"contract": contract.model_dump(), "inputs": inputs.to_dict()}),
    )


def _amounts(contract: Contract, inputs: SettlementInputs, quality: Fraction) -> _Amounts:
    target = spending_target(contract.target, inputs)
    actual = Fraction(inputs.spending)
    saving = target - actual
    threshold = Fraction(contract.threshold.rate) * target
    counted = _counted(contract, inputs, saving=saving, threshold=threshold)
    base, full = Fraction(contract.share.base), Fraction(contract.share.at_full_quality)
    share = base + (full - base) * quality
    shared = share * counted
    capped = shared if contract.cap.rate is None else min(shared, Fraction(contract.cap.rate) * target)
    return _Amounts(
        target=target,
        actual=actual,
        saving=saving,
        savings_rate=saving / target,
        threshold=threshold,
        counted=counted,
        quality=quality,
        share=share,
        shared=shared,
        cap=capped,
        payment=_rounded(capped, rounding=contract.rounding, saving=saving),
    )


def _counted(
    contract: Contract, inputs: SettlementInputs, *, saving: Fraction, threshold: Fraction
) -> Fraction:
    inclusive = contract.threshold.passes_when == "at_or_above"
    passes = saving >= threshold if inclusive else saving > threshold
    if not passes or inputs.records < contract.population.minimum_records:
        return Fraction(0)
    return saving if contract.threshold.mode == "gate" else saving - threshold


def _rounded(amount: Fraction, *, rounding: Rounding, saving: Fraction) -> Fraction:
    unit = _UNITS[rounding.unit]
    rounded = (amount / unit + Fraction(1, 2)).__floor__() * unit
    # a share of 1 of a saving of 0.6 euro would round to 1 euro, more than was saved
    return rounded if rounded <= max(saving, Fraction(0)) else amount // unit * unit


def _in_units(payment: Fraction, rounding: Rounding) -> Decimal:
    return shown(payment, digits=2 if rounding.unit == "cent" else 0)


def _steps(
    contract: Contract, inputs: SettlementInputs, quality: QualityScore, amounts: _Amounts
) -> tuple[Step, ...]:
    units: dict[str, Unit] = {"savings_rate": "rate", "quality": "points", "share": "rate"}
    given = {
        **_spending_inputs(contract, inputs, amounts),
        **_sharing_inputs(contract, inputs, quality, amounts),
    }
    words, effects = formulas(contract), _effects(amounts)
    return tuple(
        Step(
            key=key,
            name=name,
            formula=words[key],
            inputs=given[key],
            amount=shown(getattr(amounts, key)),
            unit=units.get(key, "eur"),
            effect=effects.get(key, Decimal(0)),
        )
        for key, name in NAMES.items()
    )


def _effects(amounts: _Amounts) -> dict[str, Decimal]:
    effects = {
        "target": shown(amounts.target),
        "actual": shown(-amounts.actual),
        "counted": shown(amounts.counted - amounts.saving),
        "shared": shown(amounts.shared - amounts.counted),
        "cap": shown(amounts.cap - amounts.shared),
    }
    # the payment's effect is its rounding, with what showing twelve digits left of the steps before
    rest = amounts.payment - sum(map(Fraction, effects.values()))
    return {**effects, "payment": shown(rest)}


def _spending_inputs(
    contract: Contract, inputs: SettlementInputs, amounts: _Amounts
) -> dict[str, dict[str, StepInput]]:
    baselines = {
        f"{what} {baseline.period}": StepInput(value, f"inputs:baselines.{baseline.period}.{what}")
        for baseline in inputs.baselines
        for what, value in (("records", baseline.records), ("spending", baseline.spending))
    }
    weights = {
        f"weight {part.period}": StepInput(part.weight, "contract:target.baseline")
        for part in contract.target.baseline
    }
    return {
        "target": {
            **baselines,
            **weights,
            "trend": StepInput(contract.target.trend.rate, "contract:target.trend.rate"),
            "records": StepInput(inputs.records, "inputs:records"),
        },
        "actual": {
            "spending": StepInput(inputs.spending, "inputs:spending"),
            "truncation": StepInput(contract.spending.truncation, "contract:spending.truncation"),
        },
        "saving": _earlier(amounts, "target", "actual"),
        "savings_rate": _earlier(amounts, "saving", "target"),
        "threshold": {
            "rate": StepInput(contract.threshold.rate, "contract:threshold.rate"),
            **_earlier(amounts, "target"),
        },
    }


def _sharing_inputs(
    contract: Contract, inputs: SettlementInputs, quality: QualityScore, amounts: _Amounts
) -> dict[str, dict[str, StepInput]]:
    share, cap = contract.share, contract.cap
    limit = {} if cap.rate is None else {"rate": StepInput(cap.rate, "contract:cap.rate")}
    return {
        "counted": {
            **_earlier(amounts, "saving", "threshold"),
            "mode": StepInput(contract.threshold.mode, "contract:threshold.mode"),
            "passes_when": StepInput(contract.threshold.passes_when, "contract:threshold.passes_when"),
            "records": StepInput(inputs.records, "inputs:records"),
            "minimum_records": StepInput(
                contract.population.minimum_records, "contract:population.minimum_records"
            ),
        },
        "quality": {
            line.indicator: StepInput(shown(line.points), f"quality:{line.indicator}")
            for line in quality.lines
        },
        "share": {
            "base": StepInput(share.base, "contract:share.base"),
            "at_full_quality": StepInput(share.at_full_quality, "contract:share.at_full_quality"),
            **_earlier(amounts, "quality"),
        },
        "shared": _earlier(amounts, "share", "counted"),
        "cap": {**_earlier(amounts, "shared", "target"), **limit},
        "payment": {
            **_earlier(amounts, "cap", "saving"),
            "unit": StepInput(contract.rounding.unit, "contract:rounding.unit"),
            "mode": StepInput(contract.rounding.mode, "contract:rounding.mode"),
        },
    }


def _earlier(amounts: _Amounts, *keys: str) -> dict[str, StepInput]:
    return {key: StepInput(shown(getattr(amounts, key)), f"step:{key}") for key in keys}

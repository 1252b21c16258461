"""The settlement: an ordered list of steps from spending target to payment.

All arithmetic is exact (fractions of the decimals that go in), so nothing is rounded on the way and a saving
that lies exactly at the threshold is found there. Amounts come out as decimals: the payment in whole units,
the steps before it shown with twelve digits behind the point.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

from contracts.canonical import sha256_of, shown
from contracts.checks import check_inputs
from contracts.contract import Contract
from contracts.distribution import UNITS, Portion, distribute, split
from contracts.gains import in_year, write_counted_gain, write_gain
from contracts.inputs import SettlementError, SettlementInputs, Size
from contracts.losses import write_counted_loss, write_loss
from contracts.money import Currency
from contracts.quality import QualityScore, quality_score
from contracts.rates import others, rate_at
from contracts.saving import Saving, judge, stopped, write_saving, write_threshold
from contracts.steps import Book, Step, StepInput, from_contract
from contracts.terms.parties import Participant
from contracts.terms.sharing import Losses, Rounding
from contracts.wording import words

Kind = Literal["final", "interim"]


@dataclass(frozen=True, slots=True)
class Settlement:
    """The ledger of one contract, one period and one payer.

    Attributes
    ----------
    contract, version, period : str
        What was settled.
    payer : str
        Who pays.
    participant : Participant
        Who receives.
    kind : str
        ``final``, or ``interim``: on spending that is not complete yet.
    inputs : SettlementInputs
        The facts it follows from.
    quality : QualityScore
        With a line per indicator.
    steps : tuple of Step
        In order; the last one is the payment.
    payment : Decimal
        Euros; negative where the participant owes. Never more than the saving, nor is more owed than was
        overspent, but for a bonus without limit and for a withhold.
    portions : tuple of Portion
        The payment by participating provider, where the contract distributes; they sum to it.
    others : tuple of Portion
        What the other parties get of a saving that falls in parts; with the payment they sum to what counts.
    currency : str
        Of all amounts, as the contract has it; the documentation says euros.
    contract_hash : str
        SHA-256 of the contract.
    hash : str
        SHA-256 of contract, payer and inputs: equal hashes give equal settlements.
    """

    contract: str
    version: str
    period: str
    payer: str
    participant: Participant
    kind: Kind
    inputs: SettlementInputs
    quality: QualityScore
    steps: tuple[Step, ...]
    payment: Decimal
    portions: tuple[Portion, ...]
    others: tuple[Portion, ...]
    currency: Currency
    contract_hash: str
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
            "currency": self.currency,
            "payer": self.payer,
            "participant": self.participant.model_dump(),
            "kind": self.kind,
            "payment": format(self.payment, "f"),
            "portions": [portion.to_dict() for portion in self.portions],
            "others": [portion.to_dict() for portion in self.others],
            "quality": self.quality.to_dict(),
            "steps": [step.to_dict(self.currency) for step in self.steps],
            "inputs": self.inputs.to_dict(),
            "contract_hash": self.contract_hash,
            "hash": self.hash,
        }


def settle(contract: Contract, inputs: SettlementInputs) -> Settlement:
    """Settle one period of a contract with one payer.

    A saving ``D`` (target ``B`` minus spending minus project costs) that passes the threshold ``m`` pays
    ``min(r G + bonus, cap B)`` with ``G = D`` (gate) or ``D - m B`` (deductible) and the rate ``r`` that
    quality and the size of the saving give it; deductions stand where the contract puts them. An overspending
    that passes costs ``phase min(l |G|, limits) - relief``. A withhold comes on top. Rounded once.

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
        that is negative or not finite, money that is not a decimal; if no indicator is left to score; or if
        the contract has several payers, see ``contracts.payers``.
    """
    payers = contract.parties.payers
    if len(payers) > 1:
        raise SettlementError(
            [f"payers: {', '.join(payers)}; with several payers each has its own facts, see settle_payers"]
        )
    return settle_one(contract, inputs, payer=payers[0])


def settle_one(
    contract: Contract, inputs: SettlementInputs, *, payer: str, pool: Saving | None = None
) -> Settlement:
    """Settle the part of one payer; ``pool`` is the saving of all together, where that is judged."""
    check_inputs(contract, inputs)
    _check_size(contract, pool.records if pool else inputs.records)
    quality = quality_score(contract.quality, inputs.results)
    book = Book()
    saving = write_saving(book, contract, inputs, quality, payer=payer)
    _write_sharing(book, contract, inputs, saving=saving, pool=pool, quality=quality)
    _write_withhold(book, contract, inputs, quality)
    payment = _write_payment(book, contract, saving)
    return Settlement(
        contract=contract.contract,
        version=contract.version,
        period=inputs.period,
        payer=payer,
        participant=contract.parties.participant,
        kind="final" if inputs.interim is None else "interim",
        inputs=inputs,
        quality=quality,
        steps=tuple(book.steps),
        payment=payment,
        portions=distribute(payment, contract.distribution, inputs, contract.rounding),
        others=_others(contract, book, payment),
        currency=contract.currency,
        contract_hash=contract.hash,
        hash=sha256_of({"contract": contract.hash, "payer": payer, "inputs": inputs.to_dict()}),
    )


def _check_size(contract: Contract, records: Size) -> None:
    population = contract.population
    if population.below_minimum == "no-settlement" and records < population.minimum_records:
        raise SettlementError(
            [
                f"records: {records} is fewer than the {population.minimum_records} that the contract "
                "asks for, and it says 'below_minimum: no-settlement'"
            ]
        )


def _write_sharing(
    book: Book,
    contract: Contract,
    inputs: SettlementInputs,
    *,
    saving: Saving,
    pool: Saving | None,
    quality: QualityScore,
) -> None:
    losses = contract.losses
    overspent = isinstance(losses, Losses) and saving.net < 0
    terms = losses.threshold if isinstance(losses, Losses) and overspent else contract.threshold
    judged = pool or saving
    passed = judge(contract, terms, inputs, judged, overspent=overspent)
    threshold = write_threshold(book, contract, terms, passed, pool=pool)
    if isinstance(losses, Losses) and overspent:
        write_counted_loss(book, contract, losses, saving=saving, threshold=threshold, passed=passed)
    else:
        write_counted_gain(book, contract, inputs, saving=saving, threshold=threshold, passed=passed)
    _write_quality(book, contract, quality)
    if isinstance(losses, Losses) and overspent:
        write_loss(book, contract, losses, inputs, saving=saving, quality=quality)
    else:
        write_gain(
            book,
            contract,
            inputs,
            saving=saving,
            passed=passed,
            quality=quality,
            stopped=stopped(contract, inputs, judged.records, overspent=False),
        )


def _write_quality(book: Book, contract: Contract, quality: QualityScore) -> None:
    points = {
        line.indicator: StepInput(shown(line.points), f"quality:{line.indicator}") for line in quality.lines
    }
    missed = {f"missed {name}": StepInput("yes", f"quality:{name}") for name in quality.missed}
    book.write(
        "quality",
        quality.score,
        words=words(contract, "quality"),
        inputs={**points, **missed},
        unit="points",
    )


def _write_withhold(book: Book, contract: Contract, inputs: SettlementInputs, quality: QualityScore) -> None:
    withhold = contract.withhold
    if withhold is None:
        return
    held = in_year(withhold.rate, inputs.period) * book.amounts["target"]
    earned = rate_at(
        withhold.earned, quality=quality.score, savings_rate=Fraction(0), findings=inputs.findings
    )
    amount = held * earned if withhold.settled_as == "returned" else -held * (1 - earned)
    book.write(
        "withhold",
        amount,
        words=words(contract, "withhold"),
        inputs={
            "held": from_contract("withhold.rate", shown(held)),
            "earned": from_contract("withhold.earned", shown(earned)),
            "lost": from_contract("withhold.earned", shown(held * (1 - earned))),
            **book.earlier("target", "quality"),
        },
        running=book.running + amount,
    )


def _write_payment(book: Book, contract: Contract, saving: Saving) -> Decimal:
    exact = book.running
    payment = rounded(exact, contract.rounding, within=saving.net)
    book.write(
        "payment",
        payment,
        words=words(contract, "payment", loss=payment < 0),
        inputs={
            "before rounding": StepInput(shown(exact), "step:running"),
            **book.earlier("saving"),
            "unit": from_contract("rounding.unit", contract.rounding.unit),
            "mode": from_contract("rounding.mode", contract.rounding.mode),
        },
        running=payment,
    )
    return shown(payment, digits=2 if contract.rounding.unit == "cent" else 0)


def rounded(amount: Fraction, rounding: Rounding, *, within: Fraction) -> Fraction:
    """Round to whole units, a half away from zero, but not past the saving (or overspending) itself."""
    unit = UNITS[rounding.unit]
    sign = -1 if amount < 0 else 1
    size, bound = abs(amount), max(within * sign, Fraction(0))
    whole = (size / unit + Fraction(1, 2)).__floor__() * unit
    # a share of 1 of a saving of 0.6 euro would round to 1 euro, more than was saved
    if size <= bound < whole:
        whole = size // unit * unit
    return sign * whole


def _others(contract: Contract, book: Book, payment: Decimal) -> tuple[Portion, ...]:
    parts = others(contract.share)
    if not parts or book.amounts["counted"] <= 0:
        return ()
    unit = UNITS[contract.rounding.unit]
    left = rounded(book.amounts["counted"], contract.rounding, within=book.amounts["counted"])
    return split(left - Fraction(payment), parts.items(), unit=unit)

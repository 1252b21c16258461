"""The participant's part of a saving: share, bonus, deductions, cap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from contracts.canonical import shown
from contracts.contract import Contract
from contracts.inputs import SettlementInputs
from contracts.quality import QualityScore
from contracts.rates import rate_at
from contracts.saving import Passed, Saving
from contracts.steps import Book, StepInput, from_contract, from_facts
from contracts.terms.part import Period
from contracts.terms.rates import Cases, Linear
from contracts.terms.sharing import Bonus
from contracts.wording import deduction_words, words


@dataclass(slots=True)
class _Earned:
    """What was earned so far; euros."""

    share: Fraction
    bonus: Fraction = Fraction(0)

    @property
    def total(self) -> Fraction:
        return self.share + self.bonus


def write_counted_gain(
    book: Book,
    contract: Contract,
    inputs: SettlementInputs,
    *,
    saving: Saving,
    threshold: Fraction,
    passed: Passed,
) -> Fraction:
    """Write and give the saving that counts, at least 0."""
    counted = Fraction(0)
    if passed.reduced or (passed.passed and contract.threshold.mode == "gate"):
        counted = max(saving.net, Fraction(0))
    elif passed.passed:
        counted = max(saving.net - threshold, Fraction(0))
    names = [suspension.when for suspension in contract.suspended]
    findings = {name: from_facts(f"findings.{name}", _yes(inputs, name)) for name in names}
    book.write(
        "counted",
        counted,
        words=words(contract, "counted"),
        inputs={
            **book.earlier("saving", "threshold"),
            "mode": from_contract("threshold.mode", contract.threshold.mode),
            "passes_when": from_contract("threshold.passes_when", contract.threshold.passes_when),
            "records": from_facts("records", inputs.records),
            "minimum_records": from_contract(
                "population.minimum_records", contract.population.minimum_records
            ),
            **findings,
        },
        running=counted,
    )
    return counted


def write_gain(
    book: Book,
    contract: Contract,
    inputs: SettlementInputs,
    *,
    saving: Saving,
    passed: Passed,
    quality: QualityScore,
    stopped: bool,
) -> None:
    """Write the lines from quality to cap; the saving that counts is written already."""
    counted = book.amounts["counted"]
    share = _share(contract, inputs, saving=saving, passed=passed, quality=quality, counted=counted)
    book.write(
        "share",
        share,
        words=words(contract, "share"),
        inputs=_share_inputs(book, contract, inputs, passed),
        unit="rate",
    )
    earned = _Earned(share * counted)
    book.write(
        "shared",
        earned.share,
        words=words(contract, "shared"),
        inputs=book.earlier("share", "counted"),
        running=earned.share,
    )
    of_saving = earned.share
    _write_deductions(book, contract, "before-bonus", earned)
    if contract.bonus is not None:
        room = max(saving.net, Fraction(0)) - of_saving
        lapses = stopped or (counted == 0 and contract.bonus.without_counted_saving == "lapses")
        _write_bonus(book, contract, inputs, earned=earned, quality=quality, room=None if lapses else room)
    _write_deductions(book, contract, "before-cap", earned)
    _write_cap(book, contract, inputs, earned, saving.target)
    _write_deductions(book, contract, "after-cap", earned)


def _share(
    contract: Contract,
    inputs: SettlementInputs,
    *,
    saving: Saving,
    passed: Passed,
    quality: QualityScore,
    counted: Fraction,
) -> Fraction:
    if quality.missed and contract.quality.minimum_missed == "no-payment":
        return Fraction(0)
    share = rate_at(
        contract.share,
        quality=quality.score,
        savings_rate=counted / saving.target,
        findings=inputs.findings,
    )
    below = contract.threshold.below
    return share * Fraction(below.share_times) if passed.reduced and below is not None else share


def _share_inputs(
    book: Book, contract: Contract, inputs: SettlementInputs, passed: Passed
) -> dict[str, StepInput]:
    share = contract.share
    given: dict[str, StepInput] = {}
    if isinstance(share, Linear):
        given["base"] = from_contract("share.base", share.base)
        given["at_full_quality"] = from_contract("share.at_full_quality", share.at_full_quality)
    else:
        given["kind"] = from_contract("share.kind", share.kind)
    if isinstance(share, Cases):
        for case in share.cases:
            given[case.when] = from_facts(f"findings.{case.when}", _yes(inputs, case.when))
    if passed.reduced and contract.threshold.below is not None:
        given["share_times"] = from_contract(
            "threshold.below.share_times", contract.threshold.below.share_times
        )
    return {**given, **book.earlier("quality", "counted", "target")}


def _write_bonus(
    book: Book,
    contract: Contract,
    inputs: SettlementInputs,
    *,
    earned: _Earned,
    quality: QualityScore,
    room: Fraction | None,
) -> None:
    bonus = contract.bonus
    assert isinstance(bonus, Bonus)
    size = bonus.size
    whole = Fraction(size.euros or 0)
    if size.rate is not None:
        whole = Fraction(size.rate) * book.amounts["target"]
    rate = rate_at(bonus.earned, quality=quality.score, savings_rate=Fraction(0), findings=inputs.findings)
    amount = Fraction(0) if room is None else whole * rate
    if room is not None and bonus.limit == "remaining-saving":
        amount = min(amount, room)
    earned.bonus = amount
    book.write(
        "bonus",
        amount,
        words=words(contract, "bonus"),
        inputs={
            "whole": from_contract("bonus.size", shown(whole)),
            "earned": from_contract("bonus.earned", shown(rate)),
            "limit": from_contract("bonus.limit", bonus.limit),
            **book.earlier("quality", "saving", "shared"),
        },
        running=earned.total,
    )


def _write_deductions(book: Book, contract: Contract, when: str, earned: _Earned) -> None:
    for number, deduction in enumerate(contract.deductions, start=1):
        if deduction.when != when:
            continue
        rate = Fraction(deduction.rate)
        before = earned.total
        earned.share *= 1 - rate
        earned.bonus *= 1 - rate
        book.write(
            f"deduction-{number}",
            before - earned.total,
            words=deduction_words(deduction),
            inputs={
                "rate": from_contract(f"deductions.{number - 1}.rate", deduction.rate),
                "of": StepInput(shown(before), "step:running"),
            },
            running=earned.total,
        )


def _write_cap(
    book: Book, contract: Contract, inputs: SettlementInputs, earned: _Earned, target: Fraction
) -> None:
    cap = contract.cap
    given = book.earlier("shared", "target")
    if cap.rate is not None:
        rate = in_year(cap.rate, inputs.period)
        given["rate"] = from_contract("cap.rate", shown(rate))
        limit = rate * target
        if cap.covers == "share":
            earned.share = min(earned.share, limit)
        elif earned.total > limit:
            # nothing after the cap tells share from bonus
            earned.share, earned.bonus = limit, Fraction(0)
    book.write("cap", earned.total, words=words(contract, "cap"), inputs=given, running=earned.total)


def in_year(rate: Mapping[Period, object] | object, period: str) -> Fraction:
    """Rate of one year, of a rate that may differ by year."""
    value = rate[period] if isinstance(rate, Mapping) else rate
    return Fraction(str(value))


def _yes(inputs: SettlementInputs, name: str) -> str:
    return "yes" if inputs.findings[name] else "no"

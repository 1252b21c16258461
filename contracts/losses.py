"""The participant's part of an overspending: rate, phase-in, limits, relief. What is owed is negative."""

from __future__ import annotations

from fractions import Fraction

from contracts.canonical import shown
from contracts.contract import Contract
from contracts.gains import in_year
from contracts.inputs import SettlementInputs
from contracts.quality import QualityScore
from contracts.rates import rate_at
from contracts.saving import Passed, Saving
from contracts.steps import Book, StepInput, from_contract, from_facts
from contracts.terms.rates import Cases, Linear
from contracts.terms.sharing import Losses
from contracts.wording import words


def write_counted_loss(
    book: Book, contract: Contract, losses: Losses, *, saving: Saving, threshold: Fraction, passed: Passed
) -> Fraction:
    """Write and give the overspending that counts, at most 0."""
    counted = Fraction(0)
    if passed.passed:
        counted = saving.net if losses.threshold.mode == "gate" else saving.net + threshold
    counted = min(counted, Fraction(0))
    book.write(
        "counted",
        counted,
        words=words(contract, "counted", loss=True),
        inputs={
            **book.earlier("saving", "threshold"),
            "mode": from_contract("losses.threshold.mode", losses.threshold.mode),
            "passes_when": from_contract("losses.threshold.passes_when", losses.threshold.passes_when),
        },
        running=counted,
    )
    return counted


def write_loss(
    book: Book,
    contract: Contract,
    losses: Losses,
    inputs: SettlementInputs,
    *,
    saving: Saving,
    quality: QualityScore,
) -> None:
    """Write the lines from loss rate to what is owed; the overspending that counts is written already."""
    counted = book.amounts["counted"]
    rate = rate_at(
        losses.rate,
        quality=quality.score,
        savings_rate=-counted / saving.target,
        findings=inputs.findings,
    )
    book.write(
        "share",
        rate,
        words=words(contract, "share", loss=True),
        inputs={**_rate_inputs(losses, inputs), **book.earlier("quality", "counted", "target")},
        unit="rate",
    )
    book.write(
        "shared",
        rate * counted,
        words=words(contract, "shared", loss=True),
        inputs=book.earlier("share", "counted"),
        running=rate * counted,
    )
    if losses.phase == "before-limits":
        _write_phase(book, contract, losses, inputs)
    _write_limit(book, contract, losses, inputs, saving.target)
    if losses.phase == "after-limits":
        _write_phase(book, contract, losses, inputs)
    if losses.relief == "as-established":
        relief = min(Fraction(inputs.loss_relief or 0), -book.running)
        book.write(
            "relief",
            relief,
            words=words(contract, "relief"),
            inputs={
                "loss_relief": from_facts("loss_relief", inputs.loss_relief or 0),
                "owed": StepInput(shown(-book.running), "step:running"),
            },
            running=book.running + relief,
        )


def _rate_inputs(losses: Losses, inputs: SettlementInputs) -> dict[str, StepInput]:
    rate = losses.rate
    given: dict[str, StepInput] = {}
    if isinstance(rate, Linear):
        given["base"] = from_contract("losses.rate.base", rate.base)
        given["at_full_quality"] = from_contract("losses.rate.at_full_quality", rate.at_full_quality)
    else:
        given["kind"] = from_contract("losses.rate.kind", rate.kind)
    if isinstance(rate, Cases):
        for case in rate.cases:
            found = "yes" if inputs.findings[case.when] else "no"
            given[case.when] = from_facts(f"findings.{case.when}", found)
    return given


def _write_phase(book: Book, contract: Contract, losses: Losses, inputs: SettlementInputs) -> None:
    assert losses.phase_in is not None
    phase = Fraction(losses.phase_in[inputs.period])
    owed = book.running * phase
    book.write(
        "phase_in",
        owed,
        words=words(contract, "phase_in"),
        inputs={
            "phase": from_contract("losses.phase_in", losses.phase_in[inputs.period]),
            "of": StepInput(shown(book.running), "step:running"),
        },
        running=owed,
    )


def _write_limit(
    book: Book, contract: Contract, losses: Losses, inputs: SettlementInputs, target: Fraction
) -> None:
    """The lowest limit that holds, under the key that the cap has with a saving."""
    owed, binds = -book.running, "none"
    given: dict[str, StepInput] = book.earlier("shared", "target")
    for number, limit in enumerate(losses.limits):
        held = (limit.when is None or inputs.findings[limit.when]) and not (
            limit.unless is not None and inputs.findings[limit.unless]
        )
        base = target if limit.rate_of == "target" else inputs.revenue
        if not held or base is None:
            continue
        rate = in_year(limit.rate, inputs.period)
        given[f"rate of {limit.rate_of}"] = from_contract(f"losses.limits.{number}.rate", shown(rate))
        if limit.rate_of == "revenue":
            given["revenue"] = from_facts("revenue", inputs.revenue or 0)
        if rate * Fraction(base) < owed:
            owed, binds = rate * Fraction(base), limit.rate_of
    given["binds"] = from_contract("losses.limits", binds)
    book.write("cap", -owed, words=words(contract, "cap", loss=True), inputs=given, running=-owed)

"""The first lines of the ledger: from spending target to saving, and whether that passes its threshold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from contracts.canonical import shown
from contracts.contract import Contract
from contracts.inputs import BaselineSpending, SettlementInputs, Size
from contracts.quality import QualityScore
from contracts.rates import rate_at
from contracts.steps import Book, StepInput, Value, from_contract, from_facts
from contracts.target import counted_spending, spending_target
from contracts.terms.sharing import Losses
from contracts.terms.spending import Blend, Delivered, OwnHistory, Stated, Target, Trend
from contracts.terms.threshold import Threshold
from contracts.threshold import passes, threshold_rate
from contracts.wording import words


@dataclass(frozen=True, slots=True)
class Saving:
    """What sharing starts from; euros.

    Attributes
    ----------
    target : Fraction
        After any discount.
    net : Fraction
        Target minus spending minus project costs; negative if there was overspent.
    judged : Fraction
        What the threshold looks at: the net saving, or the saving before project costs.
    records : int or Decimal
        Of the settled period.
    """

    target: Fraction
    net: Fraction
    judged: Fraction
    records: Size


@dataclass(frozen=True, slots=True)
class Passed:
    """Outcome of the threshold.

    Attributes
    ----------
    rate : Fraction
        The threshold as a part of the target.
    passed : bool
        Whether the saving, or the overspending, counts.
    reduced : bool
        It does not pass, and yet earns a reduced share.
    """

    rate: Fraction
    passed: bool
    reduced: bool


def write_saving(
    book: Book,
    contract: Contract,
    inputs: SettlementInputs,
    quality: QualityScore,
    *,
    payer: str | None = None,
) -> Saving:
    """Write the lines from target to savings rate; a payer with a part in all records sees its part named."""
    target = _write_target(book, contract, inputs, quality)
    actual = counted_spending(contract.spending, inputs)
    running = target - actual
    book.write(
        "actual",
        actual,
        words=words(contract, "actual" if inputs.interim is None else "actual_interim"),
        inputs=_actual_inputs(contract, inputs, payer),
        running=running,
    )
    before = ["target", "actual"]
    if contract.project_costs is not None:
        costs = Fraction(inputs.project_costs or 0)
        given = {"project_costs": from_facts("project_costs", inputs.project_costs or 0)}
        if contract.project_costs.at_most is not None:
            costs = min(costs, Fraction(contract.project_costs.at_most))
            given["at_most"] = from_contract("project_costs.at_most", contract.project_costs.at_most)
        net = running - costs
        book.write("project_costs", costs, words=words(contract, "project_costs"), inputs=given, running=net)
        before.append("project_costs")
    else:
        net = running
    book.write("saving", net, words=words(contract, "saving"), inputs=book.earlier(*before), running=net)
    judged = net
    if contract.project_costs is not None and contract.project_costs.threshold_judges == "gross-saving":
        judged = running
    book.write(
        "savings_rate",
        judged / target,
        words=words(contract, "savings_rate"),
        inputs=book.earlier("saving" if judged == net else "actual", "target"),
        unit="rate",
    )
    return Saving(target, net, judged, inputs.records)


def judge(
    contract: Contract, threshold: Threshold, inputs: SettlementInputs, pool: Saving, *, overspent: bool
) -> Passed:
    """Hold the saving, of one payer or of all together, against the threshold.

    Parameters
    ----------
    contract, inputs
        The contract, and the facts (for the choice of a threshold, and what was found).
    threshold : Threshold
        For savings or for losses.
    pool : Saving
        Whose saving and population are judged.
    overspent : bool
        Judge the size of the overspending.
    """
    rate = threshold_rate(threshold.rate, records=pool.records, chosen=inputs.chosen_threshold)
    if stopped(contract, inputs, pool.records, overspent=overspent):
        return Passed(rate, passed=False, reduced=False)
    size = -pool.judged if overspent else pool.judged
    passed = passes(threshold, saving=size, minimum=rate * pool.target)
    below = threshold.below
    reduced = (
        not passed
        and below is not None
        and size > 0
        and pool.records >= below.minimum_records
        and (below.when is None or inputs.findings[below.when])
    )
    return Passed(rate, passed, reduced)


def stopped(contract: Contract, inputs: SettlementInputs, records: Size, *, overspent: bool) -> bool:
    """Whether nothing counts this year: too few records, or something was found that suspends it."""
    suspended = any(
        inputs.findings[suspension.when]
        for suspension in contract.suspended
        if suspension.covers == "savings-and-losses" or not overspent
    )
    return suspended or records < contract.population.minimum_records


def write_threshold(
    book: Book, contract: Contract, threshold: Threshold, passed: Passed, *, pool: Saving | None
) -> Fraction:
    """Write the threshold in euros of this payer's target, and give it.

    Where all payers are judged together (``pool``), their target and saving stand beside it, so that each can
    see why its own saving counts or not.
    """
    overspent = isinstance(contract.losses, Losses) and threshold is contract.losses.threshold
    field = "losses.threshold.rate" if overspent else "threshold.rate"
    given = {"rate": from_contract(field, shown(passed.rate)), **book.earlier("target")}
    if pool is not None:
        given["pooled target"] = from_facts("pool.target", shown(pool.target))
        given["pooled saving"] = from_facts("pool.saving", shown(pool.judged))
        given["pooled records"] = from_facts("pool.records", pool.records)
    amount = passed.rate * book.amounts["target"]
    book.write("threshold", amount, words=words(contract, "threshold"), inputs=given)
    return amount


def _write_target(
    book: Book, contract: Contract, inputs: SettlementInputs, quality: QualityScore
) -> Fraction:
    full = spending_target(contract.target, contract.spending, inputs)
    given = _target_inputs(contract.target, inputs)
    discount = contract.target.discount
    if discount is None:
        book.write("target", full, words=words(contract, "target"), inputs=given, running=full)
        return full
    book.write("benchmark", full, words=words(contract, "benchmark"), inputs=given, running=full)
    rate = rate_at(discount, quality=quality.score, savings_rate=Fraction(0), findings=inputs.findings)
    book.write(
        "discount",
        rate * full,
        words=words(contract, "discount"),
        inputs={
            "rate": from_contract("target.discount", shown(rate)),
            "quality": StepInput(shown(quality.score), "quality:score"),
            **book.earlier("benchmark"),
        },
        running=full - rate * full,
    )
    target = full - rate * full
    book.write(
        "target",
        target,
        words=words(contract, "target"),
        inputs=book.earlier("benchmark", "discount"),
        running=target,
    )
    return target


def _target_inputs(target: Target, inputs: SettlementInputs) -> dict[str, StepInput]:
    """What the target was made of."""
    given = {
        **_rows("baselines", "", inputs.baselines),
        **_rows("comparison", "group ", inputs.comparison),
    }
    own = target.own if isinstance(target, Blend) else target
    if isinstance(own, OwnHistory):
        for part in own.baseline:
            given[f"weight {part.period}"] = from_contract("target.baseline", part.weight)
        if isinstance(own.trend, Trend):
            given["trend"] = from_contract("target.trend.rate", own.trend.rate)
    if isinstance(target, Blend):
        given["own_weight"] = from_contract("target.own_weight", target.own_weight)
    if isinstance(target, Stated):
        given["amount"] = from_contract("target.amounts", target.amounts[inputs.period])
    if isinstance(target, Delivered) and inputs.target is not None:
        given["target"] = from_facts("target", inputs.target)
    if inputs.risk is not None:
        given["risk"] = from_facts("risk", inputs.risk)
    if target.path is not None:
        given["path"] = from_contract("target.path", target.path[inputs.period])
    return {**given, "records": from_facts("records", inputs.records)}


def _rows(field: str, label: str, rows: Iterable[BaselineSpending]) -> dict[str, StepInput]:
    given: dict[str, StepInput] = {}
    for row in rows:
        facts: dict[str, Value | None] = {"records": row.records, "spending": row.spending}
        facts |= {"above": row.above, "risk": row.risk}
        for what, value in facts.items():
            if value is not None:
                given[f"{label}{what} {row.period}"] = from_facts(f"{field}.{row.period}.{what}", value)
    return given


def _actual_inputs(contract: Contract, inputs: SettlementInputs, payer: str | None) -> dict[str, StepInput]:
    spending = contract.spending
    given = {
        "spending": from_facts("spending", inputs.spending),
        "truncation": from_contract("spending.truncation", spending.truncation),
    }
    shares = contract.parties.shares
    if shares is not None and payer is not None:
        given["part"] = from_contract(f"parties.shares.{payer}", shares[payer])
    if inputs.above is not None:
        given["above"] = from_facts("above", inputs.above)
        given["payer_share_above"] = from_contract("spending.payer_share_above", spending.payer_share_above)
    if inputs.interim is not None:
        for part in inputs.interim.parts:
            given[f"spending {part.part}"] = from_facts(f"interim.{part.part}.spending", part.spending)
            given[f"factor {part.part}"] = from_facts(f"interim.{part.part}.factor", part.factor)
    return given

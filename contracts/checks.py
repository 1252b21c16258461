"""Facts held against the contract: every fault at once, with its field, its value and what was expected."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction

from contracts.canonical import plain, shown
from contracts.contract import Contract
from contracts.inputs import BaselineSpending, IndicatorResult, SettlementError, SettlementInputs, Size
from contracts.shapes import shape_faults
from contracts.terms.part import LEAST_KNOWN, first_year
from contracts.terms.quality import ByBenchmark, ByImprovement, ByReporting, QualityRule
from contracts.terms.sharing import Losses
from contracts.terms.spending import Blend, ComparisonGroup, Delivered, GroupTrend, OwnHistory
from contracts.terms.threshold import ByChoice


def check_inputs(contract: Contract, inputs: SettlementInputs) -> None:
    """Hold the facts of a period against the contract.

    Raises
    ------
    SettlementError
        With every fault found.
    """
    check_shape(inputs)
    faults = [
        *_period_faults(contract, inputs),
        *_money_faults("inputs", inputs.records, inputs.spending),
        *_baseline_faults(contract, inputs),
        *_result_faults(contract, inputs),
        *_comparison_faults(contract, inputs),
        *_amount_faults(contract, inputs),
        *_risk_and_above_faults(contract, inputs),
        *_finding_faults(contract.findings, inputs.findings),
        *_choice_faults(contract, inputs),
        *_member_faults(contract, inputs),
        *_interim_faults(contract, inputs),
    ]
    if faults:
        raise SettlementError(faults)


def check_shape(inputs: SettlementInputs, place: str = "inputs") -> None:
    """Refuse facts of another type than they are declared with: nothing else can be said of them.

    Raises
    ------
    SettlementError
        With every fault found.
    """
    if faults := list(shape_faults(inputs, place)):
        raise SettlementError(faults)


def _period_faults(contract: Contract, inputs: SettlementInputs) -> Iterator[str]:
    if inputs.period not in contract.years:
        years = ", ".join(contract.years)
        yield f"period: '{inputs.period}' is not a year of contract {contract.contract}; expected {years}"


def _money_faults(place: str, records: Size, spending: Decimal) -> Iterator[str]:
    if records < 1:
        yield f"{place}.records: {records!r}; expected a number of at least 1"
    yield from _decimal_faults(f"{place}.spending", spending)


def _decimal_faults(place: str, amount: Decimal) -> Iterator[str]:
    if amount < 0:
        yield f"{place}: {amount}; expected an amount of money of at least 0"


def _baseline_faults(contract: Contract, inputs: SettlementInputs) -> Iterator[str]:
    given = [baseline.period for baseline in inputs.baselines]
    agreed = [part.period for part in contract.target.baseline]
    if sorted(given) != sorted(agreed):
        yield (
            f"baselines: of the periods {', '.join(given) or 'none'}; expected exactly "
            f"{', '.join(agreed) or 'none'}, each once"
        )
    for baseline in inputs.baselines:
        yield from _money_faults(f"baselines {baseline.period}", baseline.records, baseline.spending)
    if inputs.baselines and not any(baseline.spending for baseline in inputs.baselines):
        yield "baselines: no spending in any of them, so the target is 0 and no savings rate exists"


def _comparison_faults(contract: Contract, inputs: SettlementInputs) -> Iterator[str]:
    wanted: set[str] = set()
    target = contract.target
    own = target.own if isinstance(target, Blend) else target
    if isinstance(target, ComparisonGroup | Blend):
        wanted.add(inputs.period)
    if isinstance(own, OwnHistory) and isinstance(own.trend, GroupTrend):
        wanted |= {inputs.period, *(part.period for part in own.baseline)}
    given = [row.period for row in inputs.comparison]
    if sorted(given) != sorted(wanted):
        yield (
            f"comparison: of the periods {', '.join(given) or 'none'}; expected exactly "
            f"{', '.join(sorted(wanted)) or 'none'}, each once"
        )
    for row in inputs.comparison:
        yield from _money_faults(f"comparison {row.period}", row.records, row.spending)
        if row.spending == 0:
            yield f"comparison {row.period}.spending: 0; a group without spending is no comparison"


def _amount_faults(contract: Contract, inputs: SettlementInputs) -> Iterator[str]:
    """Amounts that are there exactly where the contract asks for them."""
    losses = contract.losses if isinstance(contract.losses, Losses) else None
    by_revenue = losses is not None and losses.limited_by_revenue
    may_lack = losses is not None and losses.revenue_unknown == "other-limits-only"
    relief = losses is not None and losses.relief == "as-established"
    delivered = isinstance(contract.target, Delivered)
    yield from _asked("target", inputs.target, delivered, "the target is delivered")
    yield from _asked(
        "project_costs", inputs.project_costs, contract.project_costs is not None, "costs first"
    )
    if not (may_lack and inputs.revenue is None):
        yield from _asked("revenue", inputs.revenue, by_revenue, "a loss is limited by revenue")
    yield from _asked("loss_relief", inputs.loss_relief, relief, "relief as established; 0 if there was none")
    if delivered and inputs.target == 0:
        yield "target: 0; with a target of nothing no savings rate exists"


def lacking(contract: Contract, inputs: SettlementInputs) -> tuple[str, ...]:
    """Fields that the contract needs, no record can say, and the facts do not have."""
    losses = contract.losses if isinstance(contract.losses, Losses) else None
    thresholds = (contract.threshold, *(() if losses is None else (losses.threshold,)))
    asked = {
        "target": isinstance(contract.target, Delivered),
        "project_costs": contract.project_costs is not None,
        "revenue": losses is not None
        and losses.limited_by_revenue
        and losses.revenue_unknown != "other-limits-only",
        "loss_relief": losses is not None and losses.relief == "as-established",
        "chosen_threshold": any(
            isinstance(each.rate, ByChoice) and each.rate.otherwise is None for each in thresholds
        ),
    }
    fields = [field for field, is_asked in asked.items() if is_asked and getattr(inputs, field) is None]
    findings = [f"findings.{name}" for name in contract.findings if name not in inputs.findings]
    return (*fields, *findings)


def _asked(field: str, amount: Decimal | None, asked: bool, why: str) -> Iterator[str]:
    if amount is None:
        if asked:
            yield f"{field}: none; the contract needs it ({why})"
    elif not asked:
        yield f"{field}: {amount}, and no rule of the contract uses it; leave it out"
    else:
        yield from _decimal_faults(field, amount)


def _risk_and_above_faults(contract: Contract, inputs: SettlementInputs) -> Iterator[str]:
    target = contract.target
    parts = [target.own, target.group] if isinstance(target, Blend) else [target]
    adjusted = any(not isinstance(part, Delivered) and part.case_mix is not None for part in parts)
    counts_above = contract.spending.payer_share_above < 1
    rows: list[tuple[str, SettlementInputs | BaselineSpending]] = [("inputs", inputs)]
    rows += [(f"baselines {row.period}", row) for row in inputs.baselines]
    rows += [(f"comparison {row.period}", row) for row in inputs.comparison]
    for place, row in rows:
        yield from _asked(f"{place}.risk", row.risk, adjusted, "the target follows case mix")
        if adjusted and row.risk is not None and 0 <= row.risk < _LEAST_RISK:
            yield f"{place}.risk: {row.risk}; expected a risk above 0"
        yield from _asked(f"{place}.above", row.above, counts_above, "part of it counts")


_LEAST_RISK = Decimal("0.000001")


def _finding_faults(asked: list[str], given: Mapping[str, bool]) -> Iterator[str]:
    for name in asked:
        if name not in given:
            yield f"findings: '{name}' is not there; the contract asks whether it was found: yes or no"
    for name in given:
        if name not in asked:
            yield f"findings: '{name}' is in no rule of the contract; leave it out"


def _choice_faults(contract: Contract, inputs: SettlementInputs) -> Iterator[str]:
    thresholds = [contract.threshold]
    if isinstance(contract.losses, Losses):
        thresholds.append(contract.losses.threshold)
    choices = [threshold.rate for threshold in thresholds if isinstance(threshold.rate, ByChoice)]
    if not choices and inputs.chosen_threshold is not None:
        yield f"chosen_threshold: {inputs.chosen_threshold}, and the contract leaves no choice"
    for choice in choices:
        if inputs.chosen_threshold is None:
            if choice.otherwise is None:
                yield f"chosen_threshold: none; expected one of {', '.join(map(str, choice.among))}"
        elif inputs.chosen_threshold not in choice.among:
            yield (
                f"chosen_threshold: {inputs.chosen_threshold}; expected one of "
                f"{', '.join(map(str, choice.among))}"
            )


def _member_faults(contract: Contract, inputs: SettlementInputs) -> Iterator[str]:
    needed = contract.distribution is not None and contract.distribution.weights is None
    if needed != bool(inputs.members):
        yield (
            "members: none; the contract distributes by their records or spending"
            if needed
            else "members: given, and the contract does not distribute by their records or spending"
        )
    names = [member.name for member in inputs.members]
    if len(set(names)) < len(names) or not all(names):
        yield f"members: {', '.join(names)}; expected a name each, each once"
    for member in inputs.members:
        yield from _decimal_faults(f"members {member.name}", member.weight)
        if contract.distribution is not None and contract.distribution.by == "equal" and member.weight != 1:
            yield f"members {member.name}: {member.weight}; expected 1, for all get the same"
    if inputs.members and not any(member.weight for member in inputs.members):
        yield "members: all without records or spending, so nothing says how to distribute"


def _interim_faults(contract: Contract, inputs: SettlementInputs) -> Iterator[str]:
    interim = inputs.interim
    if interim is None:
        return
    try:
        through = dt.date.fromisoformat(interim.paid_through)
    except ValueError:
        yield f"interim.paid_through: '{interim.paid_through}'; expected a day such as 2025-09-30"
    else:
        if inputs.period in contract.years and through.year < first_year(inputs.period):
            yield f"interim.paid_through: {through}, before {inputs.period}; no claim was paid then"
    names = [part.part for part in interim.parts]
    if not names or len(set(names)) < len(names) or not all(names):
        yield f"interim.parts: {', '.join(names) or 'none'}; expected parts with a name each, each once"
    for part in interim.parts:
        yield from _decimal_faults(f"interim {part.part}.spending", part.spending)
        if not LEAST_KNOWN <= part.factor <= 1:
            yield f"interim {part.part}.factor: {part.factor}; expected from {LEAST_KNOWN} to 1"
    total = sum((Fraction(part.spending) for part in interim.parts), Fraction(0))
    if total != Fraction(inputs.spending):
        told = plain(shown(total))
        yield f"interim: the parts sum to {told} and the spending is {inputs.spending}; expected the same"
    if contract.spending.payer_share_above < 1:
        yield "interim: cannot be completed where part of the spending above the truncation counts"


def _result_faults(contract: Contract, inputs: SettlementInputs) -> Iterator[str]:
    rules = {rule.indicator: rule for rule in contract.quality.indicators}
    given = [result.indicator for result in inputs.results]
    for name in rules:
        if given.count(name) != 1:
            yield f"results: {given.count(name)} of indicator {name} in {inputs.period}; expected 1"
    for result in inputs.results:
        if result.indicator not in rules:
            yield f"results: indicator {result.indicator} is not in the quality rules of the contract"
        else:
            yield from _one_result_faults(rules[result.indicator], result, inputs.period)
            yield from _needed_faults(contract, rules[result.indicator], result)


def _one_result_faults(rule: QualityRule, result: IndicatorResult, period: str) -> Iterator[str]:
    place = f"results {result.indicator}"
    if result.period != period:
        yield f"{place}: of period {result.period}; expected {period}"
    if rule.version not in (None, result.version):
        yield f"{place}: by version {result.version}; the contract says {rule.version}"
    yield from _number_faults(place, result)
    if result.adjusted is None and result.assessable:
        yield f"{place}: no adjusted value, yet its band is '{result.band}'; expected 'not-assessable'"


def _number_faults(place: str, result: IndicatorResult) -> Iterator[str]:
    if result.n < 0:
        yield f"{place}: n is {result.n}; expected at least 0"
    if result.n == 0 and result.assessable:
        yield f"{place}: n is 0, yet its band is '{result.band}'; expected 'not-assessable'"
    if result.lower is not None and result.upper is not None and result.lower > result.upper:
        yield f"{place}: lower is {result.lower}, above upper, {result.upper}"
    for name in ("reliability", "position"):
        number = getattr(result, name)
        if number is not None and not 0 <= number <= 1:
            yield f"{place}: {name} is {number}; expected from 0 to 1"


def _needed_faults(contract: Contract, rule: QualityRule, result: IndicatorResult) -> Iterator[str]:
    """What this rule cannot be judged without."""
    place, quality = f"results {result.indicator}", contract.quality
    if not result.assessable or isinstance(rule.attain, ByReporting):
        return
    weighs = quality.value == "reliability-weighted"
    if (weighs or quality.reliability is not None) and result.reliability is None:
        yield f"{place}: no reliability; the contract needs it"
    if weighs and result.reference is None:
        yield f"{place}: no reference; the contract draws values towards it"
    if isinstance(rule.attain, ByBenchmark) and result.position is None:
        yield f"{place}: no position in the benchmark; the contract needs it"
    if isinstance(rule.attain, ByImprovement):
        yield from _improvement_faults(place, rule.attain, result)


def _improvement_faults(place: str, attain: ByImprovement, result: IndicatorResult) -> Iterator[str]:
    baseline = float(attain.baseline) if isinstance(attain.baseline, Decimal) else result.baseline
    if baseline is None:
        yield f"{place}: no baseline; the contract measures improvement from it"
    elif attain.measured == "relative" and baseline <= 0:
        yield f"{place}: baseline {baseline}; a relative improvement needs one above 0"

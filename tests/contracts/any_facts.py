"""Facts for any contract, drawn at random: what the contract asks for and nothing else."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

from contracts.contract import Contract
from contracts.evidence import Evidence, Moments
from contracts.inputs import BaselineSpending, IndicatorResult, Member, SettlementInputs
from contracts.many_payments import ManyPayments, many_payments
from contracts.plan import Plan, same_every_year
from contracts.terms.quality import FUNNEL_BANDS, ByImprovement, ByLevel, QualityRule
from contracts.terms.sharing import Losses
from contracts.terms.spending import Blend, ComparisonGroup, Delivered, GroupTrend, OwnHistory, Stated
from contracts.terms.threshold import ByChoice
from contracts.worlds import Worlds, draw_worlds


def any_facts(contract: Contract, draw: Random, *, records: int = 6000) -> SettlementInputs:
    """Facts that fit; spending around 1,000 euros per record, or around what the contract states."""
    period = draw.choice(contract.years)
    level = _level(contract, period, records)
    above = contract.spending.payer_share_above < 1

    def rows(periods: list[str]) -> tuple[BaselineSpending, ...]:
        return tuple(
            BaselineSpending(
                each,
                size := draw.randint(records // 2, records),
                _money(level * size * draw.uniform(0.9, 1.1)),
                above=_money(level * size * 0.05) if above else None,
                risk=Decimal("1.02") if _risk(contract) else None,
            )
            for each in periods
        )

    own = [part.period for part in contract.target.baseline]
    return SettlementInputs(
        period=period,
        records=records,
        spending=_money(level * records * draw.uniform(0.8, 1.2)),
        baselines=rows(own),
        results=tuple(_result(rule, period, draw) for rule in contract.quality.indicators),
        above=_money(level * records * 0.06) if above else None,
        risk=Decimal("1.03") if _risk(contract) else None,
        comparison=rows(_compared(contract, period, own)),
        **_amounts(contract, level * records, draw),
    )


def evidence_of(inputs: SettlementInputs, cv: float = 1.0) -> Evidence:
    """Evidence as large as the records of the facts."""
    return Evidence(
        spending=Moments.of(inputs.period, records=inputs.records, cv=cv),
        baselines=tuple(Moments.of(row.period, records=row.records, cv=cv) for row in inputs.baselines),
        comparison=tuple(Moments.of(row.period, records=row.records, cv=cv) for row in inputs.comparison),
    )


def draw_one(contract: Contract, inputs: SettlementInputs, evidence: Evidence, **how: Any) -> Worlds:
    """Worlds of the first payer alone."""
    payer = contract.parties.payers[0]
    return draw_worlds(contract, {payer: inputs}, {payer: evidence}, **how)[payer]


def pay_one(contract: Contract, inputs: SettlementInputs, worlds: Worlds) -> ManyPayments:
    """Payments of the first payer in its worlds, judged by itself."""
    payer = contract.parties.payers[0]
    return many_payments(contract, {payer: inputs}, {payer: worlds})[payer]


def plan_of(contract: Contract, inputs: SettlementInputs, evidence: Evidence) -> Plan:
    """Every year like these facts, with every payer."""
    payers = contract.parties.payers
    return same_every_year(contract, dict.fromkeys(payers, inputs), dict.fromkeys(payers, evidence))


def _amounts(contract: Contract, spending: float, draw: Random) -> dict[str, Any]:
    losses, target = contract.losses, contract.target
    more: dict[str, Any] = {"findings": {name: draw.random() < 0.3 for name in contract.findings}}
    if isinstance(target, Delivered):
        more["target"] = _money(spending)
    if contract.project_costs is not None:
        more["project_costs"] = _money(spending * 0.01)
    if isinstance(losses, Losses) and losses.limited_by_revenue:
        more["revenue"] = _money(spending * 0.5)
    if isinstance(losses, Losses) and losses.relief == "as-established":
        more["loss_relief"] = _money(spending * 0.001)
    if isinstance(contract.threshold.rate, ByChoice):
        more["chosen_threshold"] = contract.threshold.rate.among[0]
    if contract.distribution is not None and contract.distribution.weights is None:
        first = Decimal(1) if contract.distribution.by == "equal" else Decimal(2)
        more["members"] = (Member("A", first), Member("B", Decimal(1)))
    return more


def _result(rule: QualityRule, period: str, draw: Random) -> IndicatorResult:
    attain, value = rule.attain, draw.random()
    if isinstance(attain, ByLevel):
        low, high = float(attain.threshold), float(attain.target)
        value = low + draw.uniform(-0.2, 1.2) * (high - low)
    baseline = 0.5
    if isinstance(attain, ByImprovement):
        baseline = float(attain.baseline) if isinstance(attain.baseline, Decimal) else 0.5
        value = baseline * draw.uniform(0.5, 1.2)
    width = abs(value) * 0.1 + 0.001
    return IndicatorResult(
        indicator=rule.indicator,
        version=rule.version or "1.0.0",
        period=period,
        n=400,
        adjusted=value,
        lower=value - width,
        upper=value + width,
        band=draw.choice(FUNNEL_BANDS),
        reliability=0.8,
        reference=value + draw.uniform(-1, 1) * width,
        baseline=baseline,
        position=draw.random(),
    )


def _level(contract: Contract, period: str, records: int) -> float:
    target = contract.target
    if not isinstance(target, Stated):
        return 1000.0
    amount = float(target.amounts[period])
    return amount if target.basis == "per-record" else amount / records


def _risk(contract: Contract) -> bool:
    target = contract.target
    parts = (target.own, target.group) if isinstance(target, Blend) else (target,)
    return any(getattr(part, "case_mix", None) is not None for part in parts)


def _compared(contract: Contract, period: str, own: list[str]) -> list[str]:
    target = contract.target
    history = target.own if isinstance(target, Blend) else target
    if isinstance(history, OwnHistory) and isinstance(history.trend, GroupTrend):
        return [*own, period]
    return [period] if isinstance(target, Blend | ComparisonGroup) else []


def _money(amount: float) -> Decimal:
    return Decimal(f"{amount:.2f}")

"""Spending and target as formulas, a row for each period; see ``contracts.target`` for what they mean."""

from __future__ import annotations

from decimal import Decimal

from contracts.contract import Contract
from contracts.inputs import BaselineSpending, SettlementInputs
from contracts.terms.part import first_year
from contracts.terms.spending import (
    Blend,
    CaseMix,
    ComparisonGroup,
    Delivered,
    GroupTrend,
    OwnHistory,
    Stated,
    Target,
)
from contracts.workbook.cells import Cells, Kind
from contracts.workbook.formula import Formula, as_formula, least, most, power, total


class TargetFormulas:
    """The spending of one payer and its target.

    Parameters
    ----------
    cells : Cells
        Where its cells are put.
    contract : Contract
    inputs : SettlementInputs
    payer : str
        Column of its facts.
    """

    def __init__(self, cells: Cells, contract: Contract, inputs: SettlementInputs, payer: str) -> None:
        self.cells, self.contract, self.inputs, self.payer = cells, contract, inputs, payer
        self.records = self.fact("records", inputs.records)

    def fact(self, name: str, value: Decimal | int | str | None, *, eur: bool = False) -> Formula:
        """Fill in a fact of this payer, and give the cell."""
        kind: Kind = "eur" if eur else "text" if isinstance(value, str) else "number"
        return self.cells.give("inputs", name, self.payer, value, kind=kind, source=f"inputs:{name}")

    def actual(self) -> Formula:
        """Spending that counts, interim spending brought to its expected final level."""
        inputs = self.inputs
        if inputs.interim is not None:
            parts = [
                self.fact(f"interim.{part.part}.spending", part.spending, eur=True)
                / self.fact(f"interim.{part.part}.factor", part.factor)
                for part in inputs.interim.parts
            ]
            return total(parts)
        spending = self.fact("spending", inputs.spending, eur=True)
        if inputs.above is None:
            return spending
        return spending + self.fact("above", inputs.above, eur=True) * self._above_counts()

    def target(self) -> Formula:
        """Target before any discount."""
        return self._target(self.contract.target, "target")

    def _target(self, target: Target, path: str) -> Formula:
        if isinstance(target, OwnHistory):
            formula = self._own_history(target, path)
        elif isinstance(target, ComparisonGroup):
            formula = self._of_group(target, path)
        elif isinstance(target, Blend):
            weight = self.cells.term(f"{path}.own_weight", target.own_weight)
            own, group = self._target(target.own, f"{path}.own"), self._target(target.group, f"{path}.group")
            formula = weight * own + (1 - weight) * group
        elif isinstance(target, Stated):
            period = self.inputs.period
            amount = self.cells.term(f"{path}.amounts.{period}", target.amounts[period], kind="eur")
            formula = amount * self.records if target.basis == "per-record" else amount
            if target.case_mix is not None:
                formula = formula * self._risk_ratio(target.case_mix, f"{path}.case_mix", as_formula(1))
        else:
            assert isinstance(target, Delivered)
            formula = self.fact("target", self.inputs.target, eur=True)
        if target.path is None:
            return formula
        period = self.inputs.period
        return formula * self.cells.term(f"{path}.path.{period}", target.path[period], kind="number")

    def _own_history(self, target: OwnHistory, path: str) -> Formula:
        by_period = {row.period: row for row in self.inputs.baselines}
        levels, weights = [], []
        for number, part in enumerate(target.baseline):
            row = self._row("own", by_period[part.period])
            weight = self.cells.give(
                "history",
                self._name("own", part.period),
                "weight",
                part.weight,
                source=f"contract:{path}.baseline.{number}.weight",
            )
            level = row["counted"]
            if target.basis == "per-record":
                level = level / row["records"]
            level = level * self._trend(target, path, part.period)
            if target.case_mix is not None:
                level = level * self._risk_ratio(target.case_mix, f"{path}.case_mix", row["risk"])
            levels.append(
                weight
                * self.cells.compute("history", self._name("own", part.period), "level", level, kind="eur")
            )
            weights.append(weight)
        mean = total(levels) / total(weights)
        return mean * self.records if target.basis == "per-record" else mean

    def _trend(self, target: OwnHistory, path: str, since: str) -> Formula:
        if isinstance(target.trend, GroupTrend):
            return self._group_level(self.inputs.period) / self._group_level(since)
        years = first_year(self.inputs.period) - first_year(since)
        rate = self.cells.term(f"{path}.trend.rate", target.trend.rate)
        if target.trend.growth == "compound":
            return power(1 + rate, as_formula(years))
        return 1 + rate * years

    def _of_group(self, target: ComparisonGroup, path: str) -> Formula:
        formula = self._group_level(self.inputs.period) * self.records
        if target.case_mix is None:
            return formula
        risk = self._row("group", self._group(self.inputs.period))["risk"]
        return formula * self._risk_ratio(target.case_mix, f"{path}.case_mix", risk)

    def _group(self, period: str) -> BaselineSpending:
        return next(row for row in self.inputs.comparison if row.period == period)

    def _group_level(self, period: str) -> Formula:
        row = self._row("group", self._group(period))
        return self.cells.compute(
            "history", self._name("group", period), "level", row["counted"] / row["records"], kind="eur"
        )

    def _row(self, whose: str, row: BaselineSpending) -> dict[str, Formula]:
        name, field = self._name(whose, row.period), "baselines" if whose == "own" else "comparison"
        given: dict[str, Formula] = {}
        for what in ("records", "spending", "above", "risk"):
            value = getattr(row, what)
            if value is not None:
                kind: Kind = "eur" if what in ("spending", "above") else "number"
                source = f"inputs:{field}.{row.period}.{what}"
                given[what] = self.cells.give("history", name, what, value, kind=kind, source=source)
        counted = given["spending"]
        if "above" in given:
            counted = counted + given["above"] * self._above_counts()
        return {
            **given,
            "counted": self.cells.compute("history", name, "counted", counted, kind="eur"),
        }

    def _name(self, whose: str, period: str) -> str:
        return f"{self.payer}|{whose}|{period}"

    def _above_counts(self) -> Formula:
        share = self.contract.spending.payer_share_above
        return 1 - self.cells.term("spending.payer_share_above", share)

    def _risk_ratio(self, case_mix: CaseMix, path: str, then: Formula) -> Formula:
        ratio: Formula = self.fact("risk", self.inputs.risk) / then
        if isinstance(case_mix.limit, Decimal):
            limit = self.cells.term(f"{path}.limit", case_mix.limit)
            ratio = least(ratio, 1 + limit)
            if case_mix.limited == "both-ways":
                ratio = most(ratio, 1 - limit)
        return ratio

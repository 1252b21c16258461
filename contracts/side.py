"""The payment of one payer as a function of its facts, beside payers that stay as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

import numpy as np

from contracts.contract import Contract
from contracts.inputs import SettlementInputs
from contracts.many_payments import many_payments
from contracts.payers import settle_beside
from contracts.resampling import FloatArray
from contracts.target import counted_spending
from contracts.worlds import Worlds, worlds_at


@dataclass(frozen=True, slots=True)
class Side:
    """One payer whose facts are varied.

    Attributes
    ----------
    contract : Contract
    inputs : SettlementInputs
        The facts of the payer as they were settled.
    others : mapping of str to SettlementInputs
        Facts of the payers that it is judged together with. Their spending stays; the scores are of all, so
        that theirs follow. Empty where each payer is judged by itself.
    """

    contract: Contract
    inputs: SettlementInputs
    others: Mapping[str, SettlementInputs] = field(default_factory=dict)

    @property
    def payer(self) -> str:
        """Its name."""
        return next(name for name in self.contract.parties.payers if name not in self.others)

    def exact(self, inputs: SettlementInputs) -> Decimal:
        """Payment before rounding on other facts, in euros with twelve digits behind the point."""
        beside = {name: replace(facts, results=inputs.results) for name, facts in self.others.items()}
        settlement = settle_beside(self.contract, {self.payer: inputs, **beside}, payer=self.payer)
        before = settlement.step("payment").inputs["before rounding"].value
        assert isinstance(before, Decimal)
        return before

    def many(self, worlds: Worlds) -> FloatArray:
        """Payments in many worlds of this payer, in floating point; (worlds,)."""
        beside = {
            name: replace(
                worlds_at(facts, np.full(len(worlds.actual), self._counted(facts))),
                values=worlds.values,
                bands=worlds.bands,
                positions=worlds.positions,
            )
            for name, facts in self.others.items()
        }
        drawn = {self.payer: worlds, **beside}
        return many_payments(self.contract, {self.payer: self.inputs, **self.others}, drawn)[
            self.payer
        ].payment

    def _counted(self, inputs: SettlementInputs) -> float:
        return float(counted_spending(self.contract.spending, inputs))

"""The ledger of one payer as formulas; see ``contracts.ledger`` for what the steps mean.

A settlement has the steps of its own side, a saving or an overspending. Here both sides stand, so that the
workbook also holds when an input is changed from the one to the other; on the other side a step is 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from contracts.contract import Contract
from contracts.inputs import SettlementInputs
from contracts.ledger import Settlement
from contracts.terms.part import Period, Text
from contracts.terms.rates import AnyRate
from contracts.terms.sharing import Losses
from contracts.terms.threshold import AnyThresholdRate, ByChoice, ByPopulation, BySignificance, Threshold
from contracts.wording import deduction_words, words
from contracts.workbook.cells import Cells, Kind
from contracts.workbook.formula import (
    EUROS,
    POINTS,
    Formula,
    above,
    as_formula,
    at_least,
    choose,
    every,
    half_up,
    least,
    most,
    negated,
    same,
    significance,
    some,
    total,
    whole_units,
)
from contracts.workbook.quality import QualityFormulas
from contracts.workbook.rates import rate_formula
from contracts.workbook.target import TargetFormulas

NO_SETTLEMENT = "no-settlement"
"""What stands in the place of an amount where nothing is settled."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the threshold looks at: of one payer, or of all together."""

    target: Formula
    saving: Formula
    records: Formula


class LedgerFormulas:
    """The steps of one payer.

    Parameters
    ----------
    cells : Cells
        Where they are put.
    contract : Contract
    settlement : Settlement
        Of this payer.
    quality : QualityFormulas
    found : mapping of str to Formula
        ``yes`` or ``no`` for each finding.
    """

    def __init__(
        self,
        cells: Cells,
        contract: Contract,
        settlement: Settlement,
        *,
        quality: QualityFormulas,
        found: Mapping[str, Formula],
    ) -> None:
        self.cells, self.contract, self.settlement, self.found = cells, contract, settlement, found
        self.inputs: SettlementInputs = settlement.inputs
        self.settled = {step.key: step for step in settlement.steps}
        self.facts = TargetFormulas(cells, contract, self.inputs, settlement.payer)
        self.score, self.missed = quality.score, quality.missed
        self.losses = contract.losses if isinstance(contract.losses, Losses) else None

    def write_saving(self) -> Judged:
        """Write the steps from target to savings rate; give what this payer's threshold looks at."""
        contract = self.contract
        if contract.target.discount is None:
            self.target = self._step("target", self.facts.target())
        else:
            full = self._step("benchmark", self.facts.target())
            rate = self._rate("target.discount", contract.target.discount, as_formula(0))
            self.target = self._step("target", full - self._step("discount", rate * full))
        actual = self._step("actual", self.facts.actual())
        gross = net = self.target - actual
        costs = contract.project_costs
        if costs is not None:
            spent = self.facts.fact("project_costs", self.inputs.project_costs, eur=True)
            if costs.at_most is not None:
                spent = least(spent, self.cells.term("project_costs.at_most", costs.at_most, kind="eur"))
            net = net - self._step("project_costs", spent)
        self.saving = self._step("saving", net)
        judged = gross if costs is not None and costs.threshold_judges == "gross-saving" else self.saving
        self._step("savings_rate", judged / self.target, kind="rate")
        self.overspent = every(above(0, self.saving, EUROS), as_true(self.losses is not None))
        return Judged(self.target, judged, self.facts.records)

    def refusals(self, judged: Judged) -> Iterator[tuple[str, Formula]]:
        """Why nothing would be settled, and the condition on which that is so."""
        if self.losses is not None and self.losses.revenue_unknown == "no-settlement":
            yield "revenue unknown", same(self._revenue(), "none")
        sides = [(self.contract.threshold, "threshold.rate", negated(self.overspent))]
        if self.losses is not None:
            sides.append((self.losses.threshold, "losses.threshold.rate", self.overspent))
        for threshold, path, holds in sides:
            table, chosen = threshold.rate, []
            if isinstance(table, ByChoice) and table.otherwise is not None:
                table, path, chosen = table.otherwise, f"{path}.otherwise", [same(self._chosen(), "none")]
            if isinstance(table, ByPopulation):
                first = table.table[0].from_records
                smallest = self.cells.term(f"{path}.table.0.from_records", first, kind="number")
                yield "no threshold", every(holds, *chosen, above(smallest, judged.records, 0))

    def write_sharing(self, judged: Judged, refused: Formula | None) -> Formula:
        """Write the steps from threshold to payment; give the payment.

        Parameters
        ----------
        judged : Judged
        refused : Formula or None
            Condition that nothing is settled; None where the contract always settles.
        """
        passes = self._write_counted(judged)
        self._step("quality", self.score, kind="points")
        gained = self._write_gain(passes, judged)
        owed = self._write_loss()
        running = choose(self.overspent, owed, gained)
        withhold = self.contract.withhold
        if withhold is not None:
            held = self._in_year("withhold.rate", withhold.rate) * self.target
            earned = self._rate("withhold.earned", withhold.earned, as_formula(0))
            amount = held * earned if withhold.settled_as == "returned" else -(held * (1 - earned))
            running = running + self._step("withhold", amount)
        exact = self.cells.compute("steps", f"{self.settlement.payer}|exact", "amount", running, kind="eur")
        payment = rounded(exact, self.contract, within=self.saving)
        return self._step("payment", choose(refused, NO_SETTLEMENT, payment) if refused else payment)

    def _write_counted(self, judged: Judged) -> Formula:
        contract, losses = self.contract, self.losses
        rate, passes = self._passing(contract.threshold, "threshold", judged, overspent=False)
        threshold, counted = rate * self.target, self._counted_gain(passes, rate * self.target)
        if losses is not None:
            loss_rate, fails = self._passing(losses.threshold, "losses.threshold", judged, overspent=True)
            owed = loss_rate * self.target
            size = self.saving if losses.threshold.mode == "gate" else least(self.saving + owed, 0)
            threshold = choose(self.overspent, owed, threshold)
            counted = choose(self.overspent, choose(same(fails, "yes"), size, 0), counted)
        self._step("threshold", threshold)
        self.counted = self._step("counted", counted)
        return passes

    def _counted_gain(self, passes: Formula, threshold: Formula) -> Formula:
        whole = most(self.saving, 0)
        part = whole if self.contract.threshold.mode == "gate" else most(self.saving - threshold, 0)
        return choose(same(passes, "yes"), part, choose(same(passes, "reduced"), whole, 0))

    def _passing(
        self, threshold: Threshold, path: str, judged: Judged, *, overspent: bool
    ) -> tuple[Formula, Formula]:
        """Threshold as a rate, and the cell that says whether what it judges passes."""
        rate = self._threshold_rate(threshold.rate, f"{path}.rate", judged.records)
        size = -judged.saving if overspent else judged.saving
        compared = at_least if threshold.passes_when == "at_or_above" else above
        passed = every(above(size, 0, EUROS), compared(size, rate * judged.target, EUROS))
        verdict = choose(passed, "yes", "no")
        below = threshold.below
        if below is not None:
            enough = self.cells.term(f"{path}.below.minimum_records", below.minimum_records, kind="number")
            conditions = [above(size, 0, EUROS), at_least(judged.records, enough, POINTS)]
            if below.when is not None:
                conditions.append(same(self.found[below.when], "yes"))
            verdict = choose(passed, "yes", choose(every(*conditions), "reduced", "no"))
        stopped = self._stopped(judged.records, overspent=overspent)
        row = f"{self.settlement.payer}|{'overspending' if overspent else 'saving'} passes"
        verdict = choose(stopped, "no", verdict)
        return rate, self.cells.compute("steps", row, "amount", verdict, kind="text")

    def _stopped(self, records: Formula, *, overspent: bool) -> Formula:
        smallest = self.contract.population.minimum_records
        conditions = [
            above(self.cells.term("population.minimum_records", smallest, kind="number"), records, 0)
        ]
        conditions += [
            same(self.found[suspension.when], "yes")
            for suspension in self.contract.suspended
            if suspension.covers == "savings-and-losses" or not overspent
        ]
        return some(*conditions)

    def _threshold_rate(self, rate: AnyThresholdRate, path: str, records: Formula) -> Formula:
        if isinstance(rate, ByPopulation):
            return self._by_population(rate, path, records)
        if isinstance(rate, ByChoice):
            chosen = self._chosen()
            if rate.otherwise is None:
                return chosen
            return choose(
                same(chosen, "none"),
                self._by_population(rate.otherwise, f"{path}.otherwise", records),
                chosen,
            )
        if isinstance(rate, BySignificance):
            error = self.cells.term(f"{path}.error", rate.error)
            cv = self.cells.term(f"{path}.cv", rate.cv, kind="number")
            return significance(error, cv, records, rate.digits)
        return self.cells.term(path, rate)

    def _by_population(self, rate: ByPopulation, path: str, records: Formula) -> Formula:
        formula: Formula = as_formula(0)
        for number, bracket in enumerate(rate.table):
            place = f"{path}.table.{number}"
            low = self.cells.term(f"{place}.from_rate", bracket.from_rate)
            start = self.cells.term(f"{place}.from_records", bracket.from_records, kind="number")
            own: Formula = low
            if rate.between == "linear" and bracket.to_rate is not None and bracket.to_records is not None:
                end = self.cells.term(f"{place}.to_records", bracket.to_records, kind="number")
                high = self.cells.term(f"{place}.to_rate", bracket.to_rate)
                own = low + (high - low) * ((records - start) / (end - start))
            formula = choose(at_least(records, start, 0), own, formula) if number else own
        return formula

    def _write_gain(self, passes: Formula, judged: Judged) -> Formula:
        """Write share to cap on the side of a saving; the rate and what it comes to are of either side."""
        contract = self.contract
        rate = self._rate("share", contract.share, self.counted / self.target)
        if contract.quality.minimum_missed == "no-payment":
            rate = choose(self.missed, 0, rate)
        below = contract.threshold.below
        if below is not None:
            times = self.cells.term("threshold.below.share_times", below.share_times)
            rate = choose(same(passes, "reduced"), rate * times, rate)
        if self.losses is not None:
            loss = self._rate("losses.rate", self.losses.rate, -self.counted / self.target)
            rate = choose(self.overspent, loss, rate)
        self.shared = self._step("shared", self._step("share", rate, kind="rate") * self.counted)
        share, bonus = self._deduct("before-bonus", self.shared, as_formula(0))
        if contract.bonus is not None:
            bonus = self._bonus(judged)
        share, bonus = self._deduct("before-cap", share, bonus)
        earned = share + bonus if contract.bonus is not None else share
        if contract.cap.rate is not None:
            limit = self._in_year("cap.rate", contract.cap.rate) * self.target
            earned = least(share, limit) + bonus if contract.cap.covers == "share" else least(earned, limit)
        # the step after the limits on a loss goes by the same name, and is written there
        self.capped = earned
        if self.losses is None:
            self.capped = self._step("cap", earned)
        return self._deduct("after-cap", self.capped, as_formula(0))[0]

    def _bonus(self, judged: Judged) -> Formula:
        bonus = self.contract.bonus
        assert bonus is not None
        if bonus.size.rate is not None:
            whole: Formula = self.cells.term("bonus.size.rate", bonus.size.rate) * self.target
        else:
            whole = self.cells.term("bonus.size.euros", bonus.size.euros, kind="eur")
        amount = whole * self._rate("bonus.earned", bonus.earned, as_formula(0))
        if bonus.limit == "remaining-saving":
            amount = least(amount, most(self.saving, 0) - self.shared)
        lapses = [self._stopped(judged.records, overspent=False), self.overspent]
        if bonus.without_counted_saving == "lapses":
            lapses.append(at_least(0, self.counted, EUROS))
        return self._step("bonus", choose(some(*lapses), 0, amount))

    def _deduct(self, when: str, share: Formula, bonus: Formula) -> tuple[Formula, Formula]:
        for number, deduction in enumerate(self.contract.deductions):
            if deduction.when != when:
                continue
            rate = self.cells.term(f"deductions.{number}.rate", deduction.rate)
            off = choose(self.overspent, 0, (share + bonus) * rate)
            self._step(f"deduction-{number + 1}", off)
            share, bonus = share * (1 - rate), bonus * (1 - rate)
        return share, bonus

    def _write_loss(self) -> Formula:
        """Write phase-in, limits and relief; give what is owed, negative."""
        losses = self.losses
        if losses is None:
            return as_formula(0)
        owed: Formula = self.shared
        if losses.phase == "before-limits":
            owed = self._phase(owed)
        owed = -least(-owed, *self._limits(losses))
        owed = self._step("cap", choose(self.overspent, owed, self.capped))
        if losses.phase == "after-limits":
            owed = self._phase(owed)
        if losses.relief == "as-established":
            relief = least(self.facts.fact("loss_relief", self.inputs.loss_relief, eur=True), -owed)
            owed = owed + self._step("relief", choose(self.overspent, relief, 0))
        return owed

    def _phase(self, owed: Formula) -> Formula:
        assert self.losses is not None
        phase = self._in_year("losses.phase_in", self.losses.phase_in)
        return self._step("phase_in", choose(self.overspent, owed * phase, 0))

    def _limits(self, losses: Losses) -> list[Formula]:
        limits: list[Formula] = []
        for number, limit in enumerate(losses.limits):
            base: Formula = self.target
            conditions: list[Formula] = []
            if limit.rate_of == "revenue":
                base = self._revenue()
                conditions.append(negated(same(base, "none")))
            if limit.when is not None:
                conditions.append(same(self.found[limit.when], "yes"))
            if limit.unless is not None:
                conditions.append(same(self.found[limit.unless], "no"))
            amount = self._in_year(f"losses.limits.{number}.rate", limit.rate) * base
            # a limit that does not hold is what is owed itself
            limits.append(choose(every(*conditions), amount, -self.shared) if conditions else amount)
        return limits

    def _chosen(self) -> Formula:
        chosen = self.inputs.chosen_threshold
        return self.facts.fact("chosen_threshold", "none" if chosen is None else chosen)

    def _revenue(self) -> Formula:
        revenue = "none" if self.inputs.revenue is None else self.inputs.revenue
        return self.facts.fact("revenue", revenue, eur=True)

    def _in_year(self, path: str, rate: Mapping[Period, Decimal] | Decimal | None) -> Formula:
        assert rate is not None
        if isinstance(rate, Mapping):
            period = self.inputs.period
            return self.cells.term(f"{path}.{period}", rate[period])
        return self.cells.term(path, rate)

    def _rate(self, path: str, rate: AnyRate, savings_rate: Formula) -> Formula:
        return rate_formula(
            self.cells,
            path,
            rate,
            quality=self.score,
            savings_rate=savings_rate,
            found=lambda name: self.found[name],
        )

    def _step(self, key: str, formula: Formula, *, kind: Kind = "eur") -> Formula:
        row = f"{self.settlement.payer}|{key}"
        step = self.settled.get(key)
        self.cells.words["steps", row] = (step.name, step.formula) if step else self._words(key)
        return self.cells.compute(
            "steps", row, "amount", formula, kind=kind, settled=step.amount if step else None
        )

    def _words(self, key: str) -> tuple[Text, Text]:
        if key.startswith("deduction-"):
            return deduction_words(self.contract.deductions[int(key.removeprefix("deduction-")) - 1])
        return words(self.contract, key)


def as_true(value: bool) -> Formula:
    """A condition that always, or never, holds."""
    return at_least(int(value), 1, POINTS)


def rounded(amount: Formula, contract: Contract, *, within: Formula) -> Formula:
    """A payment in whole units, a half away from zero, but not past the saving or overspending itself."""
    digits = 2 if contract.rounding.unit == "cent" else 0

    def whole(size: Formula, bound: Formula) -> Formula:
        up = half_up(size, digits)
        past = every(at_least(bound, size, EUROS), above(up, bound, EUROS))
        return choose(past, whole_units(size, digits), up)

    return choose(above(0, amount, EUROS), -whole(-amount, most(-within, 0)), whole(amount, most(within, 0)))


def pooled(contract: Contract, each: list[Judged]) -> Judged:
    """What the threshold looks at where all payers are judged together."""
    # payers with a part in all records have the same ones
    apart = each[:1] if contract.parties.shares else each
    return Judged(
        total(judged.target for judged in each),
        total(judged.saving for judged in each),
        total(judged.records for judged in apart),
    )

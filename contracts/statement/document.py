"""A settlement as a PDF on A4: parties, quality, every step with formula and inputs, signatures."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal

import typst

from contracts.canonical import shown
from contracts.contract import Contract
from contracts.field_words import FieldWords, cause_words, choice_words
from contracts.kept_luck import KeptLuck
from contracts.ledger import Settlement
from contracts.money import MINUS, Language
from contracts.quality import QualityLine
from contracts.restatement import Restated, RestatedCause
from contracts.statement.inputs import inputs_text
from contracts.statement.luck import luck_parts
from contracts.statement.numbers import Numbers
from contracts.statement.typesetting import quoted, table
from contracts.statement.words import TEXTS
from contracts.terms.part import Text
from contracts.terms.quality import ByImprovement, ByLevel, QualityRule


def statement(
    contract: Contract,
    settlements: Sequence[Settlement],
    *,
    titles: Mapping[str, Text],
    percentages: Collection[str] = (),
    restated: Sequence[Restated] = (),
    luck: Mapping[str, KeptLuck] | None = None,
    language: Language,
) -> bytes:
    """Write a settlement as a PDF.

    Parameters
    ----------
    contract : Contract
        By which it was settled.
    settlements : sequence of Settlement
        Of each payer, in the order of the contract.
    titles : mapping of str to Text
        Titles of the indicators; one without goes by its name.
    percentages : collection of str
        Indicators whose values are proportions, which are written as percentages.
    restated : sequence of Restated
        What this settlement changed in the one before it, of each payer, if it replaced one.
    luck : mapping of str to KeptLuck, optional
        How sure the payment of each payer is; of one without, the document says nothing about it.
    language : str
        ``nl`` or ``en``.
    """
    document = _Document(contract, settlements, FieldWords(contract, titles), language)
    source = document.source(percentages, restated, luck or {})
    made = typst.compile(source.encode(), format="pdf")
    assert isinstance(made, bytes)
    return made


class _Document:
    def __init__(
        self,
        contract: Contract,
        settlements: Sequence[Settlement],
        words: FieldWords,
        language: Language,
    ) -> None:
        self.contract, self.settlements, self.words = contract, settlements, words
        self.language: Language = language
        self.numbers = Numbers(language, contract.currency)
        self.interim = settlements[0].inputs.interim is not None

    def source(
        self, percentages: Collection[str], restated: Sequence[Restated], luck: Mapping[str, KeptLuck]
    ) -> str:
        parts = [self._head(), *self._parties(), *self._stand(), *self._restated(restated)]
        parts += self._quality(percentages)
        for settlement in self.settlements:
            parts += [*self._steps(settlement), *self._distribution(settlement)]
        payers = [settlement.payer for settlement in self.settlements]
        parts += luck_parts(luck, payers, self.words, self.numbers)
        return "\n".join([*parts, *self._sources(), *self._signatures()])

    def _head(self) -> str:
        foot = f"{self.contract.contract} {self.contract.version}, {self.settlements[0].period}"
        return f"""#set document(title: {quoted(self._of(self.contract.title))}, date: none)
#set page(paper: "a4", margin: (x: 20mm, y: 22mm), footer: context {{
  set text(size: 8pt)
  [#{quoted(foot)} #h(1fr) #{quoted(self._t("page"))} #counter(page).display()
   #{quoted(self._t("of"))} #counter(page).final().first()]
}})
#set text(lang: "{self.language}", size: 9.5pt, hyphenate: true)
#show regex("{MINUS}[€$]"): box // or a line may end in the minus
#let rule(x, y) = if y == 0 {{ (bottom: 0.7pt) }} else {{ (bottom: 0.3pt + luma(190)) }}
#set table(stroke: rule, inset: 4pt)
#show table.cell: set par(leading: 0.5em)
#show heading: set block(above: 1.4em, below: 0.7em, sticky: true)
= #{quoted(self._of(self.contract.title))}"""

    def _parties(self) -> Iterable[str]:
        first = self.settlements[0]
        through = first.inputs.interim.paid_through if first.inputs.interim else ""
        kind = self._t(first.kind).format(first.period, through)
        yield f'#text(size: 12pt, weight: "bold", {quoted(kind)})'
        yield f"== #{quoted(self._t('parties'))}"
        rows = [(self._t("network"), first.participant.network)]
        for each in self.settlements:
            rows += [(self._t("between"), each.payer), self._paid(each.payment)]
        if len(self.settlements) > 1:
            whole = sum((each.payment for each in self.settlements), Decimal(0))
            rows.append((self._t("all"), self.numbers.money(whole)))
        rows.append((self._t("contract"), f"{first.contract} {first.version}"))
        yield table(("", ""), rows, columns="(auto, 1fr)", right=())

    def _paid(self, payment: Decimal) -> tuple[str, str]:
        """What is paid, and to whom; of an interim settlement what would be."""
        words = ("would owe", "would pay") if self.interim else ("owes", "pays")
        return self._t(words[payment >= 0]), self.numbers.money(abs(payment))

    def _stand(self) -> Iterable[str]:
        """Where the network stands in a year that has not ended."""
        if not self.interim:
            return
        yield f"== #{quoted(self._t('stand'))}"
        several = len(self.settlements) > 1
        for each in self.settlements:
            told = self._claims(each)
            yield f"#{quoted(f'{each.payer}: {told}' if several else told)}\n"
        pending = [
            self._of(self.words.title(result.indicator))
            for result in self.settlements[0].inputs.results
            if not result.ripe
        ]
        if pending:
            yield f"#{quoted(self._t('stand quality').format('; '.join(pending)))}\n"
        yield f"#{quoted(self._t('stand end'))}"

    def _claims(self, settlement: Settlement) -> str:
        interim, expected = settlement.inputs.interim, settlement.step("actual").amount
        assert interim is not None
        if all(part.factor == 1 for part in interim.parts):
            return self._t("stand claims all").format(through=interim.paid_through)
        known = settlement.inputs.spending
        return self._t("stand claims").format(
            through=interim.paid_through,
            known=self.numbers.money(known),
            part=self.numbers.percent(known / expected, 1),
            expected=self.numbers.money(expected),
        )

    def _cause(self, cause: RestatedCause) -> str:
        return self._of(cause_words(cause.what, self.words.titles, sources=cause.sources))

    def _restated(self, restated: Sequence[Restated]) -> Iterable[str]:
        if not restated:
            return
        yield f"== #{quoted(self._t('restated'))}"
        paid = {each.payer: each.payment for each in self.settlements}
        network = self.settlements[0].participant.network
        for each in restated:
            now = paid[each.payer]
            was = now - each.differences[network]
            told = self._t("restated about").format(was=self.numbers.money(was), now=self.numbers.money(now))
            yield f"#{quoted(f'{each.payer}: {told}' if len(restated) > 1 else told)}\n"
            rows = [(party, self.numbers.money(amount)) for party, amount in each.differences.items()]
            heads = (self._t("party"), self._t("difference"))
            yield table(heads, rows, columns="(1fr, auto)", right=(1,))
            causes = [(self._cause(cause), self.numbers.money(cause.difference)) for cause in each.causes]
            heads = (self._t("cause"), self._t("difference for"))
            yield table(heads, causes, columns="(1fr, auto)", right=(1,))

    def _quality(self, percentages: Collection[str]) -> Iterable[str]:
        score = self.settlements[0].quality
        yield f"== #{quoted(self._t('quality'))}"
        rules = {rule.indicator: rule for rule in self.contract.quality.indicators}
        rows = []
        for line in score.lines:
            percent = line.indicator in percentages
            rows.append(
                (
                    self._of(self.words.title(line.indicator)),
                    self.numbers.number(Decimal(repr(line.n)), 0),
                    self._result(line, percent),
                    self._goal(rules[line.indicator], line.period, percent),
                    self.numbers.percent(shown(line.attained), 1),
                    self.numbers.percent(shown(line.weight), 1),
                    self.numbers.number(shown(line.points), 4),
                )
            )
        rows.append((self._t("score"), "", "", "", "", "", self.numbers.number(shown(score.score), 4)))
        names = ("indicator", "n", "value", "goal", "attained", "weight", "points")
        widths = "(1fr, auto, auto, 32mm, auto, auto, auto)"
        yield table(tuple(map(self._t, names)), rows, columns=widths, right=(1, 2, 4, 5, 6))

    def _result(self, line: QualityLine, percent: bool) -> str:
        """What was judged, or what was done with an indicator that was not."""
        if line.adjusted is None:
            return (
                "\u2013"
                if line.handled == "judged"
                else self._of(choice_words(line.handled, self.contract.currency))
            )
        return self.numbers.percent(line.adjusted, 2) if percent else self._value(line.adjusted, percent)

    def _value(self, value: Decimal, percent: bool) -> str:
        return self.numbers.percent(value, 2, fixed=False) if percent else self.numbers.number(value, 4)

    def _goal(self, rule: QualityRule, period: str, percent: bool) -> str:
        """What was agreed about an indicator for this year."""
        attain = rule.attain
        if isinstance(attain, ByLevel):
            ends = (self._value(end, percent) for end in (attain.threshold, attain.target))
            return self._t("level").format(*ends)
        if isinstance(attain, ByImprovement):
            goal, relative = attain.path[period], attain.measured == "relative"
            told = self.numbers.percent(goal, 1, fixed=False) if relative else self._value(goal, percent)
            return self._t(f"improvement {attain.measured}").format(told)
        return self._t(attain.by)

    def _steps(self, settlement: Settlement) -> Iterable[str]:
        name = f": {settlement.payer}" if len(self.settlements) > 1 else ""
        yield f"== #{quoted(self._t('steps') + name)}"
        rows = [
            (
                f"{number}. {self._of(step.name)}",
                f"{self._of(step.formula)}.",
                inputs_text(settlement, step, self.words, self.numbers),
                self.numbers.of_unit(step.amount, step.unit),
            )
            for number, step in enumerate(settlement.steps, start=1)
        ]
        heads = (self._t("step"), self._t("inputs"), self._t("amount"))
        cells = [
            f"[*#{quoted(name)}* \\ #text(size: 8pt, {quoted(words)})], "
            f"text(size: 7.5pt, {quoted(given)}), align(right, {quoted(amount)})"
            for name, words, given, amount in rows
        ]
        head = ", ".join(f"strong({quoted(head)})" for head in heads[:2])
        head += f", align(right, strong({quoted(heads[2])}))"
        columns = f"columns: (5fr, 4fr, auto), table.header({head})"
        yield f"#table({columns},\n  " + ",\n  ".join(cells) + ")"

    def _distribution(self, settlement: Settlement) -> Iterable[str]:
        portions = [*settlement.portions, *settlement.others]
        if portions:
            yield f"== #{quoted(self._t('distribution'))}"
            rows = [(portion.name, self.numbers.money(portion.amount)) for portion in portions]
            heads = (self._t("party"), self._t("amount"))
            yield table(heads, rows, columns="(1fr, auto)", right=(1,))

    def _sources(self) -> Iterable[str]:
        yield f"== #{quoted(self._t('sources'))}"
        first = self.settlements[0]
        rows = [(self._t("contract hash"), first.contract_hash)]
        rows += [(f"{self._t('settlement hash')} {each.payer}", each.hash) for each in self.settlements]
        rows += sorted(first.inputs.sources.items())
        cells = ",\n  ".join(f"{quoted(name)}, raw({quoted(value)})" for name, value in rows)
        yield (
            f"#[#set text(size: 7.5pt)\n#table(columns: (auto, 1fr), stroke: none, inset: 2pt,\n  {cells})]"
        )
        yield f"#{quoted(self._t('recompute'))}"
        yield f"\n#raw({quoted(f'meetlat settle --again {first.contract} --period {first.period}')})"

    def _signatures(self) -> Iterable[str]:
        who = [self.settlements[0].participant.network, *(each.payer for each in self.settlements)]
        lines = [self._t(key) for key in ("name", "date", "signature")]
        cells = ", ".join(
            "[#strong("
            + quoted(party)
            + ")"
            + "".join(
                f" #v(7mm) #{quoted(line)} #box(width: 1fr, line(length: 100%, stroke: 0.4pt))"
                for line in lines
            )
            + "]"
            for party in who
        )
        yield f"#block(breakable: false)[\n== #{quoted(self._t('signatures'))}"
        yield f"#grid(columns: (1fr, 1fr), column-gutter: 12mm, row-gutter: 8mm, {cells})]"

    def _t(self, key: str) -> str:
        return TEXTS[key][0 if self.language == "nl" else 1]

    def _of(self, text: Text) -> str:
        return str(getattr(text, self.language))

"""A settlement as a PDF on A4: parties, quality, every step with formula and inputs, signatures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Literal

import typst

from contracts.contract import Contract
from contracts.ledger import Settlement
from contracts.statement.words import TEXTS
from contracts.steps import StepInput
from contracts.terms.part import Text

Language = Literal["nl", "en"]


def statement(
    contract: Contract,
    settlements: Sequence[Settlement],
    *,
    titles: Mapping[str, Text],
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
    language : str
        ``nl`` or ``en``.
    """
    made = typst.compile(_Document(contract, settlements, titles, language).source().encode(), format="pdf")
    assert isinstance(made, bytes)
    return made


class _Document:
    def __init__(
        self,
        contract: Contract,
        settlements: Sequence[Settlement],
        titles: Mapping[str, Text],
        language: Language,
    ) -> None:
        self.contract, self.settlements, self.titles = contract, settlements, titles
        self.language: Language = language

    def source(self) -> str:
        parts = [self._head(), *self._parties(), *self._quality()]
        for settlement in self.settlements:
            parts += [*self._steps(settlement), *self._distribution(settlement)]
        return "\n".join([*parts, *self._sources(), *self._signatures()])

    def _head(self) -> str:
        foot = f"{self.contract.contract} {self.contract.version}, {self.settlements[0].period}"
        return f"""#set document(title: {_text(self._of(self.contract.title))}, date: none)
#set page(paper: "a4", margin: (x: 20mm, y: 22mm), footer: context {{
  set text(size: 8pt)
  [#{_text(foot)} #h(1fr) #{_text(self._t("page"))} #counter(page).display()
   #{_text(self._t("of"))} #counter(page).final().first()]
}})
#set text(lang: "{self.language}", size: 9.5pt, hyphenate: true)
#let rule(x, y) = if y == 0 {{ (bottom: 0.7pt) }} else {{ (bottom: 0.3pt + luma(190)) }}
#set table(stroke: rule, inset: 4pt)
#show heading: set block(above: 1.4em, below: 0.7em)
= #{_text(self._of(self.contract.title))}"""

    def _parties(self) -> Iterable[str]:
        first = self.settlements[0]
        kind = self._t(first.kind)
        if first.inputs.interim is not None:
            kind = f"{kind} {first.inputs.interim.paid_through}"
        yield f'#text(size: 12pt, weight: "bold", {_text(f"{kind}, {first.period}")})'
        yield f"== #{_text(self._t('parties'))}"
        rows = [(self._t("network"), first.participant.network)]
        for each in self.settlements:
            what = self._t("owes" if each.payment < 0 else "pays")
            rows += [(self._t("between"), each.payer), (what, self._money(abs(each.payment)))]
        rows.append((self._t("contract"), f"{first.contract} {first.version}"))
        yield self._table(("", ""), rows, columns="(auto, 1fr)", right=())

    def _quality(self) -> Iterable[str]:
        score = self.settlements[0].quality
        yield f"== #{_text(self._t('quality'))}"
        rows = []
        for line in score.lines:
            title = self.titles.get(line.indicator)
            value = self._number(line.adjusted, 6) if line.adjusted is not None else self._t(line.handled)
            rows.append(
                (
                    self._of(title) if title else line.indicator,
                    self._number(Decimal(repr(line.n)), 0),
                    value,
                    self._percent(Decimal(float(line.attained)), 1),
                    self._percent(Decimal(float(line.weight)), 1),
                    self._number(Decimal(float(line.points)), 4),
                )
            )
        rows.append((self._t("score"), "", "", "", "", self._number(Decimal(float(score.score)), 4)))
        heads = tuple(map(self._t, ("indicator", "n", "value", "attained", "weight", "points")))
        yield self._table(heads, rows, columns="(1fr, auto, auto, auto, auto, auto)", right=(1, 2, 3, 4, 5))

    def _steps(self, settlement: Settlement) -> Iterable[str]:
        name = f": {settlement.payer}" if len(self.settlements) > 1 else ""
        yield f"== #{_text(self._t('steps') + name)}"
        rows = [
            (
                f"{number}. {self._of(step.name)}",
                f"{self._of(step.formula)}.",
                "; ".join(self._input(what, given, settlement) for what, given in step.inputs.items()),
                self._amount(step.amount, step.unit),
            )
            for number, step in enumerate(settlement.steps, start=1)
        ]
        heads = (self._t("step"), self._t("inputs"), self._t("amount"))
        cells = [
            f"[*#{_text(name)}* \\ #text(size: 8pt, {_text(words)})], "
            f"text(size: 7.5pt, {_text(given)}), align(right, {_text(amount)})"
            for name, words, given, amount in rows
        ]
        head = ", ".join(f"strong({_text(head)})" for head in heads)
        yield (f"#table(columns: (5fr, 4fr, auto), table.header({head}),\n  " + ",\n  ".join(cells) + ")")

    def _input(self, what: str, given: StepInput, settlement: Settlement) -> str:
        kind, _, field = given.source.partition(":")
        earlier = {step.key: step for step in settlement.steps}.get(field) if kind == "step" else None
        if earlier is not None:
            return f"{self._of(earlier.name)} {self._amount(Decimal(given.value), earlier.unit)}"
        value = given.value
        told = self._number(value, 6) if isinstance(value, Decimal) else str(value)
        return f"{what} {told} ({self._t(f'source {kind}')} {field})"

    def _distribution(self, settlement: Settlement) -> Iterable[str]:
        portions = [*settlement.portions, *settlement.others]
        if portions:
            yield f"== #{_text(self._t('distribution'))}"
            rows = [(portion.name, self._money(portion.amount)) for portion in portions]
            heads = (self._t("party"), self._t("amount"))
            yield self._table(heads, rows, columns="(1fr, auto)", right=(1,))

    def _sources(self) -> Iterable[str]:
        yield f"== #{_text(self._t('sources'))}"
        first = self.settlements[0]
        rows = [(self._t("contract hash"), first.contract_hash)]
        rows += [(f"{self._t('settlement hash')} {each.payer}", each.hash) for each in self.settlements]
        rows += sorted(first.inputs.sources.items())
        cells = ",\n  ".join(f"{_text(name)}, raw({_text(value)})" for name, value in rows)
        yield (
            f"#[#set text(size: 7.5pt)\n#table(columns: (auto, 1fr), stroke: none, inset: 2pt,\n  {cells})]"
        )
        yield f"#{_text(self._t('recompute'))}"
        yield f"\n#raw({_text(f'meetlat settle --again {first.contract} --period {first.period}')})"

    def _signatures(self) -> Iterable[str]:
        who = [self.settlements[0].participant.network, *(each.payer for each in self.settlements)]
        lines = [self._t(key) for key in ("name", "date", "signature")]
        cells = ", ".join(
            "[#strong("
            + _text(party)
            + ")"
            + "".join(
                f" #v(7mm) #{_text(line)} #box(width: 1fr, line(length: 100%, stroke: 0.4pt))"
                for line in lines
            )
            + "]"
            for party in who
        )
        yield f"#block(breakable: false)[\n== #{_text(self._t('signatures'))}"
        yield f"#grid(columns: (1fr, 1fr), column-gutter: 12mm, row-gutter: 8mm, {cells})]"

    def _table(
        self,
        heads: tuple[str, ...],
        rows: Iterable[tuple[str, ...]],
        *,
        columns: str,
        right: tuple[int, ...],
    ) -> str:
        sides = ", ".join("right" if place in right else "left" for place in range(len(heads)))
        head = f"table.header({', '.join(f'strong({_text(head)})' for head in heads)})," if any(heads) else ""
        cells = ",\n  ".join(", ".join(map(_text, row)) for row in rows)
        stroke = "" if any(heads) else "stroke: none,"
        return f"#table(columns: {columns}, align: ({sides}), {stroke} {head}\n  {cells})"

    def _amount(self, amount: Decimal, unit: str) -> str:
        if unit == "rate":
            return self._percent(amount, 4)
        return self._money(amount) if unit == "eur" else self._number(amount, 6)

    def _money(self, amount: Decimal) -> str:
        sign = {"EUR": "€", "USD": "$"}[self.contract.currency]
        return f"{sign}\u00a0{self._spelled(f'{amount:,.2f}')}"

    def _percent(self, amount: Decimal, digits: int) -> str:
        space = "\u00a0" if self.language == "nl" else ""
        return f"{self._spelled(f'{amount * 100:,.{digits}f}')}{space}%"

    def _number(self, amount: Decimal, digits: int) -> str:
        text = f"{amount:,.{digits}f}"
        return self._spelled(text.rstrip("0").rstrip(".") if "." in text else text)

    def _spelled(self, number: str) -> str:
        if self.language == "nl":
            number = number.translate(str.maketrans(",.", ".,"))
        return number.replace("-", "\u2212")

    def _t(self, key: str) -> str:
        return TEXTS[key][0 if self.language == "nl" else 1]

    def _of(self, text: Text) -> str:
        return str(getattr(text, self.language))


def _text(words: str) -> str:
    """A string of the typesetter: nothing in it is taken for markup."""
    return '"' + words.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'

"""The part of the document about luck: chances and limits, small differences, and where the amount jumps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from contracts.field_words import FieldWords
from contracts.kept_luck import KeptLuck, Row, chance_rows
from contracts.luck_words import TEXTS
from contracts.money import chance_text
from contracts.statement.numbers import Numbers
from contracts.statement.typesetting import quoted, table
from contracts.terms.part import Text


def luck_parts(
    luck: Mapping[str, KeptLuck], payers: Sequence[str], words: FieldWords, numbers: Numbers
) -> Iterator[str]:
    """Markup of how sure the payment of each payer is, and their sum; nothing where that is not known."""
    known = [payer for payer in payers if payer in luck]
    if not known:
        return
    told = _Told(words, numbers)
    first = luck[known[0]].luck
    yield f"== #{quoted(told.t('title'))}"
    about = told.t("about").format(draws=numbers.number(Decimal(first.draws), 0), seed=first.seed)
    yield f"#{quoted(about)}\n"
    if first.held:
        held = "; ".join(told.of(words.title(name)) for name in first.held)
        yield f"#{quoted(told.t('held').format(held))}\n"
    for payer in known:
        if len(payers) > 1:
            yield f"=== #{quoted(payer)}"
        yield told.chances(chance_rows(luck[payer].luck))
        yield from told.differences(luck[payer])
    total = luck[known[0]].total
    if total is not None:
        yield f"=== #{quoted(told.t('all'))}"
        yield told.chances(chance_rows(total))


class _Told:
    """How it is told in one language."""

    def __init__(self, words: FieldWords, numbers: Numbers) -> None:
        self.words, self.numbers = words, numbers

    def chances(self, rows: Iterable[Row]) -> str:
        cells = [(self.of(row.name), self._value(row)) for row in rows]
        heads = (self.t("figure"), self.t("amount"))
        return table(heads, cells, columns="(1fr, auto)", right=(1,))

    def differences(self, kept: KeptLuck) -> Iterator[str]:
        rows = [
            (self.of(row.name), self._change(row.down), self._change(row.up))
            for row in kept.slope_rows(self.words)
        ]
        heads = (self.t("slopes"), self.t("down"), self.t("up"))
        yield table(heads, rows, columns="(1fr, auto, auto)", right=(1, 2))
        sentences = [self.of(sentence) for sentence in kept.cliff_sentences(self.words)]
        yield f"#block(sticky: true, strong({quoted(self.t('cliffs'))}))"
        for sentence in sentences or [self.t("no cliffs")]:
            yield f"- #{quoted(sentence)}"
        yield ""

    def _value(self, row: Row) -> str:
        if row.kind == "euros":
            return self.numbers.euros(row.value)
        if row.kind == "rate":
            return self.numbers.percent(row.value, 2)
        return chance_text(row.value, self.numbers.language)

    def _change(self, amount: Decimal | None) -> str:
        return "\u2013" if amount is None else self.numbers.money(amount, signed=True)

    def t(self, key: str) -> str:
        return TEXTS[key][0 if self.numbers.language == "nl" else 1]

    def of(self, text: Text) -> str:
        return str(getattr(text, self.numbers.language))

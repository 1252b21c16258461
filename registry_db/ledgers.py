"""A stored settlement as a file to hand on: a workbook that recomputes it, a document, or data."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.contract import Contract
from contracts.field_words import FieldWords
from contracts.inputs import SettlementError
from contracts.kept_luck import KeptLuck
from contracts.ledger import Settlement
from contracts.money import Language
from contracts.restatement import Restated, settle_parts_again
from contracts.statement.document import statement
from contracts.statement.inputs import inputs_text
from contracts.statement.numbers import Numbers
from contracts.terms.part import Text
from contracts.workbook.file import workbook
from indicators.faults import DefinitionError
from registry_db import published_settlements as published
from registry_db.catalogue import Catalogue, read_definition
from registry_db.connect import Connection
from registry_db.faults import RegistryError
from registry_db.keeping import as_settled, in_force
from registry_db.reader import NotPublished, PublicationReader


@dataclass(frozen=True, slots=True)
class Ledger:
    """The settlement of one contract year.

    Attributes
    ----------
    contract : Contract
        In the version that was settled.
    settlements : tuple of Settlement
        Of each payer.
    language : str
        ``nl`` or ``en``.
    titles : mapping of str to Text
        Titles of the indicators that are in force.
    percentages : set of str
        Indicators whose values are proportions.
    restated : tuple of Restated
        What it changed in the final settlement that it replaced, by payer; empty if it replaced none.
    luck : mapping of str to KeptLuck
        How sure each payment is, by payer, where that is known.
    """

    contract: Contract
    settlements: tuple[Settlement, ...]
    language: Language
    titles: Mapping[str, Text]
    percentages: frozenset[str] = frozenset()
    restated: tuple[Restated, ...] = ()
    luck: Mapping[str, KeptLuck] = field(default_factory=dict)

    def to_xlsx(self) -> bytes:
        """A workbook whose formulas recompute every step."""
        return workbook(
            self.contract,
            self.settlements,
            language=self.language,
            titles=self.titles,
            restated=self.restated,
            luck=self.luck,
        )

    def to_pdf(self) -> bytes:
        """A document to read and sign."""
        return statement(
            self.contract,
            self.settlements,
            titles=self.titles,
            percentages=self.percentages,
            restated=self.restated,
            luck=self.luck,
            language=self.language,
        )

    def inputs(self, payer: str) -> dict[str, str]:
        """What each step of the settlement with a payer was computed from, in words, by key of the step."""
        words, numbers = (
            FieldWords(self.contract, self.titles),
            Numbers(self.language, self.contract.currency),
        )
        settlement = next(each for each in self.settlements if each.payer == payer)
        return {step.key: inputs_text(settlement, step, words, numbers) for step in settlement.steps}

    def to_json(self) -> bytes:
        """The ledgers as data."""
        return _as_json([settlement.to_dict() for settlement in self.settlements])


def published_file(
    reader: PublicationReader, contract: str, *, period: str, kind: str, language: Language
) -> bytes:
    """Give the published settlement of a contract year as a file.

    Parameters
    ----------
    reader : PublicationReader
    contract, period : str
        Whose settlement.
    kind : str
        ``xlsx``, ``pdf`` or ``json``.
    language : str
        ``nl`` or ``en``.

    Raises
    ------
    NotPublished
        If there is no such settlement, or numbers on too few patients were taken out of it, so that it can be
        had as data only.
    """
    if kind == "json":
        rows = _published(reader, contract, period)
        return _as_json([json.loads(row.settlement_json) for row in rows])
    return LEDGER_KINDS[f".{kind}"](published_ledger(reader, contract, period=period, language=language))


def _published(reader: PublicationReader, contract: str, period: str) -> list[published.Settlement]:
    rows = [row for row in reader.settlements() if (row.contract, row.period) == (contract, period)]
    if not rows:
        known = ", ".join(sorted({f"{row.contract} {row.period}" for row in reader.settlements()})) or "none"
        raise NotPublished(
            f"there is no settlement of {contract} {period} in this publication; it has: {known}"
        )
    return rows


def published_ledger(reader: PublicationReader, contract: str, *, period: str, language: Language) -> Ledger:
    """Give the published settlement of a contract year, computed again.

    Raises
    ------
    NotPublished
        If there is no such settlement, numbers on too few patients were taken out of it, or it does not come
        out again: it was published by another version of this program, or is damaged.
    """
    rows = _published(reader, contract, period)
    texts = {(each.contract, each.version): each.definition for each in reader.contracts()}
    text = texts.get((contract, rows[0].version))
    # the text is not there either where a hidden score was judged in another year
    withheld = next((row.withheld["en"] for row in rows if row.withheld), None)
    if text is None or withheld:
        why = withheld or (
            "A result in another year of this contract is on too few clients to be shown. The parties get "
            "the whole settlement from the operator of the registry (meetlat ledger)."
        )
        raise NotPublished(f"{contract} {period}: it can be had as json only. {why}")
    try:
        settled = read_definition(text, f"{contract}.contract.yaml").model
        again = settle_parts_again(settled, [json.loads(row.settlement_json) for row in rows])
    except (DefinitionError, SettlementError) as error:
        raise NotPublished(
            f"{contract} {period}: it can be had as json only; it does not come out again as it was "
            f"published ({str(error).splitlines()[0]}). Settle and publish it again (meetlat run)."
        ) from error
    indicators = reader.indicators()
    percentages = frozenset(each.indicator for each in indicators if each.show_unit == "percent")
    restated = tuple(Restated.from_dict(row.payer, row.restatement) for row in rows if row.restatement)
    luck = _known({row.payer: reader.luck_json(row.settlement) for row in rows})
    return Ledger(settled, again.settlements, language, reader.titles(), percentages, restated, luck)


def _known(stored: Mapping[str, str | None]) -> dict[str, KeptLuck]:
    """Luck by payer, of those of which it is known."""
    found = {payer: KeptLuck.from_dict(json.loads(text)) for payer, text in stored.items() if text}
    return {payer: kept for payer, kept in found.items() if kept is not None}


def _as_json(data: Sequence[Mapping[str, Any]]) -> bytes:
    return json.dumps(data, ensure_ascii=False, indent=2).encode()


def titles_of(catalogue: Catalogue) -> dict[str, Text]:
    """Titles of the indicators that are in force."""
    return {item.id: Text(nl=item.model.title.nl, en=item.model.title.en) for item in catalogue.indicators()}


def stored_ledger(
    con: Connection, catalogue: Catalogue, contract: str, *, period: str, language: Language
) -> Ledger:
    """Give the stored settlement of a contract year.

    Raises
    ------
    RegistryError
        If there is no such contract, or it was not settled for this year.
    SettlementError
        If what was stored does not come out again.
    """
    chosen = catalogue.get("contract", contract).id
    rows = in_force(con, chosen, period)
    if not rows:
        raise RegistryError(
            f"there is no settlement of {contract} {period} in this registry",
            "`meetlat settlements` shows those it has",
        )
    settled = as_settled(con, chosen, rows[0]["version"])
    again = settle_parts_again(settled, [row["stored"] for row in rows])
    titles = titles_of(catalogue)
    restated = tuple(
        Restated.from_dict(row["payer"], json.loads(row["restatement"])) for row in rows if row["restatement"]
    )
    percentages = frozenset(item.id for item in catalogue.indicators() if item.model.show.unit == "percent")
    luck = _known({row["payer"]: row["luck"] for row in rows})
    return Ledger(settled, again.settlements, language, titles, percentages, restated, luck)


LEDGER_KINDS: dict[str, Callable[[Ledger], bytes]] = {
    ".xlsx": Ledger.to_xlsx,
    ".pdf": Ledger.to_pdf,
    ".json": Ledger.to_json,
}
"""How a ledger is written, by the ending of a file's name."""
LEDGER_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "json": "application/json",
}
"""Media type of each kind of file."""


def file_name(contract: str, period: str, kind: str) -> str:
    """Name of the file of a contract year; a period such as 2024/25 has no place in a name."""
    return f"{contract}-{period.replace('/', '-')}.{kind}"

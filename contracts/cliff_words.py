"""A cliff as a sentence in Dutch and English."""

from __future__ import annotations

from decimal import Decimal

from contracts.contract import Contract
from contracts.field_words import choice_words
from contracts.money import money_text, number_text
from contracts.terms.part import Text


def jump_words(
    contract: Contract,
    *,
    what: str,
    kind: str,
    change: Decimal,
    at: Decimal,
    events: int | None,
    payments: tuple[Decimal, Decimal | None],
) -> Text:
    """Sentence for an input that can be counted or measured."""
    nl, en = _change(contract, what, kind, change=change, at=at)
    if events is not None:
        more_nl, more_en = ("meer", "more") if events > 0 else ("minder", "fewer")
        records_nl, records_en = ("record", "record") if abs(events) == 1 else ("records", "records")
        nl += f", {abs(events)} {records_nl} {more_nl} met deze uitkomst"
        en += f", {abs(events)} {records_en} {more_en} with this outcome"
    return _with_payment(contract, nl, en, payments)


def band_words(contract: Contract, *, what: str, band: str, payments: tuple[Decimal, Decimal]) -> Text:
    """Sentence for an indicator that falls in another funnel class."""
    name = choice_words(band, contract.currency)
    return _with_payment(
        contract,
        f"Als {what} in de klasse '{name.nl}' valt",
        f"If {what} falls in the class '{name.en}'",
        payments,
    )


def _change(contract: Contract, what: str, kind: str, *, change: Decimal, at: Decimal) -> tuple[str, str]:
    more = change > 0
    if kind == "spending":
        size, place = _money(contract, abs(change)), _money(contract, at)
        return (
            f"Bij {size[0]} {'meer' if more else 'minder'} uitgaven (samen {place[0]})",
            f"With {size[1]} {'more' if more else 'less'} spent ({place[1]} in all)",
        )
    if kind == "records":
        of = ("", "") if what == "records" else (f" bij {what}", f" of {what}")
        return (
            f"Bij {_number(abs(change), 0)[0]} records {'meer' if more else 'minder'}{of[0]} "
            f"(samen {_number(at, 0)[0]})",
            f"With {_number(abs(change), 0)[1]} records {'more' if more else 'fewer'}{of[1]} "
            f"({_number(at, 0)[1]} in all)",
        )
    digits = 4 if kind != "value" or abs(at) < 10 else 2
    size, place = _number(abs(change), digits), _number(at, digits)
    of = {
        "value": ("", ""),
        "position": ("de plaats van ", "the position of "),
        "reliability": ("de betrouwbaarheid van ", "the reliability of "),
    }[kind]
    return (
        f"Als {of[0]}{what} {size[0]} {'hoger' if more else 'lager'} uitkomt (op {place[0]})",
        f"If {of[1]}{what} comes out {size[1]} {'higher' if more else 'lower'} (at {place[1]})",
    )


def _with_payment(contract: Contract, nl: str, en: str, payments: tuple[Decimal, Decimal | None]) -> Text:
    before, after = payments
    nl += "," if nl.startswith("Als") else ""
    if after is None:
        old = _money(contract, before)
        return Text(
            nl=f"{nl} wordt er niets afgerekend; nu is de betaling {old[0]}.",
            en=f"{en}, nothing is settled at all; now the payment is {old[1]}.",
        )
    old, new, stake = (_money(contract, amount) for amount in (before, after, abs(after - before)))
    rises = after > before
    return Text(
        nl=f"{nl} {'stijgt' if rises else 'daalt'} de betaling ineens van {old[0]} naar {new[0]}: "
        f"{stake[0]} {'meer' if rises else 'minder'}.",
        en=f"{en}, the payment {'rises' if rises else 'falls'} at once from {old[1]} to {new[1]}: "
        f"{stake[1]} {'more' if rises else 'less'}.",
    )


def _money(contract: Contract, amount: Decimal) -> tuple[str, str]:
    return money_text(amount, contract.currency, "nl"), money_text(amount, contract.currency, "en")


def _number(value: Decimal, digits: int) -> tuple[str, str]:
    """Number as the Dutch and the English write it."""
    return number_text(value, digits, "nl"), number_text(value, digits, "en")

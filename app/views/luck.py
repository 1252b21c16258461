"""How sure a payment is: what luck alone would pay, what one event does, and where the payment jumps."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from html import escape

import streamlit as st

from app import markup
from app.selection import View
from app.views import frame
from app.wording import Wording, mark
from contracts.kept_luck import FAR
from contracts.luck import Chances
from contracts.money import MINUS, Currency
from registry_db.published_settlements import Cliff, Settlement, Slope


def show(view: View, settlement: Settlement) -> None:
    """Draw the part of the page on luck and cliffs."""
    w, found, currency = view.w, view.reader.luck(settlement.settlement), settlement.currency
    frame.section(w.t("luck.title"), w.t("luck.about"))
    if found is None:
        frame.empty(w.t("luck.none"))
        return
    st.html(f'<p class="lead">{escape(told(w, found, currency))}</p>')
    st.html(markup.cards(_cards(w, found, currency)))
    frame.note(w.t("luck.note", draws=w.count(found.draws)))
    if found.held:
        frame.note(w.t("luck.held", indicators=", ".join(_title(view, name) for name in found.held)))
    if found.total is not None:
        _show_total(w, found.total, currency)
    events = [slope for slope in found.slopes if slope.kind == "event"]
    if events:
        frame.section(w.t("event.title"), w.t("event.about"))
        st.html(_events(view, events, currency))
    frame.section(w.t("cliff.title"), w.t("cliff.about"))
    if found.cliffs:
        st.html(_cliffs(view, found.cliffs))
    else:
        frame.empty(w.t("cliff.none"))


def _show_total(w: Wording, total: Chances, currency: Currency) -> None:
    """Draw how sure the sum of what all payers pay is; luck with one may undo that with another."""
    owes, amount = total.payment < 0, w.money(abs(total.payment), currency, cents=True)
    about = w.t("luck.all.owed", amount=amount) if owes else w.t("luck.all.paid", amount=amount)
    frame.section(w.t("luck.all.title"), f"{about} {w.t('luck.all.about')}")
    st.html(f'<p class="lead">{escape(told(w, total, currency))}</p>')
    st.html(markup.cards(_cards(w, total, currency)))


def told(w: Wording, found: Chances, currency: Currency) -> str:
    """What luck alone would have paid, in two sentences."""
    # the mean counts what the network would have owed too, where it can owe
    either = found.chance_owed > 0 or found.expected_by_luck < 0
    paid = w.t(
        mark("luck.any.either") if either else mark("luck.any"),
        years=_of_hundred(w, found.any_by_luck),
        amount=w.money(Decimal(str(found.expected_by_luck)), currency),
    )
    if found.payment <= 0:
        return paid
    return f"{paid} {w.t('luck.this', years=_of_hundred(w, found.by_luck))}"


def interval(w: Wording, found: Chances, currency: Currency) -> str:
    """Limits between which 95 % of the payments lie."""
    lower, upper = (w.money(Decimal(str(edge)), currency) for edge in (found.lower, found.upper))
    return f"{lower} {w.t('interval.between')} {upper}"


def _cards(w: Wording, found: Chances, currency: Currency) -> list[tuple[str, str, str]]:
    owes = found.payment < 0
    # of an amount that the network owes, the question is how often chance alone would have cost it more
    by_luck = 1 - found.by_luck if owes else found.by_luck
    either = found.chance_owed > 0
    cards = [
        (w.t("luck.interval"), interval(w, found, currency), w.t("luck.interval.about")),
        (w.t("luck.neither") if either else w.t("luck.nothing"), w.chance(found.chance_none), ""),
        (
            w.t("luck.power"),
            w.chance(found.power),
            w.t("luck.power.about", saving=w.percent(found.true_saving, 0)),
        ),
    ]
    if either:
        cards.insert(2, (w.t("luck.owed"), w.chance(found.chance_owed), ""))
    if found.payment:  # of nothing it is certain
        cards.insert(0, (w.t("luck.more-owed") if owes else w.t("luck.by-luck"), w.chance(by_luck), ""))
    return cards


def _of_hundred(w: Wording, chance: float) -> str:
    if chance < 0.01:
        return w.t("hundred.rarely")
    return w.t("hundred", n=w.number(min(chance, 0.99) * 100, 0))


def _title(view: View, name: str) -> str:
    known = {row.indicator: view.w.of(row, "title") for row in view.reader.indicators()}
    return known.get(name, name)


def _events(view: View, events: Sequence[Slope], currency: Currency) -> str:
    w = view.w
    rows = [
        (escape(_title(view, slope.what)), *(_change(w, side, currency) for side in (slope.down, slope.up)))
        for slope in events
    ]
    head = (w.t("column.indicator"), w.t("event.fewer"), w.t("event.more"))
    return markup.table(head, rows, caption=w.t("event.title"), kind="ledger")


def _change(w: Wording, amount: Decimal | None, currency: Currency) -> str:
    return escape(w.t("value.none") if amount is None else w.signed_money(amount, currency))


def _cliffs(view: View, cliffs: Sequence[Cliff]) -> str:
    w = view.w
    items = []
    for cliff in cliffs:
        text = w.of(cliff, "words").replace(cliff.what, _title(view, cliff.what))
        # a line may be broken between a minus and the sign of a currency, and must not be
        text = text.replace(MINUS, f"{MINUS}\N{WORD JOINER}")
        if cliff.errors is not None:
            far = w.number(cliff.errors, 1)
            text += " " + (w.t("cliff.near", far=far) if cliff.errors < FAR else w.t("cliff.far", far=far))
        items.append(f"<li>{escape(text)}</li>")
    return f'<ul class="cliffs">{"".join(items)}</ul>'

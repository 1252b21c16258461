"""What a settlement is part of: a year that has not ended, a correction, several payers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from html import escape

import streamlit as st

from app import markup
from app.selection import View
from app.views import frame
from contracts.field_words import cause_words
from registry_db.published_settlements import Settlement


def show_stand(view: View, settlement: Settlement) -> None:
    """Say where the parties stand in a year that has not ended."""
    w, stand = view.w, settlement.stand
    if stand is None:
        return
    frame.section(w.t("stand.title"), "")
    through = w.date(date.fromisoformat(stand.paid_through))
    if stand.known == stand.expected:
        told = [w.t("stand.records", through=through)]
    else:
        told = [
            w.t(
                "stand.claims",
                through=through,
                known=w.money(stand.known, settlement.currency),
                part=w.percent(stand.known / stand.expected),
                expected=w.money(stand.expected, settlement.currency),
            )
        ]
    if stand.pending:
        titles = view.reader.titles()
        names = ", ".join(getattr(titles[name], w.language) for name in stand.pending)
        told.append(w.t("stand.pending", indicators=names))
    told.append(w.t("stand.end"))
    st.html(f'<p class="lead">{escape(" ".join(told))}</p>')


def show_restatement(view: View, settlement: Settlement) -> None:
    """Say what a correction changed for each party, and by which cause."""
    w, restated = view.w, settlement.restated
    if restated is None:
        return
    change = -restated.differences[settlement.payer]
    sides = (settlement.payment - change, settlement.payment)
    was, now = (w.money(amount, settlement.currency, cents=True) for amount in sides)
    frame.section(w.t("restated.title"), w.t("restated.about", was=was, now=now))
    titles = view.reader.titles()
    names = {settlement.provider: view.organisation.name}
    parties = [(names.get(party, party), amount) for party, amount in restated.differences.items()]
    causes = [
        (getattr(cause_words(cause.what, titles, sources=cause.sources), w.language), cause.difference)
        for cause in restated.causes
    ]
    for head, amount, rows in (
        (w.t("restated.party"), w.t("restated.difference"), parties),
        (w.t("restated.cause"), w.t("restated.for-network"), causes),
    ):
        if not rows:  # the causes of a settlement of which the ledger is withheld
            continue
        table = (
            (escape(name), escape(w.signed_money(each, settlement.currency, cents=True)))
            for name, each in rows
        )
        st.html(markup.table((head, amount), table, caption=head, kind="ledger"))


def show_payers(view: View, settlements: Sequence[Settlement]) -> None:
    """Lay the money of the payers of one contract year side by side; nothing where there is one."""
    w = view.w
    if len(settlements) < 2:
        return
    frame.section(w.t("payers.title"), w.t("payers.about"))
    rows = [
        (
            escape(each.payer),
            escape(_saving(view, each)),
            escape(w.money(each.payment, each.currency, cents=True)),
        )
        for each in settlements
    ]
    whole = sum((each.payment for each in settlements), Decimal(0))
    told = w.money(whole, settlements[0].currency, cents=True)
    rows.append((escape(w.t("payers.all")), escape(_saving(view, *settlements)), escape(told)))
    head = (w.t("payers.payer"), w.t("payers.saving"), w.t("years.payment"))
    st.html(markup.table(head, rows, caption=w.t("payers.title"), kind="quality"))


def _saving(view: View, *settlements: Settlement) -> str:
    """What was saved with these payers together; hidden if it is of any."""
    amounts = [line.amount for each in settlements for line in each.ledger if line.key == "saving"]
    if len(amounts) < len(settlements):
        return view.w.t("value.hidden")
    return view.w.money(sum(amounts, Decimal(0)), settlements[0].currency)

"""The settlement of a contract: what is paid, and how each euro came about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from html import escape

import streamlit as st

from app import charts, markup
from app.selection import View, choose
from app.sentences import settlement_kind
from app.views import frame, luck, standing
from app.wording import Wording, mark
from contracts.money import Currency
from registry_db.ledgers import LEDGER_TYPES, file_name, published_file, published_ledger
from registry_db.published import Indicator
from registry_db.published_settlements import Goal, LedgerLine, QualityLine, Settlement
from registry_db.reader import NotPublished


def show(view: View) -> None:
    """Draw the page."""
    w = view.w
    settlements = view.reader.settlements(view.organisation.provider)
    frame.warn_if_generated(view, also=any(settlement.generated for settlement in settlements))
    if not settlements:
        frame.heading(view.organisation.name)
        frame.empty(w.t("contract.none"))
        return
    of_period = [settlement for settlement in settlements if settlement.period == view.period]
    if not of_period:
        frame.heading(view.organisation.name)
        periods = ", ".join(dict.fromkeys(settlement.period for settlement in settlements))
        frame.empty(w.t("contract.other-periods", period=view.period, periods=periods))
        return
    _draw(view, _choose_settlement(view, of_period))


def _choose_settlement(view: View, settlements: Sequence[Settlement]) -> Settlement:
    by_name = {f"{each.contract} {each.payer}": each for each in settlements}
    if len(by_name) == 1:
        return settlements[0]
    several = len({each.payer for each in settlements}) > 1
    chosen = choose(
        "contract",
        list(by_name),
        default=next(iter(by_name)),
        widget=lambda key: st.selectbox(
            view.w.t("choose.contract"),
            list(by_name),
            format_func=lambda name: (
                (f"{by_name[name].payer}: " if several else "") + view.w.of(by_name[name], "title")
            ),
            key=key,
        ),
    )
    return by_name[chosen]


def _draw(view: View, settlement: Settlement) -> None:
    w, lines = view.w, {line.key: line for line in settlement.ledger}
    lead = w.t(
        "contract.lead", provider=view.organisation.name, payer=settlement.payer, period=settlement.period
    )
    frame.heading(w.of(settlement, "title"), lead)
    st.html(_payment(w, settlement, lines.get("saving")))
    if lines:
        st.html(markup.cards(_cards(w, lines, settlement.currency)))
    if settlement.withheld:
        frame.note(settlement.withheld[w.language])
    standing.show_stand(view, settlement)
    standing.show_restatement(view, settlement)
    standing.show_payers(view, _of_all_payers(view, settlement))
    if lines:
        _draw_ledger(view, settlement, lines)
    _years(view, settlement)
    if lines:
        frame.section(w.t("ledger.title"), w.t("ledger.about"))
        st.html(_ledger(w, settlement.ledger, settlement.currency, _inputs(view, settlement)))
    _take_along(view, settlement)
    frame.note(
        w.t(
            "contract.source",
            contract=f"{settlement.contract} {settlement.version}",
            settlement=settlement.settlement[:16],
        )
    )


def _draw_ledger(view: View, settlement: Settlement, lines: dict[str, LedgerLine]) -> None:
    """From saving to payment, what quality adds, and how sure both are."""
    w, score = view.w, settlement.quality_score
    assert score is not None
    frame.section(w.t("waterfall.title"), w.t("waterfall.about"))
    st.altair_chart(
        charts.waterfall(w, settlement.ledger, settlement.currency),
        theme=None,
        alt=_waterfall_alt(w, settlement, lines),
    )
    with st.expander(w.t("funnel.table")):
        st.html(_steps(w, settlement.ledger, settlement.currency))
    frame.section(w.t("quality.title"), w.t("quality.about", score=w.number(score, 2)))
    st.html(_quality(view, settlement))
    luck.show(view, settlement)


_KINDS = (
    ("xlsx", mark("contract.take.xlsx")),
    ("pdf", mark("contract.take.pdf")),
    ("json", mark("contract.take.json")),
)


def _take_along(view: View, settlement: Settlement) -> None:
    """The ledger of all payers as a file, and the text of the contract."""
    w = view.w
    frame.section(w.t("contract.take.title"), w.t("contract.take.about"))
    text = next((each for each in view.reader.contracts() if each.contract == settlement.contract), None)
    whole = text is not None and not settlement.withheld
    with st.container(horizontal=True):
        for kind, label in _KINDS:
            if kind == "json" or whole:
                st.download_button(
                    w.t(label),
                    # made when it is asked for, not whenever the page is drawn
                    partial(
                        published_file,
                        view.reader,
                        settlement.contract,
                        period=settlement.period,
                        kind=kind,
                        language=w.language,
                    ),
                    file_name=file_name(settlement.contract, settlement.period, kind),
                    mime=LEDGER_TYPES[kind],
                    on_click="ignore",
                    key=f"take-{kind}",
                )
    if text is None and not settlement.withheld:
        frame.note(w.t("contract.take.hidden"))
    if text is not None:
        with st.expander(w.t("contract.text")):
            st.code(text.definition, language="yaml")


def _payment(w: Wording, settlement: Settlement, saving: LedgerLine | None) -> str:
    """The payment, large; below zero it is what the network owes."""
    owed = settlement.payment < 0
    if settlement.kind == "interim":
        what = w.t("contract.would-owe") if owed else w.t("contract.would-pay")
    else:
        what = w.t("contract.owed") if owed else w.t("contract.payment")
    nothing = saving is not None and saving.amount <= 0 and settlement.payment == 0
    none = f"<p>{escape(w.t('contract.no-saving'))}</p>" if nothing else ""
    amount = w.money(abs(settlement.payment), settlement.currency, cents=True)
    return (
        f'<div class="payment"><span class="tag">{escape(settlement_kind(w, settlement.kind))}</span>'
        f"<p>{escape(what)}</p>"
        f"<strong>{escape(amount)}</strong>{none}</div>"
    )


def _cards(w: Wording, lines: dict[str, LedgerLine], currency: Currency) -> list[tuple[str, str, str]]:
    saving = w.t("contract.rate", rate=w.percent(lines["savings_rate"].amount))
    return [
        (w.of(lines["target"], "name"), w.money(lines["target"].amount, currency), ""),
        (w.of(lines["actual"], "name"), w.money(lines["actual"].amount, currency), ""),
        (w.of(lines["saving"], "name"), w.money(lines["saving"].amount, currency), saving),
        (w.of(lines["quality"], "name"), w.number(lines["quality"].amount, 2), w.t("contract.of-one")),
        (w.of(lines["share"], "name"), w.percent(lines["share"].amount), ""),
    ]


def _waterfall_alt(w: Wording, settlement: Settlement, lines: dict[str, LedgerLine]) -> str:
    return w.t(
        "waterfall.alt",
        saving=w.money(lines["saving"].amount, settlement.currency),
        counted=w.money(lines["counted"].amount, settlement.currency),
        share=w.percent(lines["share"].amount),
        payment=w.money(settlement.payment, settlement.currency, cents=True),
    )


def _of_all_payers(view: View, settlement: Settlement) -> list[Settlement]:
    """The settlements of the same contract year, by payer."""
    key = (settlement.contract, settlement.period)
    every = view.reader.settlements(view.organisation.provider)
    return sorted(
        (each for each in every if (each.contract, each.period) == key), key=lambda each: each.payer
    )


def _years(view: View, settlement: Settlement) -> None:
    """The other years of the contract with the same payer, where there are any."""
    w = view.w
    years = [
        each
        for each in view.reader.settlements(view.organisation.provider)
        if (each.contract, each.payer) == (settlement.contract, settlement.payer)
    ]
    if len(years) < 2:
        return
    head = (
        w.t("choose.period"),
        w.t("years.saved"),
        w.t("quality.title"),
        w.t("years.payment"),
        w.t("luck.interval"),
    )
    frame.section(w.t("years.title"), w.t("years.about"))
    st.html(
        markup.table(
            head, (_year(view, each) for each in reversed(years)), caption=w.t("years.title"), kind="quality"
        )
    )


def _year(view: View, settlement: Settlement) -> tuple[str, ...]:
    w, lines = view.w, {line.key: line for line in settlement.ledger}
    found, score = view.reader.luck(settlement.settlement), settlement.quality_score
    address = view.link("contract", period=settlement.period)
    kind = settlement_kind(w, settlement.kind)
    return (
        f'<a href="{escape(address)}" target="_self">{escape(settlement.period)}</a>'
        f"<small>{escape(kind)}</small>",
        escape(w.percent(lines["savings_rate"].amount) if lines else w.t("value.hidden")),
        escape(w.t("value.hidden") if score is None else w.number(score, 2)),
        escape(w.money(settlement.payment, settlement.currency, cents=True)),
        escape(luck.interval(w, found, settlement.currency) if found else w.t("value.none")),
    )


def _quality(view: View, settlement: Settlement) -> str:
    w, found = view.w, view.reader.luck(settlement.settlement)
    goals = {goal.indicator: goal for goal in found.goals} if found else {}
    intervals = settlement.intervals
    head = (
        w.t("column.indicator"),
        w.t("column.value"),
        w.t("column.interval"),
        w.t("quality.goal"),
        w.t("quality.attained"),
        w.t("quality.weight"),
        w.t("quality.points"),
    )
    rows = (
        _quality_row(view, line, intervals.get(line.indicator), goals.get(line.indicator))
        for line in settlement.quality
    )
    return markup.table(head, rows, caption=w.t("quality.title"), kind="quality")


def _quality_row(
    view: View, line: QualityLine, interval: tuple[float, float] | None, goal: Goal | None
) -> tuple[str, ...]:
    w = view.w
    indicator: Indicator = view.reader.indicator(line.indicator, version=line.version)
    address = view.link("indicator", indicator=line.indicator, period=line.period)
    value = _not_judged(w, line) if line.adjusted is None else w.value(indicator, line.adjusted)
    attained = float(line.attained) * 100
    return (
        f'<a href="{escape(address)}" target="_self">{escape(w.of(indicator, "title"))}</a>',
        escape(value),
        escape(w.interval(indicator, *interval) if interval else w.t("value.none")),
        escape(_goal(w, indicator, goal)),
        f'<span class="bar" aria-hidden="true"><i style="width:{attained:.0f}%"></i></span>'
        f"{escape(w.percent(line.attained, 0))}",
        escape(w.percent(line.weight, 0)),
        escape(w.number(line.points, 3)),
    )


def _goal(w: Wording, indicator: Indicator, goal: Goal | None) -> str:
    """From which level on something is attained, and at which everything."""
    if goal is not None and goal.by == "band":
        return w.t("quality.by-band")
    if goal is None or goal.threshold is None or goal.target is None:
        return w.t("value.none")
    return w.t(
        "quality.levels", start=w.value(indicator, goal.threshold), end=w.value(indicator, goal.target)
    )


_REASONS = {
    "not-assessable": mark("quality.not-assessable"),
    "not-ripe": mark("quality.not-ripe"),
    "too-small": mark("quality.too-small"),
    "unreliable": mark("quality.unreliable"),
}
_HANDLED = {
    "leave-out": mark("quality.leave-out"),
    "zero": mark("quality.zero"),
    "reporting": mark("quality.reporting"),
}


def _not_judged(w: Wording, line: QualityLine) -> str:
    """Why there is no value, and what the contract does then; a hidden value was judged."""
    if line.reason is None or line.handled is None:
        return w.t("value.hidden" if line.band is None else "value.none")
    return f"{w.t(_REASONS[line.reason])}: {w.t(_HANDLED[line.handled])}"


def _steps(w: Wording, ledger: Sequence[LedgerLine], currency: Currency) -> str:
    """The waterfall as a table."""
    frame = charts.waterfall_frame(w, ledger, currency)
    rows = ((escape(row.step), escape(row.shown)) for row in frame.itertuples())
    head = (w.t("waterfall.step"), w.t("column.amount"))
    return markup.table(head, rows, caption=w.t("waterfall.title"))


def _inputs(view: View, settlement: Settlement) -> dict[str, str]:
    """What each line was computed from; nothing where the settlement can not be computed again from here."""
    try:
        made = published_ledger(
            view.reader, settlement.contract, period=settlement.period, language=view.w.language
        )
    except NotPublished:
        return {}
    return made.inputs(settlement.payer)


def _ledger(w: Wording, ledger: Sequence[LedgerLine], currency: Currency, inputs: Mapping[str, str]) -> str:
    rows = (
        (
            f"{escape(w.of(line, 'name'))}<small>{escape(w.of(line, 'formula'))}.</small>"
            + (f'<small class="from">{escape(inputs[line.key])}</small>' if inputs.get(line.key) else ""),
            escape(_amount(w, line, currency)),
        )
        for line in ledger
    )
    head = (w.t("column.line"), w.t("column.amount"))
    return markup.table(head, rows, caption=w.t("ledger.title"), kind="ledger")


def _amount(w: Wording, line: LedgerLine, currency: Currency) -> str:
    if line.unit == "rate":
        return w.percent(line.amount, 2)
    if line.unit == "points":
        return w.number(line.amount, 4)
    return w.money(line.amount, currency, cents=True)

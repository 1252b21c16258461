"""One indicator: what it found, set against all others, and how it was made."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app import charts, markup, sentences
from app.selection import View, choose
from app.views import beside, case_mix, course, frame, subgroups, trend
from app.wording import Wording
from registry_db.published import Indicator, Result, Score, StateCount
from registry_db.response import Responded


def show(view: View) -> None:
    """Draw the page."""
    results = view.reader.results(provider=view.organisation.provider, period=view.period)
    generated = {row.dataset for row in view.reader.datasets() if row.generated}
    if not results:
        frame.warn_if_generated(view)
        frame.heading(view.organisation.name)
        frame.empty(view.w.t("overview.empty", period=view.period))
        return
    above = st.container()
    result = _choose_result(view, results)
    indicator = result.indicator
    with above:  # the warning depends on the choice, and stands over it
        frame.warn_if_generated(view, also=indicator.dataset in generated)
    finding = sentences.finding(view.w, result, small_cell=view.about.small_cell)
    title = view.w.of(indicator, "title")
    frame.heading(title, f"{view.organisation.name}, {view.period}. {finding}")
    if indicator.status == "retired":
        frame.note(view.w.t("indicator.retired"))
    elif indicator.status == "consultation":
        frame.note(view.w.t("indicator.consultation"))
    response = _response(view, indicator)
    if response is not None and response.low:
        frame.warning(sentences.low_response(view.w, response))
    st.html(markup.cards(_cards(view, result, response)))
    parts = {
        view.w.t("tab.compare"): _compare,
        view.w.t("tab.subgroups"): subgroups.show,
        view.w.t("tab.trend"): trend.show,
        view.w.t("tab.course"): course.show,
        view.w.t("tab.definition"): _definition,
        view.w.t("tab.records"): _records,
        view.w.t("tab.case-mix"): case_mix.show,
    }
    if not view.reader.subgroups(indicator.indicator, version=indicator.version):
        del parts[view.w.t("tab.subgroups")]
    if not view.reader.followed(indicator.indicator, version=indicator.version):
        del parts[view.w.t("tab.course")]
    for tab, draw in zip(st.tabs(list(parts)), parts.values(), strict=True):
        with tab:
            draw(view, result)


def _choose_result(view: View, results: Sequence[Result]) -> Result:
    by_name = {result.indicator.indicator: result for result in results}
    telling = [name for name, result in by_name.items() if result.score.assessable]
    chosen = choose(
        "indicator",
        list(by_name),
        # the first with a verdict has a chart to show
        default=telling[0] if telling else results[0].indicator.indicator,
        widget=lambda key: st.selectbox(
            view.w.t("choose.indicator"),
            list(by_name),
            format_func=lambda name: view.w.of(by_name[name].indicator, "title"),
            key=key,
        ),
    )
    return by_name[chosen]


def _cards(view: View, result: Result, response: Responded | None) -> list[tuple[str, str, str]]:
    w, indicator, score, benchmark = view.w, result.indicator, result.score, result.benchmark
    if indicator.is_fact:
        cards = [(w.t("column.value"), sentences.fact(w, score), "")]
        if benchmark:
            cards.append((w.t("card.fact"), w.percent(benchmark.reference, 0), ""))
        return cards
    cards = []
    if score.adjusted is not None:
        interval = ""
        if score.lower is not None and score.upper is not None:
            interval = w.t("card.interval", interval=w.interval(indicator, score.lower, score.upper))
        name = w.t("card.adjusted") if indicator.adjusted else w.t("card.value")
        cards.append((name, w.value(indicator, score.adjusted), interval))
    if benchmark:
        among = w.plural("card.providers", benchmark.providers)
        cards.append((w.t("card.average"), w.value(indicator, benchmark.average(indicator)), among))
    if score.n is not None:
        cards.append((w.t("card.n"), w.count(score.n), _out_of(view, score)))
    cards += _response_card(w, response)
    if score.reliability is not None and score.assessable:
        enough = ""
        if benchmark and benchmark.n_reliable is not None:
            enough = w.t("card.enough", n=w.count(round(benchmark.n_reliable)))
        cards.append((w.t("column.reliability"), sentences.reliability(w, score), enough))
    if norm := sentences.norm(w, indicator):
        cards.append((w.t("card.norm"), norm, ""))
    return cards


def _response(view: View, indicator: Indicator) -> Responded | None:
    """How many patients of the own organisation answered; None where nobody is asked."""
    found = view.reader.responses(indicator, period=view.period, provider=view.organisation.provider)
    return found[0] if found else None


def _response_card(w: Wording, response: Responded | None) -> list[tuple[str, str, str]]:
    if response is None:
        return []
    share = w.t("value.hidden") if response.share is None else w.percent(response.share, 0)
    return [(w.t("card.response"), share, sentences.answered(w, response))]


def _out_of(view: View, score: Score) -> str:
    """Events for an event; nothing for a mean."""
    if score.kind not in sentences.OFTEN or score.observed is None:
        return ""
    w = view.w
    if score.expected is None:
        return w.t("card.observed", observed=w.count(score.observed))
    return w.t("card.expected", observed=w.count(score.observed), expected=w.number(score.expected, 1))


def _compare(view: View, result: Result) -> None:
    w, indicator = view.w, result.indicator
    scores = view.reader.scores(indicator.indicator, version=indicator.version, period=view.period)
    judged = [score for score in scores if score.assessable]
    if indicator.is_fact:
        frame.empty(w.t("funnel.fact"))
    elif not judged:
        frame.empty(w.t("funnel.empty"))
    else:
        frame.section(w.t("funnel.title"), w.t("funnel.about"))
        name = view.organisation.name
        st.altair_chart(
            charts.funnel(w, result, judged, name=name),
            theme=None,
            alt=charts.funnel_alt(w, result, name=name, small_cell=view.about.small_cell),
        )
        if result.benchmark and result.benchmark.test:
            frame.note(sentences.verdict_rests_on(w, result.benchmark))
        if left_out := sum(not score.outside for score in scores) - len(judged):
            frame.note(w.plural("funnel.left-out", left_out))
    with st.expander(w.t("funnel.table")):
        st.table(
            _twin(view, indicator, scores), hide_index=True, height=420 if len(scores) > 10 else "content"
        )
    beside.show(view, indicator, scores)


def _twin(view: View, indicator: Indicator, scores: Sequence[Score]) -> pd.DataFrame:
    """The chart as a table: the own organisation first and by name, the others by size and without.

    What is outside every network comes last: with it the numbers add up to all records.
    """
    w, own = view.w, view.organisation.provider
    ordered = sorted(scores, key=lambda score: (score.provider != own, score.outside, -(score.n or 0.0)))
    answered = {row.provider: row for row in view.reader.responses(indicator, period=view.period)}
    response = {w.t("card.response"): [_share(view, answered.get(score.provider)) for score in ordered]}
    return pd.DataFrame(
        {
            w.t("column.organisation"): [
                view.organisation.name
                if score.provider == own
                else (w.t("twin.outside") if score.outside else w.t("twin.other"))
                for score in ordered
            ],
            w.t("column.n"): [
                w.t("value.none") if score.n is None else w.count(score.n) for score in ordered
            ],
            w.t("column.value"): [_value(view, indicator, score) for score in ordered],
            w.t("column.interval"): [
                w.t("value.none")
                if score.lower is None or score.upper is None
                else w.interval(indicator, score.lower, score.upper)
                for score in ordered
            ],
            **(response if answered else {}),
            w.t("column.verdict"): [_verdict(view, indicator, score) for score in ordered],
        }
    )


def _share(view: View, response: Responded | None) -> str:
    if response is None or response.share is None:
        return view.w.t("value.none")
    return view.w.percent(response.share, 0)


def _value(view: View, indicator: Indicator, score: Score) -> str:
    if indicator.is_fact:
        return sentences.fact(view.w, score)
    return view.w.t("value.none") if score.adjusted is None else view.w.value(indicator, score.adjusted)


def _verdict(view: View, indicator: Indicator, score: Score) -> str:
    if indicator.is_fact:
        return view.w.t("fact.verdict")
    if not score.assessable:
        return sentences.reason(view.w, score, small_cell=view.about.small_cell)
    side = sentences.side(view.w, score)
    return sentences.band(view.w, indicator, score) + (f" ({side})" if side else "")


def _definition(view: View, result: Result) -> None:
    w, indicator = view.w, result.indicator
    frame.section(w.t("definition.why"), w.of(indicator, "why"))
    datasets = {row.dataset: w.of(row, "title") for row in view.reader.datasets()}
    facts = [
        (w.t("definition.better"), sentences.better(w, indicator)),
        (w.t("definition.dataset"), datasets.get(indicator.dataset, indicator.dataset)),
        (w.t("definition.steward"), w.of(indicator, "steward")),
        (w.t("definition.minimum"), w.plural("definition.records", indicator.minimum_n)),
        (w.t("definition.version"), f"{indicator.indicator} {indicator.version}"),
        (w.t("column.status"), sentences.status(w, indicator) or w.t("status.active")),
        (w.t("definition.hash"), indicator.hash[:16]),
    ]
    facts += [(w.t("definition.leaves-out"), rule[w.language]) for rule in indicator.exclusions]
    facts += [(w.t("definition.excuses"), rule[w.language]) for rule in indicator.exceptions]
    st.table(pd.DataFrame(facts), hide_index=True, hide_header=True, border="horizontal")
    with st.expander(w.t("definition.yaml")):
        st.code(indicator.definition, language="yaml")


def _records(view: View, result: Result) -> None:
    w, indicator = view.w, result.indicator
    states = view.reader.states(
        indicator.indicator,
        version=indicator.version,
        period=view.period,
        provider=view.organisation.provider,
    )
    if not states:
        frame.empty(w.t("records.fact") if indicator.is_fact else w.t("records.empty"))
        return
    frame.section(w.t("records.title"), w.t("records.about"))
    st.table(_states(view, indicator, states), hide_index=True, border="horizontal")
    if any(state.n is None for state in states):
        frame.note(w.t("records.hidden", small_cell=view.about.small_cell))


def _states(view: View, indicator: Indicator, states: Sequence[StateCount]) -> pd.DataFrame:
    w = view.w
    names = view.reader.names(indicator.dataset)
    rows = [
        (
            sentences.state(w, state),
            sentences.state_reason(w, indicator, state, names),
            w.t("value.hidden") if state.n is None else w.count(state.n),
        )
        for state in states
    ]
    known = [state.n for state in states if state.n is not None]
    if len(known) == len(states):
        rows.append((w.t("records.total"), "", w.count(sum(known))))
    return pd.DataFrame(rows, columns=[w.t("column.state"), w.t("column.reason"), w.t("column.n")])

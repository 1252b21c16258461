"""The indicator guide (indicatorengids): what each indicator counts, in words, as one HTML page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from html import escape

from indicators.dataset import Dataset
from indicators.definition import (
    BinaryOutcome,
    ChangeOutcome,
    ContinuousOutcome,
    Exclusion,
    FollowUp,
    Indicator,
    StructureOutcome,
)
from indicators.expression import parse
from indicators.phrases import column_title, in_words, number
from indicators.words import Language, Text

_WORDS: dict[str, Text] = {
    key: Text(nl=nl, en=en)
    for key, nl, en in (
        ("guide", "Indicatorengids", "Indicator guide"),
        ("contents", "Inhoud", "Contents"),
        ("why", "Waarom", "Why"),
        ("initial", "Uitgangspopulatie", "Initial population"),
        ("population", "Noemer: wie telt mee", "Denominator: who counts"),
        ("exclude", "Niet meegeteld", "Left out"),
        ("except", "Niet meegeteld als de uitkomst uitblijft", "Left out if the outcome is not met"),
        ("outcome", "Teller: wat telt", "Numerator: what counts"),
        ("mean", "het gemiddelde van", "the mean of"),
        ("counts", "{0} van de {1}", "{0} out of {1}"),
        (
            "change",
            "{0} na de zorg, gegeven {1} ervoor (gecorrigeerde winst)",
            "{0} after care, given {1} before (adjusted gain)",
        ),
        ("case_mix", "Casemix", "Case mix"),
        ("no_case_mix", "niet gecorrigeerd voor casemix", "not adjusted for case mix"),
        ("external", "de meegeleverde verwachting: ", "the delivered expectation: "),
        ("lower", "lager is beter", "lower is better"),
        ("higher", "hoger is beter", "higher is better"),
        ("direction", "Richting", "Direction"),
        ("follow_up", "Volgduur", "Follow-up"),
        ("days", "{0} dagen na {1}", "{0} days after {1}"),
        (
            "followed",
            "{0}; wie korter gevolgd is ({1}), telt niet mee",
            "{0}; who was followed for less ({1}) is left out",
        ),
        ("unit", "Wie wordt vergeleken", "Who is compared"),
        ("provider", "zorgaanbieders", "providers"),
        ("networks", "netwerken ({0})", "networks ({0})"),
        ("minimum", "Minimaal aantal", "Minimum volume"),
        ("minimum_n", "{0} patiënten of metingen", "{0} patients or measurements"),
        ("minimum_events", "{0}, en {1} verwachte uitkomst(en)", "{0}, and {1} expected event(s)"),
        ("norm", "Norm", "Norm"),
        ("steward", "Beheerder", "Steward"),
        ("sources", "Bronnen", "Sources"),
        ("dataset", "Registratie", "Dataset"),
        ("version", "versie", "version"),
        ("generated", "Gegenereerde gegevens: geen echte patiënten.", "Generated data: no real patients."),
        ("horizon1", "Horizon 1: structuur en proces", "Horizon 1: structure and process"),
        ("horizon2", "Horizon 2: uitkomst, casemix-gecorrigeerd", "Horizon 2: outcome, case-mix adjusted"),
        ("horizon3", "Horizon 3: wat de patiënt rapporteert", "Horizon 3: what the patient reports"),
        ("minimum_kind", "minimumnorm", "minimum"),
        ("target_kind", "streefwaarde", "target"),
        ("ambition_kind", "ambitie", "ambition"),
    )
}

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #222 }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
h1, h2, h3 { color: #12436D; line-height: 1.2 } h2 { margin-top: 3rem; border-bottom: 2px solid #12436D }
h3 { margin: 2.5rem 0 .3rem } dl { display: grid; grid-template-columns: 11rem 1fr; gap: .3rem 1rem }
dt { font-weight: 600 } dd { margin: 0 } .id { color: #555; font-size: .85rem }
.generated { border: 2px solid #801650; padding: .5rem 1rem; color: #801650 }
section { break-inside: avoid } ul { margin: 0; padding-left: 1.1rem }
"""


def guide_html(
    indicators: Iterable[Indicator], datasets: dict[str, Dataset], *, name: str, language: Language
) -> str:
    """Write the guide of a set of indicators.

    Parameters
    ----------
    indicators : iterable of Indicator
        What to describe.
    datasets : dict of str to Dataset
        The datasets that they are of.
    name : str
        Name of the registry.
    language : str
        ``nl`` or ``en``.

    Returns
    -------
    str
        A whole HTML page without references to anything outside it.
    """
    items = sorted(indicators, key=lambda item: (item.horizon, item.indicator))
    say = _Speaker(language)
    generated = any(datasets[item.dataset].generated for item in items)
    banner = f'<p class="generated">{say("generated")}</p>' if generated else ""
    contents = "".join(
        f'<li><a href="#{item.indicator}">{escape(say.of(item.title))}</a></li>' for item in items
    )
    parts = []
    for horizon in sorted({item.horizon for item in items}):
        parts.append(f"<h2>{say(f'horizon{horizon}')}</h2>")
        parts += [_section(item, datasets[item.dataset], say) for item in items if item.horizon == horizon]
    title = escape(f"{say('guide')} {name}")
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1>{banner}"
        f"<h2>{say('contents')}</h2><ul>{contents}</ul>{''.join(parts)}</body></html>\n"
    )


class _Speaker:
    """Words of one language."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, key: str, *values: str) -> str:
        return self.of(_WORDS[key]).format(*values)

    def of(self, text: Text) -> str:
        return text.nl if self.language == "nl" else text.en


def _section(item: Indicator, dataset: Dataset, say: _Speaker) -> str:
    rows: list[tuple[str, str]] = [
        (say("why"), escape(say.of(item.why))),
        (say("unit"), say("provider") if item.unit == "provider" else say("networks", item.unit)),
        *_populations(item, dataset, say),
    ]
    rows += _reasons("exclude", item.exclude, dataset, say)
    rows.append((say("outcome"), escape(_outcome(item, dataset, say))))
    rows += _reasons("except", item.exceptions, dataset, say)
    rows.append((say("direction"), say(item.outcome.better)))
    rows.append((say("case_mix"), escape(_case_mix(item, dataset, say))))
    if item.follow_up:
        rows.append((say("follow_up"), escape(_follow_up(item.follow_up, dataset, say))))
    rows.append((say("minimum"), _minimum(item, say)))
    if item.norm:
        value = item.norm.value * 100 if item.show.unit == "percent" else item.norm.value
        sign = " %" if item.show.unit == "percent" else ""
        written = number(value.normalize(), say.language)
        rows.append((say("norm"), f"{written}{sign} ({say(f'{item.norm.kind}_kind')})"))
    rows.append((say("dataset"), escape(f"{say.of(dataset.title)} ({dataset.source})")))
    rows.append((say("steward"), escape(item.steward)))
    rows.append((say("sources"), _list(item.sources)))
    body = "".join(f"<dt>{term}</dt><dd>{words}</dd>" for term, words in rows)
    identity = f"{item.indicator}, {say('version')} {item.version}, {item.status}"
    return (
        f'<section><h3 id="{item.indicator}">{escape(say.of(item.title))}</h3>'
        f'<p class="id">{identity}</p><dl>{body}</dl></section>'
    )


def _populations(item: Indicator, dataset: Dataset, say: _Speaker) -> Iterator[tuple[str, str]]:
    """Who counts: in one row, or in two where only a part of the population does."""
    population = escape(_in_words(item.population, dataset, say))
    if item.denominator is None:
        yield say("population"), population
    else:
        yield say("initial"), population
        yield say("population"), escape(_in_words(item.denominator, dataset, say))


def _reasons(
    key: str, rules: Sequence[Exclusion], dataset: Dataset, say: _Speaker
) -> Iterator[tuple[str, str]]:
    if rules:
        words = (f"{say.of(rule.why)} ({_in_words(rule.when, dataset, say)})" for rule in rules)
        yield say(key), _list(words)


def _follow_up(follow_up: FollowUp, dataset: Dataset, say: _Speaker) -> str:
    words = say("days", str(follow_up.days), column_title(follow_up.after, dataset, say.language))
    if follow_up.until is None:
        return words
    return say("followed", words, column_title(follow_up.until, dataset, say.language))


def _list(items: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in items) + "</ul>"


def _minimum(item: Indicator, say: _Speaker) -> str:
    words = say("minimum_n", str(item.minimum.n))
    if not item.minimum.events_expected:
        return words
    events = number(Decimal(str(item.minimum.events_expected)).normalize(), say.language)
    return say("minimum_events", words, events)


def _outcome(item: Indicator, dataset: Dataset, say: _Speaker) -> str:
    outcome = item.outcome

    def title(column: str | None) -> str:
        return column_title(column or "", dataset, say.language)

    if isinstance(outcome, ChangeOutcome):
        return say("change", title(outcome.after), title(outcome.before))
    if isinstance(outcome, ContinuousOutcome):
        value = in_words(parse(outcome.value, dataset.types, "number"), dataset, say.language)
        return f"{say('mean')} {value}"
    if isinstance(outcome, BinaryOutcome) and outcome.events:
        return say("counts", title(outcome.events), title(outcome.trials))
    assert isinstance(outcome, BinaryOutcome | StructureOutcome)
    return _in_words(outcome.when or "", dataset, say)


def _case_mix(item: Indicator, dataset: Dataset, say: _Speaker) -> str:
    if item.expectation:
        return say("external") + say.of(item.expectation.source)
    terms = (column_title(term.term, dataset, say.language) for term in item.case_mix)
    return ", ".join(terms) or say("no_case_mix")


def _in_words(text: str, dataset: Dataset, say: _Speaker) -> str:
    return in_words(parse(text, dataset.types), dataset, say.language)

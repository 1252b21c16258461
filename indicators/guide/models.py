"""The case mix and the estimators of an indicator in words."""

from __future__ import annotations

from indicators.case_mix import CaseMixTerm, Imputation
from indicators.dataset import Dataset
from indicators.definition import Indicator
from indicators.guide.parts import Items, Part
from indicators.guide.words import Speaker
from indicators.phrases import column_title, joined, number, value_label
from indicators.stratifiers import band_label


def case_mix_parts(item: Indicator, dataset: Dataset, say: Speaker) -> tuple[Part, ...]:
    """The case mix, or where the expectation comes from."""
    if item.expectation:
        return (say("external") + say.of(item.expectation.source),)
    words = tuple(term_words(term, dataset, say) for term in item.case_mix)
    if not words:
        return (say("no_case_mix"),)
    return (Items("", words), imputation_words(item, dataset, say)) if item.imputed else (Items("", words),)


def imputation_words(item: Indicator, dataset: Dataset, say: Speaker) -> str:
    """How unknown values are filled in."""
    how = item.imputation or Imputation()
    same = [column_title(name, dataset, say.language) for name in how.within]
    alike = say("imputed_alike", ", ".join(same)) if same else ""
    return say("imputation", str(how.copies), alike)


def term_words(term: CaseMixTerm, dataset: Dataset, say: Speaker) -> str:
    """A term, and what becomes of values that are new or unknown."""
    said = _form(term, dataset, say)
    if term.unseen == "reference":
        said = say("unseen_reference", said)
    elif term.unseen == "own-category":
        fewest = term.pool_below
        said = say("unseen_own", said) if fewest is None else say("pooled", said, str(fewest))
    if term.missing == "multiple-imputation":
        return say("imputed", said)
    if term.missing == "median-and-flag":
        return say("median_and_flag", said)
    return say("own_category", said) if term.missing == "own-category" else said


def _form(term: CaseMixTerm, dataset: Dataset, say: Speaker) -> str:
    """What enters the model: a number, a curve, groups against a reference."""
    if term.of:
        names = (column_title(name, dataset, say.language) for name in term.of)
        return say("term_interaction", joined(tuple(names), say.language))
    title = column_title(term.term, dataset, say.language)
    if term.degree > 1:
        return say("term_degree", title, str(term.degree))
    if term.reference or term.levels or term.bands:
        labels = [_level(term, level, dataset, say) for level in term.levels or term.bands]
        reference = _level(term, term.reference, dataset, say) if term.reference else ""
        if labels and reference:
            return say("term_levels_reference", title, ", ".join(labels), reference)
        if labels:
            return say("term_levels", title, ", ".join(labels))
        return say("term_reference", title, reference)
    if isinstance(term.knots, list):
        places = (number(place.normalize(), say.language) for place in term.knots)
        return say("term_knots", title, ", ".join(places))
    return say(f"term_{term.kind}", title, str(term.knots or ""))


def _level(term: CaseMixTerm, level: str, dataset: Dataset, say: Speaker) -> str:
    if term.cuts is not None:
        return band_label(term.cuts, level, say.language)
    return value_label(term.term, level, dataset, say.language)


def estimator_words(item: Indicator, say: Speaker) -> tuple[str, ...]:
    """The test, what it allows for, the reference and what stands beside the score; none of a fact."""
    asked = item.estimators
    test = asked.test_of(item.outcome.kind)
    if test is None:
        return ()
    said = [say("tested", say(f"test_{test}"))]
    if asked.overdispersion != "none":
        said.append(say(asked.overdispersion))
    if asked.reference:
        said.append(say(f"reference_{asked.reference.recalibration}", asked.reference.period))
    if asked.standard_errors == "clustered":
        said.append(say("clustered"))
    for name in asked.beside:
        key = f"beside_{name}"
        if name == "overdispersion" and asked.overdispersion != "none":
            key = "beside_no_overdispersion"
        said.append(say("beside", say(key)))
    return tuple(said)

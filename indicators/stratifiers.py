"""Stratifiers: by what the records of an indicator are put into subgroups, each with a score of its own.

A stratifier changes no score. Every record is in exactly one subgroup of it; those whose value is not known
are a subgroup too, so that the subgroups add up to the whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from pydantic import Field, model_validator

from indicators.bands import band_names, band_sql, check_rising
from indicators.compile import quote
from indicators.dataset import Dataset
from indicators.derived import ValueColumn
from indicators.expression import Node, parse, to_sql
from indicators.faults import did_you_mean
from indicators.notation import to_text
from indicators.phrases import in_words, number, value_label
from indicators.words import NO, NOT_KNOWN, YES, ColumnName, ExpressionText, Language, Part, Text, fault_at

# The subgroup of records of which the value is not known.
UNKNOWN = "(unknown)"
MOST_SUBGROUPS = 20
_FLAG: dict[str, Text] = {"true": YES, "false": NO}
_BELOW, _FROM = Text(nl="onder {0}", en="below {0}"), Text(nl="{0} of meer", en="{0} or more")
_BETWEEN = Text(nl="{0} tot {1}", en="{0} to below {1}")


class Stratifier(Part):
    """What puts records into subgroups: a category, a flag, bands of a number, or a condition.

    Attributes
    ----------
    name : str
        By which its subgroups are asked for.
    title : Text
        As people read it.
    column : str or None
        Column of the dataset: a category, a flag, or with ``cuts`` a number.
    cuts : list of number
        Where one band of a number ends and the next begins, as in a case-mix term.
    when : str or None
        Instead of a column: a condition, which makes a subgroup for true and one for false.
    labels : dict of str to Text
        How people read the subgroups, by their value; by default the labels of the dataset.
    """

    name: ColumnName
    title: Text
    column: ColumnName | None = None
    cuts: list[Decimal] | None = Field(default=None, min_length=1, max_length=MOST_SUBGROUPS - 1)
    when: ExpressionText | None = None
    labels: dict[str, Text] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_source(self) -> Stratifier:
        if (self.column is None) == (self.when is None):
            raise fault_at("say 'column', or 'when' with a condition: one of the two", "name")
        if self.cuts is not None:
            if self.column is None:
                raise fault_at("cuts make bands of a column: a condition has none", "cuts")
            check_rising(self.cuts, "cuts", fewest=1)
        return self


def subgroup_column(name: str) -> str:
    """Column of the cohort with the subgroup of a stratifier."""
    return f"_subgroup_{name}"


def subgroup_sql(stratifier: Stratifier, dataset: Dataset) -> str:
    """SQL of the subgroup of a record, as text; null where it is not known."""
    if stratifier.when is not None:
        return f"cast({to_sql(parse(stratifier.when, dataset.types))} as varchar)"
    column = stratifier.column or ""
    return (
        f"cast({quote(column)} as varchar)" if stratifier.cuts is None else band_sql(column, stratifier.cuts)
    )


def subgroups(stratifier: Stratifier, dataset: Dataset) -> tuple[str, ...]:
    """Values of the subgroups in the order in which they are shown, the one of what is not known last.

    Raises
    ------
    ValueError
        If they cannot be told from the dataset; `stratifier_faults` finds that first.
    """
    found = _values(stratifier, dataset)
    if found is None:
        raise ValueError(f"the subgroups of stratifier '{stratifier.name}' are not known beforehand")
    return (*found, UNKNOWN)


def subgroup_label(stratifier: Stratifier, subgroup: str, dataset: Dataset, language: Language) -> str:
    """A subgroup as people read it."""
    own = stratifier.labels.get(subgroup)
    if own is not None:
        return str(getattr(own, language))
    if subgroup == UNKNOWN:
        return str(getattr(NOT_KNOWN, language))
    if stratifier.cuts is not None:
        return band_label(stratifier.cuts, subgroup, language)
    if stratifier.when is not None or dataset.types.get(stratifier.column or "") == "boolean":
        return str(getattr(_FLAG[subgroup], language))
    return value_label(stratifier.column or "", subgroup, dataset, language)


def stratifier_words(stratifier: Stratifier, dataset: Dataset, language: Language) -> str:
    """A stratifier and its subgroups as people read them, but for the one of what is not known."""
    title = getattr(stratifier.title, language)
    values = _values(stratifier, dataset) or ()
    labels = ", ".join(subgroup_label(stratifier, value, dataset, language) for value in values)
    if stratifier.when is None:
        return f"{title}: {labels}"
    return f"{title}: {labels} ({in_words(parse(stratifier.when, dataset.types), dataset, language)})"


def stratifier_text(stratifier: Stratifier, dataset: Dataset) -> str:
    """What puts a record into a subgroup, in the language of the definition."""
    if stratifier.when is not None:
        return to_text(parse(stratifier.when, dataset.types))
    if stratifier.cuts is None:
        return stratifier.column or ""
    *below, last = band_names(stratifier.cuts)
    name = stratifier.column
    steps = " ".join(
        f"when {name} < {cut} then '{band}'" for cut, band in zip(stratifier.cuts, below, strict=True)
    )
    return f"case {steps} when {name} >= {stratifier.cuts[-1]} then '{last}' end"


def band_label(cuts: Sequence[Decimal], band: str, language: Language) -> str:
    """A band of a number as people read it: ``20-<35`` is "20 to below 35"."""
    places = [number(cut, language) for cut in cuts]
    place = band_names(cuts).index(band)
    if place == 0:
        return str(getattr(_BELOW, language)).format(places[0])
    if place == len(cuts):
        return str(getattr(_FROM, language)).format(places[-1])
    return str(getattr(_BETWEEN, language)).format(places[place - 1], places[place])


def _values(stratifier: Stratifier, dataset: Dataset) -> tuple[str, ...] | None:
    """Values that a record can have, None if they are not listed anywhere."""
    if stratifier.cuts is not None:
        return band_names(stratifier.cuts)
    if stratifier.when is not None:
        return ("true", "false")
    return _texts_of_column(stratifier.column or "", dataset)


def _texts_of_column(name: str, dataset: Dataset) -> tuple[str, ...] | None:
    if dataset.types[name] == "boolean":
        return ("true", "false")
    column, block = dataset.columns.get(name), dataset.derive.get(name)
    if column is not None:
        return tuple(dict.fromkeys(map(str, column.codes.values()))) if column.codes else None
    if isinstance(block, ValueColumn):
        return _texts(parse(block.value, dataset.types, "text"), dataset)
    return tuple(block.labels) if block is not None and block.labels else None


def _texts(node: Node, dataset: Dataset) -> tuple[str, ...] | None:
    """Texts that an expression can be; None if they are not listed."""
    if node.kind == "literal":
        return () if node.value is None else (str(node.value),)
    if node.kind == "column":
        return _texts_of_column(str(node.value), dataset)
    if node.kind not in ("case", "coalesce"):
        return None
    parts = node.children if node.kind == "coalesce" else (*node.children[1::2], node.children[-1])
    found = [_texts(part, dataset) for part in parts]
    return None if None in found else tuple(dict.fromkeys(text for part in found for text in part or ()))


def stratifier_faults(
    stratifier: Stratifier, dataset: Dataset
) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """Field, message and hint of what does not fit the dataset; a condition is checked with all others."""
    name = stratifier.column
    if name is not None:
        if name not in dataset.types:
            message = f"dataset {dataset.dataset} has no column '{name}'"
            yield ("column",), message, did_you_mean(name, dataset.types)
            return
        if fault := _type_fault(name, dataset.types[name], banded=stratifier.cuts is not None):
            yield ("column",), *fault
            return
    found = _values(stratifier, dataset)
    if found is None:
        message = f"'{name}' can be any text: nobody can tell beforehand how many subgroups there are"
        yield ("column",), message, "give the column 'codes', or compute one with 'case' under 'derive'"
    elif len(found) > MOST_SUBGROUPS:
        message = f"'{name}' has {len(found)} values; a stratifier makes at most {MOST_SUBGROUPS} subgroups"
        yield ("column",), message, "compute a column with fewer under 'derive', with 'case'"
    else:
        for label in stratifier.labels:
            if label not in (*found, UNKNOWN):
                yield ("labels", label), f"there is no subgroup '{label}'", did_you_mean(label, found)


def _type_fault(name: str, type: str, *, banded: bool) -> tuple[str, str] | None:
    is_number = type in ("integer", "decimal")
    if banded and not is_number:
        return f"'{name}' is {type}; cuts make bands of a number", "leave 'cuts' out"
    if not banded and is_number:
        return (
            f"'{name}' is a number: each value would be a subgroup",
            "say where its bands begin, such as 'cuts: [20, 35]'",
        )
    if type in ("date", "datetime"):
        return f"'{name}' is {type}; expected a category, a flag, or a number with 'cuts'", ""
    return None

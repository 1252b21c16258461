"""How far a change to a definition goes, and by how much its version must be raised for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

from indicators.versions import FieldChange, Place, order

Level = Literal["patch", "minor", "major"]

# Fields that hold words for people: they change no state and no score. A star is any name or number, and a
# path stands for all that is below it. A table in a dataset, however deep, is judged as the dataset is.
_TEXTS = {
    "indicator": (
        "title", "why", "steward", "sources", "changes", "examples", "exclude.*.why", "except.*.why",
        "stratify.*.title", "stratify.*.labels", "expectation.source", "show.decimals", "show.of",
        "response",
    ),
    "dataset": ("title", "description", "source", "columns.*.title", "columns.*.labels", "derive.*.title"),
    "network_set": ("title", "networks.*.name", "attribution.*.classes.*.title"),
    "contract": ("title", "deductions.*.name"),
    "code_set": ("title", "source"),
    "facts": ("title",),
}  # fmt: skip
# Fields that make it another quantity: what is measured before and after is not the same thing.
_OTHER_THING = {
    "indicator": ("dataset", "unit", "period", "outcome", "show.unit", "show.per"),
    "dataset": (
        "key", "provider", "period", "link", "rows_of", "columns.*.type", "columns.*.unit",
        "columns.*.identifier", "derive.*.type",
        # which score of which answers
        "derive.*.instrument", "derive.*.value_set", "derive.*.crosswalk", "derive.*.score", "derive.*.items",
        "derive.*.sum_of", "derive.*.levels", "derive.*.reversed", "derive.*.scale",
        "derive.*.profile_change", "derive.*.responder", "derive.*.before", "derive.*.after",
        "derive.*.at_least", "derive.*.best", "derive.*.better",
        # what is taken of which rows
        "derive.*.of", "derive.*.first", "derive.*.last", "derive.*.any", "derive.*.count", "derive.*.sum",
        "derive.*.min", "derive.*.max", "derive.*.distinct", "derive.*.days",
    ),
    "contract": (
        "currency", "parties.participant", "population.dataset", "spending.dataset", "spending.column",
    ),
    "facts": ("contract",),
}  # fmt: skip
# Whoever reads one of these by its name finds nothing, once it is gone.
_NAMED_PARTS = ("columns", "derive", "tables")


def level_needed(kind: str, changes: Iterable[FieldChange]) -> Level:
    """Which number of the version a set of changes must raise at the least.

    Texts alone are a patch. What can change a state or a score is a minor version. What makes it another
    quantity, so that scores before and after cannot be compared, is a major one: of an indicator another
    outcome, dataset or unit; of a dataset another key, provider or period, another type or unit of a column,
    another score of a questionnaire, or a column or table less. A unit that is named for the first time says
    what was meant all along, and is a text.

    Parameters
    ----------
    kind : str
        Kind of definition, such as ``indicator``.
    changes : iterable of FieldChange
        What changed; nothing is a patch.
    """
    levels = {_level(kind, change) for change in changes}
    return "major" if "major" in levels else "minor" if "minor" in levels else "patch"


def _level(kind: str, change: FieldChange) -> Level:
    place = _in_its_table(change.place) if kind == "dataset" else change.place
    if any(_within(place, pattern) for pattern in _TEXTS.get(kind, ())):
        return "patch"
    if kind == "dataset":
        if _within(place, "columns.*.unit") and change.before is None:
            return "patch"
        if change.after is None and place[0] in _NAMED_PARTS and len(place) <= len(("columns", "name")):
            return "major"
    if any(_within(place, pattern) for pattern in _OTHER_THING.get(kind, ())):
        return "major"
    return "minor"


def _in_its_table(place: Place) -> Place:
    """Path of a field in the table that it is of, be that the dataset or a table in it."""
    while place[0] == "tables" and len(place) > len(("tables", "name")):
        place = place[2:]
    return place


def _within(place: Place, pattern: str) -> bool:
    steps = pattern.split(".")
    return len(place) >= len(steps) and all(
        step in ("*", str(here)) for step, here in zip(steps, place, strict=False)
    )


def level_raised(before: str, after: str) -> Level:
    """Which number of a version was raised, for a later version of a definition."""
    old, new = order(before), order(after)
    return "major" if new[0] > old[0] else "minor" if new[1] > old[1] else "patch"


def next_version(version: str, level: Level) -> str:
    """Raise one of the three numbers; those behind it begin again at 0."""
    major, minor, patch = order(version)
    raised = {"major": (major + 1, 0, 0), "minor": (major, minor + 1, 0), "patch": (major, minor, patch + 1)}
    return ".".join(map(str, raised[level]))


def version_fault(kind: str, before: str, after: str, changes: list[FieldChange]) -> tuple[str, str] | None:
    """What is wrong with the number of a version, given what changed since the one before it.

    Parameters
    ----------
    kind : str
        Kind of definition, such as ``indicator``.
    before, after : str
        Version numbers; ``before`` is the lower.
    changes : list of FieldChange
        What changed between them.

    Returns
    -------
    (message, hint) or None
        None if the number says enough.
    """
    needed, raised = level_needed(kind, changes), level_raised(before, after)
    levels = get_args(Level)
    if levels.index(raised) >= levels.index(needed):
        return None
    fields = [change.field for change in changes if _level(kind, change) == needed]
    listed = ", ".join(fields[:4]) + (", ..." if len(fields) > 4 else "")
    why = {
        "minor": "that can change states or scores",
        "major": "that makes it another quantity",
    }[needed]
    return (
        f"since {before} this changed: {listed}; {why}, and {after} says it is a {raised} change",
        f"make it {next_version(before, needed)}",
    )

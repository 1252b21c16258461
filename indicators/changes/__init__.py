"""What a new version of an indicator changes, field by field, in the words of the guide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from indicators.changes.fields import plain_change, tellers
from indicators.changes.lists import list_tellers
from indicators.changes.said import Changes, Said, Side
from indicators.dataset import Dataset
from indicators.definition import Indicator
from indicators.guide.words import Speaker
from indicators.levels import level_needed
from indicators.versions import FieldChange, field_changes
from indicators.words import Language

__all__ = ["Changes", "Said", "changes_in_words"]


def changes_in_words(
    before: Indicator, after: Indicator, datasets: tuple[Dataset, Dataset], language: Language
) -> Changes:
    """Say what changed between two versions of an indicator; nothing if both say the same.

    Parameters
    ----------
    before, after : Indicator
        The versions, older first.
    datasets : (Dataset, Dataset)
        The datasets of each.
    language : str
        ``nl`` or ``en``.
    """
    found = field_changes(before, after)
    say = Speaker(language)
    old, new = Side(before, datasets[0], say), Side(after, datasets[1], say)
    return Changes(level_needed("indicator", found), tuple(_said(found, old, new)))


def _said(found: Sequence[FieldChange], old: Side, new: Side) -> Iterator[Said]:
    """Say what changed, in the order in which a definition has its fields."""
    changes: dict[str, list[FieldChange]] = {}
    for change in found:
        changes.setdefault(str(change.place[0]), []).append(change)
    order = [field.alias or name for name, field in Indicator.model_fields.items()]
    of_fields, of_lists = tellers(), list_tellers()
    for field in sorted(changes, key=order.index):
        said: list[Said] = []
        if field in of_lists:
            said += of_lists[field](field, old, new)
        elif field in of_fields:
            said += of_fields[field](changes[field], old, new)
        yield from said or (plain_change(change, new.say) for change in changes[field])

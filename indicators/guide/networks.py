"""The guide on networks: for which of them a record counts, and for how much."""

from __future__ import annotations

from collections.abc import Iterator

from indicators.attributed import attribution_of
from indicators.attribution import WHOLE, Plurality, RecordClass
from indicators.dataset import Dataset
from indicators.expression import parse
from indicators.guide.parts import Items, Part, Table
from indicators.guide.rows import table_title
from indicators.guide.words import Speaker
from indicators.networks import NetworkSet
from indicators.phrases import column_title, in_words, number
from indicators.tree import COLUMN_TYPES


def attribution_parts(networks: NetworkSet, dataset: Dataset, say: Speaker) -> tuple[Part, ...]:
    """Say for which networks the records of a dataset count, with the table of shares where there is one."""
    entry = attribution_of(networks, dataset.dataset)
    if entry and entry.plurality:
        return (Items("", tuple(_plurality(entry.plurality, dataset, say))),)
    items = [say("network_member", column_title(dataset.period.year_of or "", dataset, say.language))]
    weights = (member.weight for network in networks.networks.values() for member in network.members)
    if any(weight < WHOLE for weight in weights):
        items.append(say("network_in_part", networks.network_set))
    classes = entry.classes if entry else []
    for one in classes:
        condition = in_words(parse(one.when, dataset.types), dataset, say.language)
        items.append(say("network_class", say.of(one.title), condition))
        unknown, others = f"network_unknown_{one.unknown}", f"network_others_{one.other_providers}"
        items.append(f"{say(unknown)}; {say(others)}")
    items.append(say("network_rest"))
    return (Items("", tuple(items)), *(_table(one, say) for one in classes))


def _table(one: RecordClass, say: Speaker) -> Table:
    rows = []
    for row in one.shares:
        days = (
            say("network_from_to", str(row.since), str(row.until))
            if row.until
            else say("network_from", str(row.since))
        )
        shares = ", ".join(
            f"{code} {number((100 * share).normalize(), say.language)}\N{NO-BREAK SPACE}%"
            for code, share in row.networks.items()
        )
        rows.append((row.provider, days, shares))
    head = (f"{say.of(one.title)}: {say('network_provider')}", say("network_days"), say("network_networks"))
    return Table(head, tuple(rows), (2, 2, 3))


def _plurality(rule: Plurality, dataset: Dataset, say: Speaker) -> Iterator[str]:
    child = dataset.tables[rule.of]
    table = table_title(child, say)
    counted = say("network_rows", table)
    if rule.sum:
        counted = say("network_sum", column_title(rule.sum, child, say.language), table)
    wanted = COLUMN_TYPES[child.types[rule.by]]
    first, last = (
        in_words(parse(text, dataset.types, wanted), dataset, say.language) for text in rule.between
    )
    yield say("network_most", counted, first, last)
    for key in (f"per_{rule.counted_per}", "ties", "no_care"):
        yield say(f"network_{key}")

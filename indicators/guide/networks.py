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
from indicators.words import Text

_WORDS: dict[str, Text] = {
    key: Text(nl=nl, en=en)
    for key, nl, en in (
        (
            "member",
            "het netwerk waar de zorgaanbieder op die dag lid van is",
            "the network that the provider is a member of on that day",
        ),
        (
            "in_part",
            "een zorgaanbieder kan voor een deel bij meer netwerken horen; de delen staan in het bestand {0}",
            "a provider may belong to several networks in part; the parts are in the file {0}",
        ),
        ("class", "{0}: verdeeld volgens de tabel hieronder, als {1}", "{0}: by the table below, if {1}"),
        ("unknown_as-members", "is dat niet te zeggen: als lid", "if that cannot be told: as a member"),
        (
            "unknown_outside",
            "is dat niet te zeggen: buiten alle netwerken",
            "if that cannot be told: outside every network",
        ),
        (
            "others_as-members",
            "zorgaanbieders die niet in de tabel staan: als lid",
            "providers that are not in the table: as members",
        ),
        (
            "others_outside",
            "zorgaanbieders die niet in de tabel staan: buiten alle netwerken",
            "providers that are not in the table: outside every network",
        ),
        (
            "rest",
            "wat geen netwerk krijgt, telt in het totaal, buiten alle netwerken",
            "what no network gets counts in the total, outside every network",
        ),
        ("provider", "zorgaanbieder", "provider"),
        ("days", "Dagen", "Days"),
        ("from", "vanaf {0}", "from {0}"),
        ("from_to", "{0} tot en met {1}", "{0} up to and including {1}"),
        ("networks", "Netwerken", "Networks"),
        (
            "most",
            "het netwerk dat de meeste zorg gaf: {0}, van {1} tot en met {2}",
            "the network that gave most of the care: {0}, from {1} up to and including {2}",
        ),
        ("rows", "het aantal rijen van {0}", "the number of rows of {0}"),
        ("sum", "de som van {0} in {1}", "the sum of {0} in {1}"),
        (
            "per_network",
            "de zorg van de leden van een netwerk telt samen",
            "the care of the members of a network is taken together",
        ),
        (
            "per_provider",
            "het netwerk van de zorgaanbieder die de meeste zorg gaf",
            "the network of the provider that gave most of the care",
        ),
        (
            "ties",
            "bij evenveel zorg: wie het laatst zorg gaf, en dan de laagste code",
            "of as much care: the one whose last care is latest, and then the lowest code",
        ),
        (
            "no_care",
            "zonder zorg, of met de meeste zorg door een zorgaanbieder zonder netwerk: buiten alle netwerken",
            "without care, or with most care by a provider in no network: outside every network",
        ),
    )
}


def attribution_parts(networks: NetworkSet, dataset: Dataset, say: Speaker) -> tuple[Part, ...]:
    """Say for which networks the records of a dataset count, with the table of shares where there is one."""
    entry = attribution_of(networks, dataset.dataset)
    if entry and entry.plurality:
        return (Items("", tuple(_plurality(entry.plurality, dataset, say))),)
    items = [_say(say, "member")]
    weights = (member.weight for network in networks.networks.values() for member in network.members)
    if any(weight < WHOLE for weight in weights):
        items.append(_say(say, "in_part", networks.network_set))
    classes = entry.classes if entry else []
    for one in classes:
        condition = in_words(parse(one.when, dataset.types), dataset, say.language)
        items.append(_say(say, "class", say.of(one.title), condition))
        items.append(f"{_say(say, f'unknown_{one.unknown}')}; {_say(say, f'others_{one.other_providers}')}")
    items.append(_say(say, "rest"))
    return (Items("", tuple(items)), *(_table(one, say) for one in classes))


def _table(one: RecordClass, say: Speaker) -> Table:
    rows = []
    for row in one.shares:
        days = (
            _say(say, "from_to", str(row.since), str(row.until))
            if row.until
            else _say(say, "from", str(row.since))
        )
        shares = ", ".join(
            f"{code} {number((100 * share).normalize(), say.language)}\N{NO-BREAK SPACE}%"
            for code, share in row.networks.items()
        )
        rows.append((row.provider, days, shares))
    head = (f"{say.of(one.title)}: {_say(say, 'provider')}", _say(say, "days"), _say(say, "networks"))
    return Table(head, tuple(rows), (2, 2, 3))


def _plurality(rule: Plurality, dataset: Dataset, say: Speaker) -> Iterator[str]:
    child = dataset.tables[rule.of]
    table = table_title(child, say)
    counted = _say(say, "rows", table)
    if rule.sum:
        counted = _say(say, "sum", column_title(rule.sum, child, say.language), table)
    wanted = COLUMN_TYPES[child.types[rule.by]]
    first, last = (
        in_words(parse(text, dataset.types, wanted), dataset, say.language) for text in rule.between
    )
    yield _say(say, "most", counted, first, last)
    for key in (f"per_{rule.counted_per}", "ties", "no_care"):
        yield _say(say, key)


def _say(say: Speaker, key: str, *parts: str) -> str:
    return say.of(_WORDS[key]).format(*parts)

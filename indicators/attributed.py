"""Records with the networks that they count for, to SQL: by membership on the day, shares, or plurality."""

from __future__ import annotations

from dataclasses import dataclass

from indicators.attribution import DatasetAttribution, Plurality
from indicators.compile import IDENTITY, quote, text_literal
from indicators.dataset import Dataset
from indicators.emit import record_column
from indicators.expression import parse, to_sql
from indicators.networks import NetworkSet
from indicators.periods import day_sql
from indicators.shares import class_numbers, counts_in_part
from indicators.tree import Node, of_record

SHARE_COLUMNS = ("network_set", "number", "provider", "network", "since", "until", "weight", "first")
# SQL of the weight of a record that counts whole.
WHOLE_SQL = "cast(1 as decimal(3, 2))"
_MEMBERSHIP, _IN_NO_NETWORK = 0, -1


@dataclass(frozen=True, slots=True)
class Networks:
    """A set of networks, and where the engine finds what it says.

    Attributes
    ----------
    network_set : NetworkSet
        The definition.
    shares : str
        Table with columns SHARE_COLUMNS, as `indicators.shares.shares` lays them out.
    care : str
        What holds the rows of the table that a plurality is counted in; not needed without one.
    """

    network_set: NetworkSet
    shares: str
    care: str = ""


@dataclass(frozen=True, slots=True)
class Attributed:
    """Records of a view beside their networks; a record that counts in part has a row for each part.

    Attributes
    ----------
    source : str
        What is selected from: the view, with the columns below.
    network : str
        SQL of the network's code; null for what is outside every network.
    share : str
        SQL of the weight of the record in this row; those of a record add up to 1.
    once : str
        SQL of a condition that holds in exactly one row of each record.
    in_part : bool
        Whether any record can have more than one row.
    """

    source: str
    network: str
    share: str
    once: str
    in_part: bool


def attributed(networks: Networks, dataset: Dataset, view: str) -> Attributed:
    """Put the records of a view beside the networks that they count for.

    Parameters
    ----------
    networks : Networks
        The set of networks.
    dataset : Dataset
        The dataset; it has a date.
    view : str
        View with its records, derived columns included.

    Raises
    ------
    ValueError
        If the dataset has no date to look a membership up on; ``definitions.indicator_faults`` finds that
        first.
    """
    name = networks.network_set.network_set
    if dataset.period.year_of is None:
        raise ValueError(f"a record of {name} is looked up on its day; dataset {dataset.dataset} has no date")
    entry = attribution_of(networks.network_set, dataset.dataset)
    if entry and entry.plurality:
        picked = _most_care(networks, entry.plurality, dataset, view)
        same = " and ".join(f"{view}.{part} = {record_column(part)}" for part in IDENTITY)
        return Attributed(f"{view} left join ({picked}) on {same}", "_network", WHOLE_SQL, "true", False)
    provider = f"cast({quote(dataset.provider)} as varchar)"
    day, number = day_sql(dataset), _class_sql(networks.network_set, dataset)
    # Names with an underscore, which no column of a dataset has: a dataset may have its own "network".
    held = (
        "select number as _number, network as _network, provider as _member, since as _since,"
        f" until as _until, weight as _part, first as _first from {networks.shares}"
        f" where network_set = {text_literal(name)}"
    )
    source = (
        f"{view} left join ({held}) on _member = {provider} and _number = {number}"
        f" and {day} between _since and _until"
    )
    if not counts_in_part(networks.network_set, dataset.dataset):
        return Attributed(source, "_network", WHOLE_SQL, "true", False)
    return Attributed(source, "_network", f"coalesce(_part, {WHOLE_SQL})", "coalesce(_first, true)", True)


def attributed_select(networks: Networks, dataset: Dataset, view: str) -> str:
    """SQL of every record of a view with the networks that it counts for.

    Returns
    -------
    str
        A select of all columns of the view, and ``_network`` (null for what is outside every network),
        ``_share`` (the weight, a decimal above 0 and at most 1; those of a record add up to 1) and ``_once``
        (true in one row of each record). Sums of ``_share`` times an amount over networks, with what is
        outside, are exactly the sum over records.
    """
    found = attributed(networks, dataset, view)
    return (
        f"select {view}.*, {found.network} as _network, {found.share} as _share, {found.once} as _once"
        f" from {found.source}"
    )


def attribution_of(network_set: NetworkSet, dataset: str) -> DatasetAttribution | None:
    """Give what a set says of the records of a dataset; None where they go by membership alone."""
    return next((entry for entry in network_set.attribution if entry.dataset == dataset), None)


def _class_sql(network_set: NetworkSet, dataset: Dataset) -> str:
    """SQL of the class of a record: by which shares it counts."""
    branches = []
    for number, one in class_numbers(network_set, dataset.dataset):
        condition = to_sql(parse(one.when, dataset.types))
        unknown = _MEMBERSHIP if one.unknown == "as-members" else _IN_NO_NETWORK
        branches.append(f"when {condition} then {number} when {condition} is null then {unknown}")
    return f"case {' '.join(branches)} else {_MEMBERSHIP} end" if branches else str(_MEMBERSHIP)


def _most_care(networks: Networks, rule: Plurality, dataset: Dataset, view: str) -> str:
    """SQL of the network that gave most of the care of each record that has care."""
    child = dataset.tables[rule.of]
    scope = dataset.types_of_rows(rule.of)
    by = parse(rule.by, scope, None)
    limits = [of_record(parse(text, dataset.types, by.type)) for text in rule.between]
    read = dict.fromkeys(
        (*IDENTITY, *child.link.values(), *(name for limit in limits for name in limit.record_columns))
    )
    beside = ", ".join(f"{quote(name)} as {record_column(name)}" for name in read)
    linked = [f"{quote(own)} = {record_column(above)}" for own, above in child.link.items()]
    if child.rows_of == dataset.dataset:
        linked.append("not (" + " and ".join(f"{part} = {record_column(part)}" for part in IDENTITY) + ")")
    within = to_sql(Node("between", "boolean", None, (by, *limits)))
    amount = "count(*)" if rule.count else f"sum({quote(rule.sum or '')})"
    identity = ", ".join(record_column(part) for part in IDENTITY)
    given = (
        f"select {identity}, _day, cast({quote(rule.provider)} as varchar) as _giver, {amount} as _care,"
        f" max({quote(rule.by)}) as _latest"
        f" from (select {beside}, {day_sql(dataset)} as _day from {view})"
        f" join {networks.care} on {' and '.join(linked)}"
        f" where {within} and {quote(rule.provider)} is not null group by all"
    )
    held = (
        f"select network as _network, provider as _member, since as _since, until as _until"
        f" from {networks.shares} where network_set = {text_literal(networks.network_set.network_set)}"
        f" and number = {_MEMBERSHIP}"
    )
    joined = f"({given}) left join ({held}) on _member = _giver and _day between _since and _until"
    if rule.counted_per == "network":
        joined = (
            f"(select {identity}, _network, coalesce(_network, _giver) as _giver, sum(_care) as _care,"
            f" max(_latest) as _latest from {joined} group by all)"
        )
    return (
        f"select {identity}, _network from {joined} where _care > 0 qualify row_number() over"
        f" (partition by {identity} order by _care desc, _latest desc, _giver) = 1"
    )

"""How records count for networks: what an author may write, and what the engine makes of it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.attributed import Networks, attributed_select
from indicators.attribution import RecordClass
from indicators.attribution_faults import attribution_faults, in_part_faults
from indicators.cohort import NO_NETWORK
from indicators.compile import quote, rows_select
from indicators.dataset import Dataset
from indicators.networks import NetworkSet
from indicators.schema import json_schema
from indicators.shares import LAST_DAY, counts_in_part, shares
from indicators.source import read_source
from indicators.strata import states_select
from tests.indicators.build import (
    DATASET,
    changed,
    dataset,
    indicator,
    keep_shares,
    looked_up,
    messages,
    sql_type,
)
from tests.indicators.test_cohort import RECORD, make_cells, make_cohort, patterns_and_strata

SHARED = """\
network_set: vsv
version: 1.0.0
title: {nl: VSV, en: Network}
networks:
  north:
    name: North
    members:
      - {provider: P1, since: 2020-01-01, until: 2024-06-30}
      - {provider: P2, since: 2020-01-01, weight: 0.75}
  south:
    name: South
    members:
      - {provider: P1, since: 2024-07-01}
      - {provider: P2, since: 2023-07-01, weight: 0.2}
attribution:
  - dataset: care
    classes:
      - class: smokers
        title: {nl: Rokers, en: Smokers}
        when: smoker
        unknown: as-members
        other_providers: as-members
        shares:
          - {provider: P1, since: 2024-01-01, networks: {north: 0.65, south: 0.3}}
      - class: heavy
        title: {nl: Zwaar, en: Heavy}
        when: weight > 100
        unknown: outside
        other_providers: outside
        shares:
          - {provider: P2, since: 2020-01-01, until: 2024-03-31, networks: {south: 1}}
"""

CONTACTS = {
    "link": {"patient": "id"},
    "columns": {
        "patient": {"type": "integer", "required": True},
        "giver": {"type": "text", "required": True},
        "on_day": {"type": "date", "required": True},
        "minutes": {"type": "integer", "required": True},
        "note": {"type": "text"},
    },
}
PLURALITY = """\
network_set: vsv
version: 1.0.0
title: {nl: VSV, en: Network}
networks:
  north:
    name: North
    members:
      - {provider: P1, since: 2020-01-01, until: 2024-06-30}
      - {provider: P2, since: 2020-01-01}
  south:
    name: South
    members:
      - {provider: P1, since: 2024-07-01}
      - {provider: P3, since: 2020-01-01}
attribution:
  - dataset: care
    plurality:
      of: contacts
      provider: giver
      by: on_day
      between: ["add_days(day, -100)", "add_days(day, -1)"]
      count: true
      counted_per: network
      ties: latest-care-then-lowest-code
"""
CARE = dataset(tables={"contacts": CONTACTS})


def network_set(text: str, **changes: Any) -> NetworkSet:
    return NetworkSet.model_validate(changed(text, changes))


MISTAKES = [
    (
        "weight: 0.2}",
        "weight: 0.26}",
        "x.yaml:14: networks.south.members.2: provider P2 counts for 1.01 on 2023-07-01: 0.26 in south "
        "beside 0.75 in north (networks.north.members.2); expected at most 1 together",
    ),
    (
        ", weight: 0.75}",
        "}",
        "x.yaml:14: networks.south.members.2: provider P2 counts for 1.2 on 2023-07-01: 0.2 in south beside "
        "1 in north (networks.north.members.2); expected at most 1 together",
    ),
    (
        "P1, since: 2024-07-01}",
        "P2, since: 2024-07-01, weight: 0.05}",
        "x.yaml:13: networks.south.members.1: provider P2 is twice in south on 2024-07-01; a membership ends "
        "the day before",
    ),
    *(
        (
            "weight: 0.75",
            f"weight: {wrong}",
            f"x.yaml:9: networks.north.members.2.weight: '{wrong}': expected above 0 and at most 1, with 2 "
            "decimals at most, such as 0.65",
        )
        for wrong in ("0", "1.2", "-0.5", "0.333")
    ),
    ("weight: 0.75", "weight: most", "x.yaml:9: networks.north.members.2.weight: 'most': expected a number"),
    (
        "{north: 0.65, south: 0.3}",
        "{north: 0.65, south: 0.36}",
        "x.yaml:24: attribution.1.classes.1.shares.1.networks: north 0.65, south 0.36 are 1.01 together; "
        "expected at most 1",
    ),
    (
        "south: 0.3}",
        "sout: 0.3}",
        "x.yaml:24: attribution.1.classes.1.shares.1.networks.sout: there is no network 'sout' in this set "
        "(did you mean 'south'?)",
    ),
    (
        "          - {provider: P2, since: 2020-01-01, until: 2024-03-31, networks: {south: 1}}\n",
        "          - {provider: P2, since: 2020-01-01, until: 2024-03-31, networks: {south: 1}}\n"
        "          - {provider: P2, since: 2024-03-31, networks: {north: 1}}\n",
        "x.yaml:32: attribution.1.classes.2.shares.2: provider P2 has shares on 2024-03-31 in shares.1 too; "
        "these end the day before",
    ),
    (
        "class: heavy",
        "class: smokers",
        "x.yaml:25: attribution.1.classes.2.class: 'smokers' stands here twice",
    ),
    (
        "        unknown: outside\n",
        "",
        "x.yaml:25: attribution.1.classes.2.unknown: this field is missing",
    ),
    (
        "        other_providers: as-members\n",
        "",
        "x.yaml:18: attribution.1.classes.1.other_providers: this field is missing",
    ),
    (
        "unknown: outside",
        "unknown: elsewhere",
        "x.yaml:28: attribution.1.classes.2.unknown: 'elsewhere': expected 'as-members' or 'outside'",
    ),
]


@pytest.mark.parametrize(("right", "wrong", "message"), MISTAKES, ids=[wrong for _, wrong, _ in MISTAKES])
def test_a_mistake_as_its_author_sees_it(right: str, wrong: str, message: str) -> None:
    assert right in SHARED
    assert messages(SHARED.replace(right, wrong, 1), "x.yaml") == [message]


PLURALITY_MISTAKES = [
    (
        "      count: true\n",
        "",
        "x.yaml:17: attribution.1.plurality.sum: say what is most: 'count: true' for rows, or 'sum' "
        "of a column",
    ),
    (
        "      ties: latest-care-then-lowest-code\n",
        "",
        "x.yaml:17: attribution.1.plurality.ties: this field is missing",
    ),
    (
        "P3, since: 2020-01-01}",
        "P3, since: 2020-01-01, weight: 0.5}",
        "x.yaml:17: attribution.1.plurality: a record goes whole to who gave most of the care, and provider "
        "P3 counts for 0.5 in south (networks.south.members.2)",
    ),
    (
        "    plurality:",
        "    classes: []\n    pluralty:",
        "x.yaml:18: attribution.1.pluralty: there is no such field (did you mean 'plurality'?)",
    ),
]


@pytest.mark.parametrize(("right", "wrong", "message"), PLURALITY_MISTAKES)
def test_a_mistake_in_a_plurality(right: str, wrong: str, message: str) -> None:
    assert right in PLURALITY
    assert messages(PLURALITY.replace(right, wrong, 1), "x.yaml") == [message]


AGAINST = [
    (SHARED, "when: smoker", "when: smoke", "there is no column 'smoke' (did you mean 'smoker'?)"),
    (SHARED, "when: weight > 100", "when: weight", "'weight' is a number; expected a condition"),
    (SHARED, "when: smoker", "when: sex = 'femal'", "'sex' has no value 'femal'"),
    (PLURALITY, "of: contacts", "of: contact", "dataset care has no table 'contact'"),
    (PLURALITY, "provider: giver", "provider: given", "table 'contacts' has no delivered column 'given'"),
    (PLURALITY, "provider: giver", "provider: note", "care without 'note' cannot be counted, and a row of"),
    (PLURALITY, "by: on_day", "by: minutes", "'minutes' is integer; expected date or datetime"),
    (PLURALITY, "count: true", "sum: giver", "'giver' is text; expected integer or decimal"),
    (PLURALITY, "(day, -100)", "(dy, -100)", "there is no column 'dy'"),
    (PLURALITY, '"add_days(day, -100)"', "age", "'age' is a number; expected a date"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "right", "wrong", "said"), AGAINST)
def test_it_is_held_against_the_dataset(text: str, right: str, wrong: str, said: str) -> None:
    for fits in (SHARED, PLURALITY):
        assert list(attribution_faults(network_set(fits), 0, CARE)) == []
    source = read_source(text.replace(right, wrong, 1), "x.yaml")
    found = list(attribution_faults(NetworkSet.model_validate(source.data), 0, CARE))
    assert len(found) == 1
    path, message, hint = found[0]
    assert said in f"{message} ({hint})"
    assert wrong in source.text.splitlines()[source.line(path) - 1]


def test_networks_need_a_date() -> None:
    without = dataset(period={"column": "provider"})
    [(path, message, _)] = attribution_faults(network_set(SHARED), 0, without)
    assert path == ("attribution", 0, "dataset")
    assert message == "networks are looked up on a record's date, and dataset care has no date"


WHY = {"nl": "x", "en": "x"}
NOT_IN_PART = [
    ({"outcome": {"kind": "count", "events": "events", "better": "lower"}, "case_mix": None,
      "show": {"unit": "rate", "decimals": 1, "of": WHY}}, "a count is tested as a whole number of events"),
    ({"outcome": {"kind": "time_to_event", "start": "day", "event": "discharge", "horizon": 30,
                  "better": "lower"}}, "a time to event is tested as a whole number of events"),
    ({"outcome": {"kind": "structure", "when": "alive", "better": "higher"}, "case_mix": None},
     "a fact is one of a whole record"),
    ({"estimators": {"test": "byar"}}, "test 'byar' is of a whole number of events"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "said"), NOT_IN_PART)
def test_what_has_no_meaning_for_records_in_part_is_refused(changes: dict[str, Any], said: str) -> None:
    [(_, message, hint)] = in_part_faults(indicator(**changes), "vsv")
    assert message == f"records of care count in part for the networks of vsv, and {said}"
    assert hint


def test_the_rest_is_not_refused() -> None:
    allowed = (
        {"estimators": {"test": "z-score", "beside": ["shrunken"]}},
        {"estimators": {"overdispersion": "additive"}},
    )
    by_sex = {"stratify": [{"name": "sex", "title": WHY, "column": "sex"}]}
    for changes in ({}, by_sex, *allowed):
        assert list(in_part_faults(indicator(**changes), "vsv")) == []


def test_which_datasets_have_records_in_part() -> None:
    assert counts_in_part(network_set(SHARED), "care")
    assert counts_in_part(network_set(SHARED), "another")  # a membership counts in part for every dataset
    whole = changed(SHARED, {})
    for network in whole["networks"].values():
        network["members"] = [{"provider": "P1", "since": "2024-01-01"}]
        break
    whole["networks"]["south"]["members"] = [{"provider": "P2", "since": "2024-01-01"}]
    by_class = NetworkSet.model_validate(whole)
    assert counts_in_part(by_class, "care")
    assert not counts_in_part(by_class, "another")
    assert not counts_in_part(network_set(PLURALITY), "care")


def test_the_schema_knows_the_fields() -> None:
    schema = json_schema(NetworkSet, "network_set")
    assert {"class", "when", "unknown", "other_providers", "shares", "title"} == set(
        schema["$defs"]["RecordClass"]["properties"]
    )
    assert schema["$defs"]["Plurality"]["properties"]["ties"]["description"].startswith("Of those that gave")


# -- shares in time --------------------------------------------------------------------------------

FIRST = dt.date(2024, 1, 1)


def day(number: int) -> dt.date:
    return FIRST + dt.timedelta(days=number)


def unless(one: bool | None) -> bool | None:
    return None if one is None else not one


# What an author may write, and what it is for a record that is told in these columns.
CONDITIONS: dict[str, Callable[[dict[str, Any]], bool | None]] = {
    "smoker": lambda record: record["smoker"],
    "twin": lambda record: record["twin"],
    "not alive": lambda record: unless(record["alive"]),
    "not smoker": lambda record: unless(record["smoker"]),
    "age >= 30": lambda record: None if record["age"] is None else record["age"] >= 30,
    "twin is null": lambda record: record["twin"] is None,
}
CODES, PROVIDERS = ("a", "b", "c"), ("P1", "P2", "P3")
PARTS = [Decimal(part) for part in ("1", "0.5", "0.35", "0.33", "0.25", "0.01")]
EITHER = ["as-members", "outside"]


@st.composite
def share_rows(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A table of shares; rows of a provider that overlap, and shares above 1, are left out of it."""
    rows: list[dict[str, Any]] = []
    ended = dict.fromkeys(PROVIDERS, -1)
    for _ in range(draw(st.integers(1, 4))):
        provider = draw(st.sampled_from(PROVIDERS))
        since, until = sorted(draw(st.tuples(st.integers(0, 12), st.integers(0, 12))))
        parts = draw(st.dictionaries(st.sampled_from(CODES), st.sampled_from(PARTS), min_size=1))
        if since <= ended[provider] or sum(parts.values()) > 1:
            continue
        lasts = draw(st.booleans())
        ended[provider] = 99 if lasts else until
        last = None if lasts else day(until)
        rows.append({"provider": provider, "since": day(since), "until": last, "networks": parts})
    return rows or [{"provider": "P9", "since": FIRST, "networks": {"a": 1}}]


@st.composite
def class_lists(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Up to three classes: a record may be of several, of none, and unknown to any of them."""
    conditions = draw(st.lists(st.sampled_from(sorted(CONDITIONS)), min_size=1, max_size=3))
    return [
        {"class": f"class-{number}", "title": WHY, "when": when, "unknown": draw(st.sampled_from(EITHER)),
         "other_providers": draw(st.sampled_from(EITHER)), "shares": draw(share_rows())}
        for number, when in enumerate(conditions)
    ]  # fmt: skip


@st.composite
def any_set(draw: st.DrawFn) -> NetworkSet:
    """A set of three networks, with memberships in part and classes; what is refused is left out of it."""
    spans = st.tuples(st.integers(0, 12), st.integers(0, 12)).map(sorted)
    networks: dict[str, Any] = {code: {"name": code, "members": []} for code in CODES}
    held: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    taken: set[tuple[str, str, int]] = set()
    for _ in range(draw(st.integers(1, 8))):
        code, provider = draw(st.sampled_from(CODES)), draw(st.sampled_from(["P1", "P2"]))
        since, until = draw(spans)
        weight = draw(st.sampled_from(PARTS))
        days = range(since, until + 1)
        if any((code, provider, n) in taken or held[provider, n] + weight > 1 for n in days):
            continue
        taken |= {(code, provider, n) for n in days}
        for n in days:
            held[provider, n] += weight
        networks[code]["members"].append(
            {"provider": provider, "since": day(since), "until": day(until), "weight": weight}
        )
    for network in networks.values():
        network["members"] = network["members"] or [{"provider": "P9", "since": FIRST}]
        if network["members"][0]["provider"] == "P9":
            network["members"][0]["weight"] = Decimal("0.01")
    # Another dataset has classes of its own, before or behind: its shares are not those of this one.
    datasets = draw(st.sampled_from([(), ("care",), ("care", "another"), ("another", "care"), ("another",)]))
    attribution = [{"dataset": name, "classes": draw(class_lists())} for name in datasets]
    return NetworkSet.model_validate(
        {"network_set": "vsv", "version": "1.0.0", "title": WHY, "networks": networks,
         "attribution": attribution}
    )  # fmt: skip


def classes_of(of: NetworkSet) -> list[RecordClass]:
    return [one for entry in of.attribution if entry.dataset == "care" for one in entry.classes]


def by_members(of: NetworkSet, provider: str, on: dt.date) -> dict[str, Decimal]:
    return {
        code: member.weight
        for code, network in of.networks.items()
        for member in network.members
        if member.provider == provider and member.since <= on <= (member.until or LAST_DAY)
    }


def by_class(of: NetworkSet, one: RecordClass, provider: str, on: dt.date) -> dict[str, Decimal]:
    """For how much a record that is of a class counts for each network."""
    for row in one.shares:
        if row.provider == provider and row.since <= on and (row.until is None or on <= row.until):
            return dict(row.networks)
    return by_members(of, provider, on) if one.other_providers == "as-members" else {}


def by_hand(of: NetworkSet, provider: str, on: dt.date, record: dict[str, Any]) -> dict[str, Decimal]:
    """The same of a record of which it is to be seen what class it is of: the first that does not say no."""
    for one in classes_of(of):
        answer = CONDITIONS[one.when](record)
        if answer is True:
            return by_class(of, one, provider, on)
        if answer is None:
            return by_members(of, provider, on) if one.unknown == "as-members" else {}
    return by_members(of, provider, on)


def whole(parts: dict[str, Decimal]) -> dict[str | None, Decimal]:
    """Shares with what they leave to no network."""
    return {code: part for code, part in (parts | {None: 1 - sum(parts.values())}).items() if part}


@settings(deadline=None, max_examples=100)
@given(any_set())
def test_shares_add_up_to_one_on_every_day(of: NetworkSet) -> None:
    laid_out = shares(of)
    numbered = [None, *(one for entry in of.attribution for one in entry.classes)]
    for number, one in enumerate(numbered):
        for provider in PROVIDERS:
            for n in range(-1, 15):
                here = [share for share in laid_out if (share.number, share.provider) == (number, provider)
                        and share.since <= day(n) <= share.until]  # fmt: skip
                parts = by_class(of, one, provider, day(n)) if one else by_members(of, provider, day(n))
                assert {share.network: share.weight for share in here} == (whole(parts) if here else {})
                if here:
                    assert sum(share.weight for share in here) == 1
                    assert sum(share.first for share in here) == 1
                    assert len({share.network for share in here}) == len(here)
                else:
                    assert parts == {}


RECORDS_OF = st.lists(
    st.fixed_dictionaries({
        "provider": st.sampled_from(PROVIDERS), "day": st.integers(-1, 14).map(day),
        "loss": st.sampled_from([400, 1200, None]), "age": st.sampled_from([30, 40, 17, None]),
        **{flag: st.sampled_from([True, False, None]) for flag in ("smoker", "twin", "alive")},
    }),
    min_size=1, max_size=30,
)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(any_set(), RECORDS_OF)
def test_a_total_over_networks_and_outside_is_the_national_total(
    of: NetworkSet, drawn: list[dict[str, Any]]
) -> None:
    """In the engine: every state, n, events and squares, over networks and over records, exactly."""
    records = [RECORD | one for one in drawn]
    scored = indicator(unit="vsv", case_mix=[{"term": "age", "as": "number"}])
    with duckdb.connect() as con:
        keep_shares(con, of)
        rows = make_cohort(con, scored, records, of_networks=of)
        parts: dict[int, dict[str | None, Decimal]] = defaultdict(dict)
        con.execute(
            f"create table attributed as {attributed_select(Networks(of, 'share'), dataset(), 'records')}"
        )
        for number, network, part in con.execute("select id, _network, _share from attributed").fetchall():
            assert network not in parts[number]
            parts[number][network] = part
        for number, one in enumerate(drawn, start=1):
            assert parts[number] == whole(by_hand(of, one["provider"], one["day"], one))
        assert sum(row["_once"] for row in rows) == len(records)
        make_cells(con, ["age"], scored)
        counted = con.execute(states_select("cell")).fetchall()
        by_network: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for _, _, state, reason, part in counted:
            by_network[state, reason] += part
        nation = make_cohort(con, indicator(case_mix=scored_terms(scored)), records)
        by_record: dict[tuple[str, str], int] = defaultdict(int)
        for row in nation:
            by_record[row["_state"], row["_reason"]] += 1
        assert by_network == by_record
        make_cohort(con, scored, records, of_networks=of)
        for period in ("2023", "2024"):
            patterns, strata = patterns_and_strata(con, ["age"], scored, period)
            for number, _, n, events, squares, *_ in patterns:
                here = [row for row in strata if row[1] == number]
                for total, place in ((n, 3), (events, 4), (squares, 5)):
                    assert sum(Decimal(str(row[2])) * Decimal(row[place]) for row in here) == Decimal(total)


def scored_terms(of: Any) -> list[dict[str, Any]]:
    return [term.model_dump(by_alias=True, exclude_defaults=True) for term in of.case_mix]


def test_what_is_outside_goes_by_its_own_name() -> None:
    with duckdb.connect() as con:
        of = network_set(SHARED)
        keep_shares(con, of)
        rows = make_cohort(
            con,
            indicator(unit="vsv"),
            [RECORD | {"provider": "P2", "day": "2024-05-01", "smoker": False, "weight": 60}],
            of_networks=of,
        )
        assert {row["_provider"]: row["_share"] for row in rows} == {
            "north": Decimal("0.75"), "south": Decimal("0.2"), NO_NETWORK: Decimal("0.05"),
        }  # fmt: skip


# -- plurality -------------------------------------------------------------------------------------

ROWS = st.lists(
    st.tuples(
        st.integers(1, 4),
        st.sampled_from(["P1", "P2", "P3", "P8", "P9"]),
        st.sampled_from([0, 1, 50, 99, 100, 101]),
        st.sampled_from([10, 20, -10, 0]),
    ),
    max_size=25,
)


def most_care(
    of: NetworkSet, on: dt.date, rows: list[tuple[str, dt.date, int]], *, summed: bool, per: str
) -> str | None:
    """The network that a record goes to, from what the definition says in words."""

    def network(provider: str) -> str | None:
        return next(iter(by_members(of, provider, on)), None)

    care: dict[tuple[str | None, str], tuple[int, dt.date]] = {}
    for provider, given_on, minutes in rows:
        if not on - dt.timedelta(days=100) <= given_on <= on - dt.timedelta(days=1):
            continue
        home = network(provider)
        key = (None, provider) if per == "provider" or home is None else (home, home)
        amount, latest = care.get(key, (0, dt.date.min))
        care[key] = (amount + (minutes if summed else 1), max(latest, given_on))
    some = {key: value for key, value in care.items() if value[0] > 0}
    if not some:
        return None
    best = min(some, key=lambda key: (-some[key][0], -some[key][1].toordinal(), key[1]))
    return network(best[1]) if per == "provider" else best[0]


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def keep_care(con: duckdb.DuckDBPyConnection, of: Dataset, days: list[dt.date], rows: list[Any]) -> str:
    columns = ", ".join(f"{quote(name)} {sql_type(of, name)}" for name in of.columns)
    con.execute(f"create or replace table stored (_delivery bigint, _line bigint, {columns})")
    for number, on in enumerate(days, start=1):
        con.execute(
            """insert into stored by name
            select 1 as _delivery, ? as _line, ? as id, 'P1' as provider, ? as day""",
            [number, number, on],
        )
    con.execute(
        """create or replace table contacts (_delivery bigint, _line bigint, patient bigint, giver varchar,
        on_day date, minutes bigint, note varchar)"""
    )
    for line, row in enumerate(rows, start=1):
        con.execute("insert into contacts values (1, ?, ?, ?, ?, ?, null)", [line, *row])
    con.execute("create or replace view records as select * from stored")
    sql = rows_select(of, "contacts", "records", {"care": "stored", "care.contacts": "contacts"})
    con.execute(f"create or replace view given_care as {sql}")
    return "given_care"


@settings(deadline=None, max_examples=120)
@given(ROWS, st.booleans(), st.sampled_from(["network", "provider"]))
def test_a_record_goes_to_who_gave_most(rows: list[tuple[Any, ...]], summed: bool, per: str) -> None:
    text = PLURALITY.replace("counted_per: network", f"counted_per: {per}")
    of = network_set(text.replace("count: true", "sum: minutes") if summed else text)
    days = [dt.date(2024, 5, 1), dt.date(2024, 9, 1), dt.date(2024, 6, 30), dt.date(2024, 7, 1)]
    placed = [(n, giver, days[n - 1] - dt.timedelta(days=ago), minutes) for n, giver, ago, minutes in rows]
    with duckdb.connect() as con:
        keep_shares(con, of)
        networks = Networks(of, "share", keep_care(con, CARE, days, placed))
        sql = attributed_select(networks, CARE, "records")
        found = con.execute(f"select id, _network, _share, _once from ({sql}) order by id").fetchall()
    expected = [
        most_care(of, on, [row[1:] for row in placed if row[0] == number], summed=summed, per=per)
        for number, on in enumerate(days, start=1)
    ]
    assert [row[1] for row in found] == expected
    assert all(row[2:] == (1, True) for row in found)


def test_a_plurality_is_scored_like_a_membership(con: duckdb.DuckDBPyConnection) -> None:
    of = network_set(PLURALITY)
    keep_shares(con, of)
    care = keep_care(con, CARE, [dt.date(2024, 5, 1)] * 2, [(1, "P3", dt.date(2024, 4, 1), 5)])
    looked = looked_up(indicator(unit="vsv"), of, care=care)
    assert looked is not None
    sql = attributed_select(looked, CARE, "records")
    assert con.execute(f"select id, _network from ({sql}) order by id").fetchall() == [
        (1, "south"),
        (2, None),
    ]


def test_the_dataset_of_the_tests_is_as_written() -> None:
    assert messages(DATASET, "x.yaml") == []
    assert CARE.tables["contacts"].types["giver"] == "text"

"""Fifty indicators as their authors write them, each with the query that counts the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from benchmarks._births import LAST_DAY


@dataclass(frozen=True, slots=True)
class Task:
    """An indicator as its author writes it, and the query that somebody else would write.

    Attributes
    ----------
    text : str
        The definition.
    query : str
        SQL with columns period, provider, state, those of `terms`, n and sum_y.
    terms : tuple of str
        The case mix.
    """

    text: str
    query: str
    terms: tuple[str, ...]


class _Plain(yaml.SafeDumper):
    """Writes what stands in two places twice: a definition has no anchors."""

    def ignore_aliases(self, data: object) -> bool:
        del data
        return True


Steps = list[tuple[str, str]]
CUTS = (20, 25, 30, 35, 40)
WHY = {"nl": "-", "en": "-"}
RISKS = [
    {"term": "age", "as": "spline", "knots": 4},
    {"term": "parity", "as": "category"},
    {"term": "previous_caesarean", "as": "flag"},
    {"term": "pre_eclampsia", "as": "flag"},
]
RISK_TERMS = [str(term["term"]) for term in RISKS]
BANDS = [
    {"term": "age", "as": "category", "cuts": list(CUTS)},
    {"term": "ses", "as": "category", "missing": "own-category"},
    {"term": "deprived_area", "as": "flag"},
]
BAND_SQL = (
    "case when age < 20 then '<20' when age < 25 then '20-<25' when age < 30 then '25-<30' "
    "when age < 35 then '30-<35' when age < 40 then '35-<40' when age is not null then '>=40' end"
)


def tasks() -> list[Task]:
    """Give the fifty."""
    return [
        *_bleeding(), *_modes(), *_apgar(), *_first_visits(), *_experience(), *_tears(), *_means(),
        *_contacts(), *_late_visits(), *_small(),
    ]  # fmt: skip


def _bleeding() -> Iterator[Task]:
    """Two conditions, a spline and flags."""
    limits = ((500, 22), (1000, 22), (1000, 37), (1500, 22), (1500, 32), (2000, 22), (2000, 37))
    for limit, weeks in limits:
        yield _task(
            f"gestation_weeks >= {weeks}",
            ["plurality > 1"],
            _binary(f"blood_loss_ml > {limit}"),
            [
                *_born_at(weeks),
                ("plurality > 1", "excluded rule 1"),
                *_lacking("plurality", "blood_loss_ml", *RISK_TERMS),
            ],
            f"blood_loss_ml > {limit}",
            RISKS,
        )


def _modes() -> Iterator[Task]:
    """Ands, ors and bands of a number."""
    rule = "not live_born or (plurality > 1 and birth_weight_g < 2500)"
    for mode in ("caesarean", "instrumental", "spontaneous"):
        value = f"mode_of_birth = '{mode}' or transferred"
        for first, parity in ((37, "nulliparous"), (39, "multiparous")):
            asked = f"parity = '{parity}' and gestation_weeks between {first} and 42"
            yield _task(
                asked,
                [rule],
                _binary(value),
                [
                    (f"not ({asked})", "not-eligible population"),
                    *_lacking("parity", "gestation_weeks"),
                    (rule, "excluded rule 1"),
                    (f"({rule}) is null and live_born is null", "missing live_born"),
                    (f"({rule}) is null and plurality is null", "missing plurality"),
                    (f"({rule}) is null", "missing birth_weight_g"),
                    (f"({value}) is null and mode_of_birth is null", "missing mode_of_birth"),
                    (f"({value}) is null", "missing transferred"),
                    *_lacking("age", "deprived_area"),
                ],
                value,
                BANDS,
            )


def _apgar() -> Iterator[Task]:
    """Two rules that leave records out, a square and a category."""
    case_mix = [
        {"term": "gestation_weeks", "as": "number", "degree": 2},
        {"term": "parity", "as": "category"},
        {"term": "induction", "as": "flag"},
    ]
    for limit in (4, 5, 7, 8):
        yield _task(
            "live_born",
            ["gestation_weeks < 32", "plurality > 1"],
            _binary(f"apgar5 < {limit}"),
            [
                *_alive(),
                ("gestation_weeks < 32", "excluded rule 1"),
                ("plurality > 1", "excluded rule 2"),
                *_lacking("gestation_weeks", "plurality", "apgar5", "parity", "induction"),
            ],
            f"apgar5 < {limit}",
            case_mix,
        )


def _first_visits() -> Iterator[Task]:
    """No case mix; half of them by network."""
    for week, networks in ((8, False), (10, False), (12, False), (10, True), (12, True), (14, True)):
        yield _task(
            "care_start = 'practice'",
            [],
            _binary(f"first_visit_week < {week}", better="higher"),
            [
                ("not care_start = 'practice'", "not-eligible population"),
                *_lacking("care_start", "first_visit_week"),
            ],
            f"first_visit_week < {week}",
            [],
            networks=networks,
        )


def _experience() -> Iterator[Task]:
    """Dates, and a follow-up that has to be over."""
    for limit, days in ((6, 42), (7, 42), (8, 42), (7, 90), (8, 213)):
        yield _task(
            "live_born",
            ["birth_date < date '2020-07-01'"],
            _binary(f"experience_score >= {limit}", better="higher"),
            [
                *_alive(),
                ("birth_date < date '2020-07-01'", "excluded rule 1"),
                (f"birth_date + {days} > date '{LAST_DAY}'", "pending"),
                *_lacking("experience_score", "age", "deprived_area"),
            ],
            f"experience_score >= {limit}",
            BANDS,
            follow_up={"days": days, "after": "birth_date"},
        )


def _tears() -> Iterator[Task]:
    """Codes of a list that stands apart."""
    rule = "plurality > 1 or gestation_weeks < 37"
    for codes, members in (("severe", "'third_fourth'"), ("any", "'first_second', 'third_fourth'")):
        for mode in ("spontaneous", "instrumental"):
            yield _task(
                f"mode_of_birth = '{mode}'",
                [rule],
                _binary(f"in_set(perineal_tear, 'tears/{codes}')"),
                [
                    (f"not mode_of_birth = '{mode}'", "not-eligible population"),
                    *_lacking("mode_of_birth"),
                    (rule, "excluded rule 1"),
                    *_lacking("plurality", "gestation_weeks", "perineal_tear", *RISK_TERMS),
                ],
                f"perineal_tear in ({members})",
                RISKS,
            )


def _means() -> Iterator[Task]:
    """Means of numbers."""
    costs, weight = "spending_eur", "birth_weight_g"
    for value, weeks in ((costs, 22), (costs, 37), (weight, 32), (weight, 37), ("bmi", 22)):
        yield _task(
            f"gestation_weeks >= {weeks}",
            ["not live_born"],
            {"kind": "continuous", "value": value, "better": "lower"},
            [
                *_born_at(weeks),
                ("not live_born", "excluded rule 1"),
                *_lacking("live_born", value, "age", "deprived_area"),
            ],
            value,
            BANDS,
        )


def _contacts() -> Iterator[Task]:
    """Counted of the rows of another table, without and with a condition on these."""
    own = "select birth_id, count(*) as contacts, bool_or(kind = 'scan') as scanned"
    source = f'record_birth left join ({own} from "record_birth.contact" group by 1) using (birth_id)'
    for condition, value, weeks in (
        ("contacts >= 1", "coalesce(contacts, 0) >= 1", 32),
        ("contacts >= 2", "coalesce(contacts, 0) >= 2", 32),
        ("contacts >= 3", "coalesce(contacts, 0) >= 3", 32),
        ("scanned", "coalesce(scanned, false)", 24),
        ("scanned", "coalesce(scanned, false)", 32),
    ):
        yield _task(
            f"gestation_weeks >= {weeks}",
            [],
            _binary(condition, better="higher"),
            [*_born_at(weeks), *_lacking("age", "deprived_area")],
            value,
            BANDS,
            source=source,
        )


def _late_visits() -> Iterator[Task]:
    """Counted of the rows of another table that lie in the four weeks before birth."""
    counted = (
        "select _delivery, _line, count(*) as late_visits from record_birth "
        'join (select birth_id as child, "at" as seen, kind from "record_birth.contact") on child = birth_id '
        "where kind = 'visit' and seen between birth_date - 28 and birth_date group by all"
    )
    for limit in (1, 2):
        yield _task(
            "gestation_weeks >= 37",
            [],
            _binary(f"late_visits >= {limit}", better="higher"),
            [*_born_at(37), *_lacking("age", "deprived_area")],
            f"coalesce(late_visits, 0) >= {limit}",
            BANDS,
            source=f"record_birth left join ({counted}) using (_delivery, _line)",
        )


def _small() -> Iterator[Task]:
    """A column that is computed of others of the record."""
    light = "birth_weight_g < 250 * (gestation_weeks - 28)"
    for weeks in (22, 28, 32, 35, 36, 37):
        yield _task(
            f"gestation_weeks >= {weeks}",
            ["not live_born"],
            _binary("small"),
            [
                *_born_at(weeks),
                ("not live_born", "excluded rule 1"),
                *_lacking("live_born"),
                (f"({light}) is null", "missing small"),
                *_lacking("age", "deprived_area"),
            ],
            light,
            BANDS,
        )


def _binary(when: str, better: str = "lower") -> dict[str, Any]:
    return {"kind": "binary", "when": when, "better": better}


def _born_at(weeks: int) -> Steps:
    return [(f"not gestation_weeks >= {weeks}", "not-eligible population"), *_lacking("gestation_weeks")]


def _alive() -> Steps:
    return [("not live_born", "not-eligible population"), *_lacking("live_born")]


def _lacking(*columns: str) -> Steps:
    return [(f"{column} is null", f"missing {column}") for column in columns]


def _task(
    population: str,
    rules: Sequence[str],
    outcome: dict[str, Any],
    steps: Steps,
    value: str,
    case_mix: Sequence[dict[str, Any]],
    *,
    networks: bool = False,
    source: str = "record_birth",
    follow_up: dict[str, Any] | None = None,
) -> Task:
    """Write an indicator, and the query with its states in the order in which they are asked."""
    definition = {
        "indicator": "benchmark",
        "version": "1.0.0",
        "horizon": 2,
        "title": WHY,
        "why": WHY,
        "steward": "-",
        "sources": ["-"],
        "dataset": "birth",
        "unit": "vsv" if networks else "provider",
        "population": population,
        "exclude": [{"when": rule, "why": WHY} for rule in rules],
        "outcome": outcome,
        "case_mix": list(case_mix),
        "show": {"unit": "percent", "decimals": 1},
        "examples": [{"given": {"age": 30}, "expect": {"state": "missing"}}],
        **({"follow_up": follow_up} if follow_up else {}),
    }
    counted, summed = f"case when {value} then 'met' else 'not-met' end", f"cast({value} as integer)"
    if outcome["kind"] == "continuous":
        counted, summed = "'value'", value
    listed = [BAND_SQL if "cuts" in term else term["term"] for term in case_mix]
    terms = tuple(term["term"] for term in case_mix)
    columns = "".join(f", {sql} as {name}" for sql, name in zip(listed, terms, strict=True))
    unit = "provider"
    if networks:
        unit = "coalesce(_network, '(no network)')"
        source += (
            " left join (select provider as _member, network as _network, since, until from member) "
            "on _member = provider and birth_date between since and coalesce(until, date '9999-12-31')"
        )
    asked = " ".join(f"when {condition} then '{state}'" for condition, state in steps)
    query = f"""
        select year(birth_date) as period, {unit} as provider,
            case {asked} else {counted} end as state{columns}, count(*) as n, sum({summed}) as sum_y
        from {source} group by all"""
    return Task(yaml.dump(definition, Dumper=_Plain, sort_keys=False), query, terms)

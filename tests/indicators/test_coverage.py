"""Which clauses an example exercises, held against what becomes of it when the clause is answered otherwise.

Every clause of a generated definition is a column of its own, so that a record can answer it true, false or
unknown without a change to anything else. A clause is asked of a record if the verdict hangs on it: if, with
some answers to what is asked in the same breath, another answer to the clause ends the record elsewhere.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.cohort import cohort_select
from indicators.compile import dataset_select, quote
from indicators.coverage import answers_select, conditions
from indicators.dataset import Dataset
from indicators.definition import Indicator
from indicators.evaluate import evaluate
from indicators.expression import parse
from indicators.notation import to_text
from indicators.outcomes import CountOutcome
from indicators.source import Path
from indicators.states import ladder
from tests.indicators.build import DATASET, changed, indicator, sql_type

CUT_OFF = dt.date(2024, 12, 31)
FLAGS = tuple(f"f{number}" for number in range(24))
ANSWERS = (True, False, None)
WHY = {"nl": "x", "en": "x"}
MOST, LEFT = 4, 10


def flagged() -> Dataset:
    columns = changed(DATASET, {})["columns"] | {flag: {"type": "boolean"} for flag in FLAGS}
    columns |= {"after": {"type": "date"}, "until": {"type": "date"}}
    derive = {"seen": {"value": "coalesce(discharge, discharge)", "type": "date"}}
    return Dataset.model_validate(
        changed(DATASET, {"columns": columns, "derive": derive, "period": {"year_of": "seen"}})
    )


ON = flagged()


@dataclass
class Said:
    """An expression with, for each flag in it, all flags that are asked in the same breath."""

    text: str
    together: dict[str, set[str]] = field(default_factory=dict)

    @property
    def flags(self) -> set[str]:
        return set(self.together)


def flag(name: str) -> Said:
    return Said(name, {name: {name}})


def joined(word: str, parts: list[Said]) -> Said:
    """All that stands beside a clause is asked with it."""
    together = {
        name: own | {each for other in parts if other is not part for each in other.flags}
        for part in parts
        for name, own in part.together.items()
    }
    return Said(f"({f' {word} '.join(part.text for part in parts)})", together)


def in_order(parts: list[Said], write: Callable[[list[str]], str]) -> Said:
    """What comes behind an operand of coalesce is asked if that says so: it hangs on it."""
    together = {
        name: own | {each for other in parts[place + 1 :] for each in other.flags}
        for place, part in enumerate(parts)
        for name, own in part.together.items()
    }
    return Said(write([part.text for part in parts]), together)


def case(branches: list[tuple[Said, Said]], default: Said) -> Said:
    """Of a condition hang what it leads to, and all that is behind it; what it leads to is by itself."""
    together: dict[str, set[str]] = {}
    behind = set(default.flags)
    for when, then in reversed(branches):
        behind |= then.flags
        together |= {name: own | behind for name, own in when.together.items()} | then.together
        behind |= when.flags
    written = " ".join(f"when {when.text} then {then.text}" for when, then in branches)
    return Said(f"(case {written} else {default.text} end)", together | default.together)


class Pool:
    """Flags, each to be used once."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw, self.left = draw, list(FLAGS)

    def condition(self, most: int = MOST) -> Said:
        kind = self.draw(st.sampled_from(["flag", "flag", "and", "or", "not", "case", "coalesce", "if"]))
        if most == 1 or kind == "flag" or len(self.left) < LEFT + MOST:
            return flag(self.left.pop())
        if kind in ("and", "or"):
            first = self.condition(most - 1)
            return joined(kind, [first, self.condition(most - len(first.flags))])
        if kind == "not":
            inner = self.condition(most)
            return Said(f"(not {inner.text})", inner.together)
        if kind == "coalesce":
            parts = [flag(self.left.pop()), self.condition(most - 1)]
            return in_order(parts, lambda texts: f"coalesce({', '.join(texts)})")
        if kind == "if" or most < 3:
            return case([(flag(self.left.pop()), flag(self.left.pop()))], Said("false"))
        branches = [(flag(self.left.pop()), flag(self.left.pop()))]
        return case(branches, flag(self.left.pop()))

    def number(self, values: list[str]) -> Said:
        """A number that tells the verdicts apart: no two branches give the same."""
        first, second, *others = self.draw(st.permutations(values))
        if self.draw(st.booleans()) or len(self.left) < LEFT + MOST:
            return case([(flag(self.left.pop()), Said(first))], Said(second))
        whens = [flag(self.left.pop()), joined("and", [flag(self.left.pop()), flag(self.left.pop())])]
        return case([(whens[0], Said(first)), (whens[1], Said(second))], Said(others[0]))


OUTCOMES = ("binary", "structure", "top_box", "continuous", "count", "exposure", "change", "time", "counts")


@st.composite
def definition(draw: st.DrawFn) -> tuple[Indicator, dict[Path, Said]]:
    pool, said = Pool(draw), dict[Path, Said]()
    changes: dict[str, Any] = {"case_mix": None, "unit": draw(st.sampled_from(["provider", "vsv"]))}

    def ask(*path: Any, of: Said | None = None) -> str:
        said[path] = of or pool.condition()
        return said[path].text

    changes["population"] = ask("population")
    if draw(st.booleans()):
        changes["denominator"] = ask("denominator")
    rules = range(draw(st.integers(0, 2)))
    changes["exclude"] = [{"when": ask("exclude", number, "when"), "why": WHY} for number in rules]
    kind = draw(st.sampled_from(OUTCOMES))
    changes |= outcome(kind, ask, pool)
    if kind in ("binary", "top_box"):
        rules = range(draw(st.integers(0, 2)))
        changes["except"] = [{"when": ask("except", number, "when"), "why": WHY} for number in rules]
    if kind not in ("structure",) and draw(st.booleans()):
        by = {"name": "by", "title": WHY, "when": ask("stratify", 0, "when"), "labels": LABELS}
        changes["stratify"] = [by]
    if kind != "time" and draw(st.booleans()):
        changes["follow_up"] = {"days": 30, "after": "after", "until": "until"}
    if kind in ("binary", "top_box") and draw(st.booleans()):
        changes["case_mix"] = [{"term": "age", "as": "number"}]
    return indicator(**changes), said


LABELS = {"true": WHY, "false": WHY}


def outcome(kind: str, ask: Callable[..., str], pool: Pool) -> dict[str, Any]:
    points = {"unit": "points", "decimals": 1}
    if kind in ("binary", "structure"):
        return {"outcome": {"kind": kind, "when": ask("outcome", "when"), "better": "lower"}}
    if kind == "top_box":
        return {"outcome": {"kind": kind, "answer": "mobility", "top": [1, 2]}}
    if kind == "continuous":
        value = ask("outcome", "value", of=pool.number(["1", "2.5", "null"]))
        return {"outcome": {"kind": kind, "value": value, "better": "lower"}, "show": points}
    if kind == "change":
        given = {"kind": kind, "before": "score_before", "after": "score_after", "better": "higher"}
        terms = [{"term": "score_before", "as": "number"}]
        return {"outcome": given, "show": points, "case_mix": terms}
    if kind == "time":
        dates = {"start": "after", "event": "until", "censored": "discharge"}
        return {"outcome": {"kind": "time_to_event", **dates, "horizon": 30, "better": "lower"}}
    if kind == "counts":
        return {"outcome": {"kind": "binary", "events": "events", "trials": "trials", "better": "lower"}}
    bad = pool.draw(st.sampled_from(["null", "-1", "0.5", "3"]))
    events = ask("outcome", "events", of=pool.number(["1", "2", bad]))
    given = {"kind": "count", "events": events, "better": "lower"}
    if kind == "exposure":
        bad = pool.draw(st.sampled_from(["null", "0", "-2", "30"]))
        given["exposure"] = ask("outcome", "exposure", of=pool.number(["10", "20", bad]))
    return {"outcome": given, "show": {"unit": "rate", "decimals": 1, "of": WHY}}


def uncounted(of: Indicator, record: dict[str, Any]) -> bool:
    """Whether what the events would be counted per is missing, or cannot be."""
    assert isinstance(of.outcome, CountOutcome)
    if of.outcome.exposure is None:
        return False
    exposure = evaluate(parse(of.outcome.exposure, ON.types, "number"), record)
    return exposure is None or exposure <= 0


DATES = st.sampled_from(["2024-03-01", "2024-04-15", "2024-12-20", None])
RECORDS = st.fixed_dictionaries(
    {flag: st.sampled_from(ANSWERS) for flag in FLAGS}
    | dict.fromkeys(("after", "until", "discharge"), DATES)
    | {name: st.sampled_from([1, 3, None]) for name in ("mobility", "events", "trials", "age")}
    | {name: st.sampled_from([10, None]) for name in ("score_before", "score_after")}
)


def answered(flags: set[str]) -> Iterator[dict[str, bool | None]]:
    for answers in itertools.product(ANSWERS, repeat=len(flags)):
        yield dict(zip(sorted(flags), answers, strict=True))


def added(records: list[dict[str, Any]], record: dict[str, Any], flags: set[str]) -> range:
    """Add a record with every answer that flags can have; their numbers."""
    first = len(records)
    records += [record | answers for answers in answered(flags)]
    return range(first, len(records))


def keep(con: duckdb.DuckDBPyConnection, records: list[dict[str, Any]]) -> None:
    """Make the view of the records, each with its number."""
    columns = ", ".join(f"{quote(name)} {sql_type(ON, name)}" for name in ON.columns)
    con.execute(f"create table stored ({columns})")
    names = ["id", *records[0]]
    values = (", ".join(map(literal, (n, *record.values()))) for n, record in enumerate(records))
    con.execute(f"insert into stored ({', '.join(names)}) values ({'), ('.join(values)})")
    con.execute(f"create view records as {dataset_select(ON, 'stored')}")


def literal(value: Any) -> str:
    return "null" if value is None else f"'{value}'"


def verdicts(con: duckdb.DuckDBPyConnection, of: Indicator) -> list[tuple[Any, ...]]:
    """What becomes of each record: state and reason, its value if that counts, and its subgroup."""
    sql = cohort_select(of, ON, "records", networks=None, cut_off=CUT_OFF, carried=("id",))
    group = ", _subgroup_by" if of.stratify else ""
    return con.execute(
        f"""select _state, _reason,
            case when _state in ('met', 'not-met', 'value') then (_n, _y, _time, _event) end{group}
        from ({sql}) order by id"""
    ).fetchall()


@settings(deadline=None, max_examples=50)
@given(definition(), RECORDS)
def test_a_clause_is_asked_where_the_verdict_hangs_on_it(
    drawn: tuple[Indicator, dict[Path, Said]], record: dict[str, Any]
) -> None:
    of, said = drawn
    record = record | {"provider": "P1", "day": "2024-03-01"}
    # For each clause lists of records that differ in nothing but their answer to it.
    alike: dict[tuple[Path, str | None], list[range]] = {}
    records = [record]
    for path, one in said.items():
        for name, together in one.together.items():
            for beside in answered(together - {name}):
                alike.setdefault((path, name), []).append(added(records, record | beside, {name}))
        alike[path, None] = [added(records, record, one.flags)]
    asked = conditions(of, ON)
    with duckdb.connect() as con:
        keep(con, records)
        ends = verdicts(con, of)
        sql = answers_select(asked, ladder(of, ON, CUT_OFF), "records where id = 0")
        [found] = con.execute(sql).fetchall()
    clauses = [(one.path, clause.node) for one in asked for clause in one.clauses]
    seen = set()
    for (path, node), answer in zip(clauses, found, strict=True):
        name = str(node.value) if node.kind == "column" else None
        hangs = any(len({ends[number] for number in numbers}) > 1 for numbers in alike[path, name])
        if path == ("outcome", "events") and not hangs and uncounted(of, record):
            # it is asked whether there is a number of events, which here there is whatever the answer
            hangs = answer is not None
        assert answer is (evaluate(node, record) if hangs else None), (path, to_text(node), ends[0])
        seen.add((path, name))
    assert {(path, name) for path, one in said.items() for name in one.flags} <= seen

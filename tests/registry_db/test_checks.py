"""What a value must look like: odd forms of it, and what a supplier is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry_db.faults import RegistryError
from registry_db.registry import Registry
from tests.registry_db.build import text, visit, write

NUMBER, POINT, DAY = "a whole number", "a number with a point", "a date as YYYY-MM-DD"
AGES, WEIGHTS = "a number from 0 to 120", "a number from 1 to 400"

TAKEN = [
    ("age", " 12 ", 12),
    ("age", "+007", 7),
    ("age", "", None),
    ("weight", "1e2", 100.0),
    ("weight", ".5e1", 5.0),
    ("weight", "5.", 5.0),
    ("weight", "70.4999", 70.5),
    ("day", " 2024-02-29 ", "2024-02-29"),
    ("sex", "9", None),
    ("fell", "1", True),
    ("fell", "9", None),
    ("at_home", "TRUE", True),
    ("at_home", "False", False),
    ("clinic_name", "[red]Kliniek[/red] 'Ø' \"é\"", "[red]Kliniek[/red] 'Ø' \"é\""),
]

REFUSED = [
    ("age", "12.0", NUMBER),
    ("age", "1e1", NUMBER),
    ("age", "--1", NUMBER),
    ("age", "1_0", NUMBER),
    ("age", "0x10", NUMBER),
    ("age", "٣", NUMBER),
    ("age", "99999999999999999999", NUMBER),
    ("age", "121", AGES),
    ("age", "-1", AGES),
    ("weight", "1,5", POINT),
    ("weight", "NaN", POINT),
    ("weight", "inf", POINT),
    ("weight", "1e", POINT),
    ("weight", "99999999999999999999", POINT),
    ("weight", "1e400", POINT),
    ("weight", "400.1", WEIGHTS),
    ("weight", "0", WEIGHTS),
    ("day", "2024-02-30", DAY),
    ("day", "2024-1-5", DAY),
    ("day", "24-01-05", DAY),
    ("day", "0000-01-05", DAY),
    ("day", "05-01-2024", DAY),
    ("day", "20240105", DAY),
    ("day", "2024-01-05 12:00", DAY),
    ("day", "infinity", DAY),
    ("day", "epoch", DAY),
    ("sex", "3", "one of 1, 2"),
    ("sex", "male", "one of 1, 2"),
    ("fell", "true", "one of 1, 0"),
    ("at_home", "yes", "true or false"),
    ("at_home", "1", "true or false"),
]


@pytest.mark.parametrize(("column", "said", "kept"), TAKEN)
def test_a_value_that_is_taken(
    registry: Registry, tmp_path: Path, column: str, said: str, kept: object
) -> None:
    line = visit(1, **{column: '"' + said.replace('"', '""') + '"'})
    done = registry.deliver("visit", write(tmp_path, text([line])))
    assert (done.accepted, done.faults) == (1, ())
    [(value,)] = registry.con.execute(f"select {column} from record_visit").fetchall()
    assert (str(value) if column == "day" else value) == (pytest.approx(kept) if column == "weight" else kept)


@pytest.mark.parametrize(("column", "said", "expected"), REFUSED)
def test_a_value_that_is_refused(
    registry: Registry, tmp_path: Path, column: str, said: str, expected: str
) -> None:
    lines = [visit(1), visit(2, **{column: said})]
    done = registry.deliver("visit", write(tmp_path, text(lines)))
    assert [str(fault) for fault in done.faults] == [f"3: {column} is '{said}'; expected {expected}"]
    assert (done.accepted, done.quarantined) == (1, 1)
    assert registry.con.execute("select visit from record_visit").fetchall() == [("v1",)]


@pytest.mark.parametrize("column", ["id", "clinic", "day"])
def test_a_required_value_that_is_not_there(registry: Registry, tmp_path: Path, column: str) -> None:
    done = registry.deliver("visit", write(tmp_path, text([visit(1), visit(2, **{column: " "})])))
    assert [str(fault) for fault in done.faults] == [
        f"3: {column} is empty; expected a value; this column is required"
    ]


def test_all_faults_of_a_row_are_told(registry: Registry, tmp_path: Path) -> None:
    done = registry.deliver("visit", write(tmp_path, text([visit(1, age="old", sex="7"), visit(2)])))
    assert (done.quarantined, [fault.column for fault in done.faults]) == (1, ["age", "sex"])
    found = registry.quarantine(done.delivery)
    assert found.to_dict("records") == [
        {"line": 2, "column": "age", "value": "old", "expected": NUMBER},
        {"line": 2, "column": "sex", "value": "7", "expected": "one of 1, 2"},
    ]


def test_nothing_right_is_nothing_taken(registry: Registry, tmp_path: Path) -> None:
    file = write(tmp_path, text([visit(1, age="old"), visit(2, age="[bold]")]))
    with pytest.raises(RegistryError) as caught:
        registry.deliver("visit", file)
    assert str(caught.value) == (
        "visits.csv: none of the 2 rows can be taken in; the first fault is\n"
        "  visits.csv:2: age is 'old'; expected a whole number"
    )
    assert registry.deliveries().empty


def test_a_key_that_stands_twice_in_a_file(registry: Registry, tmp_path: Path) -> None:
    lines = [visit(1), visit(2), visit(3), visit(2, age="51"), *[visit(4)] * 7]
    done = registry.deliver("visit", write(tmp_path, text(lines)))
    assert (done.rows, done.accepted, done.quarantined) == (11, 2, 9)
    told = [str(fault) for fault in done.faults]
    assert told[0] == "3: id is 'v2'; expected a key that stands once in the file; it is on lines 3, 5"
    assert told[-1].endswith("it is on lines 6, 7, 8, 9, 10, ...")
    assert registry.con.execute("select visit from record_visit order by 1").fetchall() == [("v1",), ("v3",)]


def test_what_cannot_be_printed_is_escaped(registry: Registry, tmp_path: Path) -> None:
    lines = [visit(1), visit(2, age="\x1b[2Jold" + "x" * 500)]
    [fault] = registry.deliver("visit", write(tmp_path, text(lines))).faults
    assert str(fault) == "3: age is '\\x1b[2Jold" + "x" * 53 + "...'; expected a whole number"

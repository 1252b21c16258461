"""Files that cannot be read: one clear message each, and nothing is changed."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from registry_db.faults import RegistryError
from registry_db.registry import Registry
from tests.registry_db.build import HEADER, everything, text, visit, visits, write, zipped

GOOD = text([visit(1), visit(2)])
HEAD = ";".join(HEADER) + "\n"


def refused(registry: Registry, file: Path, dataset: str = "visit") -> str:
    """What a supplier is told about a file that is refused; the vault has not changed."""
    before = everything(registry)
    with pytest.raises(RegistryError) as caught:
        registry.deliver(dataset, file)
    assert everything(registry) == before
    return str(caught.value)


UNREADABLE = {
    "empty": (b"", "visits.csv: the file is empty; expected a header line and records"),
    "blank": (b"\n\r\n\n", "visits.csv: the file is empty; expected a header line and records"),
    "only a header": (HEAD, "visits.csv: the file has a header and no records"),
    "a header without its end": (HEAD.rstrip(), "visits.csv: the file has a header and no records"),
    "too few fields": (
        GOOD + "v3;north\n",
        "visits.csv:4: expected 10 fields as in the header, found 2",
    ),
    "too many fields": (
        GOOD.replace("Clinic North", "Clinic; North", 1),
        "visits.csv:2: expected 10 fields as in the header, found 11",
    ),
    "a line of spaces": (GOOD + "   \n", "visits.csv:4: expected 10 fields as in the header, found 1"),
    "an unclosed quotation mark": (
        GOOD + text([visit(3, clinic_name='"Clinic')]).split("\n", 1)[1] + GOOD * 3,
        "visits.csv:4: a quotation mark is opened here and never closed",
    ),
    "text after a quotation mark": (
        GOOD.replace("Clinic North", '"Clinic" North', 1),
        "visits.csv:2: expected a delimiter or the end of the line after a closing quotation mark",
    ),
    "a field without end": (
        GOOD + "v3;" + "x" * 200_000 + ";;;;;;;;\n",
        "visits.csv:4: a field of more than 131,072 characters; is a quotation mark not closed?",
    ),
    "a NUL": (
        GOOD * 300 + "v3;no\0rth;;;;;;;;\n",
        "visits.csv:901: this line holds a NUL character; it is not text",
    ),
    "latin-1": (
        GOOD.encode() + "v3;north;Cliniqué;;;;;;;\n".encode("latin-1"),
        "visits.csv:4: byte 0xe9 is not utf-8 text\n  save the file as utf-8",
    ),
    "latin-1 far down": (
        GOOD.encode() * 5_000 + b"v3;\xe9;;;;;;;;\n",
        "visits.csv:15001: byte 0xe9 is not utf-8 text\n  save the file as utf-8",
    ),
    "utf-16": (
        GOOD.encode("utf-16"),
        "visits.csv: this is not a text file in utf-8\n  visit expects CSV with ';' between columns",
    ),
    "gzip": (
        gzip.compress(GOOD.encode()),
        "visits.csv: this is not a text file in utf-8\n  visit expects CSV with ';' between columns",
    ),
    "another delimiter": (
        GOOD.replace(";", ","),
        "visits.csv:1: the header misses 10 columns: 'id', 'clinic', 'clinic_name', 'person', 'day', ...\n"
        "  visit expects ';' between columns",
    ),
    "a missing column": (
        text([visit()], [name for name in HEADER if name != "day"]),
        "visits.csv:1: the header misses column 'day'",
    ),
    "a column under another name": (
        GOOD.replace(";weight;", ";weigth;"),
        "visits.csv:1: the header misses column 'weight'\n  did you mean 'weigth'?",
    ),
    "a column in capitals": (
        GOOD.replace("clinic_name", "Clinic_Name"),
        "visits.csv:1: the header misses column 'clinic_name'\n  did you mean 'Clinic_Name'?",
    ),
    "a column twice": (
        HEAD.rstrip() + "; day \n" + text([visit()]).split("\n")[1] + ";2024-01-01\n",
        "visits.csv:1: the header names 'day' more than once",
    ),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_an_unreadable_file_gets_one_message(registry: Registry, tmp_path: Path, case: str) -> None:
    content, message = UNREADABLE[case]
    assert refused(registry, write(tmp_path, content)) == message


def test_no_file_and_no_folder(registry: Registry, tmp_path: Path) -> None:
    assert refused(registry, tmp_path / "gone.csv") == f"{tmp_path / 'gone.csv'}: there is no such file"
    assert refused(registry, tmp_path) == f"{tmp_path}: this is a folder; expected a file"


def test_a_file_of_another_dataset(registry: Registry, tmp_path: Path) -> None:
    message = refused(registry, write(tmp_path, GOOD, "visits-2024.csv"), "census")
    assert message == (
        "visits-2024.csv:1: the header misses 3 columns: 'clinic', 'beds', 'protocol'\n"
        "  census expects ',' between columns"
    )


def test_a_name_that_should_hold_the_year(registry: Registry, tmp_path: Path) -> None:
    message = refused(registry, write(tmp_path, "clinic,beds,protocol\na,1,true\n", "census.csv"), "census")
    assert message == (
        r"census.csv: column 'year' of census is read from the file's name, which does not match '(20\d\d)'"
        "\n  give the file the name that the supplier gave it"
    )


def test_zip_files_that_cannot_be_unpacked(registry: Registry, tmp_path: Path) -> None:
    two = zipped(tmp_path, {"a.csv": GOOD, "b.csv": GOOD}, "two.zip")
    assert refused(registry, two) == "two.zip: expected one file in the zip, found a.csv, b.csv"
    none = zipped(tmp_path, {"__MACOSX/._a.csv": b"x", "folder/": b""}, "none.zip")
    assert refused(registry, none) == "none.zip: expected one file in the zip, found nothing"
    damaged = "this zip file is damaged\n  ask the supplier to send it again"
    whole = zipped(tmp_path, {"a.csv": text(visits())}).read_bytes()
    assert refused(registry, write(tmp_path, whole[:-40], "cut.zip")) == f"cut.zip: {damaged}"
    bent = bytearray(whole)
    bent[200:260] = os.urandom(60)
    assert refused(registry, write(tmp_path, bytes(bent), "bent.zip")) == f"bent.zip: {damaged}"


def test_a_zip_with_a_password(registry: Registry, tmp_path: Path) -> None:
    locked = bytearray(zipped(tmp_path, {"a.csv": GOOD}).read_bytes())
    for mark, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):  # the flag "encrypted" in both headers
        locked[locked.index(mark) + place] |= 1
    assert refused(registry, write(tmp_path, bytes(locked), "locked.zip")) == (
        "locked.zip: this zip file asks for a password\n  unpack it, and deliver the file inside"
    )


ALSO_READ = {
    "a byte order mark": b"\xef\xbb\xbf" + GOOD.encode(),
    "CRLF": GOOD.replace("\n", "\r\n").encode(),
    "CR": GOOD.replace("\n", "\r").encode(),
    "both line ends": GOOD.replace("\n", "\r\n", 1).encode(),
    "blank lines": b"\n\n" + GOOD.replace("\n", "\n\n").encode(),
    "no line end at the end": GOOD.rstrip().encode(),
    "spaces around headers and values": GOOD.replace(";", " ;\t ").encode(),
    "quotation marks": "\n".join(
        ";".join(f'"{cell}"' for cell in line.split(";")) for line in GOOD.split("\n") if line
    ).encode(),
    "a delimiter at the end of each line": GOOD.replace("\n", ";\n").encode(),
    "more columns than asked for": "\n".join(
        f"{line};{';'.join(f'x{i}' for i in range(5_000))}" for line in GOOD.split("\n") if line
    ).encode(),
    "headers that differ in capitals": GOOD.replace("\n", ";x\n").replace(";x", ";DAY", 1).encode(),
    "columns in another order": text([visit(1), visit(2)], HEADER[::-1]).encode(),
}


@pytest.mark.parametrize("case", ALSO_READ)
def test_the_same_records_written_otherwise(registry: Registry, tmp_path: Path, case: str) -> None:
    done = registry.deliver("visit", write(tmp_path, ALSO_READ[case]))
    assert (done.rows, done.accepted) == (2, 2)
    kept = registry.con.execute(
        """select visit, clinic, clinic_name, cast(day as varchar), sex, age, cast(weight as varchar), fell,
            at_home from record_visit order by visit"""
    ).fetchall()
    first = ("v1", "north", "Clinic North", "2024-03-01", "male", 50, "70.5", False, True)
    assert kept == [first, ("v2", *first[1:])]


@pytest.mark.parametrize("name", ["a [2024].csv", "*.csv", "visits.csv.gz", "a'b\"c.csv", "v?.csv"])
def test_any_name_is_only_a_name(registry: Registry, tmp_path: Path, name: str) -> None:
    write(tmp_path, text([visit(9)]), "v1.csv")
    done = registry.deliver("visit", write(tmp_path, GOOD, name))
    assert (done.accepted, done.file_name) == (2, name)


def test_a_zip_is_read_as_it_is(registry: Registry, tmp_path: Path) -> None:
    file = zipped(tmp_path, {"__MACOSX/._x": b"x", "../../visits.csv": GOOD})
    assert registry.deliver("visit", file).accepted == 2
    assert not (tmp_path.parent.parent / "visits.csv").exists()


@pytest.mark.parametrize(
    ("before", "line"),
    [
        ("", 2),
        ("\n\n", 4),
        (text([visit(1, clinic_name='"Clinic\nNorth\n"')]).split("\n", 1)[1], 5),
        (text([visit(1), visit(2)]).split("\n", 1)[1] + "\n", 5),
    ],
)
def test_a_fault_names_the_line_in_the_file(
    registry: Registry, tmp_path: Path, before: str, line: int
) -> None:
    wrong, right = visit(8, age="old"), visit(9)
    content = HEAD + before + text([wrong, right]).split("\n", 1)[1]
    assert content.split("\n")[line - 1].startswith("v8;")
    faults = registry.deliver("visit", write(tmp_path, content)).faults
    assert [str(fault) for fault in faults] == [f"{line}: age is 'old'; expected a whole number"]


def test_a_large_file_is_read_in_order(registry: Registry, tmp_path: Path) -> None:
    done = registry.deliver("visit", write(tmp_path, text(visit(number) for number in range(60_000))))
    assert done.accepted == 60_000
    ahead = "select count(*) from record_visit where visit <> 'v' || (_line - 2)"
    assert registry.con.execute(ahead).fetchall() == [(0,)]

"""The fast reader of plain files against the strict one: the same records, lines and refusals."""

from __future__ import annotations

import csv
import random
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from indicators.dataset import Dataset
from indicators.source import read_source
from registry_db import intake
from registry_db.faults import RegistryError
from registry_db.intake import load_raw, open_raw
from registry_db.plain_lines import NotPlain, plain_batches
from registry_db.unpack import unpack
from tests.registry_db.build import VISIT

HEADER = b"id;clinic;clinic_name;person;day;sex;age;weight;fell;at_home"
RECORD = b"1;c;C;p;2025-01-01;1;40;70.5;1;true"


def dataset(encoding: str) -> Dataset:
    definition = VISIT.replace('delimiter: ";"', f'delimiter: ";", encoding: {encoding}')
    return Dataset.model_validate(read_source(definition, "visit").data)


def outcome(file: Path, encoding: str = "utf-8") -> Any:
    """What the file says, or why it is refused."""
    with duckdb.connect() as con:
        try:
            table = dataset(encoding)
            load_raw(con, table, open_raw(table, unpack(file)))
        except RegistryError as error:
            return str(error)
        return con.execute("select * from raw order by line").fetchall()


def strictly(monkeypatch: pytest.MonkeyPatch, file: Path, encoding: str = "utf-8") -> Any:
    def none(*_: object, **__: object) -> None:
        raise NotPlain

    with monkeypatch.context() as patch:
        patch.setattr(intake, "plain_batches", none)
        return outcome(file, encoding)


@pytest.fixture
def only_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise AssertionError("the strict reader was asked")

    monkeypatch.setattr(intake, "_strict_tables", none)


PIECES = st.sampled_from(
    [
        b"a", b" ", b"\t", b"1", b";", b";", b",", b"'", b"\\", b"#", b"\xff", b"\xe9", b"\x85", b"\x1c",
        b"\x0b", b"\0", b'"', b'""', b"\n", b"\r", b"\r\n", b"\n\n", *map(str.encode, "é\u2028\ufeff"),
    ]
)  # fmt: skip
LINES = st.one_of(
    st.just(RECORD),
    st.just(RECORD),
    st.lists(PIECES, max_size=4).map(lambda pieces: RECORD + b"".join(pieces)),
    st.lists(PIECES, max_size=6).map(b"".join),
    st.lists(PIECES, max_size=3).map(lambda pieces: b"".join(pieces) + RECORD),
)


@given(
    lines=st.lists(LINES, max_size=6),
    end=st.sampled_from([b"\n", b"\n", b"\r\n", b"\r"]),
    last=st.booleans(),
    start=st.sampled_from([b"", b"", "\ufeff".encode(), b"\n"]),
    encoding=st.sampled_from(["utf-8", "latin-1"]),
    block=st.sampled_from([1, 7, 64, 1 << 24]),
)
@example(lines=["\ufeff".encode() + RECORD], end=b"\n", last=True, start=b"", encoding="utf-8", block=1 << 24)
@example(lines=[RECORD, b"", RECORD], end=b"\n", last=True, start=b"", encoding="utf-8", block=1 << 24)
@example(lines=[], end=b"\n", last=False, start=b"", encoding="utf-8", block=1 << 24)
@settings(max_examples=400, deadline=None, derandomize=True)
def test_both_readers_say_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[bytes],
    end: bytes,
    last: bool,
    start: bytes,
    encoding: str,
    block: int,
) -> None:
    file = tmp_path_factory.mktemp("lines") / "visits.csv"
    file.write_bytes(start + end.join([HEADER, *lines]) + (end if last else b""))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intake, "plain_batches", partial(plain_batches, block=block))
        assert outcome(file, encoding) == strictly(patch, file, encoding)


@pytest.mark.parametrize(
    "content",
    [
        HEADER + b"\n" + RECORD,
        HEADER + b"\r\n" + RECORD + b"\r\n" + RECORD + b"\n",
        "\ufeff".encode() + HEADER + b"\n" + RECORD.replace(b"c", " é\u2028 ".encode()),
        HEADER + b"\n" + b";" * RECORD.count(b";"),
        HEADER,
    ],
)
def test_a_plain_file_needs_no_strict_reader(only_plain: None, tmp_path: Path, content: bytes) -> None:
    del only_plain
    file = tmp_path / "visits.csv"
    file.write_bytes(content)
    said = outcome(file)
    assert [row[0] for row in said] == list(range(2, 2 + len(said)))
    assert len(said) == content.count(RECORD[-4:]) + content.count(b";" * RECORD.count(b";"))


def test_a_field_that_is_too_long_is_refused_by_both(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "visits.csv"
    file.write_bytes(HEADER + b"\n" + RECORD.replace(b"c", b"c" * (csv.field_size_limit() + 1)) + b"\n")
    assert "a field of more than 131,072 characters" in outcome(file)
    assert outcome(file) == strictly(monkeypatch, file)


def test_a_large_file_is_the_same_line_by_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    chance = random.Random(1)
    rows = [RECORD.replace(b"40", str(chance.randrange(100)).encode()) for _ in range(60_000)]
    file = tmp_path / "visits.csv"
    file.write_bytes(b"\n".join([HEADER, *rows]))
    monkeypatch.setattr(intake, "plain_batches", partial(plain_batches, block=100_000))
    assert outcome(file) == strictly(monkeypatch, file)
    broken = [*rows[:50_000], rows[0].replace(b"c", b"\0"), *rows]
    file.write_bytes(b"\n".join([HEADER, *broken]))
    assert outcome(file) == "visits.csv:50002: this line holds a NUL character; it is not text"
    rows[50_000] += b";"
    file.write_bytes(b"\n".join([HEADER, *rows]))
    assert outcome(file) == "visits.csv:50002: expected 10 fields as in the header, found 11"

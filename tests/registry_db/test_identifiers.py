"""Direct identifiers never reach the vault."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import numpy as np
import pytest

from registry_db.faults import RegistryError
from registry_db.identifiers import passes_eleven_test, pseudonym_sql
from registry_db.registry import Registry
from registry_db.settings import read_key
from tests.registry_db.build import HEADER, VISIT, everything, make_registry, text, visit, write

# Made-up numbers that pass the eleven-test, worked out by hand; 111222333 is the usual example.
NUMBERS = ["111222333", "123456782", "010464554", "100000009", "200000007", "300000005"]
SECRETS = ["Jansen-de Vries", "900101-secret"]


def by_hand(number: str) -> bool:
    weights = [9, 8, 7, 6, 5, 4, 3, 2, -1]
    return sum(w * int(digit) for w, digit in zip(weights, number, strict=True)) % 11 == 0


def test_the_eleven_test() -> None:
    assert all(map(by_hand, NUMBERS))
    drawn = np.random.default_rng(3).integers(1, 10**9, 2_000)
    wanted = [by_hand(f"{number:09d}") for number in drawn]
    assert passes_eleven_test(drawn).tolist() == wanted
    assert 0.07 < np.mean(wanted) < 0.11
    assert not passes_eleven_test(np.array([0]))[0]


@pytest.mark.parametrize("size", [1, 32, 64, 65, 200])
def test_a_pseudonym_is_hmac_sha_256(registry: Registry, size: int) -> None:
    key = bytes(range(size))
    for value in ("", "111222333", "Ø'\"[x]", "x" * 500):
        made = registry.con.execute(f"select {pseudonym_sql('?', key)}", [value]).fetchall()[0][0]
        assert made == hmac.new(key, value.encode(), hashlib.sha256).hexdigest()


def test_an_identifier_is_stored_nowhere(registry: Registry, tmp_path: Path) -> None:
    lines = [
        visit(1, person=SECRETS[0]),
        visit(2, person=SECRETS[1], age="old"),
        visit(3, person=SECRETS[1], clinic=""),
        visit(4, person=SECRETS[0]),
        visit(4, person=SECRETS[1]),
    ]
    done = registry.deliver("visit", write(tmp_path, text(lines)))
    assert (done.accepted, done.quarantined) == (1, 4)
    stored = everything(registry)
    assert "v4" in stored
    assert not any(secret in stored for secret in SECRETS)
    pseudonym = hmac.new(read_key(registry.folder), SECRETS[0].encode(), hashlib.sha256).hexdigest()
    assert registry.con.execute("select person from record_visit").fetchall() == [(pseudonym,)]
    registry.close()
    for file in registry.folder.rglob("*"):
        assert file.is_dir() or not any(secret.encode() in file.read_bytes() for secret in SECRETS)


def test_an_identifier_as_key_is_shown_to_nobody(tmp_path: Path) -> None:
    keyed = VISIT.replace("key: [visit]", "key: [person, day]").replace(
        "person: {type: text, identifier: true}", "person: {type: text, identifier: true, required: true}"
    )
    folder = make_registry(tmp_path / "keyed", {"visit.dataset.yaml": keyed})
    lines = [visit(number, person=SECRETS[number % 2]) for number in range(4)]
    lines += [visit(5), visit(6, person="")]
    with Registry(folder) as registry:
        done = registry.deliver("visit", write(tmp_path, text(lines)))
        assert [str(fault) for fault in done.faults] == [
            f"{line}: person + day is '(identifier)'; expected a key that stands once in the file; "
            f"it is on lines {pair}"
            for line, pair in ((2, "2, 4"), (3, "3, 5"), (4, "2, 4"), (5, "3, 5"))
        ] + ["7: person is empty; expected a value; this column is required"]
        assert not any(secret in everything(registry) for secret in SECRETS)


@pytest.mark.parametrize("column", ["clinic_name", "id", "note"])
@pytest.mark.parametrize("short", [False, True])
def test_undeclared_citizen_numbers_are_refused(
    registry: Registry, tmp_path: Path, column: str, short: bool
) -> None:
    numbers = [number.lstrip("0") if short else number for number in NUMBERS]
    lines = [visit(n) | {"note": "-"} | {column: number} for n, number in enumerate(numbers)]
    lines.append(visit(7) | {"note": "unknown"})
    with pytest.raises(RegistryError) as caught:
        registry.deliver("visit", write(tmp_path, text(lines, [*HEADER, "note"])))
    assert str(caught.value) == (
        f"visits.csv: column '{column}' looks like citizen service numbers (BSN): 6 of 6 numbers pass the "
        "eleven-test\n  declare it in visit with 'identifier: true', or leave it out of the file"
    )
    assert not any(number in everything(registry) for number in NUMBERS)


def test_declared_citizen_numbers_and_other_numbers_are_taken(registry: Registry, tmp_path: Path) -> None:
    numbers = [str(number) for number in range(100_000_001, 100_000_101)]
    lines = [visit(n, id=number, person=NUMBERS[n % 6]) for n, number in enumerate(numbers)]
    lines += [visit(200 + n, clinic_name=NUMBERS[0]) for n in range(50)]  # one code, fifty times
    assert registry.deliver("visit", write(tmp_path, text(lines))).accepted == 150

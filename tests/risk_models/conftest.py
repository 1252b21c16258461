"""Golden numbers from R, the records they were computed on, and the way from records to strata."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.risk_models.refusals import undocumented

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


@dataclass(frozen=True)
class Strata:
    """Records counted by the distinct values of some columns."""

    columns: dict[str, NDArray[Any]]
    n: NDArray[np.float64]
    sum_y: NDArray[np.float64]
    sum_y2: NDArray[np.float64]


def collapse(records: Mapping[str, NDArray[Any]], by: Sequence[str], y: NDArray[np.float64]) -> Strata:
    """Count and sum records by the distinct values of the columns `by`."""
    index: dict[tuple[Any, ...], int] = {}
    group = np.array(
        [index.setdefault(key, len(index)) for key in zip(*(records[c] for c in by), strict=True)]
    )
    return Strata(
        columns={
            name: np.array([key[i] for key in index], dtype=records[name].dtype) for i, name in enumerate(by)
        },
        n=np.bincount(group).astype(float),
        sum_y=np.bincount(group, weights=y),
        sum_y2=np.bincount(group, weights=y**2),
    )


def read_records(path: Path, *, text: Sequence[str] = ()) -> dict[str, NDArray[Any]]:
    """Read a CSV file; the columns `text` as strings with None for an empty cell, the others as numbers."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        name: np.array([row[name] or None for row in rows], dtype=object)
        if name in text
        else np.array([float(row[name]) for row in rows])
        for name in rows[0]
    }


@pytest.fixture(autouse=True)
def _refusals_are_documented(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold every refusal that a test expects against the docstrings of the functions that it came through."""
    plain = pytest.raises

    @contextmanager
    def raises(*args: Any, **options: Any) -> Iterator[Any]:
        with plain(*args, **options) as found:
            yield found
        silent = undocumented(found.value)
        assert not silent, f"{', '.join(silent)}: no {type(found.value).__name__} under Raises"

    monkeypatch.setattr(pytest, "raises", raises)


@pytest.fixture(scope="session")
def golden() -> dict[str, Any]:
    """Numbers that risk_models.R computed."""
    return json.loads((GOLDEN / "risk_models.json").read_text())


@pytest.fixture(scope="session")
def records() -> dict[str, NDArray[Any]]:
    """Six hundred generated records on which the golden numbers were computed."""
    return read_records(GOLDEN / "risk_models.csv", text=["parity"])


@pytest.fixture(scope="session")
def profiling(shared: Path) -> dict[str, Any]:
    """Golden numbers of provider profiling on published data sets."""
    return json.loads((shared / "golden" / "profiling_golden.json").read_text())


@pytest.fixture(scope="session")
def published(shared: Path) -> dict[str, Any]:
    """Numbers that the projects themselves publish."""
    return json.loads((shared / "golden" / "profiling_published.json").read_text())


@pytest.fixture(scope="session")
def fits() -> dict[str, Any]:
    """Numbers that risk_models_fits.R computed."""
    return json.loads((GOLDEN / "risk_models_fits.json").read_text())


@pytest.fixture(scope="session")
def proofs() -> dict[str, Any]:
    """Numbers that risk_models_proofs.R computed."""
    return json.loads((GOLDEN / "risk_models_proofs.json").read_text())

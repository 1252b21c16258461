"""NHS England's PROM records of 2016/17, primary procedures, as arrays."""

import csv
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

HIP, KNEE = "Hip Replacement", "Knee Replacement"


@dataclass(frozen=True)
class Measure:
    """Where a measure stands in the records and in the published tables."""

    procedure: str
    name: str
    before: str
    after: str
    predicted: str


MEASURES = {
    "hip-eq5d": Measure(
        HIP,
        "EQ-5D Index",
        "Pre-Op Q EQ5D Index",
        "Post-Op Q EQ5D Index",
        "Hip Replacement EQ5D Index Post-Op Q Predicted",
    ),
    "hip-oxford": Measure(
        HIP,
        "Oxford Hip Score",
        "Hip Replacement Pre-Op Q Score",
        "Hip Replacement Post-Op Q Score",
        "Hip Replacement OHS Post-Op Q Predicted",
    ),
    "hip-vas": Measure(
        HIP,
        "EQ VAS",
        "Pre-Op Q EQ VAS",
        "Post-Op Q EQ VAS",
        "Hip Replacement EQ VAS Post-Op Q Predicted",
    ),
    "knee-eq5d": Measure(
        KNEE,
        "EQ-5D Index",
        "Pre-Op Q EQ5D Index",
        "Post-Op Q EQ5D Index",
        "Knee Replacement EQ 5D Index Post-Op Q Predicted",
    ),
    "knee-oxford": Measure(
        KNEE,
        "Oxford Knee Score",
        "Knee Replacement Pre-Op Q Score",
        "Knee Replacement Post-Op Q Score",
        "Knee Replacement OKS Post-Op Q Predicted",
    ),
}


def read_table(shared: Path, name: str) -> list[dict[str, str]]:
    """Read one zipped CSV file."""
    with zipfile.ZipFile(shared / "data" / "nhs_proms" / f"{name}.csv.zip") as archive:
        (inside,) = (member for member in archive.namelist() if not member.startswith("__MACOSX"))
        with archive.open(inside) as file:
            return list(csv.DictReader(io.TextIOWrapper(file, encoding="utf-8-sig")))


def modelled(rows: list[dict[str, str]], measure: Measure) -> dict[str, NDArray[Any]]:
    """Keep the primary procedures that have a score before, after, and predicted, as columns."""
    wanted = (measure.before, measure.after, measure.predicted)
    kept = [
        row
        for row in rows
        if row["Revision Flag"] == "0" and all(row[column] not in ("", "999") for column in wanted)
    ]
    return {
        name: np.array([float(row[name]) for row in kept])
        if name in wanted
        else np.array([row[name] for row in kept], dtype=object)
        for name in kept[0]
        if name in wanted or name == "Provider Code" or name in CASE_MIX
    }


CASE_MIX = (
    "Age Band",
    "Gender",
    "Pre-Op Q Assisted",
    "Pre-Op Q Symptom Period",
    "Pre-Op Q Previous Surgery",
    "Pre-Op Q Living Arrangements",
    "Pre-Op Q Disability",
    "Heart Disease",
    "High Bp",
    "Stroke",
    "Circulation",
    "Lung Disease",
    "Diabetes",
    "Kidney Disease",
    "Nervous System",
    "Liver Disease",
    "Cancer",
    "Depression",
    "Arthritis",
)

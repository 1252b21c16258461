"""Case-mix patterns that a join by hash could not tell apart."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import indicators.strata
from indicators.definition import Indicator
from registry_db.cohorts import make_cohort
from registry_db.faults import RegistryError
from registry_db.registry import Registry


def test_patterns_with_the_same_hash_are_refused(
    demo_registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def same(columns: list[str], of: str = "") -> str:
        return "hash(0)"

    folder = Path(shutil.copytree(demo_registry, tmp_path / "registry"))
    with Registry(folder) as registry:
        of, dataset = (
            registry.catalogue().get("indicator", "birth-pph").model,
            registry.catalogue().dataset("birth"),
        )
        assert isinstance(of, Indicator)
        make_cohort(registry.con, of, dataset)
        monkeypatch.setattr(indicators.strata, "mix_sql", same)
        for only in (None, "2025"):
            with pytest.raises(
                RegistryError, match=r"two case-mix patterns have the same hash .* leave one out"
            ):
                make_cohort(registry.con, of, dataset, only=only)

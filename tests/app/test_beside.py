"""The table beside the score, drawn from a registry that has one."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from app.selection import View
from app.views.beside import _table
from app.wording import Language, wording
from registry_db.reader import Publications
from tests.registry_db.test_estimates import registry_with


@pytest.mark.parametrize("language", ["nl", "en"])
def test_estimates_stand_beside_the_score(tmp_path: Path, language: Language) -> None:
    with registry_with(tmp_path, "{beside: [shrunken, direct]}") as registry:
        registry.run()
        folder = registry.folder
    reader = Publications(folder).newest()
    indicator = reader.indicator("visit-fall")
    scores = reader.scores("visit-fall", period="2024")
    found = reader.estimates("visit-fall", version="1.0.0", period="2024")
    own = SimpleNamespace(provider="south", name="Clinic South")
    view = cast(View, cast(Any, SimpleNamespace(w=wording(language), organisation=own)))
    table = _table(view, indicator, scores, found)
    assert len(table) == len({row.provider for row in found})
    assert table.iloc[0, 0] == "Clinic South"
    assert table.shape[1] == 6
    names = set(table.iloc[1:, 0])
    assert names == {view.w.t("twin.other")}
    value = next(row for row in found if (row.provider, row.estimator) == ("south", "shrunken"))
    assert table.iloc[0, 1].startswith(view.w.value(indicator, value.value))
    assert "%" in table.iloc[0, 4]

"""Columns and levels are called what the dataset calls them: in the publication and on the model card."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry_db.publication import publish
from registry_db.reader import PublicationReader
from risk_models.model_card_page import card_html
from tests.registry_db import build, test_case_mix

TERMS = """\
  - {term: sex, as: category, reference: male}
  - {term: age, as: category, cuts: [40, 60], reference: '<40'}
  - {term: age_by_sex, as: interaction, of: [age, sex]}
"""


VISIT = build.VISIT.replace(
    'missing: ["9"]}\n  age: {type: integer, ',
    """missing: ["9"], title: {nl: Geslacht, en: Sex},
    labels: {male: {nl: man, en: man}, female: {nl: vrouw, en: woman}}}
  age: {type: integer, title: {nl: Leeftijd, en: Age}, """,
)


def test_levels_bands_and_interactions_have_names_in_both_languages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(test_case_mix, "VISIT", VISIT)
    with test_case_mix.registry_with(tmp_path, TERMS) as registry:
        assert not [note for item in registry.score() for note in item.notes]
        made = publish(registry.con, registry.catalogue(), tmp_path / "out", name="x", small_cell=10)
        card = registry.model_card("visit-fall", period="2024")
    names = PublicationReader(made.file).names("visit")
    assert names.levels["sex", "female"] == {"nl": "vrouw", "en": "woman"}
    assert names.levels["age", "<40"] == {"nl": "onder 40", "en": "below 40"}
    assert names.levels["age", "40-<60"] == {"nl": "40 tot 60", "en": "40 to below 60"}
    assert names.columns["age_by_sex"] == {"nl": "Leeftijd × Geslacht", "en": "Age × Sex"}
    page = card_html(card, language="nl")
    assert "categorie: man, vrouw (de eerste is de referentie)" in page
    assert "samenhang van Leeftijd, Geslacht" in page
    assert "<td>Leeftijd: 60 of meer × Geslacht: vrouw</td>" in page
    assert "sex=" not in page
    assert "<td>Age: below 40" not in card_html(card, language="en")  # the reference has no column

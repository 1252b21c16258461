"""Of what a new version changes."""

from __future__ import annotations

from indicators.words import Text

WORDS = {
    key: Text(nl=nl, en=en)
    for key, nl, en in (
        ("title", "Titel", "Title"),
        ("horizon", "Horizon", "Horizon"),
        ("changes", "Toelichting bij de versie", "What the version says of itself"),
        ("rule", "Uitsluiting", "Exclusion"),
        ("exception", "Uitzondering", "Exception"),
        ("expectation", "Verwachting", "Expectation"),
        ("delivered", "meegeleverd in ‘{0}’: {1}", "delivered in ‘{0}’: {1}"),
        ("filled_in", "Aanvullen van onbekende gegevens", "Filling in what is unknown"),
        ("source", "Bron", "Source"),
        ("subgroup", "Deelgroepen naar", "Subgroups by"),
        ("example", "Voorbeeld", "Example"),
        ("example_ends", "{0} → {1}", "{0} → {1}"),
        ("per_what", "{0}, per", "{0}, per"),
        ("a_record", "record", "record"),
        ("whole_population", "de hele uitgangspopulatie", "the whole initial population"),
        ("none", "geen", "none"),
        ("added", "toegevoegd", "added"),
        ("removed", "vervallen", "removed"),
        ("moved", "staat nu op plaats {0} (was {1})", "is now number {0} (was {1})"),
        ("reworded", "de uitleg is anders", "its explanation is different"),
        ("other_condition", "de voorwaarde is anders", "its condition is different"),
        (
            "rewritten",
            "anders geschreven; de betekenis is dezelfde",
            "written otherwise; it means the same",
        ),
        ("other_language", "alleen de Engelse tekst", "the Dutch text only"),
        ("both_languages", "de Engelse tekst is ook anders", "the Dutch text differs too"),
        ("field_nl", "Nederlandse tekst", "Dutch text"),
        ("field_en", "Engelse tekst", "English text"),
        ("field_beside", "naast de score", "beside the score"),
        ("field_decimals", "cijfers achter de komma", "digits after the point"),
        ("field_knots", "knopen", "knots"),
        ("field_column", "gegeven", "item"),
        ("field_cuts", "grenzen", "bounds"),
        ("field_when", "voorwaarde", "condition"),
        ("field_labels", "namen van de deelgroepen", "names of the subgroups"),
        ("field_name", "naam in bestanden", "name in files"),
        ("field_test", "toets", "test"),
        ("field_reference", "tegenover", "against"),
    )
}

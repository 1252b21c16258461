"""Of the data needed, and of what is computed of them."""

from __future__ import annotations

from indicators.words import Text

WORDS = {
    key: Text(nl=nl, en=en)
    for key, nl, en in (
        ("data", "Benodigde gegevens", "Data needed"),
        (
            "file",
            "Een tekstbestand (CSV, {0}) met de namen op de eerste regel; tussen de velden staat {1}",
            "A text file (CSV, {0}) with the names on the first line; between the fields stands {1}",
        ),
        ("comma", "een komma (,)", "a comma (,)"),
        ("semicolon", "een puntkomma (;)", "a semicolon (;)"),
        ("tab", "een tab", "a tab"),
        ("bar", "een verticale streep (|)", "a vertical bar (|)"),
        ("file_decimal", "decimalen komen na een punt (0.5)", "decimals come after a point (0.5)"),
        ("file_date", "een datum is JJJJ-MM-DD", "a date is YYYY-MM-DD"),
        (
            "file_datetime",
            "een datum en tijd is JJJJ-MM-DDTUU:MM",
            "a date and time is YYYY-MM-DDTHH:MM",
        ),
        ("file_boolean", "ja is true en nee is false", "yes is true and no is false"),
        ("column", "Gegeven", "Item"),
        ("answers", "antwoorden voor: {0}", "answers for: {0}"),
        ("name", "Naam in bestand", "Name in the file"),
        ("values", "Waarden", "Values"),
        ("required", "Rij geweigerd als leeg", "Row refused if empty"),
        ("range", "{0} tot en met {1}", "{0} to {1}"),
        ("text", "tekst", "text"),
        ("integer", "geheel getal", "whole number"),
        ("decimal", "getal", "number"),
        ("boolean", "ja of nee", "yes or no"),
        ("date", "datum", "date"),
        ("datetime", "datum en tijd", "date and time"),
        ("instruments", "Berekende gegevens", "Computed items"),
        ("value_set", "{0}: index met waarderingstarief {1} ({2})", "{0}: index by value set {1} ({2})"),
        ("by_crosswalk", "{0}, na {1} ({2})", "{0}, after {1} ({2})"),
        ("best_index", "geen problemen ({0}) = {1}", "no problems ({0}) = {1}"),
        ("no_index", "een ontbrekend antwoord geeft geen index", "a missing answer gives no index"),
        ("summed", "{0}: som van de antwoorden ({1})", "{0}: sum of the answers ({1})"),
        (
            "sum_of",
            "{0}: som van {1} antwoorden van {2} tot en met {3}",
            "{0}: sum of {1} answers from {2} to {3}",
        ),
        ("no_sum", "een ontbrekend antwoord geeft geen score", "a missing answer gives no score"),
        (
            "may_miss",
            "hoogstens {0} ontbrekende antwoorden tellen als het gemiddelde van de andere",
            "up to {0} missing answers count as the mean of the others",
        ),
        (
            "may_miss_one",
            "hoogstens één ontbrekend antwoord telt als het gemiddelde van de andere",
            "one missing answer at most counts as the mean of the others",
        ),
        ("scaled", "omgerekend naar {0} tot {1}", "brought to {0} to {1}"),
        ("level_sum", "{0}: som van de niveaus ({1})", "{0}: sum of the levels ({1})"),
        (
            "profile_change",
            "{0}: verandering van het profiel ({1}): ‘vooruitgegaan’ (iets beter, niets slechter), "
            "‘achteruitgegaan’ (iets slechter, niets beter), ‘deels vooruit, deels achteruit’, ‘gelijk "
            "gebleven’ of ‘beide keren geen problemen’",
            "{0}: change of the profile ({1}): ‘improved’ (something better, nothing worse), ‘worsened’"
            " (something worse, nothing better), ‘mixed change’, ‘no change’ or ‘no problems both "
            "times’",
        ),
        (
            "responder",
            "{0}: ‘duidelijk vooruitgegaan’ of ‘duidelijk achteruitgegaan’ bij een verandering van "
            "minstens {1} punten; ‘vooruitgang niet meer mogelijk’ als de score vooraf minder dan {1} "
            "punten van de beste score ({2}) af ligt; anders ‘ongeveer gelijk’",
            "{0}: ‘clearly improved’ or ‘clearly worsened’ at a change of at least {1} points; "
            "‘improvement out of reach’ if the score before lies less than {1} points from the best "
            "score ({2}); otherwise ‘about the same’",
        ),
        ("rows_first", "eerste {0} uit {1}", "first {0} in {1}"),
        ("rows_last", "laatste {0} uit {1}", "last {0} in {1}"),
        ("rows_only", "{0} uit {1}", "{0} in {1}"),
        ("rows_any", "of er een rij is in {1}", "whether there is a row in {1}"),
        ("rows_count", "aantal rijen in {1}", "number of rows in {1}"),
        (
            "rows_distinct",
            "aantal verschillende waarden van {0} in {1}",
            "number of different values of {0} in {1}",
        ),
        ("rows_sum", "som van {0} in {1}", "sum of {0} in {1}"),
        ("rows_min", "laagste {0} uit {1}", "lowest {0} in {1}"),
        ("rows_max", "hoogste {0} uit {1}", "highest {0} in {1}"),
        (
            "rows_days",
            "aantal dagen van {0} tot en met {2} in {1}, elke dag eenmaal geteld",
            "number of days from {0} up to and including {2} in {1}, each day counted once",
        ),
        ("rows_between", ", met {2} vanaf {0} tot en met {1}", ", with {2} from {0} up to and including {1}"),
        ("rows_ordered", ", op volgorde van {0}", ", in the order of {0}"),
        ("rows_where", ", waarvoor zeker geldt: {0}", ", for which this surely holds: {0}"),
        ("rows_table", "de tabel ‘{0}’", "the table ‘{0}’"),
        ("rows_within", "{0} van {1}", "{0} of {1}"),
        ("rows_many", " (geen, een of meer rijen per record)", " (no, one or more rows for a record)"),
        ("rows_one", " (hoogstens een rij per record)", " (at most one row for a record)"),
        ("rows_elsewhere", "; de rijen zijn die van ‘{0}’", "; the rows are those of ‘{0}’"),
        (
            "rows_many_within",
            " (geen, een of meer rijen bij een rij daarvan)",
            " (no, one or more rows for a row of it)",
        ),
        (
            "rows_one_within",
            " (hoogstens een rij bij een rij daarvan)",
            " (at most one row for a row of it)",
        ),
        ("rows_linked_within", "; hoort bij een rij daarvan door: {0}", "; belongs to a row of it by: {0}"),
        ("rows_linked", "; hoort bij een record door: {0}", "; belongs to a record by: {0}"),
    )
}

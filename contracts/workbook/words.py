"""The words of the workbook that are not of a step or a field, in Dutch and English."""

from __future__ import annotations

from contracts.workbook.cells import Table

Words = dict[str, str]


def _w(nl: str, en: str) -> Words:
    return {"nl": nl, "en": en}


SHEETS: dict[Table, Words] = {
    "steps": _w("Afrekening", "Settlement"),
    "quality": _w("Kwaliteit", "Quality"),
    "history": _w("Basisjaren", "Baseline years"),
    "inputs": _w("Feiten", "Facts"),
    "terms": _w("Contract", "Contract"),
    "parties": _w("Verdeling", "Distribution"),
}
COLUMNS: dict[Table, dict[str, Words]] = {
    "steps": {"amount": _w("Bedrag of waarde", "Amount or value")},
    "quality": {
        "n": _w("Records", "Records"),
        "adjusted": _w("Gecorrigeerde waarde", "Adjusted value"),
        "band": _w("Trechterklasse", "Funnel class"),
        "reliability": _w("Betrouwbaarheid", "Reliability"),
        "reference": _w("Waarde van de benchmark", "Value of the benchmark"),
        "baseline": _w("Eigen basiswaarde", "Own baseline"),
        "position": _w("Plaats in de benchmark", "Position in the benchmark"),
        "ripe": _w("Uitkomsten bekend", "Outcomes known"),
        "reported": _w("Aangeleverd", "Reported"),
        "agreed": _w("Afgesproken gewicht", "Agreed weight"),
        "handled": _w("Hoe behandeld", "How handled"),
        "counted": _w("Gewicht dat meetelt", "Weight that counts"),
        "value": _w("Gebruikte waarde", "Value used"),
        "attained": _w("Bereikt (0 tot 1)", "Attained (0 to 1)"),
        "weight": _w("Deel van de score", "Part of the score"),
        "points": _w("Punten", "Points"),
    },
    "history": {
        "records": _w("Records", "Records"),
        "spending": _w("Uitgaven na aftopping", "Spending after truncation"),
        "above": _w("Boven de aftopping", "Above the truncation"),
        "counted": _w("Uitgaven die tellen", "Spending that counts"),
        "risk": _w("Gemiddeld risico", "Mean risk"),
        "weight": _w("Gewicht", "Weight"),
        "level": _w("Niveau in het afgerekende jaar", "Level in the settled year"),
    },
    "inputs": {},
    "terms": {"value": _w("Waarde", "Value")},
    "parties": {
        "weight": _w("Sleutel", "Key"),
        "quota": _w("Evenredig deel", "Proportional part"),
        "down": _w("Naar beneden afgerond", "Rounded down"),
        "rest": _w("Rest", "Remainder"),
        "portion": _w("Bedrag", "Amount"),
    },
}
ROWS: dict[str, Words] = {
    "settled": _w("Is er een afrekening?", "Is there a settlement?"),
    "exact": _w("Bedrag voor afronding", "Amount before rounding"),
    "saving passes": _w("Haalt de besparing de drempel?", "Does the saving pass the threshold?"),
    "overspending passes": _w(
        "Gaat de overschrijding over de drempel?", "Does the overspending pass the threshold?"
    ),
    "payment": _w("Alle zorgverzekeraars samen", "All payers together"),
    "own": _w("Eigen uitgaven in {0}", "Own spending in {0}"),
    "group": _w("Vergelijkingsgroep in {0}", "Comparison group in {0}"),
}
SAID: dict[str, Words] = {
    "no-settlement": _w("geen afrekening", "no settlement"),
    "too few records": _w(
        "Nee: minder records dan het minimum; volgens het contract beslissen de partijen dan zelf",
        "No: fewer records than the minimum; by the contract the parties then decide themselves",
    ),
    "no threshold": _w(
        "Nee: minder records dan de kleinste klasse van de drempel; daarvoor is geen drempel afgesproken",
        "No: fewer records than the smallest class of the threshold; no threshold was agreed for that",
    ),
    "revenue unknown": _w(
        "Nee: de omzet van het netwerk is niet bekend, en het contract rekent dan niet af",
        "No: the revenue of the network is not known, and the contract then settles nothing",
    ),
    "no indicator left": _w(
        "Nee: alle indicatoren vallen weg, dus er is geen kwaliteitsscore",
        "No: all indicators drop out, so there is no quality score",
    ),
}
"""What a text in a formula says to people, where ``contracts.field_words`` does not have it."""
TEXTS: dict[str, Words] = {
    "about steps": _w(
        "Elke regel is een formule over de andere bladen: wijzig daar een geel veld en alles rekent mee.",
        "Each line is a formula over the other sheets: change a yellow field there, and all follows.",
    ),
    "about quality": _w(
        "Per indicator de uitkomst, wat daarmee is bereikt, en de punten. De punten samen zijn de score.",
        "For each indicator the result, what that attained, and the points. The points add up to the score.",
    ),
    "about history": _w(
        "De uitgaven waar het omzetdoel uit volgt.", "The spending that the spending target follows from."
    ),
    "about inputs": _w("De feiten van het afgerekende jaar.", "The facts of the settled year."),
    "about terms": _w(
        "De getallen uit het contract waar de afrekening mee rekent.",
        "The numbers of the contract that the settlement works with.",
    ),
    "about parties": _w(
        "Wie wat krijgt: eerst naar beneden afgerond, dan de rest naar de grootste resten.",
        "Who gets what: first rounded down, then what is left to the largest remainders.",
    ),
    "colours": _w(
        "Geel is ingevuld; al het andere is berekend.", "Yellow was filled in; all else is computed."
    ),
    "precision": _w(
        "Een rekenblad rekent met 15 cijfers, de afrekening exact: gelijk op de cent.",
        "A spreadsheet has 15 digits, the settlement is exact: equal to the cent.",
    ),
    "row": _w("Onderdeel", "Item"),
    "formula": _w("In woorden", "In words"),
    "settled": _w("Volgens de afrekening", "By the settlement"),
    "difference": _w("Verschil", "Difference"),
    "sum": _w("Samen", "Together"),
    "given": _w("Uit het register en het contract", "From the registry and the contract"),
    "computed": _w("Berekend", "Computed"),
    "source": _w("Veld in het contract of de feiten", "Field of the contract or the facts"),
    "equal": _w("Gelijk aan de afrekening.", "Equal to the settlement."),
    "not equal": _w(
        "Wijkt af van de afrekening: er is iets gewijzigd.",
        "Differs from the settlement: something was changed.",
    ),
    "between": _w("{network} met {payers}", "{network} with {payers}"),
    "and": _w("en", "and"),
    "sources": _w("Bronnen", "Sources"),
    "sources about": _w(
        "Waar deze afrekening uit volgt, met controlegetallen (SHA-256): gelijk is hetzelfde.",
        "What this settlement follows from, with hashes (SHA-256): an equal hash is the same text.",
    ),
    "contract": _w("Contract", "Contract"),
    "period": _w("Jaar", "Year"),
    "participant": _w("Netwerk", "Network"),
    "contract hash": _w("Het contract", "The contract"),
    "hash of": _w("De afrekening met", "The settlement with"),
    "recompute": _w("Narekenen tot op de bit:", "To compute it again, to the bit:"),
    "final": _w("definitieve afrekening", "final settlement"),
    "interim": _w("voorlopige afrekening, betaald tot en met {0}", "interim settlement, paid through {0}"),
    "restated": _w("Correctie", "Correction"),
    "restated about": _w(
        "Deze afrekening vervangt een eerdere. Per partij het verschil, en per oorzaak wat die uitmaakt.",
        "This settlement replaces an earlier one. By party the difference, and what each cause changed.",
    ),
    "party": _w("Partij", "Party"),
    "cause": _w("Oorzaak", "Cause"),
    "no change": _w("geen verschil", "no difference"),
}

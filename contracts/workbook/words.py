"""The words of the workbook that are not of a step, in Dutch and English."""

from __future__ import annotations

from contracts.workbook.cells import Table

Words = dict[str, str]


def _w(nl: str, en: str) -> Words:
    return {"nl": nl, "en": en}


SHEETS: dict[Table, Words] = {
    "steps": _w("Afrekening", "Settlement"),
    "quality": _w("Kwaliteit", "Quality"),
    "history": _w("Basisjaren", "Baseline years"),
    "inputs": _w("Invoer", "Inputs"),
    "terms": _w("Contract", "Contract"),
    "parties": _w("Partijen", "Parties"),
}
COLUMNS: dict[Table, dict[str, Words]] = {
    "steps": {"amount": _w("Bedrag of waarde", "Amount or value")},
    "quality": {
        "n": _w("Records", "Records"),
        "adjusted": _w("Gecorrigeerde waarde", "Adjusted value"),
        "band": _w("Trechterklasse", "Funnel class"),
        "reliability": _w("Betrouwbaarheid", "Reliability"),
        "reference": _w("Benchmark", "Benchmark"),
        "baseline": _w("Eigen basiswaarde", "Own baseline"),
        "position": _w("Plaats in de benchmark", "Position in the benchmark"),
        "ripe": _w("Uitkomsten bekend", "Outcomes known"),
        "reported": _w("Aangeleverd", "Reported"),
        "agreed": _w("Afgesproken gewicht", "Agreed weight"),
        "handled": _w("Hoe behandeld", "How handled"),
        "counted": _w("Gewicht dat meetelt", "Weight that counts"),
        "weight": _w("Deel van de score", "Part of the score"),
        "value": _w("Gebruikte waarde", "Value used"),
        "attained": _w("Bereikt", "Attained"),
        "points": _w("Punten", "Points"),
    },
    "history": {
        "records": _w("Records", "Records"),
        "spending": _w("Uitgaven na aftopping", "Spending after truncation"),
        "above": _w("Boven de aftopping", "Above the truncation"),
        "counted": _w("Uitgaven die tellen", "Spending that counts"),
        "risk": _w("Risico", "Risk"),
        "weight": _w("Gewicht", "Weight"),
        "level": _w("Niveau in het afgerekende jaar", "Level in the settled year"),
    },
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
    "exact": _w("Voor afronding", "Before rounding"),
    "saving passes": _w("Haalt de besparing de drempel?", "Does the saving pass the threshold?"),
    "overspending passes": _w(
        "Gaat de overschrijding over de drempel?", "Does the overspending pass the threshold?"
    ),
    "payment": _w("Alle zorgverzekeraars samen", "All payers together"),
}
TEXTS: dict[str, Words] = {
    "about steps": _w(
        "Elke stap is een formule over de andere bladen. Wijzig een ingevulde cel en alles rekent mee.",
        "Each step is a formula over the other sheets. Change a cell that was filled in, and all follows.",
    ),
    "about quality": _w(
        "De kwaliteitsscore: per indicator de waarde, wat is bereikt, en de punten.",
        "The quality score: for each indicator the value, what was attained, and the points.",
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
        "De verdeling: eerst naar beneden afgerond, dan de rest naar de grootste resten.",
        "The distribution: first rounded down, then what is left to the largest remainders.",
    ),
    "colours": _w(
        "Geel is ingevuld, de rest is berekend. Een rekenblad rekent met 15 cijfers, de afrekening exact.",
        "Yellow was filled in; all else is computed. A spreadsheet has 15 digits, the settlement is exact.",
    ),
    "row": _w("Onderdeel", "Item"),
    "formula": _w("In woorden", "In words"),
    "settled": _w("Volgens de afrekening:", "By the settlement:"),
    "difference": _w("Verschil:", "Difference:"),
    "source": _w("Bron", "Source"),
    "equal": _w("Gelijk aan de afrekening.", "Equal to the settlement."),
    "not equal": _w(
        "Wijkt af van de afrekening: er is iets gewijzigd.",
        "Differs from the settlement: something was changed.",
    ),
    "sources": _w("Bronnen", "Sources"),
    "contract": _w("Contract", "Contract"),
    "period": _w("Jaar", "Year"),
    "participant": _w("Netwerk", "Network"),
    "contract hash": _w("SHA-256 van het contract", "SHA-256 of the contract"),
    "hash of": _w("SHA-256 van de afrekening met", "SHA-256 of the settlement with"),
    "recompute": _w(
        "Narekenen tot op de cent en de bit: meetlat settle --again",
        "To compute it again, to the cent and the bit: meetlat settle --again",
    ),
    "final": _w("definitief", "final"),
    "interim": _w("voorlopig", "interim"),
}

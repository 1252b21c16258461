"""The words of the document, in Dutch and English."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "final": ("Definitieve afrekening {0}", "Final settlement of {0}"),
    "interim": (
        "Voorlopige afrekening {0}, betaald tot en met {1}",
        "Interim settlement of {0}, paid through {1}",
    ),
    "parties": ("Partijen", "Parties"),
    "between": ("Zorgverzekeraar", "Payer"),
    "network": ("Netwerk", "Network"),
    "contract": ("Contract", "Contract"),
    "pays": ("Te betalen aan het netwerk", "To be paid to the network"),
    "owes": ("Door het netwerk te betalen", "Owed by the network"),
    "would pay": (
        "Zoals het nu staat, te betalen aan het netwerk",
        "As it stands, to be paid to the network",
    ),
    "would owe": ("Zoals het nu staat, door het netwerk te betalen", "As it stands, owed by the network"),
    "all": ("Alle zorgverzekeraars samen", "All payers together"),
    "stand": ("Waar het netwerk nu staat", "Where the network stands"),
    "stand claims": (
        "De declaraties tot en met {through} zijn verwerkt: {known}, naar verwachting {part} van het "
        "eindbedrag. De uitgaven in deze afrekening zijn daarmee opgehoogd tot {expected}.",
        "Claims through {through} have been processed: {known}, expected to be {part} of the final amount. "
        "The spending in this settlement is brought up to {expected} on that ground.",
    ),
    "stand claims all": (
        "Geteld zijn de records tot en met {through} met al hun uitgaven; de rest van het jaar nog niet.",
        "Records through {through} are counted, with their full spending; the rest of the year is not yet.",
    ),
    "stand quality": (
        "Nog niet alle uitkomsten zijn bekend bij: {0}.",
        "Not all outcomes are known yet of: {0}.",
    ),
    "stand end": (
        "Dit is een tussenstand: het bedrag kan nog stijgen of dalen, en er volgt nog geen betaling uit.",
        "This is an interim position: the amount can still rise or fall, and no payment follows from it yet.",
    ),
    "restated": ("Wat deze correctie verandert", "What this correction changes"),
    "restated about": (
        "Deze afrekening vervangt een eerdere. Die kwam uit op {was}; nu is het {now}.",
        "This settlement replaces an earlier one. That came to {was}; now it is {now}.",
    ),
    "cause": ("Oorzaak", "Cause"),
    "difference": ("Verschil", "Difference"),
    "difference for": ("Verschil voor het netwerk", "Difference for the network"),
    "quality": ("Kwaliteit", "Quality"),
    "indicator": ("Indicator", "Indicator"),
    "n": ("Records", "Records"),
    "value": ("Uitkomst", "Result"),
    "goal": ("Afspraak", "Agreed"),
    "attained": ("Bereikt", "Attained"),
    "weight": ("Gewicht", "Weight"),
    "points": ("Punten", "Points"),
    "score": ("Kwaliteitsscore", "Quality score"),
    "not ripe": ("nog niet alle uitkomsten bekend", "not all outcomes known yet"),
    "steps": ("Van omzetdoel naar bedrag, stap voor stap", "From spending target to amount, step by step"),
    "step": ("Stap", "Step"),
    "amount": ("Bedrag", "Amount"),
    "inputs": ("Waarmee gerekend is", "What it was computed from"),
    "distribution": ("Verdeling", "Distribution"),
    "party": ("Partij", "Party"),
    "sources": ("Bronnen en controlegetallen (SHA-256)", "Sources and hashes (SHA-256)"),
    "contract hash": ("Contract", "Contract"),
    "settlement hash": ("Afrekening", "Settlement"),
    "recompute": (
        "Zelf narekenen: het bijbehorende rekenblad bevat elke stap als formule. Wie het register beheert, "
        "rekent met het commando hieronder na tot op de bit.",
        "To compute it yourself: the workbook that goes with this holds every step as a formula. The "
        "operator of the registry computes it again, to the bit, with the command below.",
    ),
    "signatures": ("Voor akkoord", "Agreed"),
    "name": ("Naam", "Name"),
    "date": ("Datum", "Date"),
    "signature": ("Handtekening", "Signature"),
    "page": ("Bladzijde", "Page"),
    "of": ("van", "of"),
    # goals
    "level": ("van {0} (niets) tot {1} (alles)", "from {0} (nothing) to {1} (everything)"),
    "improvement relative": ("{0} verbetering", "{0} improvement"),
    "improvement absolute": ("verbetering met {0}", "improvement by {0}"),
    "benchmark": ("plaats in de benchmark", "position in the benchmark"),
    "band": ("klasse in de trechter", "class in the funnel"),
    "reporting": ("aanleveren", "to be reported"),
}

"""What is said about how sure a settlement is, in Dutch and English."""

from __future__ import annotations

Words = tuple[str, str]

ROWS: dict[str, Words] = {
    "this by luck": (
        "Kans op dit bedrag of meer als er niets was veranderd",
        "Chance of this amount or more if nothing had changed",
    ),
    "more owed": (
        "Kans dat het netwerk nog meer had moeten betalen als er niets was veranderd",
        "Chance that the network had owed even more if nothing had changed",
    ),
    "any by luck": (
        "Kans op enige betaling aan het netwerk als er niets was veranderd",
        "Chance of any payment to the network if nothing had changed",
    ),
    "expected by luck": (
        "Wat het netwerk gemiddeld had gekregen als er niets was veranderd",
        "What the network would have received on average if nothing had changed",
    ),
    "lower": ("95%-interval van het bedrag: van", "95% interval of the amount: from"),
    "upper": ("95%-interval van het bedrag: tot", "95% interval of the amount: to"),
    "none": ("Kans dat er niets was betaald", "Chance that nothing had been paid"),
    "nothing due": (
        "Kans dat er niets te betalen was, over en weer",
        "Chance that nothing had been due, either way",
    ),
    "owed": ("Kans dat het netwerk had moeten betalen", "Chance that the network had owed something"),
    "power": (
        "Kans op een betaling als er werkelijk {0}\u00a0% was bespaard",
        "Chance of a payment if {0}% had truly been saved",
    ),
    "sd": (
        "Spreiding van de besparing door toeval (standaardafwijking, deel van het omzetdoel)",
        "Spread of the saving by luck (standard deviation, part of the target)",
    ),
    "passes by luck": (
        "Kans dat de drempel wordt gehaald zonder echte besparing, met de formule",
        "Chance of passing the threshold without a true saving, by the formula",
    ),
    "passes by saving": (
        "Kans dat de drempel wordt gehaald als er werkelijk {0}\u00a0% was bespaard, met de formule",
        "Chance of passing the threshold if {0}% had truly been saved, by the formula",
    ),
}
SLOPES: dict[str, Words] = {
    "euro": ("Uitgaven: {1}", "Spending: {1}"),
    "percent": ("Uitgaven: 1\u00a0%", "Spending: 1%"),
    "event": ("{0}: één geval", "{0}: one event"),
    "value": ("{0}: uitkomst {1}", "{0}: result {1}"),
    "position": ("{0}: plaats in de benchmark {1}", "{0}: position in the benchmark {1}"),
}
WITHIN: dict[bool, Words] = {
    True: (
        "Dat is {0} standaardfouten verderop: toeval kan dit verschil maken.",
        "That is {0} standard errors away: chance can make this difference.",
    ),
    False: (
        "Dat is {0} standaardfouten verderop: toeval alleen maakt dit verschil niet snel.",
        "That is {0} standard errors away: chance alone will not easily make this difference.",
    ),
}
TEXTS: dict[str, Words] = {
    "title": ("Hoe zeker is dit bedrag?", "How sure is this amount?"),
    "about": (
        "Een deel van elke uitkomst is toeval. Daarom is de afrekening {draws} keer nagebootst, met uitgaven "
        "en uitkomsten zoals die met andere cliënten hadden kunnen zijn (startgetal {seed}). ‘Niets "
        "veranderd’ wil zeggen: geen echte besparing, en de indicatoren op het niveau van vóór het contract. "
        "Aan het bedrag zelf verandert dit niets.",
        "Part of every result is chance. The settlement was therefore simulated {draws} times, with spending "
        "and outcomes as they could have been with other clients (seed {seed}). ‘Nothing had changed’ "
        "means: no true saving, and the indicators where they stood before the contract. The amount "
        "itself is not changed by this.",
    ),
    "held": (
        "Hoe zeker deze indicatoren zijn, is niet bekend; ze tellen mee zoals ze zijn gevonden: {0}.",
        "It is not known how sure these indicators are; they count as they were found: {0}.",
    ),
    "all": ("Alle zorgverzekeraars samen", "All payers together"),
    "figure": ("Onderdeel", "Item"),
    "amount": ("Kans of bedrag", "Chance or amount"),
    "slopes": ("Wat een klein verschil met het bedrag doet", "What a small difference does to the amount"),
    "step": ("Verschil", "Difference"),
    "down": ("Minder", "Less or fewer"),
    "up": ("Meer", "More"),
    "cliffs": ("Waar het bedrag verspringt", "Where the amount jumps"),
    "no cliffs": (
        "Het bedrag verspringt nergens in de buurt.",
        "The amount does not jump anywhere near.",
    ),
    "sheet": ("Toeval", "Luck"),
    "static": (
        "Nagebootst: vaste getallen uit de afrekening, geen formules; ze rekenen niet mee met gele velden.",
        "Simulated: fixed numbers from the settlement, no formulas; they do not follow the yellow fields.",
    ),
}

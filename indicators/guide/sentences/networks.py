"""Of the networks for which a record counts."""

from __future__ import annotations

from indicators.words import Text

WORDS = {
    key: Text(nl=nl, en=en)
    for key, nl, en in (
        ("attribution", "Voor welk netwerk een record telt", "Which network a record counts for"),
        (
            "network_member",
            "het netwerk waar de zorgaanbieder op die dag lid van is ({0})",
            "the network that the provider is a member of on that day ({0})",
        ),
        (
            "network_in_part",
            "een zorgaanbieder kan voor een deel bij meer netwerken horen; de delen staan in het bestand {0}",
            "a provider may belong to several networks in part; the parts are in the file {0}",
        ),
        (
            "network_class",
            "{0}: verdeeld volgens de tabel hieronder, als {1}",
            "{0}: by the table below, if {1}",
        ),
        (
            "network_unknown_as-members",
            "is dat niet te zeggen: als lid",
            "if that cannot be told: as a member",
        ),
        (
            "network_unknown_outside",
            "is dat niet te zeggen: buiten alle netwerken",
            "if that cannot be told: outside every network",
        ),
        (
            "network_others_as-members",
            "zorgaanbieders die niet in de tabel staan: als lid",
            "providers that are not in the table: as members",
        ),
        (
            "network_others_outside",
            "zorgaanbieders die niet in de tabel staan: buiten alle netwerken",
            "providers that are not in the table: outside every network",
        ),
        (
            "network_rest",
            "wat geen netwerk krijgt, telt in het totaal, buiten alle netwerken",
            "what no network gets counts in the total, outside every network",
        ),
        ("network_provider", "zorgaanbieder", "provider"),
        ("network_days", "Dagen", "Days"),
        ("network_from", "vanaf {0}", "from {0}"),
        ("network_from_to", "{0} tot en met {1}", "{0} up to and including {1}"),
        ("network_networks", "Netwerken", "Networks"),
        (
            "network_most",
            "het netwerk dat de meeste zorg gaf: {0}, van {1} tot en met {2}",
            "the network that gave most of the care: {0}, from {1} up to and including {2}",
        ),
        ("network_rows", "het aantal rijen van {0}", "the number of rows of {0}"),
        ("network_sum", "de som van {0} in {1}", "the sum of {0} in {1}"),
        (
            "network_per_network",
            "de zorg van de leden van een netwerk telt samen",
            "the care of the members of a network is taken together",
        ),
        (
            "network_per_provider",
            "het netwerk van de zorgaanbieder die de meeste zorg gaf",
            "the network of the provider that gave most of the care",
        ),
        (
            "network_ties",
            "bij evenveel zorg: wie het laatst zorg gaf, en dan de laagste code",
            "of as much care: the one whose last care is latest, and then the lowest code",
        ),
        (
            "network_no_care",
            "zonder zorg, of met de meeste zorg door een zorgaanbieder zonder netwerk: buiten alle netwerken",
            "without care, or with most care by a provider in no network: outside every network",
        ),
    )
}

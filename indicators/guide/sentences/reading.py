"""Of how the guide is to be read."""

from __future__ import annotations

from indicators.words import Text

WORDS = {
    key: Text(nl=nl, en=en)
    for key, nl, en in (
        ("how", "Hoe deze gids te lezen", "How to read this guide"),
        (
            "how_text",
            "De teksten over noemer, teller en uitsluitingen zijn gemaakt uit de definitie waarmee de "
            "scores worden berekend; zij kunnen daar dus niet van afwijken. Elk record komt op één "
            "plaats terecht: bij de eerste van deze vragen die beslist.",
            "The words on denominator, numerator and exclusions are made from the definition that "
            "scores are computed with, so they cannot differ from it. Every record ends in one place: "
            "at the first of these questions that decides.",
        ),
        (
            "question_1",
            "Hoort het in de noemer, en in de uitgangspopulatie als die genoemd is? Ligt het zeker "
            "buiten een van beide, dan hoort het niet in de noemer; is dat niet te zeggen doordat een "
            "gegeven onbekend is, dan is het ontbrekend.",
            "Is it in the denominator, and in the initial population if one is named? If it is surely "
            "outside either, it is not in the denominator; if that cannot be told because something is "
            "unknown, it is missing.",
        ),
        (
            "question_2",
            "Is er een regel die het uitsluit? Een regel die zeker geldt, gaat voor een regel waarvan "
            "het niet te zeggen is; geldt er geen zeker en is het van een regel niet te zeggen, dan is "
            "het record ontbrekend.",
            "Does a rule leave it out? A rule that surely applies wins over a rule that cannot be told;"
            " if none surely applies and one cannot be told, the record is missing.",
        ),
        (
            "question_3",
            "Is de volgduur voorbij, als die er is? Is de begindag onbekend, dan is het record "
            "ontbrekend; valt de laatste dag na het einde van de gegevens, dan is de uitkomst nog niet "
            "bekend; is de patiënt zeker korter gevolgd, dan telt het record niet mee.",
            "Has its follow-up ended, if there is one? If its first day is unknown, the record is "
            "missing; if its last day lies after the end of the data, the outcome is still pending; if "
            "it was surely followed for less, it is left out.",
        ),
        (
            "question_4",
            "Is de uitkomst bekend? Is zij onbekend of onmogelijk (een telling gedeeld door nul; bij een "
            "uitkomst binnen een aantal dagen: een datum vóór het begin), dan is het record ontbrekend.",
            "Is the outcome known? If it is unknown or impossible (a count divided by zero; for an outcome "
            "within a number of days: a date before the start), the record is missing.",
        ),
        (
            "question_5",
            "Blijft de uitkomst uit, en geldt er een uitzondering? Dan telt het record niet mee; is dat"
            " niet te zeggen, dan is het ontbrekend.",
            "If the outcome is not met, does an exception apply? Then the record is left out; if that "
            "cannot be told, it is missing.",
        ),
        (
            "question_6",
            "Is bekend wat de score verder nodig heeft: de casemix, de score vooraf, de noemer van een "
            "telling, de verwachting? Zo niet, dan is het record ontbrekend, tenzij bij de casemix "
            "staat wat er met een onbekend gegeven gebeurt.",
            "Is everything else known that the score needs: the case mix, the score before, the "
            "denominator of a count, the expectation? If not, the record is missing, unless the case "
            "mix says what becomes of an unknown item.",
        ),
        ("question_7", "Anders telt het record mee.", "Otherwise the record counts."),
        (
            "after_counts",
            "Het aantal ontbrekende staat naast de score. Een rij met een waarde die niet onder ‘Waarden’ "
            "past, wordt bij de aanlevering geweigerd en is dus geen record. Worden netwerken vergeleken, "
            "dan telt elk record één keer mee: voor het netwerk waar het op die dag bij hoort, of verdeeld "
            "over meer netwerken als dat is afgesproken. Wat bij geen netwerk hoort, telt mee in het totaal "
            "en staat apart, buiten alle netwerken.",
            "The number missing stands beside the score. A row with a value that does not fit under ‘Values’ "
            "is refused at delivery, and thus is no record. Where networks are compared, every record counts "
            "once: for the network that it belongs to on that day, or shared out over several where that is "
            "agreed. What belongs to no network counts in the total and is shown apart, outside every "
            "network.",
        ),
        (
            "after_follow_up",
            "Een volgduur is voorbij als de gegevens tot en met de laatste dag ervan lopen. De gegevens "
            "eindigen op de nieuwste datum waarop een volgduur begint, van alle records van de registratie, "
            "ook van wie niet meetelt; zonder zo’n datum is geen enkele volgduur voorbij. Bij een uitkomst "
            "binnen een aantal dagen, zonder volgduur, hoeft niets te worden afgewacht: een record telt mee "
            "voor de tijd tot de gegevens eindigen, op de nieuwste datum van begin, uitkomst of laatste dag "
            "in beeld. Een lege datum betekent daar dat het niet is gebeurd.",
            "A follow-up has ended when the data run up to and including its last day. The data end on the "
            "newest date on which a follow-up begins, of all records of the dataset, also of those that do "
            "not count; without such a date no follow-up has ended. An outcome within a number of days, "
            "without a follow-up, need not be waited for: a record counts for the time until the data end, "
            "on the newest date of start, outcome or last day in view. An empty date there means that it did "
            "not happen.",
        ),
        (
            "after_examples",
            "In een voorbeeld waarin geen einde van de gegevens staat, is elke volgduur voorbij. De code "
            "achter elk versienummer is het begin van de SHA-256 van de definitie.",
            "In an example that names no end of the data, every follow-up has ended. The code after each "
            "version is the beginning of the definition's SHA-256.",
        ),
    )
}

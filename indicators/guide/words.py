"""The words of the guide, in both languages."""

from __future__ import annotations

from indicators.words import Language, Text

_WORDS: dict[str, Text] = {
    key: Text(nl=nl, en=en)
    for key, nl, en in (
        ("guide", "Indicatorengids", "Indicator guide"),
        ("contents", "Inhoud", "Contents"),
        ("page", "pagina", "page"),
        ("of", "van", "of"),
        ("why", "Waarom", "Why"),
        ("initial", "Uitgangspopulatie", "Initial population"),
        ("population", "Noemer: wie telt mee", "Denominator: who counts"),
        ("exclude", "Niet meegeteld", "Left out"),
        ("except", "Niet meegeteld als de uitkomst uitblijft", "Left out if the outcome is not met"),
        ("outcome", "Teller: wat telt", "Numerator: what counts"),
        ("value", "Wat wordt gemeten", "What is measured"),
        ("all_of", "Aan al deze voorwaarden is voldaan:", "All of these hold:"),
        ("any_of", "Aan minstens een van deze voorwaarden is voldaan:", "At least one of these holds:"),
        (
            "first_rule",
            "De eerste regel die van toepassing is, telt als reden:",
            "The first rule that applies is the reason:",
        ),
        ("rule", "{0}: {1}", "{0}: {1}"),
        ("mean", "het gemiddelde van:", "the mean of:"),
        ("counts", "{0} van de {1}", "{0} out of {1}"),
        ("events", "de som van: {0}", "the sum of: {0}"),
        ("exposure", "{0}, per: {1}", "{0}, per: {1}"),
        (
            "top_box",
            "{0}; wie niet antwoordt, telt als ontbrekend",
            "{0}; who does not answer counts as missing",
        ),
        (
            "time_to_event",
            "{0} valt binnen {1} dagen na {2}; wie korter gevolgd is, telt mee zolang die in beeld was",
            "{0} falls within {1} days after {2}; who was followed for less counts for as long as that",
        ),
        ("last_seen", "in beeld tot: {0}", "in view until: {0}"),
        (
            "censored",
            "valt {0} eerder, dan eindigt het volgen op die dag",
            "if {0} comes first, following ends on that day",
        ),
        (
            "event-free",
            "valt {0} eerder, dan blijft de patiënt meetellen zonder uitkomst",
            "if {0} comes first, the patient goes on counting without the outcome",
        ),
        ("term_bands", "{0} (in groepen: {1})", "{0} (in bands: {1})"),
        (
            "median_and_flag",
            "{0}; onbekend krijgt de mediaan en een eigen effect",
            "{0}; not known gets the median and an effect of its own",
        ),
        (
            "imputed",
            "{0}; onbekend wordt aangevuld (meervoudige imputatie)",
            "{0}; unknown is filled in (multiple imputation)",
        ),
        (
            "imputation",
            "Wie zo’n gegeven mist, krijgt de waarden van een willekeurige andere patiënt met dezelfde "
            "uitkomst{1}, {0} keer opnieuw; de {0} uitkomsten worden samengenomen (regels van Rubin).",
            "Who misses such an item gets the values of another patient, drawn at random from those with the "
            "same outcome{1}, {0} times over; the {0} results are taken together (Rubin's rules).",
        ),
        ("imputed_alike", " en gelijk in: {0}", " and alike in: {0}"),
        (
            "change",
            "{0}, gegeven {1} (gecorrigeerde winst)",
            "{0}, given {1} (adjusted gain)",
        ),
        ("case_mix", "Casemix", "Case mix"),
        ("no_case_mix", "niet gecorrigeerd voor casemix", "not adjusted for case mix"),
        ("external", "de meegeleverde verwachting: ", "the delivered expectation: "),
        ("term_number", "{0} (als getal)", "{0} (as a number)"),
        ("term_degree", "{0} (als getal, tot en met de macht {1})", "{0} (as a number, up to power {1})"),
        ("term_spline", "{0} (vloeiende kromme met {1} knopen)", "{0} (smooth curve with {1} knots)"),
        ("term_category", "{0} (in groepen)", "{0} (in groups)"),
        ("term_reference", "{0} (in groepen, tegenover {1})", "{0} (in groups, against {1})"),
        ("term_levels", "{0} (in groepen: {1})", "{0} (in groups: {1})"),
        (
            "term_levels_reference",
            "{0} (in groepen: {1}; tegenover {2})",
            "{0} (in groups: {1}; against {2})",
        ),
        (
            "term_interaction",
            "{0} samen (het effect van het een hangt af van het ander)",
            "{0} together (the effect of one depends on the other)",
        ),
        ("and", " en ", " and "),
        (
            "unseen_reference",
            "{0}; een andere waarde telt als de groep waartegen wordt vergeleken",
            "{0}; any other value counts as the group that is compared against",
        ),
        (
            "unseen_own",
            "{0}; alle andere waarden samen zijn een groep",
            "{0}; all other values together are a group",
        ),
        (
            "pooled",
            "{0}; waarden met minder dan {1} records zijn samen een groep, met waarden die het "
            "model niet kent",
            "{0}; values with fewer than {1} records together are a group, with values that the model does "
            "not know yet",
        ),
        ("term_flag", "{0} (ja of nee)", "{0} (yes or no)"),
        ("own_category", "{0}; onbekend is een eigen groep", "{0}; unknown is a group of its own"),
        ("scoring", "Hoe de score wordt berekend", "How the score is made"),
        ("stratify", "Deelgroepen", "Subgroups"),
        (
            "subgroups",
            "De score staat er ook per deelgroep, tegenover dezelfde verwachting; onbekend is een eigen "
            "deelgroep:",
            "The score is given by subgroup as well, against the same expectation; unknown is a subgroup of "
            "its own:",
        ),
        ("estimators", "Oordeel", "Verdict"),
        (
            "tested",
            "interval, grenzen en oordeel volgen uit één toets: {0}",
            "interval, limits and verdict follow from one test: {0}",
        ),
        (
            "test_exact",
            "de exacte verdeling van het aantal gebeurtenissen, gegeven de casemix",
            "the exact distribution of the number of events, given the case mix",
        ),
        (
            "test_exact-mid-p",
            "de exacte verdeling van het aantal gebeurtenissen, gegeven de casemix, met mid-P",
            "the exact distribution of the number of events, given the case mix, with mid-P",
        ),
        ("test_poisson", "de exacte Poisson-toets", "the exact Poisson test"),
        ("test_poisson-mid-p", "de Poisson-toets met mid-P", "the Poisson test with mid-P"),
        ("test_byar", "Byars benadering van de Poisson-toets", "Byar's approximation of the Poisson test"),
        ("test_normal", "de normale verdeling van het gemiddelde", "the normal distribution of the mean"),
        (
            "test_z-score",
            "de normale benadering, met de variantie gegeven de casemix (z-score)",
            "the normal approximation, with the variance given the case mix (z-score)",
        ),
        ("test_wilson", "Wilsons interval van een aandeel", "Wilson's interval of a proportion"),
        (
            "test_spiegelhalter-2005",
            "de geïnterpoleerde exacte grenzen van Spiegelhalter (2005)",
            "the interpolated exact limits of Spiegelhalter (2005)",
        ),
        (
            "test_spiegelhalter-2012",
            "de normale verdeling op de schaal van Spiegelhalter e.a. (2012)",
            "the normal distribution on the scale of Spiegelhalter et al. (2012)",
        ),
        (
            "test_shmi",
            "de normale verdeling van de logaritme, als bij de Engelse SHMI",
            "the normal distribution of the logarithm, as England's SHMI has it",
        ),
        (
            "test_chi-square",
            "chi-kwadraatgrenzen rond de verwachting, als in FunnelPlotR",
            "chi-square limits around the expectation, as FunnelPlotR draws them",
        ),
        (
            "additive",
            "het oordeel houdt rekening met gewone verschillen tussen organisaties (additieve overdispersie)",
            "the verdict allows for ordinary differences between organisations (additive over-dispersion)",
        ),
        (
            "multiplicative",
            "het oordeel houdt rekening met gewone verschillen tussen organisaties (de variantie maal phi)",
            "the verdict allows for ordinary differences between organisations (the variance times phi)",
        ),
        (
            "reference_none",
            "de verwachting komt uit het model van {0}, zoals het is",
            "the expectation comes from the model of {0}, as it is",
        ),
        (
            "reference_in-the-large",
            "de verwachting komt uit het model van {0}, met een intercept dat bij elke periode past",
            "the expectation comes from the model of {0}, with an intercept that fits each period",
        ),
        (
            "reference_re-centre",
            "de verwachting komt uit het model van {0}, in elke periode op het gemiddelde gebracht",
            "the expectation comes from the model of {0}, re-centred in each period",
        ),
        (
            "clustered",
            "de effecten van de casemix hebben intervallen waarin patiënten van één organisatie op elkaar "
            "lijken (geclusterd)",
            "the effects of the case mix have intervals that allow for patients of one organisation being "
            "alike (clustered)",
        ),
        ("beside", "naast de score staat: {0}", "beside the score stands: {0}"),
        (
            "beside_shrunken",
            "de bijgestelde waarde (random intercept), de kans dat het slechter is, en de rang",
            "the shrunken value (random intercept), the chance of being worse, and the rank",
        ),
        (
            "beside_direct",
            "het percentage als alle patiënten hier zorg kregen (directe standaardisatie)",
            "the percentage if all patients were cared for here (direct standardisation)",
        ),
        (
            "beside_model-uncertainty",
            "het interval met de onzekerheid van het casemixmodel erbij (bootstrap van organisaties)",
            "the interval with the uncertainty of the case-mix model added (bootstrap of organisations)",
        ),
        (
            "beside_overdispersion",
            "het interval dat rekening houdt met gewone verschillen tussen organisaties (overdispersie)",
            "the interval that allows for ordinary differences between organisations (over-dispersion)",
        ),
        (
            "beside_no_overdispersion",
            "het interval dat alleen met toeval rekening houdt",
            "the interval that allows for chance only",
        ),
        ("lower", "lager is beter", "lower is better"),
        ("higher", "hoger is beter", "higher is better"),
        ("direction", "Richting", "Direction"),
        ("shown", "Eenheid", "Unit of the score"),
        ("percent", "procent", "per cent"),
        ("points", "punten, met {0} cijfer(s) achter de komma", "points, with {0} digit(s) after the point"),
        (
            "shown_time",
            "{0}, met {1} cijfer(s) achter de komma",
            "{0}, with {1} digit(s) after the point",
        ),
        ("time_minutes", "minuten", "minutes"),
        ("time_hours", "uur", "hours"),
        ("time_days", "dagen", "days"),
        ("time_weeks", "weken", "weeks"),
        ("time_months", "maanden", "months"),
        ("time_years", "jaar", "years"),
        ("rate", "aantal per {0}", "number per {0}"),
        ("follow_up", "Volgduur", "Follow-up"),
        ("days", "{0} dagen na {1}", "{0} days after {1}"),
        (
            "ripens",
            "{0}; zolang de gegevens die dag niet omvatten, is de uitkomst nog niet bekend en telt de "
            "patiënt nog niet mee",
            "{0}; as long as the data do not include that day, the outcome is still pending, and the "
            "patient does not count yet",
        ),
        (
            "followed",
            "{0}; wie korter gevolgd is ({1}), telt niet mee, wat de uitkomst ook was",
            "{0}; who was followed for less ({1}) is left out, whatever the outcome",
        ),
        ("period", "Periode", "Period"),
        ("year_of", "kalenderjaar van: {0}", "calendar year of: {0}"),
        ("fiscal-year", "boekjaar vanaf 1 {1}, van: {0}", "fiscal year from 1 {1}, of: {0}"),
        ("quarter", "kwartaal van: {0}", "quarter of: {0}"),
        (
            "rolling",
            "telkens {1} kalenderjaren samen, van: {0}; een patiënt telt dus in meer dan één periode mee",
            "each {1} calendar years together, of: {0}; a patient thus counts in more than one period",
        ),
        ("month_2", "februari", "February"),
        ("month_3", "maart", "March"),
        ("month_4", "april", "April"),
        ("month_5", "mei", "May"),
        ("month_6", "juni", "June"),
        ("month_7", "juli", "July"),
        ("month_8", "augustus", "August"),
        ("month_9", "september", "September"),
        ("month_10", "oktober", "October"),
        ("month_11", "november", "November"),
        ("month_12", "december", "December"),
        ("period_column", "zoals aangeleverd: {0}", "as delivered: {0}"),
        ("unit", "Wie wordt vergeleken", "Who is compared"),
        ("provider", "zorgaanbieders", "providers"),
        ("networks", "netwerken ({0})", "networks ({0})"),
        ("attribution", "Voor welk netwerk een record telt", "Which network a record counts for"),
        ("minimum", "Minimaal aantal", "Minimum volume"),
        ("minimum_one", "1 patiënt of meting", "1 patient or measurement"),
        ("minimum_n", "{0} patiënten of metingen", "{0} patients or measurements"),
        ("minimum_events", "{0}, en {1} verwachte uitkomst(en)", "{0}, and {1} expected event(s)"),
        ("norm", "Norm", "Norm"),
        ("no_norm", "geen norm", "no norm"),
        ("at_most", "hoogstens {0} ({1})", "at most {0} ({1})"),
        ("at_least", "minstens {0} ({1})", "at least {0} ({1})"),
        ("minimum_kind", "minimumnorm", "minimum"),
        ("target_kind", "streefwaarde", "target"),
        ("ambition_kind", "ambitie", "ambition"),
        ("steward", "Beheerder", "Steward"),
        ("sources", "Bronnen", "Sources"),
        ("dataset", "Registratie", "Dataset"),
        ("version", "versie", "version"),
        ("history", "Versies", "Versions"),
        ("first_version", "eerste versie", "first version"),
        ("draft", "concept", "draft"),
        ("consultation", "ter consultatie", "in consultation"),
        ("active", "van kracht", "in force"),
        ("retired", "ingetrokken", "retired"),
        (
            "draft_note",
            "Concept: deze indicator is niet van kracht en kan nog veranderen.",
            "Draft: this indicator is not in force and may still change.",
        ),
        (
            "consultation_note",
            "Ter consultatie: deze indicator is nog niet vastgesteld.",
            "In consultation: this indicator has not been adopted yet.",
        ),
        (
            "retired_note",
            "Ingetrokken: deze indicator wordt niet meer berekend.",
            "Retired: this indicator is no longer calculated.",
        ),
        ("generated", "Gegenereerde gegevens: geen echte patiënten.", "Generated data: no real patients."),
        ("data", "Benodigde gegevens", "Data needed"),
        ("column", "Gegeven", "Item"),
        ("answers", "antwoorden voor: {0}", "answers for: {0}"),
        ("name", "Naam in bestand", "Name in the file"),
        ("values", "Waarden", "Values"),
        ("required", "Regel geweigerd als leeg", "Row refused if empty"),
        ("yes", "ja", "yes"),
        ("no", "nee", "no"),
        ("range", "{0} tot en met {1}", "{0} to {1}"),
        ("weeks", "weken", "weeks"),
        ("months", "maanden", "months"),
        ("hours", "uren", "hours"),
        ("minutes", "minuten", "minutes"),
        ("years", "jaren", "years"),
        ("days_unit", "dagen", "days"),
        ("text", "tekst", "text"),
        ("category", "tekst", "text"),
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
        ("scaled", "omgerekend naar {0} tot {1}", "brought to {0} to {1}"),
        ("level_sum", "{0}: som van de niveaus ({1})", "{0}: sum of the levels ({1})"),
        (
            "profile_change",
            "{0}: verandering van het profiel ({1}): ‘vooruitgegaan’ (iets beter, niets slechter), "
            "‘achteruitgegaan’ (iets slechter, niets beter), ‘deels vooruit, deels achteruit’, ‘gelijk "
            "gebleven’ of ‘beide keren geen problemen’",
            "{0}: change of the profile ({1}): ‘improved’ (something better, nothing worse), ‘worsened’ "
            "(something worse, nothing better), ‘mixed change’, ‘no change’ or ‘no problems both times’",
        ),
        (
            "responder",
            "{0}: ‘duidelijk vooruitgegaan’ of ‘duidelijk achteruitgegaan’ bij een verandering van minstens "
            "{1} punten; ‘vooruitgang niet meer mogelijk’ als de score vooraf minder dan {1} punten van de "
            "beste score ({2}) af ligt; anders ‘ongeveer gelijk’",
            "{0}: ‘clearly improved’ or ‘clearly worsened’ at a change of at least {1} points; ‘improvement "
            "out of reach’ if the score before lies less than {1} points from the best score ({2}); "
            "otherwise ‘about the same’",
        ),
        ("examples", "Voorbeelden", "Examples"),
        ("given", "Patiënt of meting", "Patient or measurement"),
        ("empty", "leeg", "empty"),
        ("unknown", "onbekend", "unknown"),
        ("ends", "Telt als", "Counts as"),
        ("cut_off", "gegevens tot en met {0}", "data up to {0}"),
        ("not-eligible", "hoort niet in de noemer", "not in the denominator"),
        ("excluded", "niet meegeteld (uitgesloten)", "left out (exclusion)"),
        ("pending", "nog niet bekend", "still pending"),
        ("lost", "niet meegeteld (te kort gevolgd)", "left out (lost to follow-up)"),
        ("missing", "ontbrekend", "missing"),
        ("excepted", "niet meegeteld (uitzondering)", "left out (exception)"),
        ("met", "noemer en teller", "denominator and numerator"),
        ("not-met", "noemer, niet in de teller", "denominator, not in the numerator"),
        ("value_state", "telt mee", "counts"),
        ("value_of", "telt mee met waarde {0}", "counts with value {0}"),
        ("horizon1", "Horizon 1: structuur en proces", "Horizon 1: structure and process"),
        ("horizon2", "Horizon 2: uitkomst, casemix-gecorrigeerd", "Horizon 2: outcome, case-mix adjusted"),
        ("horizon3", "Horizon 3: wat de patiënt rapporteert", "Horizon 3: what the patient reports"),
        ("how", "Hoe deze gids te lezen", "How to read this guide"),
        (
            "how_text",
            "De teksten over noemer, teller en uitsluitingen zijn gemaakt uit de definitie waarmee de "
            "scores worden berekend; zij kunnen daar dus niet van afwijken. Elk record komt op één plaats "
            "terecht: bij de eerste van deze vragen die beslist.",
            "The words on denominator, numerator and exclusions are made from the definition that scores "
            "are computed with, so they cannot differ from it. Every record ends in one place: at the "
            "first of these questions that decides.",
        ),
        (
            "question_1",
            "Hoort het in de noemer, en in de uitgangspopulatie als die genoemd is? Ligt het zeker buiten "
            "een van beide, dan hoort het niet in de noemer; is dat niet te zeggen doordat een gegeven "
            "onbekend is, dan is het ontbrekend.",
            "Is it in the denominator, and in the initial population if one is named? If it is surely "
            "outside either, it is not in the denominator; if that cannot be told because something is "
            "unknown, it is missing.",
        ),
        (
            "question_2",
            "Is er een regel die het uitsluit? Een regel die zeker geldt, gaat voor een regel waarvan het "
            "niet te zeggen is; geldt er geen zeker en is het van een regel niet te zeggen, dan is het "
            "record ontbrekend.",
            "Does a rule leave it out? A rule that surely applies wins over a rule that cannot be told; if "
            "none surely applies and one cannot be told, the record is missing.",
        ),
        (
            "question_3",
            "Is de volgduur voorbij, als die er is? Is de begindag onbekend, dan is het record ontbrekend; "
            "valt de laatste dag na het einde van de gegevens, dan is de uitkomst nog niet bekend; is er "
            "korter gevolgd, dan telt het niet mee.",
            "Has its follow-up ended, if there is one? If its first day is unknown, the record is missing; "
            "if its last day lies after the end of the data, the outcome is still pending; if it was "
            "followed for less, it is left out.",
        ),
        (
            "question_4",
            "Is de uitkomst bekend? Is zij onbekend of onmogelijk, dan is het record ontbrekend.",
            "Is the outcome known? If it is unknown or impossible, the record is missing.",
        ),
        (
            "question_5",
            "Blijft de uitkomst uit, en geldt er een uitzondering? Dan telt het record niet mee; is dat "
            "niet te zeggen, dan is het ontbrekend.",
            "If the outcome is not met, does an exception apply? Then the record is left out; if that "
            "cannot be told, it is missing.",
        ),
        (
            "question_6",
            "Is bekend wat de score verder nodig heeft: de casemix, de score vooraf, de noemer van een "
            "telling, de verwachting? Zo niet, dan is het record ontbrekend, tenzij bij de casemix staat "
            "wat er met een onbekend gegeven gebeurt.",
            "Is everything else known that the score needs: the case mix, the score before, the "
            "denominator of a count, the expectation? If not, the record is missing, unless the case mix "
            "says what becomes of an unknown item.",
        ),
        (
            "question_7",
            "Anders telt het record mee.",
            "Otherwise the record counts.",
        ),
        (
            "how_more",
            "Het aantal ontbrekende staat naast de score. Worden netwerken vergeleken, dan telt elk record "
            "één keer mee: voor het netwerk waar het op die dag bij hoort, of verdeeld over meer netwerken "
            "als dat is afgesproken. Wat bij geen netwerk hoort, telt mee in het totaal en staat apart, "
            "buiten alle netwerken. Een volgduur is voorbij als de gegevens "
            "tot en met de laatste dag ervan lopen; zij eindigen op de nieuwste datum waarop in de "
            "gegevens een volgduur begint (bij een uitkomst binnen een aantal dagen: op de nieuwste datum "
            "van begin, uitkomst of laatste contact); zonder zo’n datum is geen enkele volgduur voorbij. "
            "In een voorbeeld waarin geen einde staat, is elke volgduur voorbij. Bij een uitkomst binnen "
            "een aantal dagen betekent een lege datum dat die niet is opgetreden. De code achter elk "
            "versienummer is het begin van de SHA-256 van de definitie.",
            "The number missing stands beside the score. Where networks are compared, every record counts "
            "once: for the network that it belongs to on that day, or shared out over several where that is "
            "agreed. What belongs to no network counts in the total and is shown apart, outside every "
            "network. A follow-up has ended when the data run up to "
            "and including its last day; they end on the newest date in them on which a follow-up begins "
            "(for an outcome within a number of days: on the newest date of start, outcome or last "
            "contact); without such a date no follow-up has ended. In an example that names no end, every "
            "follow-up has ended. For an outcome within a number of days, an empty date means that it did "
            "not happen. The code after each version is the beginning of the definition's SHA-256.",
        ),
    )
}


class Speaker:
    """Words of one language."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language

    def __call__(self, key: str, *values: str) -> str:
        """The words of a key, with values filled in."""
        return self.of(_WORDS[key]).format(*values)

    def questions(self) -> tuple[str, ...]:
        """What is asked of a record, in the order of asking."""
        return tuple(self(key) for key in _WORDS if key.startswith("question_"))

    def of(self, text: Text) -> str:
        """A text in this language."""
        return text.nl if self.language == "nl" else text.en

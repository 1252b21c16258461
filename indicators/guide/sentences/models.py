"""Of the case mix, of how the score is made, and of the verdict."""

from __future__ import annotations

from indicators.words import Text

WORDS = {
    key: Text(nl=nl, en=en)
    for key, nl, en in (
        ("case_mix", "Casemix", "Case mix"),
        ("no_case_mix", "niet gecorrigeerd voor casemix", "not adjusted for case mix"),
        ("external", "de meegeleverde verwachting: ", "the delivered expectation: "),
        ("term_number", "{0} (als getal)", "{0} (as a number)"),
        (
            "term_degree",
            "{0} (als getal, met de machten tot en met {1})",
            "{0} (as a number, up to power {1})",
        ),
        ("term_spline", "{0} (vloeiende kromme met {1} knopen)", "{0} (smooth curve with {1} knots)"),
        ("term_category", "{0} (in groepen)", "{0} (in groups)"),
        ("term_reference", "{0} (in groepen, tegenover {1})", "{0} (in groups, against {1})"),
        ("term_knots", "{0} (vloeiende kromme met knopen bij {1})", "{0} (smooth curve with knots at {1})"),
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
        ("term_flag", "{0} (ja of nee)", "{0} (yes or no)"),
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
            "{0}; waarden met minder dan {1} records zijn samen een groep, met waarden die het model "
            "niet kent",
            "{0}; values with fewer than {1} records together are a group, with values that the model "
            "does not know yet",
        ),
        ("own_category", "{0}; onbekend is een eigen groep", "{0}; unknown is a group of its own"),
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
            "Who misses such an item gets the values of another patient, drawn at random from those "
            "with the same outcome{1}, {0} times over; the {0} results are taken together (Rubin's "
            "rules).",
        ),
        ("imputed_alike", " en gelijk in: {0}", " and alike in: {0}"),
        ("scoring", "Hoe de score wordt berekend", "How the score is made"),
        (
            "scored_structure",
            "een feit over een aanbieder, geen steekproef: er is geen verwachting, geen interval en "
            "geen oordeel",
            "a fact about a provider, not a sample: there is no expectation, no interval and no verdict",
        ),
        (
            "scored_event",
            "hoe vaak het voorkwam, gedeeld door hoe vaak het gezien de casemix te verwachten was, maal"
            " hoe vaak het bij iedereen samen voorkwam",
            "how often it happened, divided by how often the case mix led to expect it, times how often"
            " it happened to all together",
        ),
        (
            "scored_event_as_expected",
            "hoe vaak het voorkwam, gedeeld door hoe vaak het gezien de casemix te verwachten was, maal"
            " hoe vaak het bij iedereen samen te verwachten was",
            "how often it happened, divided by how often the case mix led to expect it, times how often"
            " it was to be expected of all together",
        ),
        (
            "scored_plain_event",
            "het aandeel zelf; zonder casemix is van iedereen hetzelfde te verwachten",
            "the proportion itself; without case mix the same is expected of everybody",
        ),
        (
            "scored_plain_count",
            "het aantal zelf; zonder casemix is van iedereen hetzelfde te verwachten",
            "the number itself; without case mix the same is expected of everybody",
        ),
        (
            "scored_value",
            "het gemiddelde verschil tussen wat gemeten is en wat gezien de casemix te verwachten was, "
            "opgeteld bij het gemiddelde van iedereen samen",
            "the mean difference between what was measured and what the case mix led to expect, added "
            "to the mean of all together",
        ),
        (
            "scored_plain_value",
            "het gemiddelde zelf; zonder casemix is van iedereen hetzelfde te verwachten",
            "the mean itself; without case mix the same is expected of everybody",
        ),
        (
            "scored_time_to_event",
            "de kans op de uitkomst binnen de termijn: die van iedereen samen, met elk risico maal "
            "waargenomen gedeeld door verwacht; wie korter gevolgd is, telt voor die tijd",
            "the chance of the outcome within the time: that of all together, with every hazard times "
            "observed divided by expected; who was followed for less counts for that time",
        ),
        (
            "scored_time_to_event_as_expected",
            "de kans op de uitkomst binnen de termijn: die voor iedereen samen te verwachten was, met elk "
            "risico maal waargenomen gedeeld door verwacht; wie korter gevolgd is, telt voor die tijd",
            "the chance of the outcome within the time: the one to be expected of all together, with every "
            "hazard times observed divided by expected; who was followed for less counts for that time",
        ),
        (
            "scored_own",
            "elke periode heeft een eigen casemixmodel, van alle aanbieders samen",
            "every period has a case-mix model of its own, of all providers together",
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
        (
            "test_byar",
            "Byars benadering van de Poisson-toets",
            "Byar's approximation of the Poisson test",
        ),
        ("test_normal", "de normale verdeling van het gemiddelde", "the normal distribution of the mean"),
        (
            "test_z-score",
            "de normale benadering, met de variantie gegeven de casemix (z-score)",
            "the normal approximation, with the variance given the case mix (z-score)",
        ),
        (
            "test_wilson",
            "Wilsons interval van een aandeel",
            "Wilson's interval of a proportion",
        ),
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
            "de effecten van de casemix hebben intervallen waarin patiënten van één organisatie op "
            "elkaar lijken (geclusterd)",
            "the effects of the case mix have intervals that allow for patients of one organisation "
            "being alike (clustered)",
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
    )
}

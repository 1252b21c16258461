"""A model card as a page for people, in Dutch or English."""

import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any, Literal, TypeAlias

Language: TypeAlias = Literal["nl", "en"]

# What is left of a nought after rounding.
NOTHING = 1e-9
# From here on four digits would need a power of ten.
LARGE = 9_999.5

_WORDS: dict[str, tuple[str, str]] = {
    "title": ("Modelkaart", "Model card"),
    "about": ("Waarover", "About"),
    "indicator": ("indicator", "indicator"),
    "version": ("versie", "version"),
    "period": ("periode", "period"),
    "dataset": ("registratie", "dataset"),
    "model": ("kenmerk (hash) van het model", "hash of the model"),
    "records": ("Waar de records bleven", "Where the records went"),
    "state": ("status", "state"),
    "why": ("reden", "reason"),
    "not-eligible": ("hoort niet bij de populatie", "not eligible"),
    "excluded": ("uitgesloten", "excluded"),
    "excepted": ("uitgezonderd", "excepted"),
    "pending": ("nog niet bekend", "pending"),
    "lost": ("uit zicht geraakt", "lost to follow-up"),
    "missing-value": ("waarde ontbreekt", "a value is missing"),
    "met": ("uitkomst trad op", "outcome met"),
    "not-met": ("uitkomst trad niet op", "outcome not met"),
    "value": ("telt mee", "counted"),
    "fit": ("Het model", "The model"),
    "kind": ("soort", "kind"),
    "logistic": ("logistisch (kans op de uitkomst)", "logistic (risk of the outcome)"),
    "linear": ("lineair (gemiddelde waarde)", "linear (mean value)"),
    "poisson": ("Poisson (aantal per eenheid)", "Poisson (number per unit)"),
    "cox": ("Cox (tijd tot de gebeurtenis)", "Cox (time to the event)"),
    "ties": ("gelijke tijden volgens", "ties by"),
    "c_index": ("C-index (0,5 = toeval, 1 = perfect)", "C-index (0.5 = chance, 1 = perfect)"),
    "observed_expected": ("waargenomen / verwacht (goed is 1)", "observed / expected (ideal 1)"),
    "clustered_error": ("standaardfout, geclusterd", "standard error, clustered"),
    "groups": ("Waargenomen en verwacht, van laag naar hoog", "Observed and expected, from low to high"),
    "observed": ("waargenomen (som)", "observed (sum)"),
    "expected": ("verwacht (som)", "expected (sum)"),
    "n": ("aantal records", "records"),
    "outcome": ("uitkomsten (som)", "outcomes (sum)"),
    "providers": ("aantal aanbieders", "providers"),
    "log_likelihood": ("log-likelihood", "log-likelihood"),
    "residual_sd": ("standaarddeviatie van de residuen", "standard deviation of the residuals"),
    "ridge": ("ridge", "ridge"),
    "terms": ("Casemix", "Case mix"),
    "term": ("kenmerk", "term"),
    "encoding": ("vorm", "form"),
    "number": ("getal", "number"),
    "spline": ("vloeiende kromme, knopen bij {0}", "smooth curve, knots at {0}"),
    "category": ("categorie: {0} (de eerste is de referentie)", "category: {0} (the first is the reference)"),
    "degree": (", tot en met de macht {0}", ", up to power {0}"),
    "unseen-reference": ("; een nieuw niveau telt als referentie", "; a new level counts as the reference"),
    "unseen-own-category": ("; andere niveaus zijn één groep", "; other levels are one group"),
    "flag": ("ja of nee", "yes or no"),
    "interaction": ("samenhang van {0}", "interaction of {0}"),
    "coefficients": ("Coëfficiënten", "Coefficients"),
    "column": ("kolom", "column"),
    "estimate": ("schatting", "estimate"),
    "standard_error": ("standaardfout", "standard error"),
    "interval": ("95%-interval", "95 % interval"),
    "diagnostics": ("Hoe goed het voorspelt", "How well it predicts"),
    "measure": ("maat", "measure"),
    "apparent": ("op dezelfde records", "on the same records"),
    "cross_validation": ("bij andere aanbieders", "at other providers"),
    "forward": ("model van een eerdere periode", "model of an earlier period"),
    "c_statistic": ("c-statistiek (0,5 = toeval, 1 = perfect)", "c-statistic (0.5 = chance, 1 = perfect)"),
    "brier": ("Brierscore (lager is beter)", "Brier score (lower is better)"),
    "scaled_brier": ("geschaalde Brierscore (1 = perfect)", "scaled Brier score (1 = perfect)"),
    "calibration_intercept": ("kalibratie: intercept (goed is 0)", "calibration intercept (ideal 0)"),
    "calibration_slope": ("kalibratie: helling (goed is 1)", "calibration slope (ideal 1)"),
    "r2": ("verklaarde variantie (R²)", "explained variance (R²)"),
    "hosmer_lemeshow": ("Hosmer-Lemeshow (p-waarde)", "Hosmer-Lemeshow (p-value)"),
    "influence": ("Aanbieders met de meeste invloed", "Providers with most influence"),
    "provider": ("aanbieder", "provider"),
    "largest_change": (
        "grootste verschuiving zonder deze aanbieder (in standaardfouten)",
        "largest shift without this provider (in standard errors)",
    ),
    "ratio": ("eigen verwachting zonder / met", "own expectation without / with"),
    "missing": ("Ontbrekende waarden", "Missing values"),
    "share": ("aandeel", "share"),
    "rule": ("wat ermee gebeurt", "what is done"),
    "own-category": ("eigen categorie", "a category of its own"),
    "median-and-flag": ("mediaan, met een kolom die het zegt", "median, with a column that says so"),
    "multiple-imputation": ("meervoudig geïmputeerd", "multiple imputation"),
    "complete-case": ("record telt niet mee", "record is left out"),
    "refuse": ("niet toegestaan", "refused"),
    "nothing-missing": (
        "Van de casemix ontbreekt geen enkele waarde.",
        "No value of the case mix is missing.",
    ),
    "(intercept)": ("(intercept)", "(intercept)"),
    "(missing)": ("onbekend", "not known"),
    "(other)": ("overige", "others"),
    "none": ("–", "–"),
    "there is no model of an earlier period": (
        "er is geen model van een eerdere periode",
        "there is no model of an earlier period",
    ),
    "there are no other providers to hold the model against": (
        "er zijn geen andere aanbieders om het model aan te toetsen",
        "there are no other providers to hold the model against",
    ),
    "there are no other providers": ("er zijn geen andere aanbieders", "there are no other providers"),
}
# Columns and levels that no dataset names.
_EVERY = ("(intercept)", "(missing)", "(other)")
_STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ccc;vertical-align:top}
td.number{text-align:right;font-variant-numeric:tabular-nums}"""
_SECTIONS = ("apparent", "cross_validation", "forward")


def card_html(card: Mapping[str, Any], *, language: Language) -> str:
    """Write a model card as one HTML page that needs nothing from elsewhere.

    Parameters
    ----------
    card
        From `risk_models.model_card.model_card`. Where ``about`` has ``names`` (``columns``: by column and
        language; ``levels``: by column, level and language), columns and levels are called by these.
    language
        ``nl`` or ``en``.
    """
    about = card["about"]
    say = _Wording(language, about.get("names", {}))
    title = f"{say('title')}: {about['title'][language]}" if "title" in about else say("title")
    known = [name for name in ("indicator", "version", "period", "dataset", "model") if name in about]
    parts = [
        f"<h1>{escape(title)}</h1>",
        _table([], [(say(name), str(about[name])) for name in known]),
        *_records(say, about.get("states", [])),
        f"<h2>{say('fit')}</h2>",
        _table(
            [], [(say(name), say.value(value)) for name, value in card["fit"].items() if value is not None]
        ),
        f"<h2>{say('terms')}</h2>",
        _table(
            [say("term"), say("encoding")],
            [(say.column(term["name"]), _form(say, term)) for term in card["terms"]],
        ),
        f"<h2>{say('coefficients')}</h2>",
        _table(
            [say(name) for name in ("column", "estimate", "standard_error", "clustered_error", "interval")],
            [
                (
                    say.column(row["column"]),
                    say.value(row["estimate"]),
                    say.value(row["standard_error"]),
                    say.value(row["clustered_error"]),
                    f"{say.value(row['lower'])} – {say.value(row['upper'])}",
                )
                for row in card["coefficients"]
            ],
        ),
        f"<h2>{say('diagnostics')}</h2>",
        *_diagnostics(say, card),
        f"<h2>{say('groups')}</h2>",
        _table(
            [say(name) for name in ("n", "observed", "expected")],
            [tuple(say.value(row[name]) for name in ("n", "observed", "expected")) for row in card["groups"]],
        ),
        *([f"<h2>{say('influence')}</h2>", _influence(say, card["influence"])] if card["influence"] else []),
        f"<h2>{say('missing')}</h2>",
        _missing(say, card["missing"]),
    ]
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


class _Wording:
    """Words and numbers of one language."""

    def __init__(self, language: Language, names: Mapping[str, Any]) -> None:
        self.place = 0 if language == "nl" else 1
        self.language = language
        self.columns: Mapping[str, Mapping[str, str]] = names.get("columns", {})
        self.levels: Mapping[str, Mapping[str, Mapping[str, str]]] = names.get("levels", {})

    def __call__(self, key: str, *values: str) -> str:
        return _WORDS[key][self.place].format(*values)

    def column(self, text: str) -> str:
        """Name a column of the model: ``age^2``, ``sex=female``, or a product of such."""
        return " × ".join(map(self._factor, text.split(":")))

    def level(self, column: str, level: str) -> str:
        """Name a level of a category; the level itself where it has no name."""
        if level in _EVERY:
            return self(level)
        known = self.levels.get(column, {})
        return known[level][self.language] if level in known else level

    def _factor(self, text: str) -> str:
        if text in _EVERY:
            return self(text)
        name, is_level, level = text.partition("=")
        bare = re.split(r"[\^']", name)[0]
        title = self.columns[bare][self.language] if bare in self.columns else bare
        return f"{title}: {self.level(name, level)}" if is_level else title + name.removeprefix(bare)

    def value(self, value: Any) -> str:
        """A number with four digits that count, a whole or large one whole, a word as it is known."""
        if value is None:
            return self("none")
        if isinstance(value, str):
            return self(value) if value in _WORDS else value
        if abs(value) < NOTHING:
            return "0"
        whole = abs(value) >= LARGE or (value == int(value) and abs(value) >= 1)
        text = f"{value:,.0f}" if whole else f"{value:.4g}"
        return text.translate(str.maketrans(",.", ".,")) if self.place == 0 else text


def _records(say: _Wording, states: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    named = {"missing": "missing-value"}
    rows = [
        (say.value(named.get(row["state"], row["state"])), say.column(row["reason"]), say.value(row["n"]))
        for row in states
    ]
    if rows:
        yield f"<h2>{say('records')}</h2>"
        yield _table([say("state"), say("why"), say("n")], rows)


def _form(say: _Wording, term: Mapping[str, Any]) -> str:
    if term["kind"] == "category":
        values = [say.level(term["name"], level) for level in term["levels"]]
    elif term["kind"] == "interaction":
        values = [say.column(name) for name in term["of"]]
    else:
        values = [say.value(value) for value in term["knots"]] if term["kind"] == "spline" else []
    form = say(term["kind"], ", ".join(values))
    if term.get("degree", 1) > 1:
        form += say("degree", str(term["degree"]))
    return form + (say(f"unseen-{term['unseen']}") if term.get("unseen", "error") != "error" else "")


def _diagnostics(say: _Wording, card: Mapping[str, Any]) -> Iterator[str]:
    names = [name for name in card["apparent"] if name in _WORDS]
    rows = [(say(name), *(say.value(card[part].get(name)) for part in _SECTIONS)) for name in names]
    if "hosmer_lemeshow" in card:
        rows.append(
            (say("hosmer_lemeshow"), say.value(card["hosmer_lemeshow"]["p"]), say("none"), say("none"))
        )
    yield _table([say("measure"), *map(say, _SECTIONS)], rows)
    for part in _SECTIONS:
        if "reason" in card[part]:
            yield f"<p>{say(part)}: {escape(say.value(card[part]['reason']))}</p>"


def _influence(say: _Wording, rows: Iterable[Mapping[str, Any]]) -> str:
    return _table(
        [say(name) for name in ("provider", "column", "largest_change", "ratio")],
        [
            (
                row["provider"],
                say.column(row["column"]) if row["column"] else say.value(row["reason"]),
                say.value(row["largest_change"]),
                say.value(row["ratio"]),
            )
            for row in rows
        ],
    )


def _missing(say: _Wording, notes: Iterable[Mapping[str, Any]]) -> str:
    rows = [
        (
            say.column(note["term"]),
            say.value(note["records"]),
            f"{say.value(100 * note['share'])} %",
            say.value(note["rule"]),
        )
        for note in notes
    ]
    if not rows:
        return f"<p>{say('nothing-missing')}</p>"
    return _table([say(name) for name in ("term", "n", "share", "rule")], rows)


def _table(header: list[str], rows: Iterable[tuple[str, ...]]) -> str:
    head = f"<tr>{''.join(f'<th>{escape(name)}</th>' for name in header)}</tr>" if header else ""
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table>{head}{body}</table>"

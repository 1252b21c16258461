"""Mistakes in definitions, each shown as its author sees it: file, line, field, what is wrong, what to do."""

from __future__ import annotations

import pytest

from indicators.columns import FromFileName
from indicators.dataset import Dataset
from indicators.definition import Indicator
from indicators.definitions import KINDS, kind_of, validate
from indicators.faults import DefinitionError
from indicators.source import read_source
from tests.indicators.build import DATASET, INDICATOR, NETWORKS, dataset, messages

IS_TEXT = "expected text (put it between quotes)"
IS_TEXT_OR_TEXTS = "expected text or fields with a name and a value (put it between quotes)"
COLUMNS_KNOWN = "known: activity, age, alive, anxiety, born, day, discharge, discomfort, ..."

# right, wrong, what is said of it
INDICATOR_MISTAKES = [
    # estimators
    (
        "steward:",
        "estimators: {test: fisher}\nsteward:",
        [
            "x.yaml:6: estimators.test: 'fisher': expected 'exact', 'exact-mid-p', 'poisson', "
            "'poisson-mid-p', 'byar', 'normal', 'z-score', 'wilson', 'spiegelhalter-2005', "
            "'spiegelhalter-2012', 'shmi' or 'chi-square'"
        ],
    ),
    (
        "steward:",
        "estimators: {test: byar, overdispersion: additive}\nsteward:",
        [
            "x.yaml:6: estimators.overdispersion: additive over-dispersion does not go with test 'byar'; "
            "it goes with 'exact', 'poisson', 'z-score', 'spiegelhalter-2012', 'shmi'"
        ],
    ),
    (
        "steward:",
        "estimators: {overdispersion: multiplicative}\nsteward:",
        [
            "x.yaml:6: estimators.overdispersion: multiplicative over-dispersion does not go with test "
            "'exact'; it goes with 'z-score', 'wilson', 'spiegelhalter-2012', 'shmi'"
        ],
    ),
    (
        "steward:",
        "estimators: {test: normal}\nsteward:",
        [
            "x.yaml:6: estimators.test: 'normal' does not go with a binary outcome; expected 'exact', "
            "'exact-mid-p', 'poisson', 'poisson-mid-p', 'byar', 'z-score', 'wilson', 'spiegelhalter-2005', "
            "'spiegelhalter-2012', 'shmi', 'chi-square'"
        ],
    ),
    (
        "steward:",
        "estimators: {test: wilson}\nsteward:",
        [
            "x.yaml:6: estimators.test: 'wilson' is of a proportion without case mix; with one, 'z-score' "
            "has the same limits"
        ],
    ),
    (
        "outcome: {kind: binary, when: loss > 1000, better: lower}",
        "estimators: {test: shmi}\noutcome: {kind: continuous, value: loss, better: lower}",
        [
            "x.yaml:15: estimators.test: 'shmi' does not go with a continuous outcome; expected 'normal'",
        ],
    ),
    (
        "outcome: {kind: binary, when: loss > 1000, better: lower}",
        "estimators: {beside: [shrunken, direct]}\noutcome: {kind: continuous, value: loss, better: lower}",
        ["x.yaml:15: estimators.beside: 'direct' does not go with a continuous outcome"],
    ),
    (
        "outcome: {kind: binary, when: loss > 1000, better: lower}",
        "outcome: {kind: time_to_event, start: day, event: discharge, horizon: 90, better: lower}\n"
        "estimators: {beside: [model-uncertainty], reference: {period: '2024'}}",
        [
            "x.yaml:16: estimators.beside: 'model-uncertainty' is of a model of each period; with a "
            "reference the model is given"
        ],
    ),
    (
        "outcome: {kind: binary, when: loss > 1000, better: lower}",
        "outcome: {kind: time_to_event, start: day, event: discharge, horizon: 90, better: lower}\n"
        "estimators: {reference: {period: '2024', recalibration: re-centre}}",
        [
            "x.yaml:16: estimators.reference.recalibration: the hazards of a reference period are applied as "
            "they are: 'recalibration: none'"
        ],
    ),
    (
        "steward:",
        "estimators: {beside: [model-uncertainty], reference: {period: '2024'}}\nsteward:",
        [
            "x.yaml:6: estimators.beside: 'model-uncertainty' is of a model of each period; with a reference "
            "the model is given"
        ],
    ),
    (
        "steward:",
        "estimators: {test: chi-square, beside: [overdispersion]}\nsteward:",
        ["x.yaml:6: estimators.beside: 'overdispersion' does not go with test 'chi-square'"],
    ),
    (
        "{term: smoker, as: flag}",
        "{term: smoker, as: flag, missing: multiple-imputation}\nestimators: {beside: [shrunken]}",
        ["x.yaml:20: estimators.beside: 'shrunken' does not go with multiple imputation"],
    ),
    (
        "{term: smoker, as: flag}",
        "{term: smoker, as: flag, missing: multiple-imputation}\nestimators: {standard_errors: clustered}",
        [
            "x.yaml:20: estimators.standard_errors: clustered errors do not go with multiple imputation: "
            "those are pooled over the copies"
        ],
    ),
    (
        "steward:",
        "estimators: {beside: [direct, direct]}\nsteward:",
        ["x.yaml:6: estimators.beside: something stands here twice"],
    ),
    # words and names
    (
        "population: age",
        "poplation: age",
        [
            "x.yaml:1: population: this field is missing",
            "x.yaml:9: poplation: there is no such field (did you mean 'population'?)",
        ],
    ),
    (
        "  - {term: age, as: number}",
        "  - {term: age, as: number, degre: 2}",
        ["x.yaml:17: case_mix.1.degre: there is no such field (did you mean 'degree'?)"],
    ),
    (
        "kind: binary, when",
        "kind: binry, when",
        ["x.yaml:15: outcome.kind: there is no 'binry' (did you mean 'binary'?)"],
    ),
    ("{kind: binary, when", "{when", ["x.yaml:15: outcome.kind: this field is missing"]),
    (
        "outcome: {kind: binary, when: loss > 1000, better: lower}",
        "outcome: {kind: binary, when: loss > 1000}",
        ["x.yaml:15: outcome.better: this field is missing"],
    ),
    (
        "better: lower",
        "better: lowest",
        ["x.yaml:15: outcome.better: 'lowest': expected 'lower' or 'higher' (did you mean 'lower'?)"],
    ),
    (
        "why: {nl: meerling, en: multiple}",
        "why: {nl: meerling}",
        ["x.yaml:12: exclude.1.why.en: this field is missing"],
    ),
    (
        "why: {nl: meerling, en: multiple}",
        "why: meerling",
        ["x.yaml:12: exclude.1.why: 'meerling': expected fields with a name and a value"],
    ),
    (
        "indicator: care-loss",
        "indicator: Care_Loss",
        [
            "x.yaml:1: indicator: 'Care_Loss': expected small letters and digits, with hyphens between, "
            "such as birth-pph"
        ],
    ),
    # numbers and quotes
    (
        "version: 1.0.0",
        "version: 1.0",
        ["x.yaml:2: version: '1.0': expected text (three numbers, such as 1.0.0)"],
    ),
    (
        "version: 1.0.0",
        "version: v1.0.0",
        ["x.yaml:2: version: 'v1.0.0': expected three numbers, such as 1.0.0"],
    ),
    ("steward: NVOG", "steward: 2025", [f"x.yaml:6: steward: '2025': {IS_TEXT_OR_TEXTS}"]),
    (
        "steward: NVOG",
        "steward:",
        ["x.yaml:6: steward: this is empty: expected text or fields with a name and a value"],
    ),
    (
        "steward: NVOG",
        "steward: {nl: NVOG}",
        ["x.yaml:6: steward.en: this field is missing"],
    ),
    ("population: age >= 18", "population: true", [f"x.yaml:9: population: 'true': {IS_TEXT}"]),
    ("sources: [a paper]", "sources: a paper", ["x.yaml:7: sources: 'a paper': expected a list"]),
    ("sources: [a paper]", "sources: []", ["x.yaml:7: sources: expected at least 1 of them, found 0"]),
    ("decimals: 1}", "decimals: one}", ["x.yaml:20: show.decimals: 'one': expected a whole number"]),
    ("decimals: 1}", "decimals: 9}", ["x.yaml:20: show.decimals: '9': expected 4 or less"]),
    (
        "show: {",
        "minimum: {n: 0}\nshow: {",
        ["x.yaml:20: minimum.n: '0': expected 1 or more"],
    ),
    (
        "show: {",
        "minimum: {n: 30, events_expected: nan}\nshow: {",
        ["x.yaml:20: minimum.events_expected: 'nan': expected a number"],
    ),
    (
        "show: {",
        "norm: {value: 95, kind: minimum}\nshow: {",
        ["x.yaml:20: norm.value: the norm of a share is a share: write 0.95 for 95 %"],
    ),
    # parts that do not go together
    (
        "when: loss > 1000, better",
        "when: loss > 1000, events: events, better",
        [
            "x.yaml:15: outcome: give either 'when' (a condition) or both 'events' and 'trials' (counts)",
        ],
    ),
    (
        "{term: smoker, as: flag}",
        "{term: smoker, as: flag, missing: median-and-flag}",
        ["x.yaml:19: case_mix.3.missing: a flag has no median: use 'missing: report' or 'own-category'"],
    ),
    (
        "{term: age, as: number}",
        "{term: age, as: number, missing: own-category}",
        [
            "x.yaml:17: case_mix.1.missing: a number has no category of its own: use 'missing: report' or "
            "'median-and-flag', or make bands of 'age' with 'as: category' and 'cuts'"
        ],
    ),
    (
        "{term: age, as: number}",
        "{term: age, as: category, cuts: [35, 20]}",
        ["x.yaml:17: case_mix.1.cuts: expected places from low to high, each once"],
    ),
    (
        "{term: age, as: number}",
        "{term: age, as: category, cuts: [20, 35], reference: 20-35}",
        ["x.yaml:17: case_mix.1.reference: expected one of the bands <20, 20-<35, >=35"],
    ),
    (
        "reference: female, missing",
        "levels: [female, woman], missing",
        ["x.yaml:18: case_mix.2.levels.2: 'sex' has no value 'woman' (known: female, male)"],
    ),
    (
        "reference: female, missing",
        "levels: [female, male], reference: woman, missing",
        ["x.yaml:18: case_mix.2.reference: expected one of the levels female, male"],
    ),
    (
        "reference: female, missing",
        "unseen: own-category, missing",
        [
            "x.yaml:18: case_mix.2.unseen: an own category needs records to estimate its effect on: give "
            "'levels', so that it holds all others, or 'pool_below'"
        ],
    ),
    (
        "reference: female, missing",
        "pool_below: 20, missing",
        ["x.yaml:18: case_mix.2.pool_below: 'pool_below' goes with 'unseen: own-category'"],
    ),
    (
        "{term: smoker, as: flag}",
        "{term: smoker, as: flag, unseen: reference}",
        ["x.yaml:19: case_mix.3.unseen: only a category has levels that were not seen before"],
    ),
    (
        "{term: smoker, as: flag}",
        "{term: smoking_by_age, as: interaction, of: [smoker, age]}",
        ["x.yaml:19: case_mix.3.of: 'smoker' is no term of its own here: give it one beside the interaction"],
    ),
    (
        "{term: smoker, as: flag}",
        "{term: twin, as: interaction, of: [sex, age]}",
        ["x.yaml:19: case_mix.3.term: 'twin' is a column of care; an interaction has a name of its own"],
    ),
    (
        "{term: smoker, as: flag}",
        "{term: sex_by_age, as: interaction}",
        ["x.yaml:19: case_mix.3.of: 'of' goes with 'as: interaction', and an interaction needs it"],
    ),
    (
        "{term: smoker, as: flag}",
        "{term: smoker, as: flag, missing: multiple-imputation}\nimputation: {within: [age]}",
        [
            "x.yaml:20: imputation.within: 'age' is no category or flag of the case mix with a value for "
            "every record"
        ],
    ),
    (
        "{term: smoker, as: flag}",
        "{term: smoker, as: flag}\nimputation: {copies: 10}",
        ["x.yaml:20: imputation: there is nothing to impute: give a term 'missing: multiple-imputation'"],
    ),
    (
        "{kind: binary, when: loss > 1000, better: lower}\ncase_mix:\n  - {term: age, as: number}",
        "{kind: continuous, value: loss, better: lower}\ncase_mix:\n  - {term: age, as: number, missing: "
        "multiple-imputation}",
        [
            "x.yaml:17: case_mix.1.missing: multiple imputation goes with an outcome that a record meets or "
            "does not"
        ],
    ),
    # outcomes of other kinds
    (
        "outcome: {kind: binary, when: loss > 1000, better: lower}",
        "outcome: {kind: count, events: events, exposure: trials, better: lower}",
        ["x.yaml:20: show: a count is shown as a rate, and only a count: this outcome is count"],
    ),
    (
        "show: {unit: percent, decimals: 1}",
        "show: {unit: rate, per: 1000, decimals: 1}",
        ["x.yaml:20: show.of: a rate says what it is counted per, and only a rate does"],
    ),
    (
        "outcome: {kind: binary, when: loss > 1000, better: lower}",
        "outcome: {kind: top_box, answer: sex, top: [femal]}",
        ["x.yaml:15: outcome.top.1: 'sex' has no value 'femal' (did you mean 'female'?)"],
    ),
    (
        "outcome: {kind: binary, when: loss > 1000, better: lower}",
        "outcome: {kind: time_to_event, start: day, event: loss, horizon: 365, better: lower}",
        ["x.yaml:15: outcome.event: 'loss' is integer; expected date"],
    ),
    (
        "outcome: {kind: binary, when: loss > 1000, better: lower}",
        "outcome: {kind: time_to_event, start: day, event: discharge, horizon: 365, better: lower}\n"
        "follow_up: {days: 30, after: day}",
        [
            "x.yaml:16: follow_up: a time to event has its window in 'horizon', and a record counts while it "
            "is open"
        ],
    ),
    (
        "{term: age, as: number}",
        "{term: age, as: spline}",
        ["x.yaml:17: case_mix.1.knots: knots go with 'as: spline', and a spline needs them"],
    ),
    (
        "{term: age, as: number}",
        "{term: sex, as: category}",
        ["x.yaml:18: case_mix.2.term: 'sex' stands here twice"],
    ),
    (
        "{term: age, as: number}",
        "{term: n, as: number}",
        ["x.yaml:17: case_mix.1.term: 'n' is the name of a sum of the model: rename it"],
    ),
    (
        "{kind: binary, when: loss > 1000, better: lower}",
        "{kind: change, before: score_before, after: score_after, better: higher}",
        [
            "x.yaml:16: case_mix: a change is scored as the score after given the score before: make "
            "'score_before' a case-mix term"
        ],
    ),
    (
        "{kind: binary, when: loss > 1000, better: lower}",
        "{kind: change, before: age, after: age, better: higher}",
        ["x.yaml:16: case_mix: 'age' is the outcome; it cannot be a case-mix term as well"],
    ),
    (
        "{kind: binary, when: loss > 1000, better: lower}",
        "{kind: structure, when: loss > 1000, better: lower}",
        ["x.yaml:16: case_mix: a structure fact is not adjusted for case mix"],
    ),
    (
        "show: {",
        "expectation: {external: expected_after, source: {nl: elders, en: elsewhere}}\nshow: {",
        ["x.yaml:20: expectation: an external expectation and an own case mix exclude each other"],
    ),
    # against the dataset
    (
        "population: age >= 18",
        "population: aeg >= 18",
        ["x.yaml:9: population: there is no column 'aeg' (did you mean 'age'?)"],
    ),
    (
        "when: not alive",
        "when: not aliive and death",
        ["x.yaml:13: exclude.2.when: there is no column 'aliive' (did you mean 'alive'?)"],
    ),
    (
        "when: loss > 1000",
        "when: loss",
        ["x.yaml:15: outcome.when: 'loss' is a number; expected a condition, which is true or false"],
    ),
    (
        "when: loss > 1000",
        "when: day > 2024",
        ["x.yaml:15: outcome.when: 'day > 2024': compares a date with a number"],
    ),
    (
        "population: age >= 18",
        "population: sex = 'femal'",
        ["x.yaml:9: population: 'sex' has no value 'femal' (did you mean 'female'?)"],
    ),
    (
        "population: age >= 18",
        "population: sex in ('female', '2')",
        ["x.yaml:9: population: 'sex' has no value '2' (that is how it is delivered; here it is 'male')"],
    ),
    # millilitres and litres, years and days
    (
        "when: loss > 1000",
        "when: loss > 10000",
        [
            "x.yaml:15: outcome.when: 'loss' runs from 0 to 9000 ml; it never comes to 10000 "
            "(is this in another unit?)"
        ],
    ),
    (
        "population: age >= 18",
        "population: twin or age between 6570 and 9000",
        [
            "x.yaml:9: population: 'age' runs from 0 to 110 years; it never comes to 6570 "
            "(is this in another unit?)"
        ],
    ),
    (
        "reference: female",
        "reference: woman",
        ["x.yaml:18: case_mix.2.reference: 'sex' has no value 'woman' (known: female, male)"],
    ),
    (
        "{term: smoker, as: flag}",
        "{term: events, as: flag}",
        ["x.yaml:19: case_mix.3.term: 'events' is integer; expected boolean"],
    ),
    (
        "{term: smoker, as: flag}",
        "{term: smoking, as: flag}",
        ["x.yaml:19: case_mix.3.term: dataset care has no column 'smoking' (did you mean 'smoker'?)"],
    ),
    (
        "show: {",
        "follow_up: {days: 30, after: discharged}\nshow: {",
        ["x.yaml:20: follow_up.after: dataset care has no column 'discharged' (did you mean 'discharge'?)"],
    ),
    (
        "show: {",
        "follow_up: {days: 30, after: age}\nshow: {",
        ["x.yaml:20: follow_up.after: 'age' is integer; expected date or datetime"],
    ),
    # examples
    (
        "given: {age: 30,",
        "given: {years: 30,",
        [f"x.yaml:22: examples.1.given.years: dataset care has no column 'years' ({COLUMNS_KNOWN})"],
    ),
    (
        "smoker: false}",
        "smoker: no}",
        ["x.yaml:22: examples.1.given.smoker: 'smoker' is boolean; 'no' is not"],
    ),
    ("age: 30,", "age: thirty,", ["x.yaml:22: examples.1.given.age: 'age' is integer; 'thirty' is not"]),
    ("age: 30,", "age: true,", ["x.yaml:22: examples.1.given.age: 'age' is integer; 'true' is not"]),
    (
        "age: 30,",
        "age: 30, born: 1-2-2000,",
        ["x.yaml:22: examples.1.given.born: 'born' is date; '1-2-2000' is not"],
    ),
    (
        "age: 30,",
        "age: 30, sex: F,",
        ["x.yaml:22: examples.1.given.sex: 'sex' has no value 'F' (known: female, male)"],
    ),
    (
        "age: 30,",
        "age: [30],",
        ["x.yaml:22: examples.1.given.age: expected text or true or false or a whole number or a number"],
    ),
    (
        "state: met}",
        "state: counted}",
        [
            "x.yaml:22: examples.1.expect.state: 'counted': expected 'not-eligible', 'excluded', 'pending', "
            "'lost', 'missing', 'excepted', 'met', 'not-met' or 'value'"
        ],
    ),
    # denominator, exceptions, follow-up
    (
        "population: age >= 18",
        "population: age >= 18\ndenominator: loss",
        ["x.yaml:10: denominator: 'loss' is a number; expected a condition, which is true or false"],
    ),
    (
        "show:",
        "except: [{when: smokr, why: {nl: rookt, en: smokes}}]\nshow:",
        ["x.yaml:20: except.1.when: there is no column 'smokr' (did you mean 'smoker'?)"],
    ),
    (
        "outcome: {kind: binary, when: loss > 1000, better: lower}",
        "outcome: {kind: continuous, value: loss, better: lower}\n"
        "except: [{when: smoker, why: {nl: rookt, en: smokes}}]",
        [
            "x.yaml:16: except: an exception excuses a record that does not meet a condition; this outcome "
            "is continuous"
        ],
    ),
    (
        "show:",
        "follow_up: {days: 30, after: discharge, until: smoker}\nshow:",
        ["x.yaml:20: follow_up.until: 'smoker' is boolean; expected date or datetime"],
    ),
]

DATASET_MISTAKES = [
    (
        "provider: provider\n",
        "provider: providr\n",
        ["x.yaml:6: provider: there is no column 'providr' (did you mean 'provider'?)"],
    ),
    ("key: [id]", "key: [idd]", ["x.yaml:5: key.1: there is no column 'idd' (did you mean 'id'?)"]),
    (
        "{year_of: day}",
        "{year_of: date}",
        [f"x.yaml:7: period.year_of: there is no column 'date' ({COLUMNS_KNOWN})"],
    ),
    (
        "{year_of: day}",
        "{year_of: age}",
        ["x.yaml:7: period.year_of: 'age' is integer; a year is taken of a date or a datetime"],
    ),
    (
        "{year_of: day}",
        "{}",
        ["x.yaml:7: period: give one of the two: 'column' (it holds the period) or 'year_of' (a date)"],
    ),
    (
        "day: {type: date, required: true}",
        "day: {type: date}",
        ["x.yaml:11: columns.day: without 'day' a record has no period: write 'required: true'"],
    ),
    (
        "id: {type: integer, required: true}",
        "id: {type: integer}",
        ["x.yaml:9: columns.id: without 'id' a record has no key: write 'required: true'"],
    ),
    (
        'sex: {type: category, codes: {"1": female, "2": male}}',
        "sex: {type: category}",
        ["x.yaml:15: columns.sex.type: a category needs its 'codes'"],
    ),
    (
        '{"1": female, "2": male}',
        "{1: female, 2: male}",
        ["x.yaml:15: columns.sex.codes: the name '1' is not text (put it between quotes: \"1\")"],
    ),
    (
        '{"1": female, "2": male}',
        '{"1": female, "2": 2}',
        ["x.yaml:15: columns.sex.codes.2: in a category column a code means a text"],
    ),
    (
        '{"1": female, "2": male}',
        '{"1": female, "2": 2.5}',
        [
            "x.yaml:15: columns.sex.codes.2: '2.5': expected text or true or false or a whole "
            "number (put it between quotes)"
        ],
    ),
    (
        '{"J": true, "N": false}',
        '{"J": yes, "N": no}',
        ["x.yaml:16: columns.smoker.codes.J: in a boolean column a code means true or false"],
    ),
    (
        '{"J": true, "N": false}',
        '{"J": true, "N": false}, missing: [N]',
        ["x.yaml:16: columns.smoker.codes.N: 'N' has a meaning and stands under 'missing' as well"],
    ),
    ("range: [0, 110]", "range: [110, 0]", ["x.yaml:12: columns.age.range: the range runs from high to low"]),
    (
        "born: {type: date}",
        "born: {type: date, range: [0, 1]}",
        ["x.yaml:14: columns.born.range: a range is for integer and decimal columns"],
    ),
    (
        "born: {type: date}",
        "born: {type: datum}",
        [
            "x.yaml:14: columns.born.type: 'datum': expected 'text', 'category', 'integer', 'decimal', "
            "'boolean', 'date' or 'datetime' (did you mean 'date'?)"
        ],
    ),
    (
        "born: {type: date}",
        "born: {type: date, decimals: 1}",
        ["x.yaml:14: columns.born.decimals: decimals are for a decimal column; this one is date"],
    ),
    (
        "born: {type: date}",
        "born: {type: date, identifier: true}",
        ["x.yaml:14: columns.born.identifier: an identifier is a text column"],
    ),
    (
        "born: {type: date}",
        "Birth-Date: {type: date}",
        [
            "x.yaml:14: columns.Birth-Date: 'Birth-Date': expected small letters, digits and underscores, "
            "such as birth_weight_g"
        ],
    ),
    (
        "born: {type: date}",
        "case: {type: date}",
        [
            "x.yaml:14: columns.case: this word means something else in expressions: "
            "give the column another name"
        ],
    ),
    (
        "columns:\n",
        'file: {delimiter: ";;"}\ncolumns:\n',
        ["x.yaml:8: file.delimiter: ';;': expected ',', ';', '\\t' or '|' (did you mean ';'?)"],
    ),
    (
        "columns:\n",
        "file: {from_name: {day: {pattern: '(\\d{4})', value: '{2}-01-01'}}}\ncolumns:\n",
        ["x.yaml:8: file.from_name.day.value: there is no group {2}; the pattern has 1"],
    ),
    (
        "columns:\n",
        "file: {from_name: {day: {pattern: '(\\d{4}', value: x}}}\ncolumns:\n",
        [
            "x.yaml:8: file.from_name.day.pattern: this is not a regular expression: "
            "missing ), unterminated subpattern at position 0"
        ],
    ),
    (
        "columns:\n",
        "file: {from_name: {day: {pattern: '(a+)+$', value: x}}}\ncolumns:\n",
        ["x.yaml:8: file.from_name.day.pattern: repeat no group, and at most 3 times with * or +"],
    ),
    (
        "columns:\n",
        "file: {from_name: {day: {pattern: '.*.*.*.*x', value: x}}}\ncolumns:\n",
        ["x.yaml:8: file.from_name.day.pattern: repeat no group, and at most 3 times with * or +"],
    ),
    (
        "value_set: nl-2006",
        "value_set: nl-2007",
        [
            "x.yaml:35: derive.eq5d.value_set: there is no value set 'eq-5d-3l/nl-2007' "
            "(did you mean 'eq-5d-3l/nl-2006'?)"
        ],
    ),
    (
        "{mobility: mobility,",
        "{walking: mobility,",
        [
            "x.yaml:36: derive.eq5d.items: item 'mobility' is missing",
            "x.yaml:36: derive.eq5d.items: item 'walking' is not one of eq-5d-3l",
        ],
    ),
    (
        "{mobility: mobility,",
        "{mobility: mobilty,",
        [
            "x.yaml:37: derive.eq5d.items.mobility: dataset care has no column 'mobilty' "
            "(did you mean 'mobility'?)"
        ],
    ),
    (
        "{mobility: mobility,",
        "{mobility: weight,",
        ["x.yaml:37: derive.eq5d.items.mobility: 'weight' is decimal; the answer to an item is an integer"],
    ),
    (
        "mobility: {type: integer, range: [1, 3]}",
        "mobility: {type: integer, range: [0, 2]}",
        [
            "x.yaml:37: derive.eq5d.items.mobility: 'mobility' runs from 0 to 2; the answers of this item "
            "run from 1 to 3 (recode the column, so that its answers score as they were meant)"
        ],
    ),
    (
        "derive:\n  eq5d:",
        "derive:\n  age:",
        ["x.yaml:33: derive.age: 'age' is a column already"],
    ),
]


@pytest.mark.parametrize(
    ("right", "wrong", "said"), INDICATOR_MISTAKES, ids=[m[1] for m in INDICATOR_MISTAKES]
)
def test_mistake_in_an_indicator(right: str, wrong: str, said: list[str]) -> None:
    assert right in INDICATOR
    assert messages(INDICATOR.replace(right, wrong, 1), "x.yaml") == said


@pytest.mark.parametrize(("right", "wrong", "said"), DATASET_MISTAKES, ids=[m[1] for m in DATASET_MISTAKES])
def test_mistake_in_a_dataset(right: str, wrong: str, said: list[str]) -> None:
    assert right in DATASET
    assert messages(DATASET.replace(right, wrong, 1), "x.yaml") == said


def test_the_definitions_of_these_tests_have_no_faults() -> None:
    assert [messages(text, "x.yaml") for text in (DATASET, INDICATOR, NETWORKS)] == [[], [], []]


def test_all_faults_at_once() -> None:
    text = (
        INDICATOR.replace("steward: NVOG\n", "").replace("as: flag", "as: flags").replace("age >= 18", "''")
    )
    assert messages(text, "x.yaml") == [
        "x.yaml:1: steward: this field is missing",
        "x.yaml:8: population: expected at least 1 character(s)",
        "x.yaml:18: case_mix.3.as: 'flags': expected 'number', 'spline', 'category', 'flag' or 'interaction' "
        "(did you mean 'flag'?)",
    ]


def test_a_file_full_of_faults_is_not_all_listed() -> None:
    said = messages(INDICATOR + "".join(f"field{number}: 1\n" for number in range(5000)), "x.yaml")
    assert len(said) == 101
    assert said[-1] == "x.yaml: there are more faults (mend these first)"


def test_a_network_needs_a_date_to_be_looked_up_on() -> None:
    text = INDICATOR.replace("population:", "unit: vsv\npopulation:")
    assert messages(text, "x.yaml") == []
    undated = dataset(period={"column": "provider"})
    assert messages(text, "x.yaml", against=undated) == [
        "x.yaml:9: unit: networks are looked up on a record's date, and dataset care has no date (give the "
        "dataset 'period: {year_of: ...}', or score its providers with 'unit: provider')"
    ]


def test_a_limit_just_beyond_the_range_is_a_way_of_speaking() -> None:
    for condition in ("age < 111", "age > -1", "age between 18 and 999", "loss between -5 and 2000"):
        assert messages(INDICATOR.replace("age >= 18", condition), "x.yaml") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (INDICATOR.replace("indicator: care-loss\n", ""), 1),
        ("version: 1.0.0\nindicator: care-loss\n", 1),
        ("measure: care-loss\n", 1),
    ],
)
def test_the_first_field_says_what_it_is(text: str, said: int) -> None:
    assert messages(text, "x.yaml") == [
        f"x.yaml:{said}: the first field says what it is: one of 'dataset:', 'indicator:', 'network_set:'"
    ]
    assert kind_of(read_source(INDICATOR, "x.yaml"), list(KINDS)) == "indicator"


@pytest.mark.parametrize("word", ["select", "from", "order", "end", "current_date", "set", "any", "not"])
def test_a_name_that_means_something_else_is_refused_or_works(word: str) -> None:
    """Whatever name the check lets through can be used in every place of an expression."""
    text = DATASET.replace("born: {type: date}", f"{word}: {{type: date}}")
    faults = messages(text, "x.yaml")
    if not faults:
        against = validate(read_source(text, "x.yaml"), Dataset)
        condition = f"{word} is null or days_between({word}, day) > 1 or day in ({word}) or not {word} = day"
        assert messages(INDICATOR.replace("age >= 18", condition), "x.yaml", against=against) == []
    else:
        assert "means something else" in faults[0]


def test_a_definition_is_read_back_as_it_was_dumped() -> None:
    for model, text in ((Dataset, DATASET), (Indicator, INDICATOR)):
        read = model.model_validate(read_source(text, "x.yaml").data)
        assert model.model_validate(read.model_dump(by_alias=True)) == read


def test_a_value_from_the_name_of_a_file() -> None:
    rule = FromFileName(pattern=r"(\d\d)(\d\d)(x)?\.csv", value="20{1}/{2}{3}")
    assert rule.read("PartLink 1617.csv") == "2016/17"
    assert rule.read("PartLink 1617x.csv") == "2016/17x"
    assert rule.read("PartLink.csv") is None


def test_an_error_lists_its_faults() -> None:
    with pytest.raises(DefinitionError) as caught:
        validate(read_source("dataset: care\n", "x.yaml"), Dataset)
    assert len(caught.value.faults) == len(str(caught.value).splitlines()) > 3

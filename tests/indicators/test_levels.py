"""How far a change of each field goes: decided for every field that a definition of any kind can have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from indicators.levels import level_needed
from indicators.versions import FieldChange, Place, field_changes
from registry_db.catalogue import ALL_KINDS, read_definition
from tests.indicators.test_guide_tables import DATASET

# Part of a definition, level, and the fields of which any change goes so far: a patch is what people read,
# a major version what makes before and after two different things, a minor one all else.
DECIDED = """
Dataset              major  key provider period
Dataset              minor  rows file columns derive tables dataset version status generated provider_name
Dataset              minor  zone
Dataset              patch  title description source
FileLayout           minor  delimiter encoding missing from_name
FromFileName         minor  pattern value
Column               major  type unit identifier
Column               minor  from required missing codes range decimals
Column               patch  title labels
InstrumentScore      patch  title
InstrumentScore      major  instrument value_set crosswalk score items
SumScore             patch  title
SumScore             major  sum_of levels reversed scale
SumScore             minor  may_miss
ProfileChange        patch  title
ProfileChange        major  profile_change before after
Responder            patch  title
Responder            major  responder before at_least best better
ValueColumn          patch  title
ValueColumn          minor  value
ValueColumn          major  type
RowsColumn           patch  title
RowsColumn           major  first last any count distinct days sum min max of
RowsColumn           minor  where by between
ChildTable           major  key link rows_of
ChildTable           minor  rows file columns derive tables
ChildTable           patch  title
Period               major  column year_of
Indicator            minor  indicator version status horizon population denominator exclude except follow_up
Indicator            minor  case_mix imputation expectation estimators stratify minimum norm show
Indicator            patch  title why steward sources changes examples response
Indicator            major  dataset unit period outcome
ReportingPeriod      major  kind start years
Expectation          patch  state outcome
Exclusion            minor  when
Exclusion            patch  why
BinaryOutcome        major  kind when events trials better
ContinuousOutcome    major  kind value better
ChangeOutcome        major  kind before after better
StructureOutcome     major  kind when better
CountOutcome         major  kind events exposure better
TopBoxOutcome        major  kind answer top better
TimeToEventOutcome   major  kind start event horizon censored competing better
Competing            major  on as
FollowUp             minor  days after until
CaseMixTerm          minor  term as degree knots cuts levels reference unseen pool_below missing of
Imputation           minor  copies within
ExternalExpectation  minor  external
ExternalExpectation  patch  source
Estimators           minor  test overdispersion beside standard_errors reference
ReferencePeriod      minor  period recalibration
Stratifier           minor  name column cuts when
Stratifier           patch  title labels
Minimum              minor  n events_expected
Norm                 minor  value kind
Show                 major  unit per
Show                 patch  decimals of
Example              patch  given cut_off expect
Given                patch  tables
NetworkSet           minor  network_set version status generated networks attribution
NetworkSet           patch  title
Network              patch  name
Network              minor  members
Member               minor  provider since until weight
DatasetAttribution   minor  dataset classes plurality
RecordClass          minor  class when unknown other_providers shares
RecordClass          patch  title
Shares               minor  provider since until networks
Plurality            minor  of provider by between count sum counted_per ties
CodeSet              minor  code_set version status codes lists file
CodeSet              patch  title source
Coded                minor  system code
CodeTable            minor  name code system list rows
Contract             minor  contract version status parties population years year_starts spending target
Contract             minor  comparison project_costs threshold quality share bonus deductions cap losses
Contract             minor  withhold suspended rounding distribution rebasing
Contract             major  currency
Contract             patch  title
Parties              minor  payers judged insured shares
Parties              major  participant
Insured              minor  column codes other_codes
Participant          major  network_set network
Population           major  dataset
Population           minor  minimum_records below_minimum
Spending             major  dataset column
Spending             minor  truncation payer_share_above out_of_scope
OwnHistory           minor  path discount rates_of case_mix kind basis baseline trend
Linear               minor  kind base at_full_quality minimum maximum
Steps                minor  kind steps
RateStep             minor  from_score rate
Cases                minor  kind cases otherwise
Case                 minor  when rate
CaseMix              minor  limit column indicator limited
BaselinePeriod       minor  period weight
Trend                minor  kind rate growth
GroupTrend           minor  kind
ComparisonGroup      minor  path discount rates_of case_mix kind
Blend                minor  path discount rates_of kind own_weight own group
Stated               minor  path discount rates_of case_mix kind basis amounts
Delivered            minor  path discount rates_of kind
Comparison           minor  networks payers
ProjectCosts         minor  at_most threshold_judges
Threshold            minor  rate mode passes_when below
ByPopulation         minor  by between table
Bracket              minor  from_records to_records from_rate to_rate
ByChoice             minor  by among otherwise
BySignificance       minor  by error cv digits
BelowThreshold       minor  share_times minimum_records when
Quality              minor  digits value not_assessable not_ripe too_small reliability horizon_weights
Quality              minor  minimum_score minimum_missed indicators
TooSmall             minor  records then
Reliability          minor  floor below_floor
QualityRule          minor  indicator version weight horizon attain minimum_attained
ByLevel              minor  by better threshold target
ByImprovement        minor  by better baseline measured path partial
OwnBaseline          minor  period model
ByBenchmark          minor  by between points
Point                minor  from_position attained
ByBand               minor  by attained
ByReporting          minor  by
Corridors            minor  kind corridors
Corridor             minor  up_to rate
Sliding              minor  kind from_savings_rate from_rate to_savings_rate to_rate
Parts                minor  kind participant others
Bonus                minor  size earned limit without_counted_saving
BonusSize            minor  rate_of rate euros
Deduction            patch  name
Deduction            minor  rate when
Cap                  minor  rate_of rate covers
Losses               minor  threshold rate phase_in phase limits revenue_unknown relief
LossLimit            minor  rate_of rate when unless
Withhold             minor  rate earned settled_as
Suspension           minor  when covers
Rounding             minor  unit mode when
Distribution         minor  by weights remainder
Rebasing             minor  basis weights trend prices_of add_back
Facts                minor  facts version status years
Facts                patch  title
Facts                major  contract
EstablishedYear      minor  target project_costs revenue loss_relief chosen_threshold findings payers
EstablishedYear      minor  interim
Established          minor  target project_costs revenue loss_relief
EstablishedInterim   minor  paid_through complete
"""


def _decided() -> dict[tuple[str, str], str]:
    rows = [line.split() for line in DECIDED.strip().splitlines()]
    found = [((part, field), level) for part, level, *fields in rows for field in fields]
    assert len(dict(found)) == len(found), "a field is decided on twice"
    return dict(found)


def _fields(part: Any, path: Place = (), within: tuple[type, ...] = ()) -> Iterator[tuple[str, Place]]:
    """Part and path of each field that a definition can have; of a table in a table the first two."""
    if isinstance(part, type) and issubclass(part, BaseModel):
        for name, field in part.model_fields.items() if within.count(part) < 2 else ():
            here = (*path, field.alias or name)
            yield part.__name__, here
            yield from _fields(field.annotation, here, (*within, part))
        return
    inside = ("*",) if get_origin(part) in (dict, list, tuple) else ()
    for each in get_args(part):
        yield from _fields(each, (*path, *inside), within)


def _every_field() -> list[tuple[str, str, Place]]:
    return [
        (kind, part, path)
        for kind, model in ALL_KINDS.items()
        for part, path in _fields(model)
        if part != "Text"
    ]


def test_somebody_has_decided_on_every_field() -> None:
    fields = {(part, str(path[-1])) for _, part, path in _every_field()}
    assert sorted(fields - set(_decided())) == [], "decide in DECIDED and in indicators/levels.py"
    assert sorted(set(_decided()) - fields) == [], "no such field any more"


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_a_change_of_a_field_goes_as_far_as_was_decided(kind: str) -> None:
    decided = _decided()
    for of, part, path in _every_field():
        if of == kind:
            found = level_needed(kind, [FieldChange(path, "this", "that")])
            assert found == decided[part, str(path[-1])], path


def _level(before: str, after: str) -> str:
    old, new = (read_definition(text, "x.yaml") for text in (before, after))
    return level_needed(old.kind, field_changes(old.model, new.model))


@pytest.mark.parametrize(
    ("was", "becomes", "level"),
    [
        ("systolic: {nl: bovendruk, en: upper}", "systolic: {nl: hoge druk, en: upper}", "patch"),
        (", en: day of measuring", ", en: day", "patch"),
        ("title: {nl: opmerkingen, en: remarks}", "title: {nl: notities, en: notes}", "patch"),
        (", title: {nl: twijfel, en: doubt}", "", "patch"),
        ("until: {type: date}", "until: {type: date, unit: day}", "patch"),
        ("unit: mmHg", "unit: kPa", "major"),
        (", unit: mmHg", "", "major"),
        ("until: {type: date}", "until: {type: datetime}", "major"),
        ("      until: {type: date}\n", "      until: {type: date}\n      more: {type: text}\n", "minor"),
        ("link: {id: id, line: line}", "link: {id: id}", "major"),
        ("    link: {id: id}\n", "    link: {id: id}\n    key: [id, line]\n", "major"),
        ("          text: {type: text, title: {nl: tekst, en: text}}\n", "", "major"),
        ("any: true, of: remark", "count: true, of: remark", "major"),
        ("text = 'in doubt'", "text = 'doubt'", "minor"),
        ("[60, 250]", "[60, 260]", "minor"),
        ("  unread: {max: value, of: measurement}\n", "", "major"),
    ],
)
def test_a_table_in_a_dataset_is_judged_as_the_dataset_is(was: str, becomes: str, level: str) -> None:
    assert DATASET.count(was) == 1
    assert _level(DATASET, DATASET.replace(was, becomes)) == level


def test_what_is_gone_as_a_whole_is_missed_by_its_name() -> None:
    without = DATASET[: DATASET.index("derive:\n  pressure")]
    assert _level(DATASET, without) == "major"
    assert _level(without, DATASET) == "minor"


CODES = "code_set: ward\nversion: 1.0.0\ntitle: {nl: Afdeling, en: Ward}\nsource: the tests\ncodes: [A, B]\n"


def test_the_source_of_a_code_set_is_a_text_and_its_codes_are_not() -> None:
    assert _level(CODES, CODES.replace("source: the tests\n", "")) == "patch"
    assert _level(CODES, CODES.replace("[A, B]", "[A]")) == "minor"

"""From answered items to a score, as SQL.

An answer that is not one of the item's levels gives no score: it is neither taken for missing nor moved to
the nearest level. Intake sets such a record apart; here it is the last wall.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from indicators.instruments.blocks import InstrumentScore, ProfileChange, Responder, SumScore
from indicators.instruments.crosswalks import crosswalked
from indicators.instruments.instrument import instruments
from indicators.instruments.value_sets import ValueSet, value_sets

Block = InstrumentScore | SumScore | ProfileChange | Responder
Quote = Callable[[str], str]


def score_sql(block: Block, quote: Quote) -> str:
    """SQL of a derived column, over the columns that it reads.

    Parameters
    ----------
    block : InstrumentScore, SumScore, ProfileChange or Responder
        A checked block.
    quote : callable
        Quotes the name of a column.

    Returns
    -------
    str
        Expression of the block's type; null where there is no score.
    """
    if isinstance(block, InstrumentScore):
        return _instrument_sql(block, quote)
    if isinstance(block, SumScore):
        answers = [
            _reversed(quote(c), block.levels) if c in block.reversed else quote(c) for c in block.sum_of
        ]
        return sum_sql(answers, block.levels, may_miss=block.may_miss, scale=block.scale)
    if isinstance(block, ProfileChange):
        return _profile_change_sql(block, quote)
    return _responder_sql(block, quote)


def _instrument_sql(block: InstrumentScore, quote: Quote) -> str:
    instrument = instruments()[block.instrument]
    answers = [quote(block.items[item]) for item in instrument.items]
    if block.score == "level-sum":
        return f"cast({sum_sql(answers, instrument.levels)} as bigint)"
    if instrument.score == "sum":
        return sum_sql(answers, instrument.levels, may_miss=instrument.may_miss)
    assert block.value_set is not None
    if block.crosswalk:
        return table_sql(crosswalked(block.crosswalk, block.value_set), answers, instrument.levels)
    value_set = value_sets()[block.instrument, block.value_set]
    if value_set.table is not None:
        values = [value_set.table[profile] for profile in sorted(value_set.table)]
        return table_sql(values, answers, instrument.levels)
    return index_sql(value_set, answers)


def index_sql(value_set: ValueSet, answers: Sequence[str]) -> str:
    """SQL of the index of a value set with terms per level, an exact decimal with three digits.

    Parameters
    ----------
    value_set : ValueSet
        The value set to score with.
    answers : sequence of str
        SQL of the whole numbers answered, in the order of the value set's items.

    Returns
    -------
    str
        Expression of type ``decimal(6, 3)``; null when an item is missing or not a level.

    Raises
    ------
    ValueError
        If there are not as many answers as items: an index of some of them would pass for healthy.

    Examples
    --------
    >>> uk = value_sets()["eq-5d-3l", "uk-1997"]
    >>> index_sql(uk, list(uk.levels))[:41]
    'case when mobility in (1, 2, 3) and self_'
    """
    if len(answers) != len(value_set.levels):
        raise ValueError(f"expected the items {', '.join(value_set.levels)}; got {', '.join(answers)}")
    count = len(next(iter(value_set.levels.values())))
    perfect = " and ".join(f"{answer} = 1" for answer in answers)
    worst = " or ".join(f"{answer} = {count}" for answer in answers)
    terms = [
        "1000",
        f"case when {perfect} then 0 else {_thousandths(value_set.any_problem)} end",
        f"case when {worst} then {_thousandths(value_set.any_worst)} else 0 end",
    ]
    for costs, answer in zip(value_set.levels.values(), answers, strict=True):
        branches = " ".join(f"when {k} then {_thousandths(cost)}" for k, cost in enumerate(costs, start=1))
        terms.append(f"case {answer} {branches} end")
    # Whole thousandths first: sums of binary fractions would miss the published digits.
    total = f"cast(({' + '.join(terms)}) * 0.001 as decimal(6, 3))"
    return f"case when {_all_levels(answers, (1, count))} then {total} end"


def table_sql(values: Sequence[Decimal], answers: Sequence[str], levels: tuple[int, int]) -> str:
    """SQL that looks the value of a profile up.

    Parameters
    ----------
    values : sequence of Decimal
        Value of every profile, in the order of the profiles read as numbers.
    answers : sequence of str
        SQL of the whole numbers answered, first digit of the profile first.
    levels : (low, high)
        Lowest and highest answer.

    Returns
    -------
    str
        Expression of type ``decimal(6, 3)``; null when an item is missing or not a level.
    """
    low, high = levels
    place = "0"
    for answer in answers:
        place = f"({place}) * {high - low + 1} + ({answer} - {low})"
    listed = ", ".join(str(int(value * 1000)) for value in values)
    looked_up = f"cast(list_extract([{listed}], {place} + 1) * 0.001 as decimal(6, 3))"
    return f"case when {_all_levels(answers, levels)} then {looked_up} end"


def sum_sql(
    answers: Sequence[str],
    levels: tuple[int, int],
    *,
    may_miss: int = 0,
    scale: tuple[Decimal, Decimal] | None = None,
) -> str:
    """SQL of a sum score.

    Parameters
    ----------
    answers : sequence of str
        SQL of the whole numbers answered.
    levels : (low, high)
        Lowest and highest answer of every item.
    may_miss : int
        So many missing answers count as the mean of the others; with more there is no score.
    scale : (from, to) or None
        What the lowest and the highest sum become.

    Returns
    -------
    str
        Expression of type ``decimal(12, 3)``, rounded half away from zero.
    """
    low, high = levels
    given = " + ".join(f"(case when {answer} is null then 0 else 1 end)" for answer in answers)
    above = " + ".join(f"coalesce({answer} - {low}, 0)" for answer in answers)
    first, last = scale or (Decimal(low * len(answers)), Decimal(high * len(answers)))
    share = f"cast({above} as double) * ({last - first:f}) / nullif(({given}) * {high - low}, 0)"
    score = f"cast(round({share} + ({first:f}), 3) as decimal(12, 3))"
    if not may_miss:
        return f"case when {_all_levels(answers, levels)} then {score} end"
    fits = " and ".join(f"coalesce({answer} between {low} and {high}, true)" for answer in answers)
    return f"case when {fits} and {given} >= {len(answers) - may_miss} then {score} end"


def _profile_change_sql(block: ProfileChange, quote: Quote) -> str:
    instrument = instruments()[block.profile_change]
    before = [quote(block.before[item]) for item in instrument.items]
    after = [quote(block.after[item]) for item in instrument.items]
    pairs = list(zip(before, after, strict=True))
    better = " or ".join(f"{then} > {now}" for then, now in pairs)
    worse = " or ".join(f"{then} < {now}" for then, now in pairs)
    healthy = " and ".join(f"{answer} = {instrument.levels[0]}" for answer in before)
    return (
        f"case when not ({_all_levels([*before, *after], instrument.levels)}) then null"
        f" when ({better}) and ({worse}) then 'mixed change' when {better} then 'improve'"
        f" when {worse} then 'worsen' when {healthy} then 'no problems' else 'no change' end"
    )


def _responder_sql(block: Responder, quote: Quote) -> str:
    before, after = quote(block.before), quote(block.responder)
    gain, room = f"({after} - {before})", f"(({block.best:f}) - {before})"
    if block.better == "lower":
        gain, room = f"({before} - {after})", f"({before} - ({block.best:f}))"
    least = f"{block.at_least:f}"
    return (
        f"case when {before} is null then null when {room} < {least} then 'out of reach'"
        f" when {after} is null then null when {gain} >= {least} then 'improved'"
        f" when {gain} <= -{least} then 'worsened' else 'unchanged' end"
    )


def _all_levels(answers: Sequence[str], levels: tuple[int, int]) -> str:
    """True if every item has one of its levels; false if any is none of them or missing."""
    return " and ".join(
        f"coalesce({answer} between {levels[0]} and {levels[1]}, false)" for answer in answers
    )


def _reversed(answer: str, levels: tuple[int, int]) -> str:
    return f"({sum(levels)} - {answer})"


def _thousandths(value: Decimal) -> str:
    return f"({int(value * 1000)})"

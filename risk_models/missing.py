"""Missing case mix: who is left out, what the encoding makes of it, and multiple imputation."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from risk_models.design import Term, case_mix_columns
from risk_models.encoding import column_of, missing
from risk_models.expected import RiskModel
from risk_models.strata import Columns, FloatArray, IntArray, checked_events, checked_n, checked_whole
from risk_models.terms import MISSING_RULES

FEWEST_COPIES = 2


@dataclass(frozen=True, slots=True)
class MissingNote:
    """How many records miss a case-mix term, and what the model makes of them; for the model card.

    Attributes
    ----------
    term
        Name of the term.
    records, share
        How many miss it, and as a share of all; the share is NaN without records.
    rule
        `own-category`, `median-and-flag`, `refuse`, or what the caller did instead, such as `complete-case`.
    """

    term: str
    records: float
    share: float
    rule: str


@dataclass(frozen=True, slots=True, eq=False)
class Imputed:
    """Strata in which nothing is missing, one of several such copies.

    Attributes
    ----------
    columns
        One array of shape (strata,) for each column there was, under its name.
    n, events
        Records and events, shape (strata,); their sums are those there were.
    origin
        The stratum that each came from, to carry over such as its provider.
    """

    columns: dict[str, NDArray[Any]]
    n: FloatArray
    events: FloatArray
    origin: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Pooled:
    """Models of imputed copies taken together by Rubin's rules.

    Attributes
    ----------
    model
        With the mean of the coefficients, and the total covariance.
    lost
        Share of the information on each coefficient that is lost by what is missing, shape (columns,).
    freedom
        Degrees of freedom of each coefficient's t distribution, shape (columns,); infinite where the copies
        agree.
    """

    model: RiskModel
    lost: FloatArray
    freedom: FloatArray


def missing_notes(
    terms: Sequence[Term], strata: Columns, n: ArrayLike, *, instead: str | None = None
) -> tuple[MissingNote, ...]:
    """Say of each term how many records miss it, and what the model makes of those.

    Parameters
    ----------
    terms, strata
        Case mix, and one array of shape (strata,) for each term.
    n
        Records per stratum.
    instead
        What is done with all missing values before the model sees them: `complete-case` or
        `multiple-imputation`; None is what each term says.

    Returns
    -------
    tuple[MissingNote, ...]
        In the order of the terms, only of those that are missing somewhere.

    Raises
    ------
    ValueError
        For an absent column, or columns of unequal length.
    """
    counts = checked_n(n)
    total = float(counts.sum())
    kinds = {term.name: term for term in terms}
    notes = []
    for name, column in case_mix_columns(terms, strata, rows=len(counts)).items():
        gone = float(counts[missing(column)].sum())
        rule = instead or kinds[name].missing or MISSING_RULES[kinds[name].kind][0]
        if gone > 0:
            notes.append(MissingNote(term=name, records=gone, share=gone / total, rule=rule))
    return tuple(notes)


def complete_cases(terms: Sequence[Term], strata: Columns, *, rows: int) -> NDArray[np.bool_]:
    """Give the strata in which no term is missing, shape (strata,); errors as `case_mix_columns`.

    Parameters
    ----------
    terms, strata
        Case mix, and one array of shape (strata,) for each term.
    rows
        How many strata there are.

    Returns
    -------
    NDArray[np.bool_]
        Shape (strata,).

    Raises
    ------
    ValueError
        For an absent column, or columns of unequal length.
    """
    result = np.ones(rows, dtype=bool)
    for column in case_mix_columns(terms, strata, rows=rows).values():
        result &= ~missing(column)
    return result


def impute(
    strata: Columns,
    names: Sequence[str],
    *,
    n: ArrayLike,
    events: ArrayLike,
    given: Sequence[str] = (),
    copies: int,
    seed: int,
) -> tuple[Imputed, ...]:
    """Fill in missing values several times, each from a patient who has them: approximate Bayesian bootstrap.

    A record that misses some of `names` gets these from one donor: a record that misses none of them, has
    the same outcome and the same values of `given`. Donors are first drawn with replacement among
    themselves, so that the copies differ by as much as is not known. Right when, given outcome and `given`,
    it is chance whether a value is missing.

    Parameters
    ----------
    strata
        Columns of shape (strata,).
    names
        The columns to fill in.
    n, events
        Records and events per stratum; whole numbers.
    given
        Columns without missing values (it is a value of its own) within which donors are sought.
    copies
        How many, 2 or more; 5 to 20 is usual.
    seed
        The same seed gives the same.

    Returns
    -------
    tuple[Imputed, ...]

    Raises
    ------
    ValueError
        For columns or counts that cannot be, fewer than two copies, or a record without any donor.

    References
    ----------
    Rubin DB, Schenker N (1986). J Am Stat Assoc 81:366-374. doi:10.1080/01621459.1986.10478280
    """
    counts = checked_whole("n", checked_n(n))
    happened = checked_whole("events", checked_events(events, counts))
    if copies < FEWEST_COPIES:
        raise ValueError(f"copies: {copies}; expected {FEWEST_COPIES} or more, to see how they differ")
    rows = len(counts)
    columns = {name: column_of(strata, name, rows=rows) for name in strata}
    gone = {name: missing(column_of(strata, name, rows=rows)) for name in names}
    # records with the event, then those without: each is a stratum of one outcome
    size = np.concatenate([happened, counts - happened]).astype(np.int64)
    origin = np.tile(np.arange(rows), 2)
    outcome = np.repeat([1, 0], rows)
    some = size > 0
    size, origin, outcome = size[some], origin[some], outcome[some]
    needs = np.any([gone[name][origin] for name in names], axis=0)
    cells = _cells([outcome, *(columns[name][origin] for name in given)])
    for cell in np.unique(cells[needs]):
        if not np.any((cells == cell) & ~needs):
            first = int(origin[(cells == cell) & needs][0])
            raise ValueError(
                f"no record has all of {', '.join(names)} with the outcome and {', '.join(given) or 'rest'} "
                f"of stratum {first}; seek donors within less (`given`)"
            )
    random = np.random.default_rng(seed)
    return tuple(
        _one_copy(
            columns, gone, size=size, origin=origin, outcome=outcome, needs=needs, cells=cells, random=random
        )
        for _ in range(copies)
    )


def pooled(models: Sequence[RiskModel]) -> Pooled:
    """Take models of imputed copies together by Rubin's rules.

    Coefficients are means; the covariance is W + (1 + 1/m) B, with W the mean of the covariances, B the
    covariance of the coefficients between the m copies. Of each coefficient, r = (1 + 1/m) B/W, degrees of
    freedom (m - 1)(1 + 1/r)^2, and lost information (r + 2/(freedom + 3))/(r + 1).

    Parameters
    ----------
    models
        Two or more, of one kind and with one design: fit the design once, or give places of knots and
        references.

    Returns
    -------
    Pooled
        The log-likelihood of its model is the mean over the copies.

    Raises
    ------
    ValueError
        For fewer than two models, or models that are not of one kind and design.

    References
    ----------
    Rubin DB (1987). Multiple Imputation for Nonresponse in Surveys. doi:10.1002/9780470316696
    """
    m = len(models)
    if m < FEWEST_COPIES:
        raise ValueError(f"{m} models; Rubin's rules take {FEWEST_COPIES} or more")
    first = models[0]
    if any(model.kind != first.kind or model.design != first.design for model in models):
        raise ValueError("models of different kinds or designs cannot be taken together")
    estimates = np.array([model.coefficients for model in models])
    within: FloatArray = np.mean([model.covariance for model in models], axis=0)
    centred = estimates - estimates.mean(axis=0)
    between = (1 + 1 / m) * (centred.T @ centred) / (m - 1)
    total = within + between
    with np.errstate(divide="ignore"):
        r = np.diag(between) / np.diag(within)
        freedom = (m - 1) * (1 + 1 / r) ** 2
    model = replace(
        first,
        coefficients=estimates.mean(axis=0),
        covariance=total,
        standard_errors=np.sqrt(np.diag(total)),
        log_likelihood=float(np.mean([model.log_likelihood for model in models])),
        residual_sd=float(np.mean([model.residual_sd for model in models])),
    )
    return Pooled(model=model, lost=(r + 2 / (freedom + 3)) / (r + 1), freedom=freedom)


def _one_copy(
    columns: dict[str, NDArray[Any]],
    gone: dict[str, NDArray[np.bool_]],
    *,
    size: IntArray,
    origin: IntArray,
    outcome: IntArray,
    needs: NDArray[np.bool_],
    cells: IntArray,
    random: np.random.Generator,
) -> Imputed:
    kept = np.flatnonzero(~needs)
    taker, donor, count = [kept], [kept], [size[kept]]
    for cell in np.unique(cells[needs]):
        pool = np.flatnonzero((cells == cell) & ~needs)
        known = int(size[pool].sum())
        drawn = random.multinomial(known, size[pool] / known) / known
        for one in np.flatnonzero((cells == cell) & needs):
            given = random.multinomial(size[one], drawn)
            used = np.flatnonzero(given)
            taker.append(np.full(len(used), one))
            donor.append(pool[used])
            count.append(given[used])
    who, source = origin[np.concatenate(taker)], origin[np.concatenate(donor)]
    n = np.concatenate(count).astype(np.float64)
    filled = {name: column[who] for name, column in columns.items()}
    for name, hole in gone.items():
        values = np.ma.getdata(columns[name])
        filled[name] = np.where(hole[who], values[source], values[who])
    return Imputed(columns=filled, n=n, events=n * outcome[np.concatenate(taker)], origin=who)


def _cells(columns: Sequence[NDArray[Any]]) -> IntArray:
    """Number the distinct combinations of values."""
    index: dict[tuple[Any, ...], int] = {}
    keys = zip(
        *(
            np.ma.filled(column, np.nan).tolist() if np.ma.isMA(column) else column.tolist()
            for column in columns
        ),
        strict=True,
    )
    # NaN is not equal to itself; as a value of its own it is None here
    plain = (tuple(None if value != value else value for value in key) for key in keys)
    return np.array([index.setdefault(key, len(index)) for key in plain], dtype=np.int64)

"""The model card: what a risk model was fitted on, what is in it, and how far it can be trusted."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from risk_models.calibration_curve import calibration_curve, hosmer_lemeshow
from risk_models.clustered import clustered_covariance
from risk_models.concordance import risk_groups
from risk_models.cox import CoxModel
from risk_models.design import Term
from risk_models.diagnostics import brier, c_statistic, calibration, r_squared, scaled_brier
from risk_models.expected import CannotFit, RiskModel, fit_matrix
from risk_models.missing import MissingNote, missing_notes
from risk_models.strata import Columns, FloatArray, IntArray
from risk_models.validation import Influence, cross_validated, influence, provider_folds
from risk_models.verdict import Z_95

FOLDS = 10
SEED = 20260101
MOST_INFLUENTIAL = 5


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """The strata that a card is about, one of one provider each; arrays have shape (strata,).

    Attributes
    ----------
    columns
        One array for each case-mix term, under its name.
    provider
        Index 0..len(codes)-1 of the provider.
    codes
        What each provider is called on the card.
    outside
        The code, if any, under which there are records of no provider: they are in all numbers, and no
        provider is counted or named for them.
    n, sum_y, sum_y2
        Records, sum of outcomes and of squared outcomes.
    exposure
        Of a count: sum of exposure; None is one unit a record.
    time
        Of a time to event: end of follow-up of the records of the stratum.
    """

    columns: Columns
    provider: IntArray
    codes: Sequence[str]
    n: FloatArray
    sum_y: FloatArray
    sum_y2: FloatArray
    exposure: FloatArray | None = None
    time: FloatArray | None = None
    outside: str | None = None

    @property
    def providers(self) -> int:
        """How many providers have records."""
        present = np.unique(self.provider[self.n > 0])
        return sum(self.codes[which] != self.outside for which in present)

    @property
    def size(self) -> FloatArray:
        """What an expectation is of: records, or exposure of a count."""
        return self.n if self.exposure is None else self.exposure


def model_card(
    model: RiskModel,
    terms: Sequence[Term],
    records: Records,
    *,
    about: Mapping[str, Any],
    earlier: RiskModel | None = None,
    missing: Sequence[MissingNote] | None = None,
    with_hosmer_lemeshow: bool = False,
) -> dict[str, Any]:
    """Describe a fitted model, as plain values that are safe for JSON.

    Parameters
    ----------
    model
        The model; of a time to event see `hazard_card.hazard_card`.
    terms
        The case mix it was fitted with.
    records
        What it was fitted on.
    about
        What the caller knows: such as the hash of the model, the indicator, the period, and how many records
        ended in which state, and a title by language. It becomes the part ``about``.
    earlier
        The model of an earlier period: how well it predicts these records is the check forward in time.
    missing
        What is missing, and what is done about it, where the records do not show that; None is what they
        show.
    with_hosmer_lemeshow
        Whether to add the test of Hosmer and Lemeshow, for those who ask for it.

    Returns
    -------
    dict
        Parts ``about``, ``fit`` (kind, records, log-likelihood, residual_sd in the unit of y), ``terms``
        (with knots and levels as stored), ``coefficients`` (estimate, standard error and 95 % interval:
        log-odds, log rates or the unit of y; and where there are two providers or more the standard error
        that allows for patients of one being alike), ``apparent`` (diagnostics on the records themselves),
        ``groups`` (records, observed and expected in ten groups of rising expectation),
        ``cross_validation`` (by provider) and ``forward`` (either diagnostics or a ``reason``),
        ``influence`` (the providers that pull most: the largest change of a coefficient without them in
        standard errors, and the ratio of their own expectation), ``missing``. None stands for a number that
        does not exist.

    Raises
    ------
    ValueError
        For columns that do not fit the model.

    References
    ----------
    Collins GS et al. (2015), TRIPOD. Ann Intern Med 162:55-63. doi:10.7326/M14-0697
    Mitchell M et al. (2019). Model cards for model reporting. doi:10.1145/3287560.3287596
    """
    expected = model.expected(records.columns, rows=len(records.n))
    noted = missing_notes(terms, records.columns, records.n) if missing is None else missing
    card: dict[str, Any] = {
        "about": dict(about),
        "fit": {
            "kind": model.kind,
            "n": model.n,
            "outcome": float(records.sum_y.sum()),
            "providers": records.providers,
            "log_likelihood": model.log_likelihood,
            "residual_sd": model.residual_sd,
            "ridge": model.ridge,
        },
        "terms": [term.to_dict() for term in model.design.terms],
        "coefficients": coefficient_rows(model, clustered_or_none(model, records)),
        "apparent": _diagnostics(model.kind, records, expected),
        "groups": risk_groups(
            expected, n=records.n, observed=records.sum_y, expected=records.size * expected
        ),
        "cross_validation": _cross_validation(model, terms, records),
        "forward": _forward(earlier, records),
        "influence": _influence(model, terms, records),
        "missing": [asdict(note) for note in noted],
    }
    if with_hosmer_lemeshow and model.kind == "logistic":
        curve = calibration_curve(records.n, records.sum_y, expected)
        card["hosmer_lemeshow"] = asdict(hosmer_lemeshow(curve, fitted_here=True))
    plain: dict[str, Any] = plain_values(card)
    return plain


def coefficient_rows(model: RiskModel | CoxModel, clustered: FloatArray | None) -> list[dict[str, Any]]:
    """Give the coefficients with their errors and 95 % intervals; `clustered` is their covariance."""
    names = column_names(model)
    alike = np.full(len(names), np.nan) if clustered is None else np.sqrt(np.diag(clustered))
    return [
        {
            "column": name,
            "estimate": estimate,
            "standard_error": error,
            "clustered_error": other,
            "lower": estimate - Z_95 * error,
            "upper": estimate + Z_95 * error,
        }
        for name, estimate, error, other in zip(
            names, model.coefficients, model.standard_errors, alike, strict=True
        )
    ]


def clustered_or_none(model: RiskModel, records: Records) -> FloatArray | None:
    """Give the clustered covariance of a model; None with fewer than two providers."""
    try:
        return clustered_covariance(
            model,
            records.columns,
            records.provider,
            n=records.n,
            sum_y=records.sum_y,
            exposure=records.exposure,
            providers=len(records.codes),
        )
    except ValueError:
        return None


def _diagnostics(kind: str, records: Records, expected: FloatArray) -> dict[str, Any]:
    known = np.isfinite(expected)
    n, sum_y = records.n[known], records.sum_y[known]
    if kind == "linear":
        return {"r2": r_squared(n, sum_y, records.sum_y2[known], expected[known])}
    if kind == "poisson":
        return _of_counts(n, sum_y, records.size[known], expected[known])
    found: dict[str, Any] = {
        "c_statistic": c_statistic(n, sum_y, expected[known]),
        "brier": brier(n, sum_y, expected[known]),
        "scaled_brier": scaled_brier(n, sum_y, expected[known]),
    }
    if len(np.unique(expected[known])) > 1:
        line = calibration(n, sum_y, expected[known])
        found |= {"calibration_intercept": line.intercept, "calibration_slope": line.slope}
    return found


def _of_counts(n: FloatArray, sum_y: FloatArray, size: FloatArray, rate: FloatArray) -> dict[str, Any]:
    """Observed over expected, and the slope of the log of the rate on that of the expected rate."""
    found: dict[str, Any] = {"observed_expected": float(sum_y.sum() / (size @ rate))}
    some = n > 0
    X = np.column_stack([np.ones(int(some.sum())), np.log(rate[some])])
    try:
        line = fit_matrix(
            "poisson", ("level", "slope"), X, n=n[some], sum_y=sum_y[some], other=size[some], ridge=0.0
        )
    except CannotFit:  # one and the same rate for all
        return found
    return found | {"calibration_slope": float(line.coefficients[1])}


def _cross_validation(model: RiskModel, terms: Sequence[Term], records: Records) -> dict[str, Any]:
    present = np.unique(records.provider[records.n > 0])
    folds = min(FOLDS, len(present))
    if folds < 2:
        return {"reason": "there are no other providers to hold the model against"}
    place = np.searchsorted(present, records.provider)
    some = records.n > 0
    kept = replace(
        records,
        columns={name: column[some] for name, column in records.columns.items()},
        provider=place[some],
        n=records.n[some],
        sum_y=records.sum_y[some],
        sum_y2=records.sum_y2[some],
        exposure=None if records.exposure is None else records.exposure[some],
    )
    try:
        expected = cross_validated(
            model.kind,
            terms,
            kept.columns,
            provider_folds(kept.provider, providers=len(present), folds=folds, seed=SEED),
            n=kept.n,
            sum_y=kept.sum_y,
            sum_y2=kept.sum_y2,
            exposure=kept.exposure,
            ridge=model.ridge,
        )
    except ValueError as error:  # no model without a fold, or a level that is in one fold only
        return {"reason": str(error)}
    return {"folds": folds} | _diagnostics(model.kind, kept, expected)


def _forward(earlier: RiskModel | None, records: Records) -> dict[str, Any]:
    if earlier is None:
        return {"reason": "there is no model of an earlier period"}
    try:
        expected = earlier.expected(records.columns, rows=len(records.n))
    except ValueError as error:
        return {"reason": str(error)}
    return _diagnostics(earlier.kind, records, expected)


def _influence(model: RiskModel, terms: Sequence[Term], records: Records) -> list[dict[str, Any]]:
    without = influence(
        model.kind,
        terms,
        records.columns,
        records.provider,
        n=records.n,
        sum_y=records.sum_y,
        sum_y2=records.sum_y2,
        exposure=records.exposure,
        ridge=model.ridge,
        providers=len(records.codes),
    )
    return influence_rows(without, model, records)


def influence_rows(without: Influence, model: RiskModel | CoxModel, records: Records) -> list[dict[str, Any]]:
    """Give the providers without which a coefficient changes most, in its standard errors."""
    names = column_names(model)
    change = without.coefficients / model.standard_errors
    size = np.nan_to_num(np.abs(change).max(axis=1, initial=0.0), nan=np.inf)
    order = np.lexsort((np.array(records.codes, dtype=str), -size))
    found = []
    for which in [each for each in order if records.codes[each] != records.outside][:MOST_INFLUENTIAL]:
        told = not without.reason[which] and bool(np.isfinite(change[which]).any())
        most = int(np.nanargmax(np.abs(change[which]))) if told else 0
        found.append(
            {
                "provider": records.codes[which],
                "largest_change": size[which],
                "column": names[most] if told else "",
                "ratio": without.ratio[which],
                "reason": without.reason[which],
            }
        )
    return found


def column_names(model: RiskModel | CoxModel) -> tuple[str, ...]:
    """Name the coefficients; a Cox model has no intercept."""
    return model.design.columns[1:] if isinstance(model, CoxModel) else model.design.columns


def plain_values(value: Any) -> Any:
    """Plain numbers, None for those that do not exist."""
    if isinstance(value, Mapping):
        return {str(name): plain_values(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain_values(part) for part in value]
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value

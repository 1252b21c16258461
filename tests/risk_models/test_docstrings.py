"""What the docstrings of the public functions must say, as far as a machine can check it."""

import inspect
import re

import pytest

import risk_models
from tests.risk_models.refusals import undocumented

FUNCTIONS = {
    name: getattr(risk_models, name)
    for name in risk_models.__all__
    if inspect.isfunction(getattr(risk_models, name))
}
CLASSES = {
    name: getattr(risk_models, name)
    for name in risk_models.__all__
    if inspect.isclass(getattr(risk_models, name))
}
SECTIONS = ["Parameters", "Returns", "Raises", "References", "Examples"]

# arithmetic, or a way of our own that no paper has
NO_PAPER = {
    "complete_cases": "leaves records out",
    "expected_error": "the delta method",
    "mean_interval": "the normal interval of a mean",
    "missing_notes": "counts",
    "profile": "shares and means",
    "provider_folds": "deals out",
    "tails_of_average": "sums of Poisson's chances",
    "tilt": "Bayes' rule for an exponential family",
    "with_model_error": "adds two variances",
}
# a book, a report or a specification without a DOI
NO_DOI = {
    "byar_ratio_interval": "IARC",
    "chi_square_limits": "an R package",
    "outcome_reliability": "Health Serv Outcomes Res Methodol",
    "public_health_ratio_interval": "APHO",
    "score_count": "IARC",
    "score_mean": "NHS England",
    "score_time": "IARC",
    "shmi_limits": "NHS Digital",
    "xmr": "SPC Press",
}
# where no input can be wrong: NaN in, NaN out
NEVER_RAISES = {
    "direct_rates": "sums of arrays",
    "latent_icc": "arithmetic",
    "latent_reliability": "arithmetic",
    "median_odds_ratio": "arithmetic",
    "outcome_reliability": "arithmetic",
    "probability_above": "arithmetic",
    "rankability": "arithmetic",
    "between_variance": "arithmetic",
    "tails_of_average": "arithmetic",
    "tilt": "arithmetic",
}


def sections(text: str) -> dict[str, str]:
    """Cut a numpydoc text into its sections; what comes before them is ""."""
    parts = re.split(r"^(\w+)\n-{3,}$", text, flags=re.MULTILINE)
    return {"": parts[0]} | dict(zip(parts[1::2], parts[2::2], strict=True))


def named(section: str) -> set[str]:
    """Give the names that stand at the start of a line, one or more on each."""
    lines = [line for line in section.splitlines() if line and not line.startswith(" ")]
    return {name.strip().lstrip("*") for line in lines for name in line.split(",")}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_says_what_it_takes_gives_and_refuses(name):
    found = sections(inspect.getdoc(FUNCTIONS[name]))
    parameters = set(inspect.signature(FUNCTIONS[name]).parameters)
    assert named(found["Parameters"]) == parameters
    assert found["Returns"].strip()
    if name not in NEVER_RAISES:
        assert re.search(r"^\w+$\n    \S", found["Raises"], flags=re.MULTILINE)
    order = [section for section in found if section]
    assert order == [section for section in SECTIONS if section in order]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_names_its_paper(name):
    text = inspect.getdoc(FUNCTIONS[name])
    paper = sections(text).get("References", "")
    assert bool(paper) != (name in NO_PAPER), "a reason without need, or no paper and no reason"
    if paper and name not in NO_DOI:
        assert re.search(r"doi:10\.\d{4,}/\S+|arXiv:\d{4}\.\d{4,}", paper)
    if name in NO_DOI:
        assert "doi:" not in paper
        assert NO_DOI[name] in paper or NO_DOI[name] == "an R package"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_arrays_have_a_shape(name):
    returns = sections(inspect.getdoc(FUNCTIONS[name]))["Returns"]
    kind = returns.strip().splitlines()[0]
    assert "Array" not in kind or "shape" in returns.lower()


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name.endswith(("_interval", "_limits"))])
def test_interval_says_where_it_is_nan(name):
    assert "NaN" in sections(inspect.getdoc(FUNCTIONS[name]))["Returns"]


@pytest.mark.parametrize("name", [name for name in CLASSES if not issubclass(CLASSES[name], Exception)])
def test_result_says_what_its_fields_are(name):
    """Every field of a result is under Attributes (or Parameters), unless its class has one line for all."""
    fields = getattr(CLASSES[name], "__dataclass_fields__", None)
    found = sections(inspect.getdoc(CLASSES[name]))
    if fields is None or name == "Interval":
        return
    assert named(found.get("Attributes", found.get("Parameters", ""))) == set(fields)


def test_a_refusal_that_no_docstring_names_is_found():
    """What conftest.py holds every refusal of every test against."""
    with pytest.raises(ValueError, match="ties 'exact'") as found:
        risk_models.fit_cox([], {}, time=[1.0], n=[1.0], events=[1.0], ties="exact")
    assert undocumented(found.value) == []
    unnamed = pytest.raises(AssertionError, match="fit_cox, encoded: no AttributeError under Raises")
    with unnamed, pytest.raises(AttributeError):
        risk_models.fit_cox([None], {}, time=[1.0], n=[1.0], events=[1.0])


def test_no_reason_is_left_of_a_function_that_is_gone():
    assert not (NO_PAPER.keys() | NO_DOI.keys() | NEVER_RAISES.keys()) - FUNCTIONS.keys()

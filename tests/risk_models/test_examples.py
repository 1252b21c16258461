import doctest
import importlib
import pkgutil

import risk_models


def test_examples_in_the_docstrings_run():
    attempted = 0
    for module in pkgutil.iter_modules(risk_models.__path__, "risk_models."):
        result = doctest.testmod(importlib.import_module(module.name))
        assert result.failed == 0, module.name
        attempted += result.attempted
    assert attempted >= 8


def test_public_names_exist():
    for name in risk_models.__all__:
        assert hasattr(risk_models, name)

"""Whether a function says of what it refused that it refuses it."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

import risk_models


def raised_by_name(function: Callable[..., Any]) -> set[str]:
    """Names of the errors under Raises of a docstring."""
    found = re.search(r"^Raises\n-+\n(.*?)(?=^\w+\n-{3,}$|\Z)", inspect.getdoc(function) or "", re.M | re.S)
    return set(re.findall(r"^(\w+)$", found.group(1), re.M)) if found else set()


def _documented() -> Iterator[Callable[..., Any]]:
    """Functions and methods of the package that are public and say what they take."""
    for module in pkgutil.iter_modules(risk_models.__path__, "risk_models."):
        members = vars(importlib.import_module(module.name))
        owners = [members, *(vars(each) for each in members.values() if inspect.isclass(each))]
        for each in (each for owner in owners for each in owner.values() if inspect.isfunction(each)):
            public = each.__module__ == module.name and not each.__name__.startswith("_")
            if public and re.search(r"^Parameters$", inspect.getdoc(each) or "", re.M):
                yield each


DOCUMENTED: dict[CodeType, Callable[..., Any]] = {each.__code__: each for each in _documented()}


def undocumented(error: BaseException) -> list[str]:
    """Functions through which an error came that do not name its class."""
    found, step = [], error.__traceback__
    while step is not None:
        function = DOCUMENTED.get(step.tb_frame.f_code)
        if function is not None and type(error).__name__ not in raised_by_name(function):
            found.append(function.__qualname__)
        step = step.tb_next
    return found

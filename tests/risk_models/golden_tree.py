"""Comparing our numbers with a whole file of golden numbers, leaf by leaf, so that none is passed over."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Path = tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """A part of a golden file: how we come by it, and how near it must be.

    `make` takes the records and gives a tree of the same shape as the part of the file.
    """

    make: Callable[[Any], Any]
    rel: float = 1e-9
    abs: float = 0.0


def leaves(tree: Any, path: Path = ()) -> Iterator[tuple[Path, float | None]]:
    """Give every number of a tree with its path; null is a number that is not there. Texts are names."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from leaves(value, (*path, key))
    elif isinstance(tree, list):
        for place, value in enumerate(tree):
            yield from leaves(value, (*path, str(place)))
    elif tree is None or (isinstance(tree, int | float) and not isinstance(tree, bool)):
        yield path, tree


def at(tree: Any, path: str) -> Any:
    """Give the part of a tree at a path, its keys divided by " / "."""
    for key in path.split(" / "):
        tree = tree[int(key)] if isinstance(tree, list) else tree[key]
    return tree


def plain(tree: Any) -> Any:
    """Turn arrays and mappings into lists and dictionaries, and NaN into None."""
    if isinstance(tree, Mapping):
        return {str(key): plain(value) for key, value in tree.items()}
    if isinstance(tree, np.ndarray) and not tree.ndim:
        tree = tree.item()
    if isinstance(tree, np.ndarray | list | tuple):
        return [plain(value) for value in tree]
    if isinstance(tree, float | np.floating):
        return None if np.isnan(tree) else float(tree)
    return int(tree) if isinstance(tree, np.integer) else tree


def assert_same(ours: Any, theirs: Any, case: Case) -> None:
    """Every leaf of theirs is among ours and no other, and each is as near as the case says."""
    found, known = dict(leaves(plain(ours))), dict(leaves(theirs))
    assert found.keys() == known.keys()
    empty = [path for path in known if (found[path] is None) != (known[path] is None)]
    assert not empty, f"a number on one side only: {empty[:5]}"
    paths = [path for path in known if known[path] is not None]
    np.testing.assert_allclose(
        np.array([found[path] for path in paths], dtype=float),
        np.array([known[path] for path in paths], dtype=float),
        rtol=case.rel,
        atol=case.abs,
        err_msg=" ".join("/".join(path) for path in paths[:3]),
    )


def uncovered(tree: Any, cases: Mapping[str, Case], others: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Give the leaves that stand under no case or reason, and those that stand under more than one."""
    named = [tuple(path.split(" / ")) for path in (*cases, *others)]
    times = {path: sum(path[: len(one)] == one for one in named) for path, _ in leaves(tree)}
    return (
        [" / ".join(path) for path, count in times.items() if count == 0],
        [" / ".join(path) for path, count in times.items() if count > 1],
    )

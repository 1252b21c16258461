"""YAML text to plain data that remembers on which line each field stood.

A narrow YAML: one document, mappings, lists and scalars. Tags, anchors and aliases, repeated keys and
very large or deep files are refused, so that a definition means what a reader sees.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from indicators.faults import DefinitionError, Fault

MAX_BYTES = 1_000_000
MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Source:
    """A definition as read.

    Attributes
    ----------
    file : str
        Name of the file.
    text : str
        The text as the author wrote it.
    data : dict
        The plain data. Dates stay text: pydantic reads them.
    lines : dict of tuple to int
        Line of each field, by its path of keys and list positions.
    """

    file: str
    text: str
    data: dict[str, Any]
    lines: dict[tuple[str | int, ...], int]

    def line(self, path: tuple[str | int, ...]) -> int:
        """Line of a field, or of the nearest enclosing one that is in the text."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 0)

    def fault(self, path: tuple[str | int, ...], message: str, hint: str = "") -> Fault:
        """Make a fault that points at a field of this file."""
        return Fault(self.file, self.line(path), ".".join(map(str, path)), message, hint)


class _Loader(yaml.CSafeLoader):
    """Safe loader without implicit dates: a date stays the text that the author wrote."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_source(text: str, file: str) -> Source:
    """Read one YAML document.

    Parameters
    ----------
    text : str
        The text of the file.
    file : str
        Its name, for messages.

    Raises
    ------
    DefinitionError
        If the text is not a mapping in the narrow YAML described above.
    """
    if len(text.encode()) > MAX_BYTES:
        raise DefinitionError([Fault(file, 0, "", f"the file is larger than {MAX_BYTES:,} bytes")])
    _refuse_anchors_and_tags(text, file)
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise DefinitionError([Fault(file, 1, "", "expected a definition: a mapping of fields")])
        lines: dict[tuple[str | int, ...], int] = {}
        data = _build(node, loader, (), lines, file)
    except RecursionError:
        raise DefinitionError([Fault(file, 0, "", "nested too deep")]) from None
    except yaml.YAMLError as error:
        raise DefinitionError([_yaml_fault(error, file)]) from None
    finally:
        loader.dispose()
    return Source(file, text, data, lines)


def _refuse_anchors_and_tags(text: str, file: str) -> None:
    try:
        depth = 0
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:  # before anything is built from it
                raise DefinitionError([Fault(file, 0, "", "nested too deep")])
            line = event.start_mark.line + 1 if event.start_mark else 0
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise DefinitionError(
                    [Fault(file, line, "", "anchors and aliases (& and *) are not allowed")]
                )
            if tag := getattr(event, "tag", None):
                raise DefinitionError([Fault(file, line, "", f"the tag '{tag}' is not allowed")])
    except RecursionError:
        raise DefinitionError([Fault(file, 0, "", "nested too deep")]) from None
    except yaml.YAMLError as error:
        raise DefinitionError([_yaml_fault(error, file)]) from None


def _build(
    node: yaml.Node, loader: _Loader, path: tuple[str | int, ...], lines: dict[Any, int], file: str
) -> Any:
    line = node.start_mark.line + 1
    lines.setdefault(path, line)
    if len(path) > MAX_DEPTH:
        raise DefinitionError([Fault(file, line, "", "nested too deep")])
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, loader, (*path, i), lines, file) for i, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return loader.construct_object(node)
    data: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in data:
            line = key_node.start_mark.line + 1
            raise DefinitionError([Fault(file, line, ".".join(map(str, path)), f"'{key}' stands here twice")])
        lines[(*path, key)] = key_node.start_mark.line + 1
        data[key] = _build(value_node, loader, (*path, key), lines, file)
    return data


def _yaml_fault(error: yaml.YAMLError, file: str) -> Fault:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or "cannot be read as YAML"
    line = mark.line + 1 if mark else 0
    return Fault(file, line, "", f"this is not valid YAML: {problem}", "check indentation, colons and quotes")

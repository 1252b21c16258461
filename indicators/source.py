"""YAML text to plain data that remembers on which line each field stood.

A narrow YAML: one document, mappings, lists and scalars. Tags, anchors, aliases and merges, repeated keys,
characters that cannot be seen (in comments too) and very large or deep files are refused, so that a
definition means what a reader sees.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml

from indicators.faults import DefinitionError, Fault

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
Path: TypeAlias = tuple[str | int, ...]
# Characters that nobody sees: they hide, join or turn what stands there, or end a line for a machine alone.
_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters by name
_LINE = re.compile(r"\r\n|[\n\r]")


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
    lines: dict[Path, int]

    def line(self, path: Path) -> int:
        """Line of a field, or of the nearest enclosing one that is in the text."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 0)

    def fault(self, path: Path, message: str, hint: str = "") -> Fault:
        """Make a fault that points at a field of this file."""
        return Fault(self.file, self.line(path), dotted(path), message, hint)


def dotted(path: Path) -> str:
    """Write a path with points, counting lists from 1 as a reader does: ``exclude.1.when``."""
    return ".".join(str(step + 1) if isinstance(step, int) else step for step in path)


class _Loader(yaml.CSafeLoader):
    """Safe loader that reads a plain word as what it looks like.

    YAML 1.1 makes false of ``no``, 8 of ``010``, 90 of ``1:30`` and a date of ``2024-01-01``. Here only
    ``true`` and ``false``, plain decimal numbers and nothing at all are not text.
    """


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?(?:0|[1-9][0-9]{0,17})", "-+0123456789"),
    ("float", r"[-+]?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,18}", "-+0123456789"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first))


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
    if len(text.encode(errors="surrogatepass")) > MAX_BYTES:
        raise DefinitionError([Fault(file, 0, "", f"the file is larger than {MAX_BYTES:,} bytes")])
    try:
        _refuse_control(text, file)
        _refuse_anchors_and_tags(text, file)
        lines: dict[Path, int] = {}
        data = _build(_root(text, file), (), lines, file)
        _refuse_unseen(text, file)
    except UnicodeEncodeError:
        raise DefinitionError(
            [Fault(file, 0, "", "the file holds half a character", "save it as UTF-8")]
        ) from None
    except yaml.YAMLError as error:
        raise DefinitionError([_yaml_fault(error, text, file)]) from None
    return Source(file, text, data, lines)


def _refuse_control(text: str, file: str) -> None:
    """Refuse control characters, which YAML cannot read and has no line for."""
    for number, line in enumerate(_LINE.split(text), start=1):
        for character in line:
            if character < " " and character != "\t":
                raise DefinitionError([_unseen_fault(character, file, number, ())])


def _refuse_unseen(text: str, file: str) -> None:
    """Refuse what cannot be seen anywhere else in the file: in a comment, or between the fields."""
    for number, line in enumerate(_LINE.split(text.removeprefix("\ufeff")), start=1):
        for character in line if not line.isascii() else "":
            if _is_unseen(character):
                raise DefinitionError([_unseen_fault(character, file, number, ())])


def _is_unseen(character: str) -> bool:
    return character in _BLANK or (unicodedata.category(character) in _UNSEEN and character not in "\n\t")


def _unseen_fault(character: str, file: str, line: int, path: Path) -> Fault:
    return Fault(file, line, dotted(path), f"U+{ord(character):04X} cannot be seen: take it out")


def _refuse_anchors_and_tags(text: str, file: str) -> None:
    """Refuse what changes or hides meaning, before anything is built from it."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else 0
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise DefinitionError([Fault(file, line, "", "nested too deep")])
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise DefinitionError([Fault(file, line, "", "anchors and aliases (& and *) are not allowed")])
        if tag := getattr(event, "tag", None):
            raise DefinitionError([Fault(file, line, "", f"the tag '{tag}' is not allowed")])


def _root(text: str, file: str) -> yaml.MappingNode:
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
    finally:
        loader.dispose()
    if not isinstance(node, yaml.MappingNode):
        raise DefinitionError([Fault(file, 1, "", "expected a definition: a mapping of fields")])
    return node


def _build(node: yaml.Node, path: Path, lines: dict[Path, int], file: str) -> Any:
    line = node.start_mark.line + 1
    lines.setdefault(path, line)
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, (*path, number), lines, file) for number, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return _scalar(node, path, file)
    data: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = _key(key_node, path, file)
        if key in data:
            line = key_node.start_mark.line + 1
            message = f"'{key}' stands here twice, first on line {lines[*path, key]}"
            raise DefinitionError([Fault(file, line, dotted(path), message)])
        lines[*path, key] = key_node.start_mark.line + 1
        data[key] = _build(value_node, (*path, key), lines, file)
    return data


def _key(node: yaml.Node, path: Path, file: str) -> str:
    line = node.start_mark.line + 1
    if not isinstance(node, yaml.ScalarNode):
        raise DefinitionError([Fault(file, line, dotted(path), "the name of a field is one word")])
    key = _scalar(node, path, file)
    if key == "<<":
        message = "'<<' is not a field: what another mapping says is not merged into this one"
        raise DefinitionError([Fault(file, line, dotted(path), message, "write the fields out")])
    if not isinstance(key, str):
        message, hint = f"the name '{node.value}' is not text", f'put it between quotes: "{node.value}"'
        raise DefinitionError([Fault(file, line, dotted(path), message, hint)])
    return key


def _scalar(node: yaml.Node, path: Path, file: str) -> str | int | float | bool | None:
    text: str = node.value
    for character in text if not text.isascii() or not text.isprintable() else "":
        if _is_unseen(character):
            raise DefinitionError([_unseen_fault(character, file, node.start_mark.line + 1, path)])
    kind = node.tag.rpartition(":")[2]
    if kind == "bool":
        return text.lower() == "true"
    if kind == "int":
        return int(text)
    if kind == "float":
        return float(text)
    return None if kind == "null" else text


def _yaml_fault(error: yaml.YAMLError, text: str, file: str) -> Fault:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
    line = mark.line + 1 if mark else 0
    hint = "check indentation, colons and quotes"
    lines = text.splitlines()
    if 0 < line <= len(lines) and lines[line - 1].lstrip(" ").startswith("\t"):
        problem, hint = "a tab at the start of a line", "indent with spaces"
    return Fault(file, line, "", f"this is not valid YAML: {problem}", hint)

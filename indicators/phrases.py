"""A checked expression in words, Dutch or English, that can be read in one way only."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from indicators.expression import Node
from indicators.tables import Table
from indicators.units import names_unit, unit_name
from indicators.words import NO, NOT_KNOWN, YES, Language, Text

_OPPOSITE = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_PHRASES: dict[str, Text] = {
    key: Text(nl=nl, en=en)
    for key, nl, en in (
        ("and", " en ", " and "),
        ("or", " of ", " or "),
        ("not", "niet ({0})", "not ({0})"),
        ("flag", "{0}: {1}", "{0}: {1}"),
        ("=", "{0} is {1}", "{0} is {1}"),
        ("<>", "{0} is niet {1}", "{0} is not {1}"),
        ("<", "{0} is lager dan {1}", "{0} is below {1}"),
        ("<=", "{0} is hoogstens {1}", "{0} is at most {1}"),
        (">", "{0} is hoger dan {1}", "{0} is above {1}"),
        (">=", "{0} is minstens {1}", "{0} is at least {1}"),
        ("date <", "{0} ligt vóór {1}", "{0} is before {1}"),
        ("date <=", "{0} ligt op of vóór {1}", "{0} is on or before {1}"),
        ("date >", "{0} ligt na {1}", "{0} is after {1}"),
        ("date >=", "{0} ligt op of na {1}", "{0} is on or after {1}"),
        ("date not between", "{0} ligt vóór {1} of na {2}", "{0} is before {1} or after {2}"),
        ("in", "{0} is {1}", "{0} is {1}"),
        ("not in", "{0} is geen van {1}", "{0} is none of {1}"),
        (
            "between",
            "{0} ligt tussen {1} en {2} (grenzen meegerekend)",
            "{0} is between {1} and {2} (both included)",
        ),
        ("not between", "{0} is lager dan {1} of hoger dan {2}", "{0} is below {1} or above {2}"),
        ("is null", "{0} is onbekend", "{0} is unknown"),
        ("not is null", "{0} is bekend", "{0} is known"),
        ("when", "als {0}, dan {1}", "if {0}, then {1}"),
        ("else", "anders {0}", "else {0}"),
        ("age_years", "het aantal volle jaren van {0} tot {1}", "the completed years from {0} to {1}"),
        ("days_between", "het aantal dagen van {0} tot {1}", "the days from {0} to {1}"),
        ("hours_between", "het aantal uren van {0} tot {1}", "the hours from {0} to {1}"),
        ("minutes_between", "het aantal minuten van {0} tot {1}", "the minutes from {0} to {1}"),
        ("add", "{0} plus {1} {2}", "{0} plus {1} {2}"),
        ("less", "{1} {2} vóór {0}", "{1} {2} before {0}"),
        ("months", "maanden", "months"),
        ("days", "dagen", "days"),
        ("hours", "uur", "hours"),
        ("minutes", "minuten", "minutes"),
        ("one months", "maand", "month"),
        ("one days", "dag", "day"),
        ("one hours", "uur", "hour"),
        ("one minutes", "minuut", "minute"),
        ("start_of_year", "1 januari van het jaar van {0}", "1 January of the year of {0}"),
        ("period_start", "de eerste dag van de periode", "the first day of the period"),
        ("period_end", "de laatste dag van de periode", "the last day of the period"),
        ("date_of", "de dag van {0}", "the day of {0}"),
        ("ratio", "{0} gedeeld door {1}", "{0} divided by {1}"),
        ("floor", "{0}, naar beneden afgerond", "{0}, rounded down"),
        ("unknown counts as", "{0} (onbekend telt als {1})", "{0} (unknown counts as {1})"),
        ("coalesce", "de eerste bekende waarde van {0}", "the first known value of {0}"),
        ("least", "de laagste waarde van {0}", "the lowest value of {0}"),
        ("greatest", "de hoogste waarde van {0}", "the highest value of {0}"),
        ("in_set", "{0} staat in de codelijst ‘{1}’", "{0} is in the code list ‘{1}’"),
        ("not in_set", "{0} staat niet in de codelijst ‘{1}’", "{0} is not in the code list ‘{1}’"),
        (
            "in one set",
            "{0} staat in een van de codelijsten {1}",
            "{0} is in one of the code lists {1}",
        ),
        ("record", "{0} van het record", "{0} of the record"),
        ("always", "altijd", "always"),
        ("never", "nooit", "never"),
    )
} | {"true": YES, "false": NO, "null": NOT_KNOWN}


def in_words(node: Node, table: Table, language: Language, *, above: Table | None = None) -> str:
    """Say a checked expression in words; what belongs together stands in brackets.

    Parameters
    ----------
    node : Node
        The expression.
    table : Table
        A dataset or a table in one: its columns give the titles.
    language : str
        ``nl`` or ``en``.
    above : Table, optional
        Of an expression on rows of a child table: the table whose columns ``record`` names.

    Returns
    -------
    str
        Plain text, not yet escaped for HTML.
    """
    phrases = _Phrases(table, language, above)
    return phrases.condition(node) if node.type == "boolean" else phrases.value(node)


def column_title(name: str, table: Table, language: Language) -> str:
    """Title of a column in a language, or its name with spaces where it has none."""
    part = table.columns.get(name) or table.derive.get(name)
    title = part.title if part else None
    return name.replace("_", " ") if title is None else getattr(title, language)


def value_label(name: str, value: str, table: Table, language: Language) -> str:
    """A code of a column as people read it, or the code itself where it has no label."""
    part = table.columns.get(name) or table.derive.get(name)
    label = part.labels.get(value) if part else None
    return value if label is None else getattr(label, language)


def number(value: Decimal, language: Language) -> str:
    """Write a number with the decimal sign of a language."""
    text = f"{value:f}"
    return text.replace(".", ",") if language == "nl" else text


def joined(names: Sequence[str], language: Language) -> str:
    """Names of things that belong together: "age and parity"."""
    phrase: str = getattr(_PHRASES["and"], language)
    return phrase.join(names)


class _Phrases:
    """Phrases of one language for the columns of one table, and of the one above it."""

    def __init__(self, table: Table, language: Language, above: Table | None) -> None:
        self.table = table
        self.above = above or table
        self.language: Language = language

    def say(self, key: str, *parts: str) -> str:
        phrase: str = getattr(_PHRASES[key], self.language)
        return phrase.format(*parts)

    def condition(self, node: Node, *, negated: bool = False) -> str:
        """A condition, or its opposite: with nulls too, "not above" is "at most"."""
        if node.kind == "not":
            return self.condition(node.children[0], negated=not negated)
        if node.kind == "literal":
            return self.say("never" if (node.value is True) is negated else "always")
        if node.kind == "column":
            return self.say("flag", self.value(node), self.say("false" if negated else "true"))
        if node.kind == "coalesce":
            return self._coalesced(node, negated=negated)
        if node.kind in ("and", "or", "case"):
            whole = self._chain(node) if node.kind != "case" else self.value(node)
            return self.say("not", whole) if negated else whole
        if node.kind == "in_set":
            code = self._operand(_looked_up(node))
            return self.say("not in_set" if negated else "in_set", code, str(node.value))
        return self._comparison(node, negated=negated)

    def _comparison(self, node: Node, *, negated: bool) -> str:
        values = [self._compared(child, node.children) for child in node.children]
        key = _OPPOSITE.get(node.kind, f"not {node.kind}") if negated else node.kind
        if node.children[0].type in ("date", "datetime") and f"date {key}" in _PHRASES:
            return self.say(f"date {key}", *values)
        if node.kind == "in":
            *others, last = values[1:]
            if not others:
                return self.say("<>" if negated else "=", *values)
            listed = ", ".join(values[1:]) if negated else f"{', '.join(others)}{self.say('or')}{last}"
            values = [values[0], listed]
        return self.say(key, *values)

    def _in_one_of(self, lists: list[Node]) -> str:
        """A code that is in one of several lists."""
        names = ", ".join(f"‘{each.value}’" for each in lists)
        return self.say("in one set", self._operand(_looked_up(lists[0])), names)

    def _coalesced(self, node: Node, *, negated: bool) -> str:
        """A condition of which the unknown has a meaning; of more than two the first that is known."""
        first, *others = node.children
        if len(others) == 1 and isinstance(others[0].value, bool):
            meant = self.say("true" if others[0].value else "false")
            return self.say("unknown counts as", self.condition(first, negated=negated), meant)
        return self.say("flag", self.value(node), self.say("false" if negated else "true"))

    def _chain(self, node: Node) -> str:
        parts = []
        for child in node.children:
            if node.kind == "or" and child.kind == "in_set":
                lists = [each for each in node.children if _same_code(each, child)]
                if len(lists) > 1:
                    if lists[0] is child:
                        parts.append(self._in_one_of(lists))
                    continue
            inner = child
            while inner.kind == "not" and inner.children[0].kind == "not":
                inner = inner.children[0].children[0]
            # Bounds and lists speak of "and" or "or" themselves.
            mixed = inner.kind in ("and", "or", "case") or _is_outside(inner) or _is_list(inner)
            parts.append(f"({self.condition(child)})" if mixed else self.condition(child))
        return self.say(node.kind).join(parts)

    def value(self, node: Node) -> str:
        """A number, text, date, or a condition taken as a value."""
        if node.kind == "column":
            return column_title(str(node.value), self.table, self.language)
        if node.kind == "record":
            return self.say("record", column_title(str(node.value), self.above, self.language))
        if node.kind == "literal":
            return self._literal(node)
        if node.kind == "case":
            return self._case(node)
        if node.type == "boolean" and node.kind != "coalesce":
            return f"({self.condition(node)})"
        if node.kind.startswith("add_"):
            return self._moved(node)
        nested = [self._nested(child) for child in node.children]
        if node.kind in ("coalesce", "least", "greatest"):
            return self.say(node.kind, ", ".join(nested))
        return f" {node.kind} ".join(nested) if node.kind in "+-*" else self.say(node.kind, *nested)

    def _moved(self, node: Node) -> str:
        """A day or moment so long before or after another."""
        day, size = (self._nested(child) for child in node.children)
        unit = node.kind.removeprefix("add_")
        taken_off = _taken_off(node.children[1])
        if (taken_off or size) == "1":
            unit = f"one {unit}"
        return self.say("less" if taken_off else "add", day, taken_off or size, self.say(unit))

    def _nested(self, node: Node) -> str:
        return f"({self.value(node)})" if node.children else self.value(node)

    def _compared(self, node: Node, others: tuple[Node, ...]) -> str:
        """A side of a comparison: a code as people read it, where the other side is a column of codes."""
        columns = [str(other.value) for other in others if other.kind == "column"]
        if node.kind == "literal" and node.type == "text" and columns:
            return f"‘{value_label(columns[0], str(node.value), self.table, self.language)}’"
        if isinstance(node.value, Decimal) and columns:
            return self._measured(node.value, columns[0])
        return self._operand(node)

    def _measured(self, value: Decimal, column: str) -> str:
        """A number that a column is held against, in its unit; not where its title names that already."""
        part = self.table.columns.get(column)
        said, title = number(value, self.language), column_title(column, self.table, self.language)
        if part is None or part.unit is None or names_unit(title, part.unit):
            return said
        unit = unit_name(part.unit, self.language, single=value == 1)
        return f"{said} {unit}"

    def _operand(self, node: Node) -> str:
        return f"({self.value(node)})" if node.kind == "case" else self.value(node)

    def _literal(self, node: Node) -> str:
        if isinstance(node.value, bool):
            return self.say("true" if node.value else "false")
        if isinstance(node.value, Decimal):
            return number(node.value, self.language)
        if node.value is None:
            return self.say("null")
        return f"‘{node.value}’" if node.type == "text" else node.value

    def _case(self, node: Node) -> str:
        *branches, default = node.children
        said = [
            self.say("when", self.condition(when), self.value(then))
            for when, then in zip(branches[::2], branches[1::2], strict=True)
        ]
        return "; ".join([*said, self.say("else", self.value(default))])


def _same_code(node: Node, other: Node) -> bool:
    """Whether both look the same code up in a list."""
    return node.kind == other.kind == "in_set" and _looked_up(node) == _looked_up(other)


def _taken_off(node: Node) -> str:
    """How many are taken off, of a number below 0 that is written out; else empty."""
    return str(-node.value) if isinstance(node.value, Decimal) and node.value < 0 else ""


def _looked_up(node: Node) -> Node:
    """The code that ``in_set`` looks up, whether or not by its system."""
    while node.kind != "in":
        node = node.children[-1]
    return node.children[0]


def _is_list(node: Node) -> bool:
    """Whether a condition is said as "is ... or ..."."""
    return node.kind == "in" and len(node.children) > 2


def _is_outside(node: Node) -> bool:
    """Whether a condition is said as "below ... or above ..."."""
    return node.kind == "not" and node.children[0].kind == "between"

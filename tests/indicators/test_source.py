"""The narrow YAML: a definition means what a reader sees, and every field knows its line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.faults import DefinitionError
from indicators.source import MAX_BYTES, MAX_DEPTH, read_source


def refusal(text: str) -> str:
    with pytest.raises(DefinitionError) as caught:
        read_source(text, "x.yaml")
    return str(caught.value)


PLAIN = [
    ("no", "no"),
    ("yes", "yes"),
    ("on", "on"),
    ("y", "y"),
    ("010", "010"),
    ("1:30", "1:30"),
    ("1_000", "1_000"),
    ("0x1F", "0x1F"),
    ("1e3", "1e3"),
    (".inf", ".inf"),
    (".nan", ".nan"),
    ("=", "="),
    ("2024-01-01", "2024-01-01"),
    ("1.0.0", "1.0.0"),
    ("12345678901234567890", "12345678901234567890"),
    ("true", True),
    ("False", False),
    ("0", 0),
    ("-12", -12),
    ("1.50", 1.5),
    ("null", None),
    ("~", None),
    ("", None),
    ('"1"', "1"),
    ("'true'", "true"),
]


@pytest.mark.parametrize(("written", "read"), PLAIN)
def test_a_plain_word_is_what_it_looks_like(written: str, read: Any) -> None:
    got = read_source(f"a: {written}\n", "x.yaml").data["a"]
    assert got == read
    assert type(got) is type(read)


CUSTOM = "this is not valid YAML: {} (check indentation, colons and quotes)"
REFUSED = [
    ("a: &x 1\nb: *x\n", "x.yaml:1: anchors and aliases (& and *) are not allowed"),
    ("a: 1\nb: *x\n", "x.yaml:2: anchors and aliases (& and *) are not allowed"),
    ("a: [&x [1], *x]\n", "x.yaml:1: anchors and aliases (& and *) are not allowed"),
    (
        "a: !!python/object/apply:os.system [ls]\n",
        "x.yaml:1: the tag 'tag:yaml.org,2002:python/object/apply:os.system' is not allowed",
    ),
    ("a:\n  b: !mine 1\n", "x.yaml:2: the tag '!mine' is not allowed"),
    ("a: !!binary aGk=\n", "x.yaml:1: the tag 'tag:yaml.org,2002:binary' is not allowed"),
    ("a: 1\nb: 2\na: 3\n", "x.yaml:3: 'a' stands here twice, first on line 1"),
    ("a:\n  - {b: 1, b: 2}\n", "x.yaml:2: a.1: 'b' stands here twice, first on line 2"),
    ("codes: {1: low}\n", "x.yaml:1: codes: the name '1' is not text (put it between quotes: \"1\")"),
    ("true: 1\n", "x.yaml:1: the name 'true' is not text (put it between quotes: \"true\")"),
    ("? [a]\n: 1\n", "x.yaml:1: the name of a field is one word"),
    ("a: 1\n---\nb: 2\n", "x.yaml:2: " + CUSTOM.format("but found another document")),
    ("", "x.yaml:1: expected a definition: a mapping of fields"),
    ("# nothing yet\n", "x.yaml:1: expected a definition: a mapping of fields"),
    ("- a\n- b\n", "x.yaml:1: expected a definition: a mapping of fields"),
    ("just words\n", "x.yaml:1: expected a definition: a mapping of fields"),
    ("a: b: c\n", "x.yaml:1: " + CUSTOM.format("mapping values are not allowed in this context")),
    ("a: [1\nb: 2\n", "x.yaml:2: " + CUSTOM.format("did not find expected ',' or ']'")),
    ("a:\n\tb: 1\n", "x.yaml:2: this is not valid YAML: a tab at the start of a line (indent with spaces)"),
    ("a: 1\nb: \x07\n", "x.yaml:2: U+0007 cannot be seen: take it out"),
    ("a: 1\r\nb: \x00\n", "x.yaml:2: U+0000 cannot be seen: take it out"),
    ("# \x1b[2J\na: 1\n", "x.yaml:1: U+001B cannot be seen: take it out"),
    ("a: 1\n# \u202e x\nb: 2\n", "x.yaml:2: U+202E cannot be seen: take it out"),
    ("a: 1\n\ufeffb: 2\n", "x.yaml:2: " + CUSTOM.format("did not find expected key")),
    ("a: 1\u2028b: 2\n", "x.yaml:1: U+2028 cannot be seen: take it out"),
    ("a: 1\x85b: 2\n", "x.yaml:1: U+0085 cannot be seen: take it out"),
    ("a: [x\u200by]\n", "x.yaml:1: a.1: U+200B cannot be seen: take it out"),
    ("a: x\u00ady\n", "x.yaml:1: a: U+00AD cannot be seen: take it out"),
    ("a: x\U000e0041y\n", "x.yaml:1: a: U+E0041 cannot be seen: take it out"),
    ("a: x\u3164y\n", "x.yaml:1: a: U+3164 cannot be seen: take it out"),
    ("a: x\ue000y\n", "x.yaml:1: a: U+E000 cannot be seen: take it out"),
    ('a: "\\uffff"\n', "x.yaml:1: a: U+FFFF cannot be seen: take it out"),
    ("a\u200d: 1\na: 2\n", "x.yaml:1: U+200D cannot be seen: take it out"),
    (
        "a: {b: 1}\nc:\n  <<: {b: 2}\n",
        "x.yaml:3: c: '<<' is not a field: what another mapping says is not merged into this one "
        "(write the fields out)",
    ),
    ("a: &x {b: 1}\nc: {<<: *x}\n", "x.yaml:1: anchors and aliases (& and *) are not allowed"),
    (
        "".join(
            f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
        ),
        "x.yaml:1: anchors and aliases (& and *) are not allowed",
    ),
    ("a: &a [*a]\n", "x.yaml:1: anchors and aliases (& and *) are not allowed"),
    (
        "!!python/object/new:os.system [ls]\n",
        "x.yaml:1: the tag 'tag:yaml.org,2002:python/object/new:os.system' is not allowed",
    ),
    (
        "%TAG ! tag:yaml.org,2002:python/\n---\na: !name:os.system\n",
        "x.yaml:3: the tag 'tag:yaml.org,2002:python/name:os.system' is not allowed",
    ),
    ("a: !!set {x, y}\n", "x.yaml:1: the tag 'tag:yaml.org,2002:set' is not allowed"),
    ("a: ! 12\n", "x.yaml:1: the tag '!' is not allowed"),
    ("a: 1\n'a': 2\n", "x.yaml:2: 'a' stands here twice, first on line 1"),
    (
        "a: " + "- " * 20_000 + "b\n",
        "x.yaml:1: " + CUSTOM.format("block sequence entries are not allowed in this context"),
    ),
    ("? " * 20_000 + "a\n", "x.yaml:1: nested too deep"),
    ("[" * 200_000, "x.yaml:1: nested too deep"),
    ('a: "\\0"\n', "x.yaml:1: a: U+0000 cannot be seen: take it out"),
    ("b: 1\na: \u202ex\n", "x.yaml:2: a: U+202E cannot be seen: take it out"),
    ('a: {b: ["\\u2066"]}\n', "x.yaml:1: a.b.1: U+2066 cannot be seen: take it out"),
    ('"a\\u202e": 1\n', "x.yaml:1: U+202E cannot be seen: take it out"),
    ("a: \ud800\n", "x.yaml: the file holds half a character (save it as UTF-8)"),
    ("a: " + "x" * MAX_BYTES, "x.yaml: the file is larger than 1,000,000 bytes"),
    ("a: " + "é" * (MAX_BYTES // 2), "x.yaml: the file is larger than 1,000,000 bytes"),
    ("a: " + "[" * 5000 + "]" * 5000, "x.yaml:1: nested too deep"),
    ("a: " + "{a: " * 900_00 + "1", "x.yaml:1: nested too deep"),
    (
        "\n".join(" " * n + "a:" for n in range(MAX_DEPTH + 1)) + " 1\n",
        f"x.yaml:{MAX_DEPTH + 1}: nested too deep",
    ),
]


@pytest.mark.parametrize(("text", "message"), REFUSED, ids=[repr(text[:25]) for text, _ in REFUSED])
def test_refused(text: str, message: str) -> None:
    assert refusal(text) == message


def test_as_deep_as_is_allowed() -> None:
    text = "\n".join(" " * n + "a:" for n in range(MAX_DEPTH)) + " 1\n"
    assert read_source(text, "x.yaml").lines[("a",) * MAX_DEPTH] == MAX_DEPTH


def test_windows_endings_and_a_byte_order_mark_do_not_matter() -> None:
    assert read_source("\ufeffa: 1\r\nb: [x]\r\n", "x.yaml").data == {"a": 1, "b": ["x"]}


def test_every_field_knows_its_line() -> None:
    source = read_source(
        "a: 1\n\n# why\nb:\n  - c: x\n    d:\n      e: >-\n        long\n        text\n  - f\n", "x.yaml"
    )
    assert source.data == {"a": 1, "b": [{"c": "x", "d": {"e": "long text"}}, "f"]}
    lines = {("a",): 1, ("b",): 4, ("b", 0): 5, ("b", 0, "c"): 5, ("b", 0, "d", "e"): 7, ("b", 1): 10}
    assert {path: source.lines[path] for path in lines} == lines
    # what is not there has the line of what is around it
    assert source.line(("b", 0, "d", "missing")) == source.line(("b", 0, "d")) == 6
    assert source.line(("missing",)) == 1
    assert str(source.fault(("b", 0, "d"), "wrong", "do this")) == "x.yaml:6: b.1.d: wrong (do this)"


@given(st.text(alphabet="ab:-[]{}'\"#&*!|>%@` \n\t1.,?~\\", max_size=40))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        source = read_source(text, "x.yaml")
    except DefinitionError:
        return
    assert all(isinstance(key, str) for key in source.data)

"""The words and signs of the expression language: what an author may write, before it is parsed.

The first of two walls. Only what stands on these lists goes on to the parser; the second wall, on the
parsed tree, is in ``expression``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from indicators.faults import did_you_mean

MAX_LENGTH = 2000
MAX_TOKENS = 400
MAX_NESTING = 20

_SIGNS = frozenset(("(", ")", ",", "=", "<>", "!=", "<", "<=", ">", ">=", "+", "-", "*"))
_WORDS = frozenset((
    "and", "or", "not", "in", "between", "is", "null", "true", "false",
    "case", "when", "then", "else", "end", "date",
))  # fmt: skip
_PREFIXES = frozenset(("not", "-", "+"))
_WORD = re.compile(r"[^\W\d]\w*")
# As many digits as the widest stored column has; longer ones would be rounded by some engines.
_NUMBER = re.compile(r"[0-9]{1,18}(\.[0-9]{1,9})?")

_INSTEAD = {
    ".": "a number begins with a digit, as 0.5 does, and a column goes by its name alone",
    "/": "divide with ratio(a, b)",
    "//": "divide with ratio(a, b)",
    "==": "write =",
    ";": "write one expression, without ;",
    "like": "compare with =, or list the values with in (...)",
    "ilike": "compare with =, or list the values with in (...)",
    "%": "the rest of a division is a - b * floor(ratio(a, b))",
    "div": "divide with floor(ratio(a, b))",
    "interval": "count with add_days(d, n), add_months(d, n) or add_hours(t, n)",
    "date_diff": "count with days_between(a, b) or hours_between(a, b)",
    "datediff": "count with days_between(a, b) or hours_between(a, b)",
    "date_add": "count with add_days(d, n), add_months(d, n) or add_hours(t, n)",
    "min": "the lower of two values is least(a, b)",
    "max": "the higher of two values is greatest(a, b)",
    "timestamp": "the day of a datetime is date_of(t)",
    "if": "write case when ... then ... else ... end",
    "xor": "write it out with and, or and not",
}


class ExpressionError(ValueError):
    """An expression that is not in the language, with the piece of text that is at fault."""


def check_tokens(text: str, columns: Collection[str], functions: Collection[str]) -> None:
    """Refuse a text that holds anything but the words and signs of the language.

    Parameters
    ----------
    text : str
        What the author wrote.
    columns, functions : collection of str
        Names that may be used.

    Raises
    ------
    ExpressionError
        At the first piece that is not of the language; the message quotes it.
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"the expression is longer than {MAX_LENGTH:,} characters")
    _refuse_unseen(text)
    tokens = _tokens(text)
    if len(tokens) > MAX_TOKENS:
        raise ExpressionError(f"the expression has more than {MAX_TOKENS} words and signs")
    end = 0
    for token, after in zip(tokens, [*tokens[1:], None], strict=True):
        _refuse_comment(text[end : token.start])
        end = token.end + 1
        _check_token(text[token.start : end], token, after, columns, functions)
    _refuse_comment(text[end:])
    _refuse_nesting([text[token.start : token.end + 1].lower() for token in tokens])


def _refuse_unseen(text: str) -> None:
    for place, character in enumerate(text, start=1):
        if not character.isprintable() and character not in " \n\t":
            code = f"U+{ord(character):04X}"
            raise ExpressionError(f"character {place} is {code}, which cannot be seen: take it out")


def _tokens(text: str) -> list[Token]:
    try:
        tokens = DuckDB().tokenize(text)
    except SqlglotError:
        problem = "a quote is opened and not closed" if text.count("'") % 2 else "this cannot be read"
        raise ExpressionError(f"'{text}': {problem}") from None
    if not tokens:
        raise ExpressionError("the expression is empty")
    return tokens


def _refuse_comment(gap: str) -> None:
    if gap.strip():
        raise ExpressionError(f"'{gap.strip()}': comments are not allowed in an expression")


def _check_token(
    piece: str, token: Token, after: Token | None, columns: Collection[str], functions: Collection[str]
) -> None:
    if token.token_type == TokenType.STRING:
        if "\\" in piece:
            raise ExpressionError(f"{piece}: a backslash means different things to different engines")
        return
    if token.token_type == TokenType.NUMBER:
        _check_number(piece, token, after)
        return
    if piece in _SIGNS or piece in columns or piece.lower() in _WORDS:
        return
    if piece.startswith('"'):
        raise ExpressionError(f"{piece}: write columns without quotes, and texts between single quotes")
    if not piece.isascii():
        odd = next(character for character in piece if not character.isascii())
        name = unicodedata.name(odd, "not a letter").lower()
        raise ExpressionError(f"'{piece}': '{odd}' is {name}; outside quotes only plain letters are used")
    _refuse_word(piece, token, after, columns, functions)


def _check_number(piece: str, token: Token, after: Token | None) -> None:
    # "0x1" and "1n" come as a number with a name glued to it.
    if after is not None and after.start == token.end + 1 and _WORD.match(after.text):
        piece += after.text
    if not _NUMBER.fullmatch(piece):
        raise ExpressionError(
            f"'{piece}': write a number in full, such as 1000 or 0.5 "
            "(at most 18 digits, and 9 behind the point)"
        )


def _refuse_word(
    piece: str, token: Token, after: Token | None, columns: Collection[str], functions: Collection[str]
) -> None:
    word = piece.lower()
    called = after is not None and after.token_type == TokenType.L_PAREN
    if called and word in functions:
        return
    hint = _INSTEAD.get(word, f"write {word}(...)" if word in functions else "")
    if called and _WORD.fullmatch(piece):
        raise ExpressionError(f"there is no function '{piece}' ({hint or did_you_mean(word, functions)})")
    if token.token_type == TokenType.VAR or word in functions:
        raise ExpressionError(f"there is no column '{piece}' ({hint or did_you_mean(piece, columns)})")
    what = f"'{piece}' is not part of the expression language"
    raise ExpressionError(f"{what}: {hint}" if hint else what)


def _refuse_nesting(pieces: list[str]) -> None:
    depth = prefixes = 0
    for piece in pieces:
        depth += (piece in ("(", "case")) - (piece in (")", "end"))
        prefixes = prefixes + 1 if piece in _PREFIXES else 0
        if depth > MAX_NESTING or prefixes > 2:
            raise ExpressionError("the expression is nested too deep: split it, or say it more simply")

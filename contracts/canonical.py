"""One spelling for each value, so that equal contents give equal hashes."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

SHOWN_DIGITS = 12


def plain(value: Any) -> Any:
    """Make a value json-safe.

    Decimals and floats become text: a decimal without idle zeros, so that 0.3 and 0.30 are the same; a float
    as the shortest text that reads back as the same number. Tuples become lists.
    """
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Decimal):
        return _decimal_text(value)
    return repr(value) if isinstance(value, float) else value


def sha256_of(value: Any) -> str:
    """SHA-256, in hexadecimals, of the canonical JSON of a value."""
    text = json.dumps(
        plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return hashlib.sha256(text.encode()).hexdigest()


def shown(value: Fraction, digits: int = SHOWN_DIGITS) -> Decimal:
    """Show an exact number with so many digits behind the point; a half goes away from zero."""
    scaled = (abs(value.numerator) * 10**digits * 2 + value.denominator) // (2 * value.denominator)
    return Decimal(f"{scaled if value >= 0 else -scaled}E-{digits}")


def _decimal_text(value: Decimal) -> str:
    # not Decimal.normalize: that would round to the digits of the current context
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text

"""What identifies a person: citizen service numbers are found out, declared identifiers become pseudonyms."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

# A column is taken for citizen service numbers (BSN) when this share of its values of eight or nine digits,
# and at least so many different ones, pass the eleven-test; by chance nine per cent do.
BSN_SHARE = 0.8
BSN_VALUES = 5
_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)


def pseudonym_sql(text: str, key: bytes) -> str:
    """SQL of HMAC-SHA-256 (RFC 2104) of a text under a key, as hexadecimal digits; null for null."""
    block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in block).hex() for pad in (0x36, 0x5C))
    return f"sha256(unhex('{outer}') || unhex(sha256(unhex('{inner}') || encode({text}))))"


class CitizenNumbers:
    """Whether the values of one column are citizen service numbers, told as they come by.

    Attributes
    ----------
    numbers : int
        Values of eight or nine digits so far; spreadsheets drop a leading zero.
    passed : int
        How many of them pass the eleven-test.
    """

    def __init__(self) -> None:
        self.numbers = 0
        self.passed = 0
        self._different: set[int] = set()

    def add(self, values: pa.StringArray) -> None:
        """Look at more values, stripped of white space."""
        length = pc.binary_length(values)
        long = values.filter(pc.and_(pc.greater_equal(length, 8), pc.less_equal(length, 9)))
        if len(long) == 0:
            return
        found = long.filter(pc.match_substring_regex(long, "^[0-9]+$")).cast(pa.int64()).to_numpy()
        passing = found[passes_eleven_test(found)]
        self.numbers += len(found)
        self.passed += len(passing)
        if len(self._different) < BSN_VALUES:
            self._different.update(np.unique(passing)[:BSN_VALUES].tolist())

    @property
    def recognised(self) -> bool:
        """Whether this is a column of citizen service numbers."""
        return self.passed >= BSN_SHARE * self.numbers and len(self._different) >= BSN_VALUES


def passes_eleven_test(numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which numbers can be a citizen service number: 9a + 8b + ... + 2h - i is a multiple of eleven."""
    total = sum(weight * (numbers // 10 ** (8 - place) % 10) for place, weight in enumerate(_WEIGHTS))
    passes: NDArray[np.bool_] = (total % 11 == 0) & (numbers > 0)
    return passes

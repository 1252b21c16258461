"""Instruments: from the answers to a questionnaire to a score, with value sets as data files.

No wording of any questionnaire is shipped: an item goes by its subject.
"""

from indicators.instruments.value_sets import ValueSet, value_sets

__all__ = ["ValueSet", "value_sets"]

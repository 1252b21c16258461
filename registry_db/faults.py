"""What a registry tells an operator when something cannot be done."""

from __future__ import annotations


class RegistryError(Exception):
    """A request that cannot be carried out, in words an operator can act on; nothing was changed.

    Parameters
    ----------
    message : str
        What is wrong, and where.
    hint : str
        What to do about it.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        self.hint = hint
        super().__init__(f"{message}\n  {hint}" if hint else message)

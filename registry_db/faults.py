"""What a registry tells an operator when something cannot be done."""

from __future__ import annotations

from contracts.terms.part import Text


class RegistryError(Exception):
    """A request that cannot be carried out, in words an operator can act on; nothing was changed.

    Parameters
    ----------
    message : str or Text
        What is wrong, and where. A text is there in both languages, anything else in English.
    hint : str or Text
        What to do about it.
    """

    def __init__(self, message: str | Text, hint: str | Text = "") -> None:
        self.hint = hint if isinstance(hint, str) else hint.en
        self.dutch = _joined(*(part if isinstance(part, str) else part.nl for part in (message, hint)))
        super().__init__(_joined(message if isinstance(message, str) else message.en, self.hint))


def _joined(message: str, hint: str) -> str:
    return f"{message}\n  {hint}" if hint else message

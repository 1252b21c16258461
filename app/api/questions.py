"""What a program may ask: the parameters of each endpoint. Any other is refused by name."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

_INDICATOR = "Name of an indicator, such as birth-pph"
_VERSION = "By default the newest"
_PERIOD = "Such as 2025 or 2016/17"
_PROVIDER = "Code of a provider or network"


class Question(BaseModel):
    """Base of the parameters of an endpoint."""

    model_config = ConfigDict(extra="forbid")


class ScoreQuestion(Question):
    """Which scores, and which page of them."""

    indicator: str | None = Field(None, description=_INDICATOR)
    period: str | None = Field(None, description=_PERIOD)
    provider: str | None = Field(None, description=_PROVIDER)
    limit: int = Field(500, ge=1, le=10_000, description="Scores on a page")
    offset: int = Field(0, ge=0, le=2**31 - 1, description="Scores to pass over")


class OfIndicator(Question):
    """Of which indicator, and if asked for of which period and organisation."""

    indicator: str = Field(description=_INDICATOR)
    version: str | None = Field(None, description=_VERSION)
    period: str | None = Field(None, description=_PERIOD)
    provider: str | None = Field(None, description=_PROVIDER)


class SubgroupQuestion(OfIndicator):
    """Which scores of subgroups."""

    provider: str | None = Field(None, description=f"{_PROVIDER}; (all) for the nation")
    stratifier: str | None = Field(None, description="Name of one of its stratifiers")


class LedgerQuestion(Question):
    """Which ledger, and as what."""

    contract: str = Field(description="Name of a contract, such as birth-vsv")
    period: str = Field(description="Contract year, such as 2025")
    kind: Literal["xlsx", "pdf", "json"] = Field("json", description="Kind of file")
    language: Literal["nl", "en"] = Field("nl", description="Language of the words in it")

"""The API: what the pages show, for programs. It reads the newest publication and nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from html import escape
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from app import publication
from registry_db.faults import RegistryError
from registry_db.ledgers import LEDGER_TYPES, file_name, published_file
from registry_db.published_settlements import Luck
from registry_db.reader import NotPublished, PublicationReader

api = FastAPI(
    title="Meetlat",
    summary="Quality indicators, scores and settlements of one registry",
    description=(
        "Aggregates only: a publication holds no patients, and numbers on few patients are suppressed. "
        "Rates are proportions (0.05 is 5 %). Where `generated` is true the data are made up."
    ),
    version="1",
    openapi_url="/api/openapi.json",
    docs_url=None,  # the built-in page loads its script from another machine
    redoc_url=None,
)


class Published(BaseModel):
    """Base of every answer: read from a published object."""

    model_config = ConfigDict(from_attributes=True, extra="ignore")


class Problem(BaseModel):
    """What is wrong with a request, in one sentence."""

    detail: str


class AboutDataset(Published):
    """A dataset, and where it comes from."""

    dataset: str
    version: str
    title_nl: str
    title_en: str
    source_nl: str
    source_en: str
    generated: bool
    hash: str


class AboutPublication(Published):
    """The publication that the answers come from."""

    id: str
    registry: str
    generated: bool
    small_cell: int
    cut_off: dt.date | None
    meetlat: str
    published_at: dt.datetime


class About(BaseModel):
    """The publication and its datasets."""

    publication: AboutPublication
    datasets: list[AboutDataset]


class PublishedIndicator(Published):
    """One version of an indicator, with its definition."""

    indicator: str
    version: str
    status: str
    horizon: int
    title_nl: str
    title_en: str
    why_nl: str
    why_en: str
    steward: str
    dataset: str
    unit: str
    kind: str
    better: str
    expectation: str
    show_unit: str
    show_decimals: int
    minimum_n: int
    norm: float | None
    norm_kind: str | None
    definition: str
    hash: str


class PublishedScore(Published):
    """A score; every number is null where it is suppressed."""

    indicator: str
    version: str
    period: str
    provider: str
    n: float | None
    observed: float | None
    expected: float | None
    ratio: float | None
    adjusted: float | None
    lower: float | None
    upper: float | None
    low998: float | None
    low95: float | None
    high95: float | None
    high998: float | None
    band: Literal["low998", "low95", "in", "high95", "high998", "not-assessable"]
    reason: str
    reliability: float | None
    suppressed: bool


class PublishedSubgroup(Published):
    """The score of a subgroup; every number is null where it is suppressed. `(all)` is the nation."""

    indicator: str
    version: str
    period: str
    provider: str
    stratifier: str
    subgroup: str
    n: float | None
    exposure: float | None
    observed: float | None
    expected: float | None
    ratio: float | None
    adjusted: float | None
    lower: float | None
    upper: float | None
    reason: str
    suppressed: bool


class Subgroups(BaseModel):
    """Scores of the subgroups of one indicator."""

    publication: str
    scores: list[PublishedSubgroup]


class SubgroupQuery(BaseModel):
    """Which scores of subgroups."""

    model_config = ConfigDict(extra="forbid")

    indicator: str = Field(description="Name of an indicator with stratifiers, such as birth-pph")
    version: str | None = Field(None, description="By default the newest")
    period: str | None = Field(None, description="Such as 2025 or 2016/17")
    provider: str | None = Field(None, description="Code of a provider or network; (all) for the nation")
    stratifier: str | None = Field(None, description="Name of one of its stratifiers")


class Scores(BaseModel):
    """A page of scores, and how many there are in all."""

    publication: str
    total: int
    limit: int
    offset: int
    scores: list[PublishedScore]


class PublishedLine(Published):
    """A line of a settlement; amounts are decimals, as text."""

    key: str
    name_nl: str
    name_en: str
    formula_nl: str
    formula_en: str
    amount: Decimal
    unit: str
    effect: Decimal


class PublishedQuality(Published):
    """What one indicator adds to a quality score."""

    indicator: str
    version: str
    period: str
    adjusted: Decimal | None
    band: str
    weight: Decimal
    attained: Decimal
    points: Decimal


class PublishedSettlement(Published):
    """A settlement with its ledger; the effects of the lines add up to the payment."""

    settlement: str
    contract: str
    version: str
    title_nl: str
    title_en: str
    provider: str
    payer: str
    period: str
    kind: str
    generated: bool
    currency: str
    payment: Decimal
    number: int
    restatement: dict[str, Any] | None
    quality_score: Decimal
    quality: list[PublishedQuality]
    ledger: list[PublishedLine]


class PublishedContract(Published):
    """The text of a contract that was settled."""

    contract: str
    version: str
    title_nl: str
    title_en: str
    definition: str
    hash: str


class ScoreQuery(BaseModel):
    """Which scores, and which page of them."""

    model_config = ConfigDict(extra="forbid")

    indicator: str | None = Field(None, description="Name of an indicator, such as birth-pph")
    period: str | None = Field(None, description="Such as 2025 or 2016/17")
    provider: str | None = Field(None, description="Code of a provider or network")
    limit: int = Field(500, ge=1, le=10_000, description="Scores on a page")
    offset: int = Field(0, ge=0, le=2**31 - 1, description="Scores to pass over")


class LedgerQuery(BaseModel):
    """Which ledger, and as what."""

    model_config = ConfigDict(extra="forbid")

    contract: str = Field(description="Name of a contract, such as birth-vsv")
    period: str = Field(description="Contract year, such as 2025")
    kind: Literal["xlsx", "pdf", "json"] = Field("json", description="Kind of file")
    language: Literal["nl", "en"] = Field("nl", description="Language of the words in it")


Reader = Annotated[PublicationReader, Depends(publication.newest)]
NOT_THERE: dict[int | str, dict[str, Any]] = {503: {"model": Problem, "description": "No publication yet"}}
UNKNOWN: dict[int | str, dict[str, Any]] = {
    404: {"model": Problem, "description": "No such indicator"},
    422: {"model": Problem, "description": "A parameter that cannot be"},
}


@api.get("/api/v1/about", responses=NOT_THERE)
def about(reader: Reader) -> About:
    """The publication: its id, its date, its rule for small numbers, its datasets."""
    return About(
        publication=AboutPublication.model_validate(reader.about()),
        datasets=[AboutDataset.model_validate(row) for row in reader.datasets()],
    )


@api.get("/api/v1/indicators", responses=NOT_THERE)
def indicators(reader: Reader) -> list[PublishedIndicator]:
    """All indicators with their definitions, every version."""
    return [PublishedIndicator.model_validate(row) for row in reader.indicators()]


@api.get("/api/v1/scores", responses=NOT_THERE | UNKNOWN)
def scores(reader: Reader, query: Annotated[ScoreQuery, Query()]) -> Scores:
    """Scores, of one indicator, period or provider if asked for."""
    if query.indicator is not None:
        reader.indicator(query.indicator)
    wanted = {"period": query.period, "provider": query.provider}
    found = reader.scores(query.indicator, **wanted, limit=query.limit, offset=query.offset)
    return Scores(
        publication=reader.about().id,
        total=reader.count_scores(query.indicator, **wanted),
        limit=query.limit,
        offset=query.offset,
        scores=[PublishedScore.model_validate(row) for row in found],
    )


@api.get("/api/v1/subgroups", responses=NOT_THERE | UNKNOWN)
def subgroups(reader: Reader, query: Annotated[SubgroupQuery, Query()]) -> Subgroups:
    """Scores of the subgroups that an indicator's stratifiers make; none if it has no stratifiers."""
    item = reader.indicator(query.indicator, version=query.version)
    found = reader.subgroup_scores(
        item.indicator,
        version=item.version,
        period=query.period,
        provider=query.provider,
        stratifier=query.stratifier,
    )
    return Subgroups(
        publication=reader.about().id, scores=[PublishedSubgroup.model_validate(row) for row in found]
    )


@api.get("/api/v1/settlements", responses=NOT_THERE)
def settlements(reader: Reader) -> list[PublishedSettlement]:
    """All settlements with their ledgers, newest period first."""
    return [PublishedSettlement.model_validate(row) for row in reader.settlements()]


@api.get("/api/v1/contracts", responses=NOT_THERE)
def contracts(reader: Reader) -> list[PublishedContract]:
    """The texts of the contracts that were settled, as YAML, with the hash that their settlements name."""
    return [PublishedContract.model_validate(row) for row in reader.contracts()]


@api.get(
    "/api/v1/ledger",
    response_class=Response,
    responses=NOT_THERE
    | UNKNOWN
    | {404: {"model": Problem, "description": "No such settlement, or it can be had as json only"}}
    | {200: {"description": "The file", "content": {kind: {} for kind in LEDGER_TYPES.values()}}},
)
def ledger(reader: Reader, query: Annotated[LedgerQuery, Query()]) -> Response:
    """The settlement of a contract year: a workbook that recomputes it, a document to sign, or data."""
    wanted = query.model_dump()
    content = published_file(reader, **wanted)
    name = file_name(query.contract, query.period, query.kind)
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=LEDGER_TYPES[query.kind], headers=headers)


@api.get("/api/v1/luck", responses=NOT_THERE)
def luck(reader: Reader) -> list[Luck]:
    """How sure the settlements are, newest period first; those of which that is not known are left out."""
    found = (reader.luck(row.settlement) for row in reader.settlements())
    return [row for row in found if row is not None]


@api.get("/api/docs", include_in_schema=False)
def docs() -> HTMLResponse:
    """The endpoints on one page, that needs nothing from elsewhere."""
    paths = api.openapi()["paths"]
    entries = "".join(_entry(path, methods["get"]) for path, methods in paths.items())
    page = _DOCS.format(title=escape(api.title), about=escape(api.description), entries=entries)
    return HTMLResponse(page)


@api.exception_handler(NotPublished)
def not_published(_request: Request, error: NotPublished) -> JSONResponse:
    """Answer a question about something that the publication does not have."""
    return JSONResponse({"detail": str(error)}, status_code=404)


@api.exception_handler(RegistryError)
def not_there(_request: Request, error: RegistryError) -> JSONResponse:
    """Answer when there is no publication to read."""
    return JSONResponse({"detail": str(error)}, status_code=503)


@api.exception_handler(RequestValidationError)
def wrong_parameter(request: Request, error: RequestValidationError) -> JSONResponse:
    """Say in one sentence which parameter is wrong, what it was, and what was expected."""
    return JSONResponse(
        {"detail": "; ".join(_fault(request, each) for each in error.errors())}, status_code=422
    )


_ASKED: dict[str, type[BaseModel]] = {"subgroups": SubgroupQuery, "ledger": LedgerQuery}


def _fault(request: Request, fault: dict[str, Any]) -> str:
    name = fault["loc"][-1]
    asked = _ASKED.get(request.url.path.rpartition("/")[2], ScoreQuery)
    if fault["type"] == "extra_forbidden":
        return f"{name}: there is no such parameter; there are {', '.join(asked.model_fields)}"
    if fault["type"] == "missing":
        return f"{name}: this parameter is needed; there are {', '.join(asked.model_fields)}"
    return f"{name}: '{fault['input']}'; {fault['msg'][0].lower()}{fault['msg'][1:]}"


def _entry(path: str, operation: dict[str, Any]) -> str:
    rows = "".join(_parameter(given) for given in operation.get("parameters", []))
    table = f"<table><tr><th>parameter<th>type<th>meaning{rows}</table>" if rows else ""
    return (
        f'<section><h2>GET <a href="{escape(path)}">{escape(path)}</a></h2>'
        f"<p>{escape(operation['description'])}</p>{table}</section>"
    )


def _parameter(given: dict[str, Any]) -> str:
    schema = given["schema"]
    kinds: Sequence[dict[str, Any]] = schema.get("anyOf", [schema])
    kind = next(option["type"] for option in kinds if option.get("type") != "null")
    meaning = given.get("description", "")
    return f"<tr><td><code>{escape(given['name'])}</code><td>{escape(kind)}<td>{escape(meaning)}"


_DOCS = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title} API</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><style>
body {{ font: 16px/1.5 system-ui, sans-serif; color: #2b2f33; max-width: 52rem; margin: 3rem auto }}
h1, h2, a {{ color: #12436d }} h2 {{ font-size: 1.1rem; font-family: ui-monospace, monospace }}
section {{ border-top: 1px solid #dde2e7; padding: .4rem 0 1rem }} table {{ border-collapse: collapse }}
th, td {{ text-align: left; padding: .25rem 1.5rem .25rem 0; border-bottom: 1px solid #e6eaee }}
</style></head><body><h1>{title} API</h1><p>{about}</p>
<p>Machine-readable: <a href="/api/openapi.json">/api/openapi.json</a></p>{entries}</body></html>
"""

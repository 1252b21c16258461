"""The endpoints: what the pages show, for programs. They read the newest publication and nothing else."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response

from app import publication
from app.api.answers import (
    About,
    Course,
    Explanation,
    Problem,
    PublishedSettlement,
    Responses,
    Scores,
    Subgroups,
)
from app.api.page import page
from app.api.questions import LedgerQuestion, OfIndicator, Question, ScoreQuestion, SubgroupQuestion
from registry_db.faults import RegistryError
from registry_db.ledgers import LEDGER_TYPES, file_name, published_file
from registry_db.published import Indicator
from registry_db.published_settlements import ContractText, Luck
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


Reader = Annotated[PublicationReader, Depends(publication.newest)]
NOT_THERE: dict[int | str, dict[str, Any]] = {503: {"model": Problem, "description": "No publication yet"}}
UNKNOWN: dict[int | str, dict[str, Any]] = {
    404: {"model": Problem, "description": "No such indicator"},
    422: {"model": Problem, "description": "A parameter that cannot be"},
}


@api.get("/api/v1/about", responses=NOT_THERE)
def about(reader: Reader) -> About:
    """The publication: its id, its date, its rule for small numbers, its datasets."""
    return About(publication=reader.about(), datasets=list(reader.datasets()))


@api.get("/api/v1/indicators", responses=NOT_THERE)
def indicators(reader: Reader) -> list[Indicator]:
    """All indicators with their definitions, every version."""
    return list(reader.indicators())


@api.get("/api/v1/scores", responses=NOT_THERE | UNKNOWN)
def scores(reader: Reader, query: Annotated[ScoreQuestion, Query()]) -> Scores:
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
        scores=list(found),
    )


@api.get("/api/v1/subgroups", responses=NOT_THERE | UNKNOWN)
def subgroups(reader: Reader, query: Annotated[SubgroupQuestion, Query()]) -> Subgroups:
    """Scores of the subgroups that an indicator's stratifiers make; none if it has no stratifiers."""
    item = reader.indicator(query.indicator, version=query.version)
    found = reader.subgroup_scores(
        item.indicator,
        version=item.version,
        period=query.period,
        provider=query.provider,
        stratifier=query.stratifier,
    )
    return Subgroups(publication=reader.about().id, scores=list(found))


@api.get("/api/v1/explanation", responses=NOT_THERE | UNKNOWN)
def explanation(reader: Reader, query: Annotated[OfIndicator, Query()]) -> Explanation:
    """Why an expected value is what it is: what each term of the case mix adds, and who the patients are.

    Nothing of an indicator without case mix, nor of an organisation whose score is suppressed.
    """
    item = reader.indicator(query.indicator, version=query.version)
    of = {"version": item.version, "period": query.period, "provider": query.provider}
    parts, patients = reader.explanation(item.indicator, **of)
    return Explanation(
        publication=reader.about().id,
        indicator=item.indicator,
        version=item.version,
        parts=list(parts),
        patients=list(patients),
    )


@api.get("/api/v1/response", responses=NOT_THERE | UNKNOWN)
def response(reader: Reader, query: Annotated[OfIndicator, Query()]) -> Responses:
    """How many patients answered the questionnaire that an indicator rests on, of those who were asked.

    With few answers a score says more about who answered than about care.
    """
    item = reader.indicator(query.indicator, version=query.version)
    found = reader.responses(item, period=query.period, provider=query.provider)
    return Responses(
        publication=reader.about().id,
        indicator=item.indicator,
        version=item.version,
        responses=list(found),
    )


@api.get("/api/v1/course", responses=NOT_THERE | UNKNOWN)
def course(reader: Reader, query: Annotated[OfIndicator, Query()]) -> Course:
    """How an indicator went by month: events less than expected, alarms, and months that stand out.

    Months with too few patients are taken together. Only of outcomes that each record meets or does not.
    """
    item = reader.indicator(query.indicator, version=query.version)
    of = {"version": item.version, "period": query.period, "provider": query.provider}
    return Course(
        publication=reader.about().id,
        indicator=item.indicator,
        version=item.version,
        parts=list(reader.course(item.indicator, **of)),
    )


@api.get("/api/v1/settlements", responses=NOT_THERE)
def settlements(reader: Reader) -> list[PublishedSettlement]:
    """All settlements with their ledgers, newest period first."""
    titles = reader.titles()
    return [PublishedSettlement.of(row, titles) for row in reader.settlements()]


@api.get("/api/v1/contracts", responses=NOT_THERE)
def contracts(reader: Reader) -> list[ContractText]:
    """The texts of the contracts that were settled, as YAML, with the hash that their settlements name."""
    return list(reader.contracts())


@api.get(
    "/api/v1/ledger",
    response_class=Response,
    responses=NOT_THERE
    | UNKNOWN
    | {404: {"model": Problem, "description": "No such settlement, or it can be had as json only"}}
    | {200: {"description": "The file", "content": {kind: {} for kind in LEDGER_TYPES.values()}}},
)
def ledger(reader: Reader, query: Annotated[LedgerQuestion, Query()]) -> Response:
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
    return HTMLResponse(page(api.openapi()))


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


_ASKED: dict[str, type[Question]] = {
    "scores": ScoreQuestion,
    "subgroups": SubgroupQuestion,
    "explanation": OfIndicator,
    "response": OfIndicator,
    "course": OfIndicator,
    "ledger": LedgerQuestion,
}


def _fault(request: Request, fault: dict[str, Any]) -> str:
    name = fault["loc"][-1]
    asked = _ASKED[request.url.path.rpartition("/")[2]]
    if fault["type"] == "extra_forbidden":
        return f"{name}: there is no such parameter; there are {', '.join(asked.model_fields)}"
    if fault["type"] == "missing":
        return f"{name}: this parameter is needed; there are {', '.join(asked.model_fields)}"
    return f"{name}: '{fault['input']}'; {fault['msg'][0].lower()}{fault['msg'][1:]}"

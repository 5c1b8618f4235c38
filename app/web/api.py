"""The open calculators and the health of the process, as JSON."""

from __future__ import annotations

import shutil
from enum import StrEnum
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from app.domain.errors import Refusal
from app.services import calculators
from app.store import db
from app.web.deps import Config, Database

router = APIRouter()

MIN_FREE_BYTES = 1 << 30


class CalcKind(StrEnum):
    """What can be calculated without signing in."""

    STATEMENT = "statement"
    LIMITATION = "limitation"
    PERIOD = "period"
    COURT_FEE = "court-fee"
    CLAIM = "claim"


_OBJECT = {"type": "object"}
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "field"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "field": {"type": ["string", "null"]},
            },
        }
    },
}
_DOCUMENTED: dict[int | str, dict[str, Any]] = {
    200: {"description": "The answer", "content": {"application/json": {"schema": _OBJECT}}},
    **{
        status: {"description": words, "content": {"application/json": {"schema": _ERROR}}}
        for status, words in {
            403: "Sent from another site",
            404: "No such calculator",
            413: "Larger than 256 KiB",
            422: "Unreadable or refused, with the reason",
            429: "Too many requests",
        }.items()
    },
}


@router.post(
    "/api/v1/calc/{kind}",
    responses=_DOCUMENTED,
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": _OBJECT}}}},
)
async def calc(kind: CalcKind, request: Request) -> JSONResponse:
    """Answer one case: the same functions the product bills and dunns with, and nothing stored."""
    body = await request.body()
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refusal("request.unreadable") from error
    answer, is_answered = await run_in_threadpool(calculators.calculate_text, kind=kind.value, text=text)
    return JSONResponse(answer, status_code=200 if is_answered else 422)


@router.get("/healthz", include_in_schema=False)
def healthz() -> Response:
    """Say that the process lives."""
    return JSONResponse({"ok": True})


@router.get("/readyz", include_in_schema=False)
def readyz(engine: Database, settings: Config) -> Response:
    """Say whether work can be done here; what is wrong is said in the log and by ``qingqian doctor`` only."""
    try:
        ok = bool(db.head(engine)) and shutil.disk_usage(settings.data_dir).free >= MIN_FREE_BYTES
    except Exception:  # noqa: BLE001 - not ready, whatever the reason
        ok = False
    return JSONResponse({"ok": ok}, status_code=200 if ok else 503)

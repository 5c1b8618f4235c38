"""The open calculators and the health of the process, as JSON."""

from __future__ import annotations

import shutil
from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from app.store import db
from app.web.deps import Config, Database

router = APIRouter()

MIN_FREE_BYTES = 1 << 30


@router.get("/healthz", include_in_schema=False)
def healthz() -> Response:
    return JSONResponse({"ok": True})


@router.get("/readyz", include_in_schema=False)
def readyz(engine: Database, settings: Config) -> Response:
    """Say whether work can be done here; what is wrong is said in the log and by ``qingqian doctor`` only."""
    checks: dict[str, Any] = {}
    try:
        checks["schema"] = bool(db.head(engine))
        checks["disk"] = shutil.disk_usage(settings.data_dir).free >= MIN_FREE_BYTES
    except Exception:  # noqa: BLE001 - not ready, whatever the reason
        checks["database"] = False
    ok = all(checks.values())
    return JSONResponse({"ok": ok}, status_code=200 if ok else 503)

"""Errors as people and programs see them: a kind becomes a status, a code becomes a sentence."""

from __future__ import annotations

import secrets
import traceback
from typing import Any
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Scope

from app.domain.errors import Kind, Refusal
from app.i18n import zh_cn
from app.web import forms, pages
from app.web.deps import ConfirmationRequired, SecondFactorRequired, SignInRequired, here_if_any
from app.web.security import HEADERS

STATUS = {Kind.NOT_FOUND: 404, Kind.REJECTED: 422, Kind.CONFLICT: 409, Kind.FORBIDDEN: 403}
_CODES = {
    400: "request.unreadable",
    403: "access.denied",
    404: "access.not_found",
    405: "request.method_not_allowed",
    413: "request.too_large",
    429: "request.too_many",
}

log = structlog.get_logger()


def install(app: FastAPI) -> None:
    """Tell the application how each kind of error is answered."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(SignInRequired, _sign_in)
    app.add_exception_handler(SecondFactorRequired, _set_up_factor)
    app.add_exception_handler(ConfirmationRequired, _confirm)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(DataError, _unstorable)
    app.add_exception_handler(IntegrityError, _overtaken)
    app.add_exception_handler(OperationalError, _busy)
    app.add_exception_handler(Exception, _failed)


def is_program(request: Request) -> bool:
    """Say whether the caller wants JSON and not a page."""
    return request.url.path.startswith(("/api/", "/healthz", "/readyz"))


async def answer(
    request: Request,
    refusal: Refusal,
    status: int,
    headers: dict[str, str] | None = None,
    **more: Any,  # noqa: ANN401
) -> Response:
    """Answer with a refusal in the caller's own format."""
    sentence = zh_cn.sentence(refusal)
    if is_program(request):
        error = {"code": refusal.code, "message": sentence, "field": refusal.field, **more}
        return JSONResponse({"error": error}, status_code=status, headers=headers)
    try:
        here = await here_if_any(request) if status != 500 else None
    except Exception:  # noqa: BLE001 - an error page must never fail
        here = None
    if "hx-request" in request.headers:
        body = pages.fragment("parts/refused.html", sentence=sentence, code=refusal.code)
        return Response(body, status_code=status, media_type="text/html", headers=headers)
    name = "portal/error.html" if request.url.path.startswith(("/o/", "/my")) else "error.html"
    return pages.page(
        request, name, here=here, status=status, headers=headers, sentence=sentence, code=refusal.code, is_error=True
    )


def refuse_early(app: FastAPI) -> Any:  # noqa: ANN401 - a factory of ASGI applications
    """Return what the doorkeeper answers with before any route is known."""

    def make(_scope: Scope, code: str, status: int) -> ASGIApp:
        async def respond(scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401
            scope["app"] = app
            request = Request(scope, receive)
            request.state.here = None
            headers = {"Retry-After": "60"} if status == 429 else None
            await (await answer(request, Refusal(code), status, headers))(scope, receive, send)

        return respond

    return make


def _route(request: Request) -> str:
    """Return the pattern of the address for the log: what stands in it (a token, an id) is nobody's business."""
    return str(getattr(request.scope.get("route"), "path", "-"))


async def _refused(request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)
    return await answer(request, refusal, STATUS[refusal.kind])


async def _sign_in(request: Request, _error: Exception) -> Response:
    if is_program(request):
        return await answer(request, Refusal("access.sign_in_required"), 401)
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    where = "/login" if request.method != "GET" or target == "/" else f"/login?next={quote(target, safe='')}"
    if "hx-request" in request.headers:
        return Response(status_code=401, headers={"HX-Redirect": "/login"})
    return RedirectResponse(where, status_code=303)


def _lead(request: Request, where: str) -> Response:
    """Lead to a page on the way, whether a form, a link or a script asked."""
    if "hx-request" in request.headers:
        return Response(status_code=200, headers={"HX-Redirect": where})
    return RedirectResponse(where, status_code=303)


async def _set_up_factor(request: Request, _error: Exception) -> Response:
    if is_program(request):
        return await answer(request, Refusal("factor.needed"), 403)
    return _lead(request, "/me/second-factor?needed=1")


async def _confirm(request: Request, _error: Exception) -> Response:
    return _lead(request, "/confirm")


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    problems = error.errors()
    first = problems[0] if problems else {"type": "", "loc": ()}
    where = [str(part) for part in first["loc"]]
    if where[:1] == ["path"]:
        return await answer(request, Refusal("access.not_found"), 404)
    if first["type"] == "json_invalid":
        return await answer(request, Refusal("request.unreadable"), 422)
    code, facts = forms.translate(first)
    label = where[-1] if where[1:] else zh_cn.sentence(Refusal("form.this_field"))
    return await answer(request, forms.refusal(code, {"label": label, **facts}, ".".join(where[1:]) or None), 422)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _CODES.get(error.status_code, "request.invalid")
    return await answer(request, Refusal(code), error.status_code, dict(error.headers or {}))


async def _unstorable(request: Request, _error: Exception) -> Response:
    return await answer(request, Refusal("request.invalid"), 422)


async def _overtaken(request: Request, error: Exception) -> Response:
    log.warning("integrity", path=_route(request), error=type(error).__name__)
    return await answer(request, Refusal("request.overtaken"), 409)


async def _busy(request: Request, error: Exception) -> Response:
    log.warning("busy", path=_route(request), error=type(error).__name__)
    return await answer(request, Refusal("request.busy"), 503, {"Retry-After": "5"})


def _trace(error: BaseException) -> str:
    """Return where it failed and with what kind of error, and nothing else.

    The values of variables and the words of errors are people's data: a number that could not be read, a row that
    could not be written. They have no business in a log.
    """
    told: list[str] = []
    link: BaseException | None = error
    while link is not None:
        told.append("".join(traceback.format_tb(link.__traceback__)) + type(link).__qualname__)
        link = link.__cause__ or link.__context__
    return "\n\n".join(reversed(told))


async def _failed(request: Request, error: Exception) -> Response:
    reference = secrets.token_hex(4)
    log.error("failed", path=_route(request), reference=reference, trace=_trace(error))
    # This answer leaves from outside the middlewares, so it brings the strict headers itself.
    return await answer(request, Refusal("request.failed", reference=reference), 500, dict(HEADERS))

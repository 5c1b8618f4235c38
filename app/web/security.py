"""What every request passes first: security headers, the cross-site check and limits on how often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

STAFF_COOKIE = "sid"
OWNER_COOKIE = "oid"
CODE_COOKIE = "och"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSP = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)

HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cache-Control": "no-store",
}


def cookie_names(name: str) -> tuple[str, str]:
    """Return the two names a session cookie may have: behind HTTPS, and on a plain office network."""
    return f"__Host-{name}", name


class SecurityHeaders:
    """Put the same strict headers on every answer; a route may only make them stricter."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self.app = app
        self.fixed = HEADERS | ({"Strict-Transport-Security": "max-age=31536000"} if https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.fixed.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)


def is_cross_site(method: str, headers: Headers, *, scheme: str, path: str = "/") -> bool:
    """Say whether a request must be refused because another site may have sent it.

    Browsers say where a request comes from in ``Sec-Fetch-Site``; on plain http they send only ``Origin``.
    A request with neither comes from a program: harmless without a session cookie, refused with one.
    """
    if method in SAFE_METHODS:
        return False
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    if origin == "null" and path.startswith("/o/"):
        # The token page sends no referrer, so plain-http browsers hide its origin; the token is the key, no cookie.
        return False
    if origin is not None:
        there = urlsplit(origin) if origin != "null" else None
        if there is None or there.netloc.lower() != headers.get("host", "").lower():
            return True
        return scheme == "https" and there.scheme != "https"
    carried = {part.split("=", 1)[0].strip() for part in headers.get("cookie", "").split(";")}
    return not carried.isdisjoint({*cookie_names(STAFF_COOKIE), *cookie_names(OWNER_COOKIE)})


@dataclass(slots=True)
class Limits:
    """How often one address may knock; kept in memory, since one process serves."""

    general: str = "1200/minute"
    calc: str = "600/minute"
    signin: str = "30/minute"
    owner: str = "60/minute"
    _limiter: SlidingWindowCounterRateLimiter = field(
        default_factory=lambda: SlidingWindowCounterRateLimiter(MemoryStorage())
    )

    def allows(self, method: str, path: str, address: str) -> bool:
        """Count one request and say whether it is within every limit that covers it."""
        return all(self._limiter.hit(item, name, address) for name, item in self._covering(method, path))

    def _covering(self, method: str, path: str) -> list[tuple[str, RateLimitItem]]:
        covering = [("general", parse(self.general))]
        if path.startswith("/api/v1/calc/"):
            covering = [("calc", parse(self.calc))]
        elif path.startswith(("/login", "/join/")) and method == "POST":
            covering.append(("signin", parse(self.signin)))
        elif path.startswith("/o/") or (method == "POST" and path in {"/my/sign-in", "/my/code"}):
            covering.append(("owner", parse(self.owner)))
        elif path.startswith(("/static/", "/healthz")):
            covering = []
        return covering


MAX_BODY = 2 * 1024 * 1024
MAX_BODIES = {
    "/imports": 30 * 1024 * 1024,
    "/scans": 100 * 1024 * 1024,
    "/api/v1/calc/": 256 * 1024,
    "/my/units/": 32 * 1024 * 1024,
}
# A form with a file; the checker of uploads has limits of its own.
MAX_BODY_WITH_FILE = 12 * 1024 * 1024


def most_bytes(path: str, headers: Headers) -> int:
    """Return the largest body a path reads: more where the form may carry a file."""
    has_file = headers.get("content-type", "").startswith("multipart/form-data")
    usual = MAX_BODY_WITH_FILE if has_file else MAX_BODY
    return next((size for start, size in MAX_BODIES.items() if path.startswith(start)), usual)


def is_too_large(path: str, headers: Headers) -> bool:
    """Say whether a request announces more than its path reads."""
    length = headers.get("content-length", "0")
    return not length.isdecimal() or len(length) > 15 or int(length) > most_bytes(path, headers)


def counted(receive: Receive, most: int) -> Receive:
    """Return ``receive`` that stops a body which turns out larger than ``most``, whatever length it announced."""
    total = 0

    async def receive_some() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > most:
            raise HTTPException(413)
        return message

    return receive_some


class KnownHosts:
    """Refuse a request that came under a name which is not ours, in our own words; ``*`` knows every name."""

    def __init__(self, app: ASGIApp, *, names: list[str], refuse: Callable[[Scope, str, int], ASGIApp]) -> None:
        self.app = app
        self.names = [name.lower() for name in names]
        self.refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._knows(Headers(scope=scope).get("host", "")):
            await self.app(scope, receive, send)
        else:
            await self.refuse(scope, "request.unknown_host", 400)(scope, receive, send)

    def _knows(self, host: str) -> bool:
        # the port is no part of the name; an IPv6 address keeps its brackets
        name = host.lower() if host.endswith("]") else host.lower().rsplit(":", 1)[0]
        return any(
            known in {"*", name} or (known.startswith("*.") and name.endswith(known[1:])) for known in self.names
        )


class Doorkeeper:
    """Refuse what another site sent, what comes too often or is too large, before any handler runs."""

    def __init__(self, app: ASGIApp, *, limits: Limits, refuse: Callable[[Scope, str, int], ASGIApp]) -> None:
        self.app = app
        self.limits = limits
        self.refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        client = scope.get("client")
        if not self.limits.allows(scope["method"], scope["path"], client[0] if client else "-"):
            await self.refuse(scope, "request.too_many", 429)(scope, receive, send)
        elif is_cross_site(scope["method"], Headers(scope=scope), scheme=scope["scheme"], path=scope["path"]):
            await self.refuse(scope, "request.cross_site", 403)(scope, receive, send)
        elif is_too_large(scope["path"], Headers(scope=scope)):
            await self.refuse(scope, "request.too_large", 413)(scope, receive, send)
        else:
            await self.app(scope, counted(receive, most_bytes(scope["path"], Headers(scope=scope))), send)

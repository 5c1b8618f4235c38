"""What each test would make anew though it is the same for all: routes that FastAPI has worked out."""

from __future__ import annotations

from typing import Any

import fastapi.routing


def share_routes() -> None:
    """Let every application of this process use the routes the first one worked out.

    FastAPI reads the signatures of all handlers at the first requests to an application, for half a second. Ours are
    included in one way only, and no application overrides a dependency: the outcome depends on nothing but the route.
    """
    included: Any = fastapi.routing._IncludedRouter  # type: ignore[attr-defined]
    work_out = included._build_effective_context
    known: dict[tuple[int, str, bool], tuple[object, object]] = {}

    def shared(self: Any, route: object) -> object:
        how = self.include_context
        key = (id(route), how.prefix, how.include_in_schema)
        if key not in known:
            known[key] = (route, work_out(self, route))  # the route is kept so that its id is never another's
        return known[key][1]

    included._build_effective_context = shared

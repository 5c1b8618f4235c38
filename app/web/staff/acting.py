"""The way every small form of a unit goes: reach the unit, read the form, call one service, show what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import clock
from app.domain.deeds import By
from app.domain.errors import Kind, Refusal
from app.store import db, unit_reads
from app.web import forms
from app.web.deps import Here, reachable
from app.web.errors import STATUS

M = TypeVar("M", bound=forms.FormModel)


def by(here: Here) -> By:
    """Return who acts, now."""
    return By(clock.today(), clock.now(), here.actor.login, here.actor.user_id)


def head_of(engine: Engine, here: Here, unit_id: int) -> unit_reads.Head:
    """Return the head of a unit; one outside the person's communities does not exist, whatever the form says."""
    with db.reading(engine) as session:
        head = unit_reads.head(session, unit_id)
    reachable(here, head.community_id if head else None)
    assert head is not None
    return head


def carry_out(
    engine: Engine,
    form: forms.Filled[M],
    *,
    work: Callable[[Session, M], Any],
    show: Callable[[forms.Filled[M], int], Response],
    done: Callable[[Any], Response],
) -> Response:
    """Act on a form in one transaction; show it again with what was typed where it is at fault or refused."""
    if form.model is None:
        return show(form, 422)
    try:
        with db.transaction(engine) as session:
            result = work(session, form.model)
    except Refusal as refusal:
        if refusal.kind is Kind.NOT_FOUND:
            raise
        return show(form.with_refusal(refusal), STATUS[refusal.kind])
    return done(result)

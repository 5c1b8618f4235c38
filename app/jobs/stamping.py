"""The timestamps of the daily roots, made as soon as an authority answers: nothing ever waits for one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import structlog
from sqlalchemy import Engine

from app.domain.errors import Refusal
from app.gateways import timestamps
from app.gateways.ports import Timestamps
from app.i18n import zh_cn
from app.store import db, evidence_roots

log = structlog.get_logger()


def stamp_due(
    engine: Engine, authority: Timestamps, *, at: dt.datetime, go_on: Callable[[], bool] = lambda: True
) -> int:
    """Have every root stamped whose turn has come and return how many were; whoever does not answer is asked again."""
    with db.reading(engine) as session:
        waiting = evidence_roots.unstamped(session, at=at)
    done = 0
    for root_id, digest in waiting:
        if not go_on():
            break
        try:
            token = authority.stamp(digest)
            facts = timestamps.read(token)
        except Refusal as refusal:
            _note(engine, root_id, zh_cn.sentence(refusal), at)
            log.warning("evidence.not_stamped", root_id=root_id, code=refusal.code)
            break  # nobody answers one root and is silent to the next
        except Exception as error:
            _note(engine, root_id, type(error).__name__, at)
            log.exception("evidence.not_stamped", root_id=root_id)
            continue
        with db.transaction(engine) as session:
            done += evidence_roots.stamped(session, root_id=root_id, token=token, facts=facts, at=at)
    return done


def _note(engine: Engine, root_id: int, why: str, at: dt.datetime) -> None:
    with db.transaction(engine) as session:
        evidence_roots.not_stamped(session, root_id=root_id, why=why, at=at)

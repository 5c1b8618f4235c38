"""Opens what a command works on: the settings, the database at its newest version, the day."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from app.cli.output import SetUpMissing

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session


_opened: list[Engine] = []


def close() -> None:
    """Close what the command opened; the last thing a command does."""
    while _opened:
        _opened.pop().dispose()


def engine(*, any_version: bool = False) -> Engine:
    """Return the engine of this installation: a blank database gets its schema, one that is behind is refused."""
    from sqlalchemy.exc import OperationalError

    from app import settings
    from app.gateways import keys
    from app.store import db, sealing

    configured = settings.load()
    opened = db.create_engine(configured.url)
    _opened.append(opened)
    try:
        current = db.head(opened)
        if not current and not any_version and db.is_blank(opened):
            current = db.migrate(opened)
    except OperationalError as error:
        message = f"The database does not answer: {error.orig}"
        raise SetUpMissing(message) from error
    if not any_version and current != db.newest(opened):
        message = "The database has another schema, or an older one. Run: qingqian migrate"
        raise SetUpMissing(message)
    sealing.attach(opened, keys.secret(configured.secret_key.get_secret_value(), configured.key_file))
    return opened


def community_id(session: Session, name: str | None) -> int | None:
    """Return the id of a community by its name; None asks for all of them."""
    from app.domain.errors import not_found
    from app.store import estate

    if name is None:
        return None
    found = estate.community_by_name(session, name)
    if found is None:
        raise not_found("community.unknown", name=name)
    return int(found.id)


def today() -> date:
    """Return the day a question without a date is asked for; the edge is where the clock is read."""
    from app import clock

    return clock.today()

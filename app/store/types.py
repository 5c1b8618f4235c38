"""Column types that differ between the two engines."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from sqlalchemy import BigInteger, Date, DateTime, Dialect, Integer
from sqlalchemy.types import TypeDecorator, TypeEngine

EPOCH = dt.date(1970, 1, 1)
FOREVER = dt.date(9999, 12, 31)

BigId = BigInteger().with_variant(Integer(), "sqlite")


class CivilDate(TypeDecorator[dt.date]):
    """A date without a time zone: DATE on PostgreSQL, whole days since 1970-01-01 on SQLite.

    Both engines then subtract two of them into a number of days with plain ``-``.
    """

    impl = Date
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the engine's own type."""
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else Date())

    def process_bind_param(self, value: dt.date | None, dialect: Dialect) -> Any:  # noqa: ANN401 - two engines, two types
        """Turn a date into what the engine stores."""
        if value is None or dialect.name != "sqlite":
            return value
        return (value - EPOCH).days

    def process_result_value(self, value: Any, dialect: Dialect) -> dt.date | None:  # noqa: ANN401 - two engines
        """Turn what the engine stores into a date."""
        if value is None or dialect.name != "sqlite":
            return value  # type: ignore[no-any-return]
        return EPOCH + dt.timedelta(days=value)


class Instant(TypeDecorator[dt.datetime]):
    """A UTC instant; naive values are refused, values come back aware."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Refuse a naive instant and store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = "an instant needs a time zone"
            raise ValueError(msg)
        value = value.astimezone(dt.UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Return the instant with its time zone."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


def canonical(value: object) -> str:
    """Return JSON text with sorted keys and no blanks; integers, strings, lists and objects only.

    For these values it equals RFC 8785 (a test compares the two); floats never occur in facts.
    """
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

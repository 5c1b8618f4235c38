"""Frozen facts to JSON and back: dates as ISO text, tuples as lists, nothing lost and nothing guessed."""

from __future__ import annotations

import dataclasses
import datetime as dt
import types
import typing
from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar

T = TypeVar("T")
_HINTS: dict[type, dict[str, Any]] = {}


def to_json(facts: Any) -> dict[str, Any]:  # noqa: ANN401 - any dataclass of facts
    """Return a dataclass of facts as JSON values."""
    return {field.name: _plain(getattr(facts, field.name)) for field in dataclasses.fields(facts)}


def from_json(kind: type[T], data: Mapping[str, Any]) -> T:
    """Return the facts ``to_json`` wrote; a name that ``kind`` does not know is a programmer's mistake.

    Names with a default may be absent, so that facts frozen before a field was added still read.
    """
    hints = _hints(kind)
    unknown = set(data) - set(hints)
    assert not unknown, f"{kind.__name__} has no {sorted(unknown)}"
    return kind(**{name: _read(hints[name], value) for name, value in data.items()})


def _hints(kind: type) -> dict[str, Any]:
    """Return the types of the fields, worked out once for each kind."""
    if kind not in _HINTS:
        _HINTS[kind] = typing.get_type_hints(kind)
    return _HINTS[kind]


def _plain(value: Any) -> Any:  # noqa: ANN401 - any fact
    match value:
        case dt.date():
            return value.isoformat()
        case tuple():
            return [_plain(part) for part in value]
        case _ if dataclasses.is_dataclass(value):
            return to_json(value)
        case _:
            return value


def _read(hint: Any, value: Any) -> Any:  # noqa: ANN401 - any fact
    origin = typing.get_origin(hint)
    if origin is tuple:
        return tuple(_read(typing.get_args(hint)[0], part) for part in value)
    if origin is types.UnionType:
        return None if value is None else _read(typing.get_args(hint)[0], value)
    if hint is dt.date:
        return dt.date.fromisoformat(value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    if dataclasses.is_dataclass(hint):
        return from_json(typing.cast("type[Any]", hint), value)
    return value

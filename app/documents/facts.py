"""The JSON round trip of frozen facts: whole numbers, ISO dates and strings, read back strictly."""

from __future__ import annotations

import datetime as dt
import types
from collections.abc import Mapping
from dataclasses import MISSING, fields
from enum import StrEnum
from typing import Any, Self, Union, get_args, get_origin, get_type_hints


_HINTS: dict[type, dict[str, Any]] = {}


def _hints(kind: type) -> dict[str, Any]:
    """Return the types of the fields, worked out once for each class."""
    if kind not in _HINTS:
        _HINTS[kind] = get_type_hints(kind)
    return _HINTS[kind]


class Facts:
    """A frozen dataclass that can be written as JSON values and read back as an equal one."""

    __slots__ = ()

    def to_json(self) -> dict[str, Any]:
        """Return the facts as JSON values (dict, list, str, int, bool, None)."""
        return {field.name: _written(getattr(self, field.name)) for field in fields(self)}  # type: ignore[arg-type]

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return the facts written by ``to_json``; a field that is missing takes its default.

        Raises:
            ValueError: a field is unknown, missing without a default, or not of its type.

        """
        hints = _hints(cls)
        known = {field.name: field for field in fields(cls)}  # type: ignore[arg-type]
        if unknown := sorted(value.keys() - known.keys()):
            message = f"{cls.__name__} has no {', '.join(unknown)}"
            raise ValueError(message)
        read: dict[str, Any] = {}
        for name, field in known.items():
            if name in value:
                read[name] = _read(hints[name], value[name], f"{cls.__name__}.{name}")
            elif field.default is MISSING:
                message = f"{cls.__name__}.{name} is missing"
                raise ValueError(message)
        return cls(**read)


def _written(value: object) -> Any:  # noqa: ANN401 (any JSON value)
    if isinstance(value, Facts):
        return value.to_json()
    if isinstance(value, tuple):
        return [_written(item) for item in value]
    if isinstance(value, dt.date):
        return value.isoformat()
    return value.value if isinstance(value, StrEnum) else value


def _read(hint: Any, value: Any, where: str) -> Any:  # noqa: ANN401 (a type, and any JSON value)
    origin = get_origin(hint)
    if origin in (types.UnionType, Union):
        if value is None:
            return None
        (hint,) = (option for option in get_args(hint) if option is not type(None))
        return _read(hint, value, where)
    if origin is tuple and isinstance(value, list):
        return tuple(_read(get_args(hint)[0], item, where) for item in value)
    if isinstance(hint, type) and issubclass(hint, Facts) and isinstance(value, Mapping):
        return hint.from_json(value)
    if isinstance(hint, type) and isinstance(value, str) and issubclass(hint, (dt.date, StrEnum)):
        return dt.date.fromisoformat(value) if issubclass(hint, dt.date) else hint(value)
    # A bool is an int to Python, but never an amount.
    if hint in (int, str, bool) and type(value) is hint:
        return value
    message = f"{where} cannot be {value!r}"
    raise ValueError(message)

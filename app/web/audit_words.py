"""The log in words: what was done, to what, and what it was before and after."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from app.domain.access import Actor, Permission
from app.i18n import zh_cn

_PLACES = {
    "unit": ("/units/{}", Permission.UNIT_SEE),
    "payment": ("/payments/{}", Permission.UNIT_SEE),
    "waiver": ("/waivers/{}", Permission.WAIVER_SEE),
    "notice_batch": ("/notices/{}", Permission.NOTICE_SEE),
    "import": ("/imports/{}", Permission.IMPORT_SEE),
    "case": ("/cases/{}", Permission.CASE_SEE),
    "owner_request": ("/requests/{}", Permission.OWNER_REQUEST_SEE),
}


# Whose values a fact may hold, where its own name does not say it.
_NOUNS = {
    "channel": ("delivery_channel",),
    "kind": ("delivery_event", "interruption", "case_date"),
    "before": ("case_stage",),
    "after": ("case_stage",),
    "reason": ("obstacle",),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One event as the page and the workbook show it."""

    id: int
    at: dt.datetime
    actor: str
    action: str
    subject: str
    address: str
    community_id: int | None
    facts: tuple[tuple[str, str], ...]

    @property
    def told(self) -> str:
        """The facts on one line."""
        return "；".join(f"{name}：{value}" for name, value in self.facts)


def line(row: Row[Any], reader: Actor) -> Line:
    """Return one event in words, with the address of its subject where the reader may open that."""
    subject, address = _subject(row.subject, reader)
    action = zh_cn.LABELS.get(f"action.{row.action}", row.action)
    return Line(row.id, row.at, row.actor, action, subject, address, row.community_id, _facts(row.facts))


def _subject(subject: str, reader: Actor) -> tuple[str, str]:
    """Return what an event was about, and where that can be looked at."""
    known = zh_cn.LABELS.get(f"permission.{subject}")
    if known:
        return known, ""
    # a part of a unit is named after it: the part is what the event was about
    noun, _, number = ":".join(subject.split(":")[-2:]).partition(":")
    word = zh_cn.LABELS.get(f"subject.{noun}")
    if not word or not number:
        return subject, ""
    place, permission = _PLACES.get(noun, ("", Permission.AUDIT_SEE))
    is_open = number.isascii() and number.isdecimal() and reader.may(permission)
    named = zh_cn.LABELS.get(f"{noun}.{number}", number)
    return f"{word} {named}", place.format(number) if is_open else ""


def _facts(text: str) -> tuple[tuple[str, str], ...]:
    try:
        found = json.loads(text)
    except ValueError:
        return ()
    return tuple(_flat(found)) if isinstance(found, dict) else ()


def _flat(found: dict[str, Any]) -> list[tuple[str, str]]:
    """Return facts as pairs of words; ``before`` and ``after`` are put side by side where they differ."""
    pairs: list[tuple[str, str]] = []
    before, after = found.get("before"), found.get("after")
    if isinstance(before, dict) and isinstance(after, dict):
        found = {name: value for name, value in found.items() if name not in {"before", "after"}}
        pairs += [
            (_name(name), f"{_value(name, before.get(name))} → {_value(name, after.get(name))}")
            for name in sorted({*before, *after})
            if before.get(name) != after.get(name)
        ]
    return pairs + [(_name(name), _value(name, value)) for name, value in found.items()]


def _name(name: str) -> str:
    return zh_cn.LABELS.get(f"fact.{name}", name)


def _value(name: str, value: object) -> str:
    if value is None or value == "":
        return "—"
    if name.endswith("_fen") and isinstance(value, int):
        return f"{value // 100:,}.{value % 100:02d}" if value >= 0 else f"({-value // 100:,}.{-value % 100:02d})"
    if isinstance(value, list):
        return "、".join(_value(name, one) for one in value) or "—"
    if isinstance(value, dict):
        return "，".join(f"{_name(key)} {_value(key, one)}" for key, one in value.items())
    if isinstance(value, bool):
        return zh_cn.LABELS["value.yes" if value else "value.no"]
    text = str(value)
    known = (zh_cn.LABELS.get(f"{prefix}.{text}") for prefix in (name, *_NOUNS.get(name, ()), "value"))
    return next((word for word in known if word), text)

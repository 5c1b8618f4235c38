"""Uploaded workbooks between the steps of an import: tickets, what was said of sheets and columns, reading anew."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData

from app.domain.errors import Refusal
from app.gateways.ports import Files
from app.services.imports import Said
from app.sheets import guard, mapping
from app.sheets.mapping import Choice, SheetView, Understood
from app.sheets.records import SheetKind

Chosen = dict[str, dict[str, Choice]]
"""What was said of sheets: by the file's SHA-256, then by the sheet's name."""

SHOWN_COLUMNS = 80
MAX_TEXT = 60_000


@dataclass(frozen=True, slots=True)
class Upload:
    """One uploaded workbook as the next form names it: ``sha256/name``."""

    sha256: str
    name: str

    @property
    def ticket(self) -> str:
        """Return what the confirming form carries."""
        return f"{self.sha256}/{self.name}"


def of_tickets(tickets: Sequence[str]) -> list[Upload]:
    """Return the uploads a form names."""
    return [Upload(sha256, name) for sha256, _, name in (ticket.partition("/") for ticket in dict.fromkeys(tickets))]


def understand(
    files: Files,
    uploads: Sequence[Upload],
    chosen: Chosen,
    remembered: Mapping[str, Any] | None = None,
) -> list[Understood]:
    """Read the workbooks again by their hashes, as was said of them; only their own bytes answer to a hash."""
    known = {key: mapping.said(kept) for key, kept in (remembered or {}).items()}
    found = []
    for upload in uploads:
        content = files.get(upload.sha256)
        guard.check(upload.name, content)
        found.append(mapping.read(upload.name, content, choices=chosen.get(upload.sha256), remembered=known))
    return found


def chosen_of(understood: Sequence[Understood]) -> Chosen:
    """Return what was said of the sheets, whether now or at an earlier import."""
    return {one.book.sha256: dict(one.choices) for one in understood if one.choices}


def write(chosen: Chosen) -> str:
    """Return choices as the text a form carries."""
    return json.dumps(
        {sha256: mapping.write(sheets) for sha256, sheets in chosen.items()}, ensure_ascii=False, separators=(",", ":")
    )


def read(text: str) -> Chosen:
    """Read the text of a form back.

    Raises:
        Refusal: ``import.bad_mapping``.

    """
    if not text:
        return {}
    try:
        data = json.loads(text[:MAX_TEXT])
        return {
            str(sha256): {str(name): mapping.said(kept) for name, kept in dict(sheets).items()}
            for sha256, sheets in dict(data).items()
        }
    except (ValueError, TypeError, RecursionError) as error:
        raise Refusal("import.bad_mapping") from error


def corrected(fields: FormData, understood: Sequence[Understood]) -> Chosen:
    """Return what the clerk says of each sheet now: the selects of the page, where they differ from how it was read."""
    found = chosen_of(understood)
    for number, one in enumerate(understood):
        for place, view in enumerate(one.views):
            choice = _said(fields, f"{number}-{place}", view)
            if choice is not None:
                found.setdefault(one.book.sha256, {})[view.name] = choice
    return found


def _said(fields: FormData, where: str, view: SheetView) -> Choice | None:
    """Return what the selects of one sheet say, or None where they say what was understood anyway."""
    kind, row = fields.get(f"kind-{where}"), fields.get(f"row-{where}")
    if not isinstance(kind, str) or not isinstance(row, str):
        return None
    said: dict[str, str] = {}
    for column in view.columns:
        given = fields.get(f"col-{where}-{column.position}")
        name = given if isinstance(given, str) else column.field
        if name and column.key:
            said[column.key] = name
    try:
        wanted = SheetKind(kind)
        number = int(row) if row.isascii() and row.isdecimal() and len(row) < 4 else 0
    except ValueError as error:
        raise Refusal("import.bad_mapping") from error
    if not set(said.values()) <= set(mapping.FIELDS) or not number:
        raise Refusal("import.bad_mapping")
    before = {column.key: column.field for column in view.columns if column.field and column.key}
    if (wanted, number, said) == (view.kind, view.row, {k: v for k, v in before.items() if v in mapping.FIELDS}):
        return None
    # Another row has other titles: what they mean is found anew, and shown to be corrected in turn.
    return Choice(wanted, number, said if number == view.row else {})


def said_of(understood: Sequence[Understood]) -> list[Said]:
    """Return what is to be remembered once the import is written."""
    return [
        Said(view.fingerprint, view.name, mapping.written(one.choices[view.name]))
        for one in understood
        for view in one.views
        if view.name in one.choices and view.fingerprint
    ]


def rows_of(understood: Sequence[Understood]) -> int:
    """Return how many rows of data there are."""
    return sum(sheet.rows for one in understood for sheet in one.book.sheets)

"""Files that people hand in as evidence: what they are is read from their first bytes, not from their names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from app.domain.errors import Refusal
from app.web.forms import Filled

_KINDS = (
    (b"%PDF-", "application/pdf", {".pdf"}),
    (b"\xff\xd8\xff", "image/jpeg", {".jpg", ".jpeg"}),
    (b"\x89PNG\r\n\x1a\n", "image/png", {".png"}),
)


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file with its true kind."""

    name: str
    media_type: str
    content: bytes


def of_form(form: Filled[Any], field: str) -> Attachment | None:
    """Return the file of a form, or None where there is none.

    Raises:
        Refusal: ``form.file_kind`` for anything but PDF, JPEG and PNG under a fitting name.

    """
    upload = form.files.get(field)
    if upload is None:
        return None
    content = upload.file.read()
    given = "".join(sign for sign in upload.filename or "" if sign.isprintable())
    name = PurePath(given.replace("\\", "/")).name[-120:]
    for start, media_type, suffixes in _KINDS:
        if content.startswith(start) and PurePath(name).suffix.lower() in suffixes:
            return Attachment(name, media_type, content)
    raise Refusal("form.file_kind", field=field, name=name)

"""Files of a form: read within their limits, checked, kept by hash; and how a kept file is handed out again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.datastructures import UploadFile
from starlette.responses import Response

from app.domain.errors import Refusal
from app.gateways import uploads
from app.gateways.ports import Files
from app.gateways.uploads import EVIDENCE, MAX_BYTES, Checked, Kind
from app.web import pages
from app.web.forms import Filled

SEALED_OFF = "default-src 'none'; sandbox"


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that lies in the store: what the caller writes down as a ``stored_file`` row (store.stored_files.add)."""

    sha256: str
    size: int
    media_type: str
    name: str
    shown_sha256: str = ""
    is_encrypted: bool = False


def of_form(
    form: Filled[Any], field: str, *, allow: tuple[Kind, ...] = EVIDENCE, max_bytes: int = MAX_BYTES
) -> Checked | None:
    """Return the file of a form's field, checked, or None where none was chosen.

    Raises:
        Refusal: as ``gateways.uploads.check``, at this field.

    """
    found = form.files.get(field)
    return None if found is None else read(found, field=field, allow=allow, max_bytes=max_bytes)


def all_of_form(
    form: Filled[Any], field: str, *, most: int, allow: tuple[Kind, ...] = EVIDENCE, max_bytes: int = MAX_BYTES
) -> list[Checked]:
    """Return every file chosen in a field that takes several.

    Raises:
        Refusal: ``upload.too_many``; as ``gateways.uploads.check``, at this field.

    """
    chosen = form.every_file.get(field, ())
    if len(chosen) > most:
        raise Refusal("upload.too_many", field=field, most=most)
    return [read(one, field=field, allow=allow, max_bytes=max_bytes) for one in chosen]


def read(upload: UploadFile, *, field: str, allow: tuple[Kind, ...], max_bytes: int = MAX_BYTES) -> Checked:
    """Read no more of a file than may be kept of it, and check that."""
    content = upload.file.read(max_bytes + 1)
    try:
        return uploads.check(content, upload.filename or "", allow=allow, max_bytes=max_bytes)
    except Refusal as refusal:
        raise refusal.at(field) from refusal


def keep(files: Files, checked: Checked) -> Kept:
    """Put the original, byte for byte, and the copy to show into the store of files."""
    shown = files.put(checked.shown) if checked.shown else ""
    return Kept(
        files.put(checked.content), len(checked.content), checked.media_type, checked.name, shown, checked.is_encrypted
    )


def original(files: Files, *, sha256: str, name: str, media_type: str) -> Response:
    """Answer with the original as a download: nothing somebody sent us is ever opened inside our own pages."""
    answer = pages.download(files.get(sha256), name=name, media_type=media_type)
    answer.headers["Content-Security-Policy"] = SEALED_OFF
    return answer


def picture(files: Files, *, shown_sha256: str) -> Response:
    """Answer with the working copy of a picture, which was painted here and may be shown on a page."""
    content = files.get(shown_sha256)
    kind = next((kind for kind in uploads.PICTURES if content.startswith(kind.start)), uploads.JPEG)
    answer = pages.download(content, name=f"{shown_sha256[:12]}.{kind.name}", media_type=kind.media_type, inline=True)
    answer.headers["Content-Security-Policy"] = SEALED_OFF
    return answer

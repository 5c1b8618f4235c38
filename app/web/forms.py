"""Forms: what was typed is kept, what is wrong is said in Chinese beside the field, nothing is guessed."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Generic, TypeVar, get_origin

from fastapi import Depends, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, UploadFile

from app import clock
from app.domain import money
from app.domain.errors import Refusal, conflict
from app.i18n import zh_cn
from app.web import deps

FORM_MARK = "__form__"
MAX_FIELDS = 4000
MAX_PART = 65_536
MAX_ID = 2**31 - 1
AT_COMMUNITY = "at_community"
"""The field by which a page says which community it showed; every form of a page carries it (see ``pages.page``)."""

# No bill is older and none is planned later; beyond, adding a day to a date or taking one off could fail.
FIRST_DAY = dt.date(1990, 1, 1)
LAST_DAY = dt.date(2100, 12, 31)

_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{4})(\d{2})(\d{2})", re.ASCII)
_SHORT_DATE = re.compile(r"(\d{1,2})[-/.月](\d{1,2})日?", re.ASCII)


# pydantic's name of an error -> our code, and whether its sentence names a length
_LIMITS = {
    "missing": ("form.missing", False),
    "string_too_long": ("form.too_long", True),
    "too_long": ("form.too_long", True),
    "string_too_short": ("form.too_short", True),
    "too_short": ("form.too_short", True),
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float", "int_parsing_size"), ("form.not_a_number", False)),
    **dict.fromkeys(("greater_than_equal", "less_than_equal"), ("form.out_of_range", False)),
    **dict.fromkeys(("literal_error", "enum", "bool_parsing", "bool_type"), ("form.not_a_choice", False)),
    **dict.fromkeys(("date_type", "date_parsing", "date_from_datetime_parsing"), ("form.not_a_date", False)),
}


class FormModel(BaseModel):
    """A form: unknown fields are refused, blanks around what was typed are taken off."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)


M = TypeVar("M", bound=FormModel)


@dataclass(frozen=True, slots=True)
class Filled(Generic[M]):
    """A form as it came in: the values as typed, and either the model or the faults by field."""

    values: Mapping[str, str | list[str]]
    faults: dict[str, str] = field(default_factory=dict)
    model: M | None = None
    files: Mapping[str, UploadFile] = field(default_factory=dict)
    every_file: Mapping[str, list[UploadFile]] = field(default_factory=dict)
    """Every file of a field that takes several; ``files`` holds one of each."""

    def valid(self) -> M:
        """Return the model; only called when there are no faults."""
        assert self.model is not None
        return self.model

    def with_refusal(self, refusal: Refusal) -> Filled[M]:
        """Return the form with a refusal shown at its field, or on top when it names none of ours."""
        named = self.model is not None and refusal.field in type(self.model).model_fields
        name = refusal.field if refusal.field in self.values or named else ""
        # A key that stands for an earlier form is of no more use: the page makes a fresh one.
        is_used = refusal.code.endswith(".key_reused")
        values = {key: value for key, value in self.values.items() if not (is_used and key == "key")}
        return replace(self, values=values, faults={**self.faults, name or "": zh_cn.sentence(refusal)})


def read_date(text: object) -> dt.date:
    """Read a date as Excel people type it: ``2026-11-23``, ``20261123``, ``2026年11月23日``, ``11.23`` (this year)."""
    plain = "".join(unicodedata.normalize("NFKC", text).split()) if isinstance(text, str) else ""
    if found := _DATE.fullmatch(plain):
        year, month, day = (int(part) for part in found.groups() if part is not None)
    elif found := _SHORT_DATE.fullmatch(plain):
        year, month, day = clock.today().year, int(found[1]), int(found[2])
    else:
        raise Refusal("form.not_a_date")
    try:
        date = dt.date(year, month, day)
    except ValueError as error:
        raise Refusal("form.not_a_date") from error
    if not FIRST_DAY <= date <= LAST_DAY:
        raise Refusal("form.date_out_of_range", first=FIRST_DAY.isoformat(), last=LAST_DAY.isoformat())
    return date


def refusing(read: Callable[[object], Any]) -> Callable[[object], Any]:
    """Let pydantic carry a refusal: its code becomes the error's type."""

    def convert(value: object) -> Any:  # noqa: ANN401 - whatever the field holds
        if value == "" or value is None:
            return None
        if not isinstance(value, str):
            return value
        try:
            return read(value)
        except Refusal as refusal:
            facts = {key: "" if fact is None else fact for key, fact in refusal.facts.items()}
            raise PydanticCustomError(refusal.code, "refused", facts or None) from refusal

    return convert


def _clean_text(value: object) -> object:
    """Refuse what neither database nor printer can keep: control characters and lone surrogates."""
    if isinstance(value, str):
        value = value.replace("\r\n", "\n")
        if any(unicodedata.category(sign) in {"Cc", "Cs"} and sign not in "\n\t" for sign in value):
            raise PydanticCustomError("form.control_character", "refused")
    return value


def _positive(value: object) -> int:
    fen = money.read_yuan(value)
    if fen <= 0:
        raise Refusal("form.amount_not_positive")
    return fen


Fen = Annotated[int, BeforeValidator(refusing(_positive))]
Date = Annotated[dt.date, BeforeValidator(refusing(read_date))]
Text = Annotated[str, BeforeValidator(_clean_text)]
Number = Annotated[int, Field(ge=1, le=MAX_ID)]


async def fields_of(request: Request) -> FormData:
    """Return the submitted fields within the limits; a body that is no form is refused."""
    kind = request.headers.get("content-type", "")
    if not kind.startswith(("application/x-www-form-urlencoded", "multipart/form-data")) and await request.body():
        raise Refusal("request.unreadable")
    # Browsers send these forms in UTF-8; what a body in another coding decodes to, no table and no printer can keep.
    charset = parse_options_header(kind)[1].get(b"charset", b"utf-8").decode("latin-1")
    if charset.strip().lower() not in {"utf-8", "utf8"}:
        raise Refusal("request.unreadable")
    fields = await request.form(max_files=20, max_fields=MAX_FIELDS, max_part_size=MAX_PART)
    await standing_still(request, fields)
    return FormData([(name, value) for name, value in fields.multi_items() if name != AT_COMMUNITY])


def filled(model: type[M]) -> Any:  # noqa: ANN401 - a dependency, typed where it is used
    """Return a dependency that reads the request's form as ``model``."""

    async def read(request: Request) -> AsyncIterator[Filled[M]]:
        fields = await fields_of(request)
        try:
            yield parse(model, fields)
        finally:
            await fields.close()

    # for the tests that walk every form there is
    setattr(read, FORM_MARK, model)
    return Depends(read)


async def standing_still(request: Request, fields: FormData) -> None:
    """Refuse a form from a page that showed another community than the one the session stands on by now.

    Two tabs share a session: without this, a month would be closed in the community chosen last in the other tab.
    Where the address names a unit or another row, that row says which community it is.

    Raises:
        Refusal: ``community.switched``.

    """
    shown = fields.get(AT_COMMUNITY)
    if not isinstance(shown, str) or request.path_params:
        return
    here = await deps.here_if_any(request)
    if here is not None and shown != str(here.community_id):
        raise conflict("community.switched", now=here.community)


def parse(model: type[M], form: FormData) -> Filled[M]:
    """Turn submitted fields into a model or into faults."""
    values: dict[str, str | list[str]] = {}
    files: dict[str, UploadFile] = {}
    every_file: dict[str, list[UploadFile]] = {}
    faults: dict[str, str] = {}
    for name in form:
        declared = model.model_fields.get(name)
        given = form.getlist(name)
        for item in given:
            if isinstance(item, UploadFile) and (item.filename or item.size):
                files[name] = item
                every_file.setdefault(name, []).append(item)
        texts = [item for item in given if isinstance(item, str)]
        if declared is not None and get_origin(declared.annotation) in {list, tuple}:
            values[name] = texts
        elif texts:
            values[name] = texts[0]
            if len(texts) > 1:
                faults[name] = _say("form.repeated_field", model, name)
    if faults:
        return Filled(values, faults, None, files, every_file)
    usable = {name: value for name, value in values.items() if value != ""}
    try:
        return Filled(values, {}, model.model_validate(usable), files, every_file)
    except ValidationError as error:
        return Filled(values, _faults(model, error), None, files, every_file)


def _faults(model: type[FormModel], error: ValidationError) -> dict[str, str]:
    faults: dict[str, str] = {}
    for problem in error.errors(include_url=False, include_input=False):
        name = str(problem["loc"][0]) if problem["loc"] else ""
        if problem["type"] == "extra_forbidden":
            faults.setdefault("", zh_cn.sentence(Refusal("form.unknown_field")))
            continue
        code, facts = translate(problem)
        faults.setdefault(name, _say(code, model, name, **facts))
    return faults


def translate(problem: Mapping[str, Any]) -> tuple[str, dict[str, str | int]]:
    """Turn one of pydantic's errors into a code of ours and its facts."""
    kind, ctx = str(problem["type"]), problem.get("ctx", {})
    facts = {key: value for key, value in ctx.items() if isinstance(value, str | int)}
    if kind.partition(".")[0] in {"money", "form", "unit"}:
        return kind, facts
    if kind in _LIMITS:
        code, limit = _LIMITS[kind]
        return code, {"max": ctx.get("max_length", 0), "min": ctx.get("min_length", 0)} if limit else {}
    return "form.invalid", {}


def _say(code: str, model: type[FormModel], name: str, **facts: str | int) -> str:
    declared = model.model_fields.get(name)
    label = (declared.title if declared is not None else None) or zh_cn.sentence(Refusal("form.this_field"))
    return zh_cn.sentence(refusal(code, {"label": label, **facts}))


def refusal(code: str, facts: Mapping[str, str | int], field_name: str | None = None) -> Refusal:
    """Return a refusal whose facts come as a mapping."""
    made = Refusal(code, field=field_name)
    made.facts.update(facts)
    return made


def of_address(model: type[M], request: Request) -> Filled[M]:
    """Read the parameters of an address as a form; those of another page are no fault, they are left out."""
    known: list[tuple[str, str | UploadFile]] = [
        (key, value) for key, value in request.query_params.multi_items() if key in model.model_fields
    ]
    return parse(model, FormData(known))

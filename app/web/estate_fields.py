"""Fields the pages of units share: phones, numbers of identity, areas, prices, quantities, and keys of forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from app.domain.errors import Refusal
from app.sheets import cells


def _reading(read: Callable[[str], Any], code: str) -> Callable[[object], Any]:
    """Read a field the way a cell of a workbook is read; what cannot be read is refused with our own code."""

    def convert(value: object) -> Any:  # noqa: ANN401 - whatever the field holds
        if value is None or value == "" or not isinstance(value, str):
            return value
        try:
            return read(value)
        except Refusal as refusal:
            raise PydanticCustomError(code, "refused") from refusal

    return convert


def _phone(text: str) -> str:
    found = cells.phones(text)
    if len(found) != 1:
        raise Refusal("form.bad_phone")
    return found[0]


def _id_number(text: str) -> str:
    found = cells.id_number(text)
    if not found:
        raise Refusal("form.bad_id_number")
    return found


Phone = Annotated[str, BeforeValidator(_reading(_phone, "form.bad_phone"))]
"""One Chinese mobile or landline, or a number abroad that begins with +; kept in E.164."""
IdNumber = Annotated[str, BeforeValidator(_reading(_id_number, "form.bad_id_number"))]
AreaE3 = Annotated[int, BeforeValidator(_reading(cells.area_e3, "form.bad_area"))]
PriceE4 = Annotated[int, BeforeValidator(_reading(cells.price_e4, "form.bad_price"))]
QuantityE3 = Annotated[int, BeforeValidator(_reading(cells.area_e3, "form.bad_quantity"))]
Key = Annotated[str, Field(min_length=8, max_length=80, pattern=r"^[A-Za-z0-9_-]+$")]

"""Dated versions of prices and of the late charge: drafted, tried out, published by a second person."""

from __future__ import annotations

from app.services.tariffs.drafts import (
    LateCharge,
    NewItem,
    NewPrice,
    close,
    draft_item,
    draft_late_charge,
    draft_price,
    publish,
)
from app.services.tariffs.effects import (
    LateEffect,
    PriceEffect,
    Trial,
    TrialLine,
    TrialUnit,
    late_charge_effect,
    late_charge_trial,
    price_effect,
    trial,
)
from app.services.tariffs.publishing import MAX_PRICE_E4, publish_late_charge, publish_price

__all__ = [
    "MAX_PRICE_E4",
    "LateCharge",
    "LateEffect",
    "NewItem",
    "NewPrice",
    "PriceEffect",
    "Trial",
    "TrialLine",
    "TrialUnit",
    "close",
    "draft_item",
    "draft_late_charge",
    "draft_price",
    "late_charge_effect",
    "late_charge_trial",
    "price_effect",
    "publish",
    "publish_late_charge",
    "publish_price",
    "trial",
]

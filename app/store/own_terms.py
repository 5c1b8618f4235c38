"""What a unit has of its own for a fee item (a parking place, an agreed price), version by version, day by day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from app.store.figures import day
from app.store.tables import unit_fee
from app.store.types import FOREVER

FIRST_DAY = dt.date(1900, 1, 1)


def of_item(item: Mapping[str, Any]) -> sa.Subquery:
    """Return unit, half-open days, quantity and price of every version, each only for its own days.

    A version ends where the next one starts, so that no day is billed twice. Where everybody pays the item, the days
    before, between and after a unit's own versions are at the common price: those stretches are rows without terms,
    and some of them are empty.
    """
    one = sa.select(unit_fee).where(unit_fee.c.fee_item_id == item["id"]).subquery("one")
    follows = sa.func.coalesce(
        sa.func.lead(one.c.from_on).over(partition_by=one.c.unit_id, order_by=one.c.from_on), day(FOREVER)
    )
    versions = sa.select(one, follows.label("follows_on")).subquery("versions")
    v = versions.c
    end = sa.case((v.until_on < v.follows_on, v.until_on), else_=v.follows_on)
    own = sa.select(v.unit_id, v.from_on, end.label("until_on"), v.quantity_e3, v.price_e4)
    if item["applies_to"] != "all":
        return own.subquery("own")
    none = sa.cast(sa.null(), sa.BigInteger)
    after = sa.select(v.unit_id, end, v.follows_on, none, none)
    before = sa.select(one.c.unit_id, day(FIRST_DAY), sa.func.min(one.c.from_on), none, none).group_by(one.c.unit_id)
    return sa.union_all(own, after, before).subquery("own")

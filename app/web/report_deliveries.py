"""The report of deliveries: by level and channel what arrived and was signed for, and what proof is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from app.domain.reporting import share
from app.i18n import zh_cn
from app.sheets.report_book import Kind, Value
from app.store import delivery_reads
from app.store.report_reads import Scope
from app.web.pages import named
from app.web.reporting import Asked, Figure, Line, Measure, Report, Table, address

_SUMS = ("notices", "sent", "arrived", "signed", "refused", "returned", "proven", "no_arrival", "no_content")
_COUNTS = tuple(Measure(f"delivery_{name}", Kind.NUMBER) for name in _SUMS)
_ARRIVAL, _SIGNED = Measure("delivery_rate", Kind.SHARE), Measure("signed_rate", Kind.SHARE)
_CHANNEL = Measure("delivery_channel", Kind.TEXT)
_LEVEL = Measure("level", Kind.TEXT)
MOST_GAPS = 500


def delivery(session: Session, asked: Asked) -> Report:
    """Return 送达与签收: by level and channel, with every notice that lacks a proof."""
    asked = replace(asked, scope=Scope(asked.scope.community_id))
    rows = delivery_reads.rates(
        session, community_id=asked.scope.community_id, from_on=asked.from_on, to_on=asked.to_on
    )
    lines = tuple(
        Line(
            (named(row["level"], "level"), named(row["channel"], "delivery_channel"), *_cells([row])),
            {
                "delivery_notices": address("/deliveries", {"level": row["level"], "channel": row["channel"]}),
                "delivery_no_arrival": address("/deliveries", {"level": row["level"], "gap": "arrival"}),
                "delivery_no_content": address("/deliveries", {"level": row["level"], "gap": "content"}),
            },
        )
        for row in rows
    )
    sums = _cells(rows)
    columns = (_LEVEL, _CHANNEL, *_COUNTS, _ARRIVAL, _SIGNED)
    main = Table("delivery", columns, lines, Line((zh_cn.LABELS["report.sum"], "", *sums)))
    figures = (
        Figure(_COUNTS[0], sums[0]),
        Figure(_ARRIVAL, sums[-2]),
        Figure(_SIGNED, sums[-1]),
        Figure(_COUNTS[7], sums[7], address("/deliveries", {"gap": "arrival"})),
        Figure(_COUNTS[8], sums[8], address("/deliveries", {"gap": "content"})),
    )
    return Report("delivery", asked, figures, (main, _gaps(session, asked)))


def _cells(rows: Sequence[Any]) -> tuple[Value, ...]:
    sums = [sum(int(row[name]) for row in rows) for name in _SUMS]
    return (*sums, share(sums[2], sums[0]), share(sums[3], sums[0]))


def _gaps(session: Session, asked: Asked) -> Table:
    """Return the notices of the period that have no proof of arrival, or of what arrived."""
    found = delivery_reads.without_proof(
        session,
        community_id=asked.scope.community_id,
        from_on=asked.from_on,
        to_on=asked.to_on,
        limit=MOST_GAPS,
    )
    columns = (
        Measure("delivery_room", Kind.TEXT),
        Measure("delivery_number", Kind.TEXT),
        _LEVEL,
        _CHANNEL,
        Measure("delivery_state", Kind.TEXT),
        Measure("delivery_missing", Kind.TEXT),
    )
    lines = tuple(
        Line(
            (
                row["label"],
                row["number"],
                named(row["level"], "level"),
                named(row["channel"] or "", "delivery_channel"),
                named(row["state"], "delivery_state"),
                named("content" if row["arrived_on"] else "arrival", "delivery_gap"),
            ),
            {"delivery_number": f"/deliveries/notices/{row['notice_id']}"},
        )
        for row in found
    )
    return Table("delivery_gaps", columns, lines)

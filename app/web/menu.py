"""The left menu: only what this person may open, with what waits there."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.access import Permission
from app.web.deps import Here


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu; its words are in the template, ``count`` is what waits there."""

    name: str
    address: str
    icon: str
    is_current: bool
    count: int = 0


_P = Permission
_ENTRIES = (
    ("dashboard", "/", "layout-dashboard", (_P.DASHBOARD_SEE,)),
    ("units", "/units", "building-estate", (_P.UNIT_SEE,)),
    ("rates", "/rates", "adjustments-horizontal", (_P.TARIFF_SEE,)),
    ("billing", "/billing", "file-invoice", (_P.BILLING_PREVIEW,)),
    ("collect", "/collect", "cash", (_P.PAYMENT_RECORD,)),
    ("arrears", "/arrears", "list-details", (_P.ARREARS_SEE,)),
    ("notices", "/notices", "mail-forward", (_P.NOTICE_SEE,)),
    ("deliveries", "/deliveries", "mail", (_P.DELIVERY_SEE,)),
    ("waivers", "/waivers", "checkbox", (_P.WAIVER_SEE,)),
    ("requests", "/requests", "message", (_P.OWNER_REQUEST_SEE,)),
    ("limitation", "/limitation", "clock-hour-4", (_P.CLAIM_SEE,)),
    ("cases", "/cases", "gavel", (_P.CASE_SEE,)),
    ("reports", "/reports", "chart-bar", (_P.REPORT_SEE,)),
    ("imports", "/imports", "file-upload", (_P.IMPORT_SEE,)),
    (
        "settings",
        "/settings",
        "settings",
        (_P.SETTINGS_EDIT, _P.COMMUNITY_EDIT, _P.USER_MANAGE, _P.AUDIT_SEE, _P.PROCEDURE_EDIT),
    ),
)

# Pages that belong to an entry without lying below its address.
_ALSO = {
    "collect": ("/closing", "/payments"),
    "deliveries": ("/addresses", "/scans"),
    "limitation": ("/claims",),
    "cases": ("/counsel",),
}


def _is_at(path: str, name: str, address: str) -> bool:
    places = (address, *_ALSO.get(name, ()))
    return any(path == place or (place != "/" and path.startswith(place + "/")) for place in places)


def entries(here: Here, path: str) -> tuple[Entry, ...]:
    """Return the lines for this person, the one they are on marked; any one of a line's permissions will do."""
    return tuple(
        Entry(
            name,
            address,
            icon,
            _is_at(path, name, address),
            here.counts.get(name, 0),
        )
        for name, address, icon, permissions in _ENTRIES
        if any(here.actor.may(permission) for permission in permissions)
    )

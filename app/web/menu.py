"""The left menu: only what this person may open, with what waits there."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.access import Permission
from app.web.deps import Here


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu; its words are in the template."""

    name: str
    address: str
    icon: str
    is_current: bool


_ENTRIES = (
    ("dashboard", "/", "layout-dashboard", Permission.DASHBOARD_SEE),
    ("units", "/units", "building-estate", Permission.UNIT_SEE),
    ("rates", "/rates", "adjustments-horizontal", Permission.TARIFF_SEE),
    ("billing", "/billing", "file-invoice", Permission.BILLING_PREVIEW),
    ("collect", "/collect", "cash", Permission.PAYMENT_RECORD),
    ("arrears", "/arrears", "list-details", Permission.ARREARS_SEE),
    ("notices", "/notices", "mail-forward", Permission.NOTICE_SEE),
    ("waivers", "/waivers", "checkbox", Permission.WAIVER_SEE),
    ("requests", "/requests", "message", Permission.OWNER_REQUEST_SEE),
    ("reports", "/reports", "chart-bar", Permission.REPORT_SEE),
    ("imports", "/imports", "file-upload", Permission.IMPORT_SEE),
    ("settings", "/settings", "settings", Permission.SETTINGS_EDIT),
)


def entries(here: Here, path: str) -> tuple[Entry, ...]:
    """Return the lines for this person, the one they are on marked."""
    return tuple(
        Entry(name, address, icon, path == address or (address != "/" and path.startswith(address + "/")))
        for name, address, icon, permission in _ENTRIES
        if here.actor.may(permission)
    )

"""Whether an address printed on paper leads anywhere but to the machine that printed it."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_public(address: str) -> bool:
    """Tell whether other people's telephones can open the address: it names a host, and not this very machine."""
    try:
        host = urlsplit(address.strip()).hostname or ""
    except ValueError:
        return False
    if not host or host == "localhost" or host.endswith(".localhost"):
        return False
    try:
        found = ip_address(host)
    except ValueError:
        return True
    return not (found.is_loopback or found.is_unspecified)

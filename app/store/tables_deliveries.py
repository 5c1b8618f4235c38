"""The register of deliveries: what was sent how, what came back, which addresses are good."""

from __future__ import annotations

APPEND_ONLY = ()

"""Refresh the committed browser assets from npm and write their SHA-384 manifest (developers only).

Usage: ``python scripts/vendor.py`` downloads, ``python scripts/vendor.py --check`` only re-hashes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "app" / "web" / "static" / "vendor"
TESTS = ROOT / "tests" / "browser" / "vendor"

ICONS = """
adjustments-horizontal alert-triangle arrow-back-up arrow-down arrow-left arrow-right arrow-up bell building
building-community building-estate calculator calendar calendar-event
cash check checkbox checks chevron-down chevron-left chevron-right
circle-check circle-x clock clock-hour-4 coin device-desktop download external-link eye file-download file-invoice
file-spreadsheet file-text file-type-pdf file-upload filter gavel history home id info-circle key layout-dashboard list
list-check list-details lock logout mail mail-forward menu-2 message moon package phone pin player-play plus
printer qrcode receipt receipt-2 refresh report-money rotate search settings shield-check sun upload user user-check
users x chart-bar receipt-refund receipt-yuan rosette-discount-check help-circle keyboard discount
""".split()  # noqa: SIM905 - names read better without their quotes

# npm package -> (folder under vendor/, {path in the package: file name})
PACKAGES: dict[str, dict[str, str]] = {
    "htmx.org@4.0.1": {
        "LICENSE": "LICENSE",
        "dist/htmx.min.js": "htmx.min.js",
    },
    "bootstrap@5.3.9": {"LICENSE": "LICENSE", "dist/css/bootstrap.min.css": "bootstrap.min.css"},
    "@tabler/icons@3.51.0": {"LICENSE": "LICENSE"} | {f"icons/outline/{name}.svg": f"{name}.svg" for name in ICONS},
}
TEST_PACKAGES: dict[str, dict[str, str]] = {
    "axe-core@4.14.1": {name: name for name in ("LICENSE", "LICENSE-3RD-PARTY.txt", "axe.min.js")},
    "htmx.org@4.0.1": {"LICENSE": "LICENSE", "dist/scripts/upgrade-check.py": "upgrade-check.py"},
}
MAP_COMMENT = b"//# sourceMappingURL="
CSS_MAP_COMMENT = b"/*# sourceMappingURL="


def integrity(data: bytes) -> str:
    """Return the subresource-integrity string of ``data``."""
    return "sha384-" + base64.b64encode(hashlib.sha384(data).digest()).decode()


def folder_of(package: str) -> str:
    """Return the vendor folder of an npm package with its version: ``@tabler/icons@3`` -> ``tabler-icons@3``."""
    name, _, version = package.rpartition("@")
    return f"{name.lstrip('@').replace('/', '-').removesuffix('.org')}@{version}"


def refresh(packages: dict[str, dict[str, str]], target: Path) -> None:
    """Download each package with ``npm pack`` and copy out the listed files and nothing else."""
    with tempfile.TemporaryDirectory() as scratch:
        for package, wanted in packages.items():
            packed = subprocess.run(  # noqa: S603 -- fixed arguments
                ["npm", "pack", "--silent", "--ignore-scripts", package],  # noqa: S607
                cwd=scratch,
                check=True,
                capture_output=True,
                text=True,
            )
            archive = Path(scratch) / packed.stdout.strip().splitlines()[-1]
            place = target / folder_of(package)
            place.mkdir(parents=True, exist_ok=True)
            with tarfile.open(archive) as tar:
                for source, name in wanted.items():
                    member = tar.extractfile(f"package/{source}")
                    if member is None:
                        sys.exit(f"{package}: no {source}")
                    (place / name).write_bytes(_without_source_map(member.read()))


def _without_source_map(data: bytes) -> bytes:
    for mark in (MAP_COMMENT, CSS_MAP_COMMENT):
        head, found, _ = data.rpartition(mark)
        if found:
            return head.rstrip() + b"\n"
    return data


def manifest(target: Path) -> dict[str, str]:
    """Return file -> integrity for everything below ``target`` but the manifest."""
    files = sorted(p for p in target.rglob("*") if p.is_file() and p.name != "manifest.json")
    return {p.relative_to(target).as_posix(): integrity(p.read_bytes()) for p in files}


def faults(target: Path) -> list[str]:
    """Return the files that differ from the manifest; empty when all is well."""
    recorded = json.loads((target / "manifest.json").read_text())
    actual = manifest(target)
    return sorted(name for name in recorded.keys() | actual.keys() if recorded.get(name) != actual.get(name))


def main() -> int:
    """Refresh or check both vendor folders."""
    if "--check" in sys.argv:
        bad = faults(STATIC) + faults(TESTS)
        sys.stdout.writelines(f"changed: {name}\n" for name in bad)
        return 1 if bad else 0
    for packages, target in ((PACKAGES, STATIC), (TEST_PACKAGES, TESTS)):
        refresh(packages, target)
        (target / "manifest.json").write_text(json.dumps(manifest(target), indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

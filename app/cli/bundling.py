"""The command that writes the bundle of a case, and the check of one that came back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.opening import community_id, engine, today
from app.cli.output import Community, DryRun, Json, answer

ACTOR = "cli"
NOBODY = 0


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command()(bundle)


def bundle(
    case: Annotated[str, typer.Argument(help="The number of a case, as `case open` printed it.")],
    *,
    out: Annotated[Path, typer.Option("--out", metavar="FILE.zip", dir_okay=False, help="Where the bundle goes.")],
    community: Community = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Write the sealed bundle of a case; while there is none, draft it anew and write the draft."""
    from app import clock, settings
    from app.domain.deeds import By
    from app.domain.errors import not_found
    from app.gateways.files import FileStore
    from app.gateways.ports import Gateways
    from app.services import bundles, printing
    from app.store import bundles as store
    from app.store import cases, db

    configured, opened = settings.load(), engine()
    files = FileStore(configured.files_dir)
    with db.reading(opened) as session:
        found = cases.by_number(session, case, community_id(session, community) if community else None)
        if found is None:
            raise not_found("case.unknown")
        newest = store.newest_of(session, [found]).get(found)
    if newest is not None and newest["state"] == "sealed":
        content, count, state = files.get(newest["sealed_sha256"]), newest["files"], "sealed"
        gaps = newest["gaps"]
    else:
        gateways = Gateways(files, printing.press)
        with db.transaction(opened) as session:
            made = bundles.draft(session, case_ids=[found], by=By(today(), clock.now(), ACTOR, NOBODY))[0]
            plan = bundles.plan(session, bundle_id=made)
            gaps = store.one(session, made)["gaps"]
            if dry_run:
                session.rollback()
        built = bundles.produce(gateways, plan=plan)
        if not dry_run:
            with db.transaction(opened) as session:
                bundles.settle(session, built=built, now=clock.now())
        content, count, state = files.get(built.zip_sha256), len(built.files), "draft"
    if not dry_run:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(content)
    payload = {
        "case": case,
        "sha256": digest(content),
        "files": count,
        "state": state,
        "size": len(content),
        "gaps": [{"code": gap["code"], "count": gap["count"]} for gap in gaps],
        "dry_run": dry_run,
    }
    answer(payload, as_json=as_json, lines=[f"{case}: {state}, {count} files, {len(gaps)} gaps, {payload['sha256']}"])


def digest(content: bytes) -> str:
    """Return the SHA-256 in hex."""
    import hashlib

    return hashlib.sha256(content).hexdigest()


def examined(file: Path) -> tuple[int, list[dict[str, str]]]:
    """Check a bundle without any database: its own program's check, then every seal; return what is wrong where."""
    from app import settings
    from app.documents import bundle as files
    from app.documents import bundle_contents
    from app.jobs import outside

    content = file.read_bytes()
    found = files.check(content)
    problems = [{"where": where, "what": "bundle.changed", "message": what} for where, what in found.problems]
    checked = found.checked
    if not problems and files.is_sealed(content):
        sealer = outside.sealer(settings.load())
        report = sealer.validate(dict(files.pdfs_of(content))[bundle_contents.PDF_PATH])
        checked += len(report.seals)
        problems = [{"where": bundle_contents.PDF_PATH, "what": fault, "message": fault} for fault in report.faults]
    return checked, problems

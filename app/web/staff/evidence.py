"""The chain of evidence: what it holds, its daily roots and timestamps, who seals, and the chain of one unit."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from starlette.responses import Response

from app import clock
from app.domain import merkle
from app.domain.access import Permission
from app.domain.errors import Refusal
from app.domain.evidence import Signer
from app.gateways.ports import Gateways
from app.i18n import zh_cn
from app.store import evidence, evidence_reads, evidence_roots, office
from app.web import pages
from app.web.deps import Database, Here, Id, Outside, Reading, require
from app.web.staff.acting import head_of

router = APIRouter()

Looker = Annotated[Here, require(Permission.EVIDENCE_SEE)]
ROOTS, ENTRIES = 60, 20
SOON_DAYS = 60


@router.get("/settings/evidence")
def show(request: Request, here: Looker, session: Reading, outside: Outside) -> Response:
    signer, fault = _signer(outside)
    left = None if signer is None else (signer.not_after - clock.now()).days
    return pages.page(
        request,
        "evidence/index.html",
        here=here,
        counts=evidence_reads.counts(session),
        roots=evidence_roots.rows(session, limit=ROOTS),
        entries=evidence_reads.last_entries(
            session, community_ids=[number for number, _ in here.communities], limit=ENTRIES
        ),
        signer=signer,
        fault=fault,
        days_left=left,
        soon=SOON_DAYS,
        authority=outside.timestamps,
        last=next(iter(office.care_runs(session, ("check",))), None),
    )


def _signer(outside: Gateways) -> tuple[Signer | None, str]:
    """Return whose key seals, or why there is none."""
    if outside.sealer is None:
        return None, zh_cn.sentence(Refusal("seal.not_set_up"))
    try:
        return outside.sealer.signer, ""
    except Refusal as refusal:
        return None, zh_cn.sentence(refusal)


@router.get("/units/{unit_id}/evidence")
def show_unit(request: Request, unit_id: Id, here: Looker, engine: Database, session: Reading) -> Response:
    head = head_of(engine, here, unit_id)
    roots = evidence_roots.rows(session, limit=1)
    proved = evidence_roots.proof_of(session, root_id=roots[0]["id"], unit_id=unit_id) if roots else None
    return pages.page(
        request,
        "evidence/unit.html",
        here=here,
        head=head,
        links=evidence.chain_of_unit(session, unit_id),
        root=roots[0] if proved else None,
        is_proved=proved is not None and merkle.proves(*proved, roots[0]["merkle_root"]),
        steps=len(proved[1]) if proved else 0,
    )

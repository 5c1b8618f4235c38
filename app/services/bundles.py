"""Bundles: drafted from a case, made outside every transaction, sealed by a second person, taken with a trace."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from app.documents import bundle as files
from app.documents import bundle_contents, case_papers, codec, print_file, word_file
from app.documents.bundle_contents import Marks, Material, Printed
from app.domain.case_facts import EDITABLE, CaseFacts, Paper
from app.domain.deeds import By
from app.domain.errors import Refusal, conflict
from app.gateways.ports import Gateways
from app.i18n import labels_case_papers, numerals
from app.sheets import claim_book
from app.store import audit, bundles, case_facts, cases, evidence, users
from app.store import case_papers as papers

MOST = 50
"""So many bundles may be asked for in one go."""
LEVEL = "B-T"
_WORDS = labels_case_papers.LABELS


@dataclass(frozen=True, slots=True)
class Plan:
    """What a bundle is made from; it can go to another process. ``frozen`` are the files of frozen papers, by kind."""

    bundle_id: int
    community_id: int
    unit_id: int
    case: CaseFacts
    chain: Mapping[str, Any]
    tokens: tuple[tuple[str, bytes, bool], ...]
    frozen: Mapping[str, tuple[str, str]]
    drafted: str
    drafted_by: int


@dataclass(frozen=True, slots=True)
class Sealing:
    """Who seals when, in words and in the seal."""

    who: str
    at: dt.datetime
    company: str = ""


@dataclass(frozen=True, slots=True)
class Built:
    """A bundle that was made."""

    bundle_id: int
    zip_sha256: str
    size: int
    pages: int
    manifest_sha256: str
    files: tuple[tuple[str, str, int], ...]
    level: str = ""
    note: str = ""


def draft(session: Session, *, case_ids: Sequence[int], by: By) -> list[int]:
    """Draft the bundle of each case from what is known now and return their ids; the files are made afterwards.

    Raises:
        Refusal: ``bundle.none_chosen``, ``bundle.too_many``, ``case.unknown``, ``case_paper.no_bills``.

    """
    if not case_ids:
        raise Refusal("bundle.none_chosen", field="case")
    if len(case_ids) > MOST:
        raise Refusal("bundle.too_many", field="case", most=MOST)
    made = []
    for case_id in dict.fromkeys(case_ids):
        case = case_facts.collect(session, case_id=case_id)
        if not case.bills:
            raise Refusal("case_paper.no_bills")
        row = cases.case_row(session, case_id)
        number = bundles.add(
            session,
            community_id=row["community_id"],
            case_id=case_id,
            as_of=case.as_of,
            facts=codec.to_json(case),
            gaps=[codec.to_json(one) for one in case.gaps],
            by=by.actor_id,
            at=by.now,
        )
        _log(session, "bundle.drafted", row, number, by, gaps=len(case.gaps))
        made.append(number)
    return made


def plan(session: Session, *, bundle_id: int) -> Plan:
    """Return what a bundle is made from.

    Raises:
        Refusal: ``bundle.unknown``.

    """
    row = bundles.one(session, bundle_id)
    chain, tokens = bundles.chain(session, row["unit_id"])
    frozen = {
        kind: (one["pdf_sha256"], one["docx_sha256"])
        for kind, one in papers.newest(session, row["case_id"]).items()
        if one["pdf_sha256"]
    }
    drafted = _WORDS["bundle.drafted"].format(
        who=row["drafted_by_name"] or "—", at=numerals.day(row["drafted_at"].date())
    )
    return Plan(
        bundle_id=bundle_id,
        community_id=row["community_id"],
        unit_id=row["unit_id"],
        case=codec.from_json(CaseFacts, row["facts"]),
        chain=chain,
        tokens=tuple(tokens),
        frozen=frozen,
        drafted=drafted,
        drafted_by=row["drafted_by"],
    )


def produce(gateways: Gateways, *, plan: Plan, sealing: Sealing | None = None) -> Built:
    """Make the file of a bundle and keep it; with ``sealing`` its joined PDF is sealed and its manifest stamped.

    Raises:
        Refusal: ``bundle.unreadable``, ``file.missing``, ``file.damaged``; what the sealer refuses.

    """
    material = _material(gateways, plan)
    joined = bundle_contents.joined(material)
    pdf, level, seal_text, is_demo = joined.content, "", "", False
    if sealing is not None and gateways.sealer is not None:
        pdf, level = _sealed(gateways, pdf, plan, sealing)
        signer = gateways.sealer.signer
        is_demo = signer.is_demo
        demo = _WORDS["bundle.demo"] if is_demo else ""
        seal_text = _WORDS["bundle.seal_text"].format(signer=signer.name, level=level, demo=demo)
    stamps = gateways.timestamps if sealing is not None else None
    stamp_text = ""
    if stamps is not None:
        is_demo = is_demo or stamps.is_demo
        stamp_text = _WORDS["bundle.stamp_text"].format(demo=_WORDS["bundle.demo"] if stamps.is_demo else "")
    marks = Marks(
        is_sealed=sealing is not None,
        drafted=plan.drafted,
        sealed=_WORDS["bundle.sealed"].format(who=sealing.who, at=numerals.day(sealing.at.date())) if sealing else "",
        seal_text=seal_text,
        stamp_text=stamp_text,
        demo_text=_WORDS["bundle.demo_text"] if is_demo else "",
    )
    built, token, note = _pack(gateways, plan, material, pdf, joined.pages, marks, wants_token=stamps is not None)
    if stamps is not None and token is None:
        # no authority answered: the bundle goes without a token and says nothing of one
        marks = replace(marks, stamp_text="")
        built, _, _ = _pack(gateways, plan, material, pdf, joined.pages, marks, wants_token=False)
    return replace(built, level=level, note=note)


def settle(session: Session, *, built: Built, now: dt.datetime) -> None:
    """Write down the file a draft was made to."""
    bundles.built(
        session,
        bundle_id=built.bundle_id,
        at=now,
        zip_sha256=built.zip_sha256,
        size=built.size,
        files=len(built.files),
        pages=built.pages,
    )


def give_up(session: Session, *, bundle_id: int, why: str, now: dt.datetime) -> None:
    """Write down why a draft has no file."""
    bundles.built(session, bundle_id=bundle_id, at=now, failure=why[:200])


def check_seal(session: Session, *, bundle_id: int, by: By) -> Sealing:
    """Return how a bundle is sealed, before anything is made.

    Raises:
        Refusal: ``bundle.unknown``, ``bundle.not_built``, ``bundle.sealed_already``, ``bundle.same_person``,
            ``bundle.out_of_date``.

    """
    row = bundles.one(session, bundle_id)
    if row["state"] == "sealed":
        raise conflict("bundle.sealed_already")
    if row["state"] != "draft":
        raise conflict("bundle.not_built")
    if row["drafted_by"] == by.actor_id:
        raise conflict("bundle.same_person")
    if bundles.of_case(session, row["case_id"])[0]["id"] != bundle_id:
        raise conflict("bundle.out_of_date")
    who = users.by_id(session, by.actor_id)
    case = codec.from_json(CaseFacts, row["facts"])
    return Sealing(who=who.name if who else by.actor, at=by.now, company=case.creditor.name)


def settle_seal(session: Session, *, built: Built, by: By) -> None:
    """Write down the seal of a bundle with every file in it.

    Raises:
        Refusal: as :func:`check_seal`.

    """
    check_seal(session, bundle_id=built.bundle_id, by=by)
    row = bundles.one(session, built.bundle_id)
    bundles.add_seal(
        session,
        {
            "bundle_id": built.bundle_id,
            "drafted_by": row["drafted_by"],
            "sealed_by": by.actor_id,
            "sealed_at": by.now,
            "zip_sha256": built.zip_sha256,
            "size": built.size,
            "pages": built.pages,
            "manifest_sha256": built.manifest_sha256,
            "level": built.level,
            "note": built.note,
        },
        built.files,
    )
    facts = {"zip_sha256": built.zip_sha256, "manifest_sha256": built.manifest_sha256, "files": len(built.files)}
    evidence.append(
        session,
        community_id=row["community_id"],
        unit_id=row["unit_id"],
        kind="bundle.sealed",
        subject_kind="bundle",
        subject_id=built.bundle_id,
        facts=facts,
        at=by.now,
    )
    _log(session, "bundle.sealed", row, built.bundle_id, by, files=len(built.files), sha256=built.zip_sha256[:16])


def take(session: Session, *, bundle_id: int, by: By) -> tuple[str, str]:
    """Note a download and return the hash and the name of the file.

    Raises:
        Refusal: ``bundle.unknown``, ``bundle.not_built``.

    """
    row = bundles.one(session, bundle_id)
    sha256 = row["sealed_sha256"] or row["draft_sha256"]
    if not sha256:
        raise conflict("bundle.not_built")
    _taken(session, row, "download", sha256, by)
    _log(session, "bundle.downloaded", row, bundle_id, by, sha256=sha256[:16], state=row["state"])
    return sha256, f"{row['case_number']}-{row['revision']}.zip"


def hand_over(session: Session, *, bundle_id: int, to_whom: str, note: str, by: By) -> None:
    """Note to whom a sealed bundle was handed.

    Raises:
        Refusal: ``bundle.unknown``, ``bundle.not_built``, ``bundle.receiver_missing``.

    """
    row = bundles.one(session, bundle_id)
    if not to_whom.strip():
        raise Refusal("bundle.receiver_missing", field="to_whom")
    if row["state"] != "sealed":
        raise conflict("bundle.not_built")
    _taken(session, row, "handover", row["sealed_sha256"], by, to_whom=to_whom.strip(), note=note.strip())
    _log(session, "bundle.handed_over", row, bundle_id, by, sha256=row["sealed_sha256"][:16])


# --- private ----------------------------------------------------------------------------------------


def _material(gateways: Gateways, plan: Plan) -> Material:
    """Print the papers and fetch the originals; the list comes last, since it names every page."""
    case = plan.case
    originals = {one.number: gateways.files.get(one.sha256) for one in case.exhibits if one.sha256 and not one.paper}
    printed = {kind: _print(gateways, plan, kind, case) for kind in bundle_contents.papers_of(case)}
    pages = bundle_contents.page_counts(case, printed, originals)
    ahead = _pages(printed[bundle_contents.main_paper(case)].pdf)
    listed, long = _listed(gateways, plan, pages, ahead + 2)
    if long != 1:
        listed, long = _listed(gateways, plan, pages, ahead + long + 1)
    case = listed[1]
    ordered = {bundle_contents.main_paper(case): printed.pop(bundle_contents.main_paper(case))}
    ordered |= {Paper.EXHIBIT_LIST: listed[0]} | printed
    return Material(case, ordered, originals, claim_book.workbook(case), plan.chain, plan.tokens)


def _listed(gateways: Gateways, plan: Plan, pages: dict[int, int], first: int) -> tuple[tuple[Printed, CaseFacts], int]:
    case = replace(plan.case, exhibits=case_papers.numbered(plan.case.exhibits, pages=pages, first=first))
    made = _print(gateways, plan, Paper.EXHIBIT_LIST, case)
    return (made, case), _pages(made.pdf)


def _print(gateways: Gateways, plan: Plan, kind: Paper, case: CaseFacts) -> Printed:
    """Return a paper: the files it was frozen to, or printed from the bundle's own facts."""
    if kind.value in plan.frozen and kind is not Paper.EXHIBIT_LIST:
        kept, docx = plan.frozen[kind.value]
        return Printed(kind, gateways.files.get(kept), gateways.files.get(docx) if docx else b"")
    facts = case_papers.facts_of(kind, case, issued_on=case.as_of)
    pdf = gateways.printer("case_paper", codec.to_json(facts), token="").content
    return Printed(kind, pdf, word_file.word_file(facts) if kind in EDITABLE else b"")


def _pages(pdf: bytes) -> int:
    return print_file.pages(pdf)


def _sealed(gateways: Gateways, pdf: bytes, plan: Plan, sealing: Sealing) -> tuple[bytes, str]:
    """Seal the joined file; while no authority answers the seal goes without a time of its own."""
    assert gateways.sealer is not None
    reason = _WORDS["bundle.seal_reason"].format(number=plan.case.number)
    for level in (LEVEL, "B-B"):
        try:
            sealed = gateways.sealer.seal(pdf, reason=reason, at=sealing.at, level=level, company=sealing.company)
        except Refusal as refusal:
            if refusal.code != "timestamp.unavailable" or level == "B-B":
                raise
        else:
            return sealed, level
    raise AssertionError  # pragma: no cover - the last level returns or raises


def _pack(
    gateways: Gateways, plan: Plan, material: Material, pdf: bytes, pages: int, marks: Marks, *, wants_token: bool
) -> tuple[Built, bytes | None, str]:
    entries = bundle_contents.entries(material, pdf=pdf, pages=pages, marks=marks)
    manifest = files.manifest_of(
        entries,
        {
            "case": plan.case.number,
            "as_of": plan.case.as_of.isoformat(),
            "state": "sealed" if marks.is_sealed else "draft",
            "pdf": bundle_contents.PDF_PATH,
            "pages": pages,
            "evidence": bundle_contents.CHAIN_PATH,
            "drafted": marks.drafted,
            "sealed": marks.sealed,
        },
    )
    token, note = None, ""
    if wants_token and gateways.timestamps is not None:
        try:
            token = gateways.timestamps.stamp(files.digest(manifest))
        except Refusal as refusal:
            note = refusal.code
    packed = files.pack(entries, manifest=manifest, token=token)
    sha256 = gateways.files.put(packed.content)
    built = Built(plan.bundle_id, sha256, len(packed.content), pages, packed.manifest_sha256, packed.files)
    return built, token, note


def _taken(
    session: Session, row: Mapping[str, Any], kind: str, sha256: str, by: By, *, to_whom: str = "", note: str = ""
) -> None:
    bundles.log_taken(
        session,
        {
            "bundle_id": row["id"],
            "kind": kind,
            "zip_sha256": sha256,
            "to_whom": to_whom,
            "note": note,
            "happened_at": by.now,
            "recorded_by": by.actor_id,
        },
    )


def _log(session: Session, action: str, row: Mapping[str, Any], bundle_id: int, by: By, **facts: object) -> None:
    audit.record(
        session,
        at=by.now,
        actor=by.actor,
        action=action,
        subject=f"unit:{row['unit_id']}",
        community_id=row["community_id"],
        facts=json.loads(json.dumps({"bundle": bundle_id, **facts})),
    )

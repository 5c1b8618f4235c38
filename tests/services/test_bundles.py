"""From arrears to a sealed bundle: what is in it, who may seal it, and that nothing about it changes afterwards."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from app.documents import bundle as files
from app.documents import word_file
from app.domain.case_facts import Paper
from app.domain.case_paths import Path as Way
from app.domain.cases import Capacity
from app.domain.deeds import By
from app.domain.errors import Refusal
from app.gateways.certificates import SelfMade
from app.gateways.ports import Gateways
from app.gateways.timestamps import LocalTimestamps
from app.services import bundles, case_papers, case_people, cases, filing, sealing, signin
from app.store import audit, db, evidence
from app.store import bundles as store
from app.store import case_papers as paper_store
from app.store.tables_case_papers import bundle, bundle_draft, bundle_file, bundle_handover, bundle_seal, case_paper
from tests import making
from tests.services import noticing

NOW, TODAY = making.NOW, making.TODAY
JPEG = bytes.fromhex(
    "ffd8ffe000104a46494600010101004800480000ffdb004300ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc0000b080001000101011100ffc40014"
    "00010000000000000000000000000000000affc40014100100000000000000000000000000000000ffda0008010100003f0037ffd9"
)


def people(engine: Engine, community_id: int) -> tuple[By, By]:
    with db.transaction(engine) as session:
        made = [
            signin.add_user(
                session,
                login=login,
                name=name,
                role=role,
                password_hash="x",
                at=NOW,
                by="-",
                community_ids=(community_id,),
            )
            for login, name, role in (("drafter", "陈会计", "clerk"), ("sealer", "李经理", "manager"))
        ]
    return By(TODAY, NOW, "drafter", made[0]), By(TODAY, NOW, "sealer", made[1])


@pytest.fixture(scope="module", autouse=True)
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the certificates once: the keys are long."""
    KEYS.append(tmp_path_factory.mktemp("kept") / "keys")
    return KEYS[-1]


KEYS: list[Path] = []


def outside(folder: Path) -> Gateways:
    plain = noticing.gateways(folder, noticing.PlainPrinter())
    made = SelfMade(KEYS[-1], lambda: NOW)
    stamps = LocalTimestamps(made, lambda: NOW)
    return replace(plain, printer=noticing.plain_page, timestamps=stamps, sealer=sealing.CompanySealer(made, stamps))


def opened(engine: Engine, made: making.Estate, by: By, *, unit: int = 0) -> int:
    wish = cases.Wish([made.units[unit]], TODAY, reason="业主多次承诺未付")
    with db.transaction(engine) as session:
        return cases.open_case(session, wish=wish, community_id=made.community_id, by=by, key=f"c{unit}")


def drafted(engine: Engine, gateways: Gateways, case_id: int, by: By) -> int:
    with db.transaction(engine) as session:
        number = bundles.draft(session, case_ids=[case_id], by=by)[0]
    with db.reading(engine) as session:
        plan = bundles.plan(session, bundle_id=number)
    built = bundles.produce(gateways, plan=plan)
    with db.transaction(engine) as session:
        bundles.settle(session, built=built, now=NOW)
    return number


def sealed(engine: Engine, gateways: Gateways, bundle_id: int, by: By) -> bundles.Built:
    with db.reading(engine) as session:
        how = bundles.check_seal(session, bundle_id=bundle_id, by=by)
        plan = bundles.plan(session, bundle_id=bundle_id)
    built = bundles.produce(gateways, plan=plan, sealing=how)
    with db.transaction(engine) as session:
        bundles.settle_seal(session, built=built, by=by)
    return built


def words_in(content: bytes) -> str:
    """Return the words of a file for Word, in order, in one line."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        whole = archive.read("word/document.xml").decode()
    return re.sub(r"<[^>]+>", "", re.sub(r"<w:(br|p)[ />]", " <", whole))


def names_in(content: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.namelist()


def test_a_case_goes_from_arrears_to_a_sealed_bundle_that_checks(engine: Engine, tmp_path: Path) -> None:
    made = noticing.build(engine)
    drafter, sealer = people(engine, made.community_id)
    gateways = outside(tmp_path)
    photo = gateways.files.put(JPEG)
    with db.transaction(engine) as session:
        kept = filing.KeptFile("contract", "合同.jpg", "image/jpeg", photo, len(JPEG), note="")
        filing.add_file(session, unit_id=made.units[0], kept=kept, by=drafter)
        evidence.append(
            session, community_id=made.community_id, unit_id=made.units[0], kind="test", subject_kind="unit",
            subject_id=made.units[0], facts={"fen": 1}, at=NOW,
        )  # fmt: skip
    case_id = opened(engine, made, drafter)
    number = drafted(engine, gateways, case_id, drafter)

    with db.reading(engine) as session:
        row = store.one(session, number)
    assert row["state"] == "draft"
    assert {"no_notice", "court"} <= {gap["code"] for gap in row["gaps"]}
    assert "contract_file" not in {gap["code"] for gap in row["gaps"]}
    draft = gateways.files.get(row["draft_sha256"])
    assert files.check(draft).problems == ()
    inside = names_in(draft)
    assert {"index.html", "案卷合订本.pdf", "文书/民事起诉状.docx", "statement.json", "verify.py"} <= set(inside)
    with zipfile.ZipFile(io.BytesIO(draft)) as archive:
        assert archive.read(next(name for name in inside if name.startswith("证据/"))) == JPEG
        assert b"<script" not in archive.read("index.html")

    built = sealed(engine, gateways, number, sealer)
    whole = gateways.files.get(built.zip_sha256)
    assert files.check(whole).problems == ()
    assert "seal/manifest.tsr" in names_in(whole)
    pdf = dict(files.pdfs_of(whole))["案卷合订本.pdf"]
    assert gateways.sealer is not None
    assert gateways.sealer.validate(pdf).is_sound
    with db.reading(engine) as session:
        row = store.one(session, number)
        kinds = [link.kind for link in evidence.chain_of_unit(session, made.units[0])]
        actions = {event.action for event in audit.listed(session, audit.Filter(), limit=50)}
    assert (row["state"], row["sealed_by_name"]) == ("sealed", "李经理")
    assert "bundle.sealed" in kinds
    assert {"bundle.drafted", "bundle.sealed"} <= actions


def test_who_drafted_a_bundle_does_not_seal_it_and_the_table_says_so_too(engine: Engine, tmp_path: Path) -> None:
    made = noticing.build(engine)
    drafter, sealer = people(engine, made.community_id)
    gateways = outside(tmp_path)
    number = drafted(engine, gateways, opened(engine, made, drafter), drafter)
    with db.reading(engine) as session, pytest.raises(Refusal) as caught:
        bundles.check_seal(session, bundle_id=number, by=drafter)
    assert caught.value.code == "bundle.same_person"
    row = {
        "bundle_id": number, "sealed_at": NOW, "zip_sha256": "a" * 64, "size": 1, "pages": 1, "manifest_sha256": "b" * 64,
        "level": "", "note": "",
    }  # fmt: skip
    for drafted_by, sealed_by in ((drafter, drafter), (sealer, drafter)):
        people_of = {"drafted_by": drafted_by.actor_id, "sealed_by": sealed_by.actor_id}
        with pytest.raises(sa.exc.IntegrityError), db.transaction(engine) as session:
            store.add_seal(session, {**row, **people_of}, [("a", "c" * 64, 1)])


def test_a_bundle_never_changes_and_is_sealed_once(engine: Engine, tmp_path: Path) -> None:
    made = noticing.build(engine)
    drafter, sealer = people(engine, made.community_id)
    gateways = outside(tmp_path)
    case_id = opened(engine, made, drafter)
    old = drafted(engine, gateways, case_id, drafter)
    number = drafted(engine, gateways, case_id, drafter)
    with db.reading(engine) as session, pytest.raises(Refusal, match="out_of_date"):
        bundles.check_seal(session, bundle_id=old, by=sealer)
    built = sealed(engine, gateways, number, sealer)
    with pytest.raises(Refusal, match="sealed_already"):
        sealed(engine, gateways, number, sealer)
    with db.transaction(engine) as session:
        bundles.take(session, bundle_id=number, by=drafter)
        bundles.hand_over(session, bundle_id=number, to_whom="江宁区人民法院立案庭", note="", by=drafter)
    with db.reading(engine) as session:
        taken = [(row["kind"], row["to_whom"], row["zip_sha256"]) for row in store.handovers(session, case_id)]
    assert taken == [
        ("handover", "江宁区人民法院立案庭", built.zip_sha256),
        ("download", "", built.zip_sha256),
    ]
    for table in (bundle, bundle_draft, bundle_seal, bundle_file, bundle_handover):
        for statement in (sa.update(table).values(id=table.c.id), sa.delete(table)):
            with pytest.raises(sa.exc.DBAPIError, match="append-only"), db.transaction(engine) as session:
                session.execute(statement)


def test_the_same_draft_gives_the_same_bytes(engine: Engine, tmp_path: Path) -> None:
    made = noticing.build(engine)
    drafter, _ = people(engine, made.community_id)
    gateways = outside(tmp_path)
    number = drafted(engine, gateways, opened(engine, made, drafter), drafter)
    with db.reading(engine) as session:
        plan, row = bundles.plan(session, bundle_id=number), store.one(session, number)
    assert bundles.produce(gateways, plan=plan).zip_sha256 == row["draft_sha256"]


def test_many_cases_at_once_are_drafted_and_what_is_not_a_case_is_refused(engine: Engine) -> None:
    made = noticing.build(engine)
    drafter, _ = people(engine, made.community_id)
    chosen = [opened(engine, made, drafter, unit=unit) for unit in (0, 1, 2)]
    with db.transaction(engine) as session:
        numbers = bundles.draft(session, case_ids=chosen, by=drafter)
    with db.reading(engine) as session:
        assert store.unbuilt(session, drafted_before=NOW) == []
        assert store.unbuilt(session, drafted_before=NOW + dt.timedelta(minutes=5)) == numbers
        assert {number: row["id"] for number, row in store.newest_of(session, chosen).items()} == dict(
            zip(chosen, numbers, strict=True)
        )
    for case_ids, code in (([], "none_chosen"), (range(1, 60), "too_many"), ([9999], "case.unknown")):
        with pytest.raises(Refusal, match=code), db.transaction(engine) as session:
            bundles.draft(session, case_ids=list(case_ids), by=drafter)
    with db.transaction(engine) as session:
        bundles.give_up(session, bundle_id=numbers[0], why="没有文件", now=NOW)
    with db.reading(engine) as session:
        assert store.one(session, numbers[0])["state"] == "failed"
    for act in (bundles.take, bundles.check_seal):
        with pytest.raises(Refusal, match="not_built"), db.transaction(engine) as session:
            act(session, bundle_id=numbers[1], by=replace(drafter, actor_id=drafter.actor_id + 1))


def test_a_paper_is_drafted_drafted_anew_and_frozen_once(engine: Engine, tmp_path: Path) -> None:
    made = noticing.build(engine)
    drafter, _ = people(engine, made.community_id)
    gateways = outside(tmp_path)
    case_id = opened(engine, made, drafter)
    with db.transaction(engine) as session:
        numbers = [case_papers.draft(session, case_id=case_id, kind=Paper.COMPLAINT, by=drafter) for _ in range(2)]
        with pytest.raises(Refusal, match="needs_more"):
            case_papers.draft(session, case_id=case_id, kind=Paper.ENFORCEMENT, by=drafter)
    with db.reading(engine) as session:
        row = paper_store.one(session, case_id=case_id, paper_id=numbers[1])
    assert row["revision"] == 2
    facts = case_papers.facts_of(row)
    assert facts.case.total_fen == facts.case.principal_fen + facts.case.claimed.late_fen
    assert facts.case.contract_late_fen == facts.case.claimed.late_fen
    paper = case_papers.produce(gateways, paper_id=numbers[1], facts=facts)
    with db.transaction(engine) as session:
        case_papers.freeze(session, case_id=case_id, made=paper, by=drafter)
        with pytest.raises(Refusal, match="frozen_already"):
            case_papers.freeze(session, case_id=case_id, made=paper, by=drafter)
        with pytest.raises(Refusal, match=r"case_paper\.unknown"):
            paper_store.one(session, case_id=case_id + 1, paper_id=numbers[1])
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), db.transaction(engine) as session:
        session.execute(sa.delete(case_paper))
    # the bundle takes the frozen paper, whatever is known by then
    number = drafted(engine, gateways, case_id, drafter)
    with db.reading(engine) as session:
        content = gateways.files.get(store.one(session, number)["draft_sha256"])
    assert dict(files.pdfs_of(content))["文书/民事起诉状.pdf"] == gateways.files.get(paper.pdf_sha256)


def test_facts_collected_tie_to_the_ledger(engine: Engine) -> None:
    made = noticing.build(engine)
    drafter, _ = people(engine, made.community_id)
    case_id = opened(engine, made, drafter)
    from app.store import case_facts
    from app.store import cases as case_store

    with db.reading(engine) as session:
        facts = case_facts.collect(session, case_id=case_id)
        row = case_store.case_row(session, case_id)
    assert facts.principal_fen == row["principal_fen"]
    assert facts.claimed.late_fen == row["late_charge_fen"]
    assert [one.number for one in facts.exhibits] == list(range(1, len(facts.exhibits) + 1))
    assert all(one.act_by_on and one.act_by_on > dt.date(2026, 1, 1) for one in facts.bills)


def test_papers_say_what_was_entered_of_a_party_and_of_the_contract(engine: Engine) -> None:
    made = noticing.build(engine)
    drafter, _ = people(engine, made.community_id)
    wish = cases.Wish(
        [made.units[0]], TODAY, has_arbitration_clause=True, path=Way.PAYMENT_ORDER, reason="业主多次承诺未付"
    )
    wife = case_people.Party("defendant", Capacity.CO_OWNER, name="王小梅", sex="f")
    with db.transaction(engine) as session:
        case_id = cases.open_case(session, wish=wish, community_id=made.community_id, by=drafter, key="c")
        case_people.add_party(session, case_id=case_id, party=wife, by=drafter)
        numbers = [
            case_papers.draft(session, case_id=case_id, kind=kind, by=drafter)
            for kind in (Paper.COMPLAINT, Paper.PAYMENT_ORDER)
        ]
    with db.reading(engine) as session:
        found = [case_papers.facts_of(paper_store.one(session, case_id=case_id, paper_id=one)) for one in numbers]
    assert found[0].case.agreement.forum_text == "合同约定有仲裁条款，内容见合同"
    texts = [words_in(word_file.word_file(facts)) for facts in found]
    assert "王小梅" in texts[0]
    assert [one.sex for one in found[0].case.debtors if one.name == "王小梅"] == ["female"]
    assert "王小梅，女，" in texts[1]

"""Runs and reversals by two people: what is posted is what was previewed, and nothing that money stands on goes."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.domain.errors import Refusal
from app.services import billing
from app.services.billing import Change, Oddity, Scope
from app.store import arrears, billing_drafts, db, estate, ledger, verify
from app.store.tables import bill, fee_item, reversal, tariff, unit, vacancy, vacancy_rule
from app.store.tables_tariffs import bill_basis, billing_draft
from app.store.types import FOREVER
from tests.making import NOW, TODAY, Estate, add_owner, add_unit, add_user
from tests.making import make_estate as made_estate

ANNA, BERT = 1, 2
WHO = {"today": TODAY, "now": NOW}


def make_estate(session: Session, units: tuple[str, ...] = ("1-1-101",)) -> Estate:
    """Make the estate and the two people who bill it."""
    assert (add_user(session, "anna"), add_user(session, "bert", "manager")) == (ANNA, BERT)
    return made_estate(session, units=units)


def drafted(session: Session, made: Estate, period: str = "2026-01", scope: Scope = billing.Scope()) -> int:  # noqa: B008 - frozen
    return billing.draft_run(
        session, community_id=made.community_id, period=period, scope=scope, actor_id=ANNA, actor="anna", **WHO
    )


def billed(session: Session, made: Estate, period: str = "2026-01", scope: Scope = billing.Scope()) -> int:  # noqa: B008 - frozen
    draft_id = drafted(session, made, period, scope)
    billing.release(session, draft_id=draft_id, actor_id=BERT, actor="bert", **WHO)
    billing.carry_out(session, draft_id=draft_id, **WHO)
    return int(billing_drafts.one(session, draft_id).run_id)


def take_back(session: Session, made: Estate, **what: object) -> int:
    draft_id = billing.draft_reversal(
        session, community_id=made.community_id, on=TODAY, reason="单价录错", actor_id=ANNA, actor="anna", **WHO, **what
    )
    billing.release(session, draft_id=draft_id, actor_id=BERT, actor="bert", **WHO)
    return billing.carry_out(session, draft_id=draft_id, **WHO)


def pay(session: Session, made: Estate, unit_id: int, amount_fen: int) -> None:
    row = {"community_id": made.community_id, "received_on": TODAY, "amount_fen": amount_fen}
    ledger.post(
        session, ledger.Posting(unit_id, "payment", {**row, "method": "cash", "recorded_at": NOW}), through=TODAY
    )


def reviewed(session: Session, made: Estate, period: str, **more: object) -> billing.Review:
    return billing.review(session, community_id=made.community_id, period=period, today=TODAY, **more)  # type: ignore[arg-type]


def test_what_is_posted_is_what_was_drafted_and_only_once(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session, units=("1-1-101", "1-1-102"))
        found = reviewed(session, made, "2026-01")
        draft_id = drafted(session, made)
        assert session.execute(sa.select(sa.func.count()).select_from(bill)).scalar_one() == 0
        billing.release(session, draft_id=draft_id, actor_id=BERT, actor="bert", **WHO)
        assert billing.carry_out(session, draft_id=draft_id, **WHO) == found.result.created == 2
        assert billing.carry_out(session, draft_id=draft_id, **WHO) == 2, "a job that runs twice adds nothing"
        amounts = session.execute(sa.select(bill.c.principal_fen)).scalars().all()
        assert sum(amounts) == found.result.amount_fen == 48_000
        run = billing_drafts.runs(session, made.community_id)[0]
        assert (run.bills, run.amount_fen, run.bills_back, run.back_fen) == (2, 48_000, 0, 0)
        assert arrears.totals(session, as_of=TODAY, wanted=arrears.Filter()).principal_fen == run.amount_fen
        assert not verify.ledger_report(session).problems


def test_one_person_cannot_release_what_they_drafted_not_even_in_the_database(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        draft_id = drafted(session, made)
        with pytest.raises(Refusal, match=r"billing_draft\.same_person"):
            billing.release(session, draft_id=draft_id, actor_id=ANNA, actor="anna", **WHO)
    with pytest.raises(IntegrityError), db.transaction(engine) as session:
        session.execute(sa.update(billing_draft).values(released_by=ANNA, state="released"))


@pytest.mark.parametrize("change", ["price", "unit", "area"])
def test_a_draft_whose_data_changed_meanwhile_is_refused(engine: Engine, change: str) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        draft_id = drafted(session, made)
        if change == "price":
            first = dt.date(2026, 1, 1)
            estate.add_tariff(session, fee_item_id=made.item_id, usage_type="", from_on=first, price_e4=30_000)
        elif change == "unit":
            add_unit(session, made.community_id, "1-1-102")
        else:
            session.execute(sa.update(unit).values(area_e3=90_000))
        with pytest.raises(Refusal) as refused:
            billing.release(session, draft_id=draft_id, actor_id=BERT, actor="bert", **WHO)
        assert refused.value.code == "billing_draft.changed"
        assert refused.value.facts["then_amount_fen"] == 24_000


def test_what_changes_between_release_and_posting_stops_the_posting(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        draft_id = drafted(session, made)
        billing.release(session, draft_id=draft_id, actor_id=BERT, actor="bert", **WHO)
        session.execute(sa.update(unit).values(area_e3=90_000))
        with pytest.raises(Refusal, match=r"billing_draft\.changed"):
            billing.carry_out(session, draft_id=draft_id, **WHO)
        billing.give_up(session, draft_id=draft_id, why="changed", now=NOW)
        assert billing_drafts.one(session, draft_id).state == "failed"
        assert billing_drafts.unfinished(session) == []


def test_a_draft_is_withdrawn_by_its_maker_and_refused_by_another_with_a_reason(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        for actor, state in ((ANNA, "withdrawn"), (BERT, "refused")):
            draft_id = drafted(session, made)
            with pytest.raises(Refusal, match=r"billing_draft\.waits_already"):
                drafted(session, made)
            with pytest.raises(Refusal, match=r"billing_draft\.reason_missing"):
                billing.close(session, draft_id=draft_id, reason=" ", now=NOW, actor_id=actor, actor="x")
            assert (
                billing.close(session, draft_id=draft_id, reason="面积未核", now=NOW, actor_id=actor, actor="x")
                == state
            )
            with pytest.raises(Refusal, match=r"billing_draft\.not_waiting"):
                billing.release(session, draft_id=draft_id, actor_id=BERT, actor="bert", **WHO)


def test_a_run_with_nothing_to_bill_is_not_drafted(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        billed(session, made)
        with pytest.raises(Refusal, match=r"billing\.nothing_to_bill"):
            drafted(session, made)


def test_a_scope_bills_its_buildings_and_items_alone(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session, units=("1-1-101", "2-1-101"))
        estate.create_fee_item(
            session,
            {
                "community_id": made.community_id,
                "name": "电梯费",
                "basis": "fixed",
                "plan_id": made.plan_id,
                "starts_on": dt.date(2020, 1, 1),
            },
        )
        scope = Scope(buildings=("2",), item_ids=(made.item_id,))
        assert billing.scope_of(billing.scope_text(scope)) == scope
        billed(session, made, scope=scope)
        rows = session.execute(sa.select(unit.c.code, bill.c.fee_item_id).join(unit, unit.c.id == bill.c.unit_id)).all()
        assert [tuple(row) for row in rows] == [("2-1-101", made.item_id)]
        with pytest.raises(Refusal, match=r"billing\.no_items"):
            drafted(session, made, scope=Scope(item_ids=(999,)))


def test_differences_against_the_period_before_name_new_missing_and_changed_units(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session, units=("1-1-101", "1-1-102", "1-1-103", "1-1-104"))
        billed(session, made)
        same, changed, missing, _ = made.units
        session.execute(sa.update(unit).where(unit.c.id == changed).values(area_e3=120_000))
        session.execute(sa.update(unit).where(unit.c.id == missing).values(area_e3=0))
        fresh = add_unit(session, made.community_id, "1-1-105")
        found = reviewed(session, made, "2026-02")
        by_unit = {one.line.unit_id: one.change for one in found.lines}
        assert by_unit[same] is Change.SAME
        assert by_unit[changed] is Change.CHANGED
        assert by_unit[missing] is Change.MISSING
        assert by_unit[fresh] is Change.NEW
        assert found.change_fen[Change.CHANGED] == 4_800
        assert found.last_fen == 96_000
        wide = reviewed(session, made, "2026-02", percent=20)
        assert wide.changes[Change.CHANGED] == 0, "20 per cent more is not more than 20 per cent"
        assert [one.line.unit_id for one in found.of_oddity(Oddity.NO_AREA)] == [missing]


def test_oddities_are_named_before_anybody_is_billed(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session, units=("1-1-101", "1-1-102"))
        owned, empty = made.units
        add_owner(session, made, owned, "王伟")
        late = add_unit(session, made.community_id, "1-1-103", handed_over_on=dt.date(2026, 5, 1))
        rule = {"from_on": dt.date(2020, 1, 1), "months": 0, "ratio_e4": 7_000, "article": "条例第38条"}
        session.execute(sa.insert(vacancy_rule).values(community_id=made.community_id, **rule))
        window = {"from_on": dt.date(2025, 7, 1), "until_on": FOREVER, "reported_on": dt.date(2025, 7, 1)}
        session.execute(sa.insert(vacancy).values(unit_id=empty, **window))
        found = reviewed(session, made, "2026-01")
        odd = {oddity: [one.line.unit_id for one in found.of_oddity(oddity)] for oddity in Oddity}
        assert odd[Oddity.NO_OWNER] == [empty, late]
        assert odd[Oddity.NOT_HANDED_OVER] == [late]
        assert odd[Oddity.VACANCY] == [empty]
        assert found.result.amount_fen == 24_000 + 16_800
        session.execute(sa.update(fee_item).values(basis="fixed"))
        estate.add_tariff(
            session, fee_item_id=made.item_id, usage_type="", from_on=dt.date(2020, 1, 1), price_e4=0, addition_e4=0
        )
        assert [one.line.unit_id for one in reviewed(session, made, "2026-01").of_oddity(Oddity.ZERO)] == [owned, empty]


def test_units_without_a_price_are_named(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session, units=())
        add_unit(session, made.community_id, "1-1-101")
        shop = add_unit(session, made.community_id, "1-0-商铺1", usage_type="shop")
        session.execute(sa.update(tariff).values(usage_type="residential"))
        found = reviewed(session, made, "2026-01")
        assert [one.line.unit_id for one in found.of_oddity(Oddity.NO_TARIFF)] == [shop]


def test_a_run_is_taken_back_whole_and_billed_anew(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session, units=("1-1-101", "1-1-102"))
        run_id = billed(session, made)
        assert take_back(session, made, run_id=run_id) == 2
        assert arrears.totals(session, as_of=TODAY, wanted=arrears.Filter()).total_fen == 0
        run = billing_drafts.runs(session, made.community_id)[0]
        assert (run.bills, run.bills_back, run.back_fen) == (2, 2, 48_000)
        plain = reviewed(session, made, "2026-01")
        assert (plain.result.created, plain.taken_back) == (0, 2), "what was taken back is billed anew only when asked"
        again = billed(session, made, scope=Scope(is_rebilling=True))
        issues = session.execute(sa.select(bill.c.issue).where(bill.c.run_id == again)).scalars().all()
        assert issues == [1, 1]
        assert arrears.totals(session, as_of=TODAY, wanted=arrears.Filter()).principal_fen == 48_000
        assert not verify.ledger_report(session).problems


def test_bills_that_money_stands_on_stay_or_the_reversal_is_refused(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session, units=("1-1-101", "1-1-102"))
        run_id = billed(session, made)
        pay(session, made, made.units[0], 1_000)
        with pytest.raises(Refusal) as refused:
            take_back(session, made, run_id=run_id)
        assert refused.value.code == "billing_run.has_dependents"
        assert refused.value.facts["unit"] == "1幢1单元101室"
        found = billing.reversible(session, run_id=run_id)
        assert [(one.unit_id, one.reason, one.paid_fen) for one in found.kept] == [(made.units[0], "paid", 1_000)]
        assert take_back(session, made, run_id=run_id, may_leave=True) == 1
        assert arrears.totals(session, as_of=TODAY, wanted=arrears.Filter()).principal_fen == 23_000
        with pytest.raises(Refusal, match=r"billing_run\.nothing_to_reverse"):
            take_back(session, made, run_id=run_id, may_leave=True)
        assert not verify.ledger_report(session).problems


def test_money_that_comes_between_preview_and_release_stops_the_reversal(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        run_id = billed(session, made)
        draft_id = billing.draft_reversal(
            session,
            community_id=made.community_id,
            run_id=run_id,
            on=TODAY,
            reason="单价录错",
            actor_id=ANNA,
            actor="anna",
            **WHO,
        )
        pay(session, made, made.units[0], 1_000)
        with pytest.raises(Refusal, match=r"billing_run\.has_dependents"):
            billing.release(session, draft_id=draft_id, actor_id=BERT, actor="bert", **WHO)


def test_a_single_paid_bill_is_taken_back_and_its_money_waits_as_credit(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        billed(session, made)
        pay(session, made, made.units[0], 24_000)
        bill_id = session.execute(sa.select(bill.c.id)).scalar_one()
        assert take_back(session, made, bill_id=bill_id) == 1
        assert session.execute(sa.select(reversal.c.target_id)).scalar_one() == bill_id
        assert not verify.ledger_report(session).problems


def single(made: Estate, **more: object) -> billing.Single:
    facts = {
        "unit_id": made.units[0],
        "fee_item_id": made.item_id,
        "from_on": dt.date(2026, 1, 1),
        "to_on": dt.date(2026, 1, 31),
        "due_on": dt.date(2026, 2, 10),
        "issued_on": dt.date(2026, 1, 20),
        "principal_fen": 20_000,
    }
    return billing.Single(**{**facts, **more})  # type: ignore[arg-type]


def test_a_bill_by_hand_carries_its_clause_and_is_posted_once_for_a_form(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        rest = {"clause": "合同第七条", "note": "清运费", "actor_id": ANNA, "actor": "anna", "key": "k" * 20, **WHO}
        first = billing.post_by_hand(session, wish=single(made, costs_fen=5_000), **rest)  # type: ignore[arg-type]
        assert billing.post_by_hand(session, wish=single(made, costs_fen=5_000), **rest) == first  # type: ignore[arg-type]
        row = session.execute(sa.select(bill)).one()
        assert (row.principal_fen, row.costs_fen) == (20_000, 5_000)
        assert session.execute(sa.select(bill_basis.c.clause)).scalar_one() == "合同第七条"
        assert billing_drafts.singles(session, made.community_id)[0].clause == "合同第七条"
        assert not verify.ledger_report(session).problems


def test_a_bill_by_hand_that_cannot_be_is_refused(sqlite_engine: Engine) -> None:
    with db.transaction(sqlite_engine) as session:
        made = make_estate(session)
        wrong = {
            "bill.amount_not_positive": {"principal_fen": 0},
            "bill.period_reversed": {"to_on": dt.date(2025, 12, 31)},
            "bill.period_long": {"to_on": dt.date(2030, 1, 1)},
            "bill.due_before_issue": {"due_on": dt.date(2026, 1, 1)},
        }
        for code, facts in wrong.items():
            with pytest.raises(Refusal) as refused:
                billing.preview_single(session, wish=single(made, **facts), community_id=made.community_id)
            assert refused.value.code == code
        seen = billing.preview_single(session, wish=single(made), community_id=made.community_id)
        assert (seen.item, seen.issue, seen.late_charge_clause) == ("物业服务费", 0, "合同第十二条")
        with pytest.raises(Refusal, match=r"unit\.unknown"):
            billing.preview_single(session, wish=single(made), community_id=made.community_id + 1)

"""Care of units and their people: each act leaves what was before, and what is billed stays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.domain import counter
from app.domain.deeds import By
from app.domain.errors import Refusal
from app.domain.registry import Usage
from app.domain.waivers import HoldReason
from app.services import closing, contacts, filing, holds, terms, upkeep
from app.services.contacts import NewContact, Relation
from app.store import arrears, db, estate, ledger, persons, terms_drafts, unit_files, verify
from app.store import contacts as contact_store
from app.store import holds as hold_store
from app.store import upkeep as upkeep_store
from app.store.tables_estate import estate_withdrawal, person_change
from app.store.tables_office import audit_event
from app.store.tables_tariffs import terms_draft
from app.store.types import FOREVER
from app.web import account_lines
from tests.making import NOW, TODAY, Estate, add_bill, add_owner, add_user, make_estate

DAY = dt.timedelta(days=1)


def by(session: Session) -> By:
    return By(TODAY, NOW, "clerk", add_user(session, "clerk"))


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as refused:
        act()
    return refused.value.code


def wish(made: Estate, **more: object) -> holds.Wish:
    asked: dict[str, object] = {
        "unit_id": made.units[0],
        "bill_ids": (),
        "reason": HoldReason.DISPUTE,
        "is_objection": True,
        "from_on": TODAY - 10 * DAY,
        "until_on": TODAY + 20 * DAY,
        "stops_accrual": True,
        "stops_dunning": True,
        "stops_contact": False,
        "note": "业主不认可",
    }
    return holds.Wish(**{**asked, **more})  # type: ignore[arg-type]


# --- holds ----------------------------------------------------------------------------------------


def test_a_hold_does_what_its_preview_said(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        add_bill(session, made, dt.date(2026, 1, 10))
        seen = holds.effect(session, wish=wish(made), today=TODAY, may_decide=False)
        assert (seen.today_before_fen, seen.today_after_fen) == (51 * 24, 40 * 24)
        assert (seen.last_before_fen, seen.last_after_fen) == (71 * 24, 40 * 24)
        holds.place(session, wish=wish(made), may_decide=False, by=by(session), key="h" * 20)
        for on, fen in ((TODAY, seen.today_after_fen), (seen.until_on, seen.last_after_fen)):
            assert arrears.bills_on(session, as_of=on, unit_ids=made.units)[0].late_charge_fen == fen
        assert not verify.ledger_report(session).problems


def test_a_hold_ended_early_keeps_the_days_it_rested(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made, doer = make_estate(session), by(session)
        add_bill(session, made, dt.date(2026, 1, 10))
        first = holds.place(session, wish=wish(made), may_decide=False, by=doer, key="h" * 20)
        ended = {"last_on": TODAY - 5 * DAY, "reason": "已核对", "by": doer}
        shorter = holds.end(session, hold_id=first, key="e" * 20, **ended)  # type: ignore[arg-type]
        assert holds.end(session, hold_id=first, key="e" * 20, **ended) == shorter  # type: ignore[arg-type]
        assert arrears.bills_on(session, as_of=TODAY, unit_ids=made.units)[0].late_charge_fen == 45 * 24
        rows = hold_store.of_unit(session, made.units[0], today=TODAY)
        assert [(row["id"], row["is_open"], row["ended_on"]) for row in rows] == [
            (shorter, False, None),
            (first, False, TODAY),
        ]
        assert code_of(lambda: holds.end(session, hold_id=first, key="x" * 20, **ended)) == "hold.over"  # type: ignore[arg-type]
        assert not verify.ledger_report(session).problems


def test_a_hold_that_began_in_a_closed_month_ends_early_without_touching_a_closed_day(engine: Engine) -> None:
    february = dt.date(2026, 2, 28)
    with db.transaction(engine) as session:
        made, doer = make_estate(session), by(session)
        add_bill(session, made, dt.date(2026, 1, 10))
        first = holds.place(session, wish=wish(made), may_decide=False, by=doer, key="h" * 20)
        closer = counter.By(doer.actor_id, doer.actor, doer.actor, TODAY, NOW, "close-1", may_back_date=True)
        period = closing.Period.month(made.community_id, february)
        closing.close(session, period=period, accepts_open=True, note="", by=closer)
        before = {
            on: arrears.bills_on(session, as_of=on, unit_ids=made.units)[0].late_charge_fen
            for on in (february - 20 * DAY, february - 3 * DAY, february)
        }
    ended = {"hold_id": first, "reason": "已核对", "by": doer}
    with pytest.raises(Refusal, match=r"period\.closed"), db.transaction(engine) as session:
        holds.end(session, last_on=february - DAY, key="c" * 20, **ended)  # type: ignore[arg-type]
    with db.transaction(engine) as session:
        holds.end(session, last_on=february, key="e" * 20, **ended)  # type: ignore[arg-type]
        for on, fen in before.items():
            assert arrears.bills_on(session, as_of=on, unit_ids=made.units)[0].late_charge_fen == fen
        rested = before[february]
        for days in (2, 3):  # the second and the third of March
            on = february + days * DAY
            found = arrears.bills_on(session, as_of=on, unit_ids=made.units)[0].late_charge_fen
            assert found == rested + days * 24
        assert not verify.ledger_report(session).problems


def test_a_hold_taken_back_counts_as_never_set(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made, doer = make_estate(session), by(session)
        add_bill(session, made, dt.date(2026, 1, 10))
        first = holds.place(session, wish=wish(made), may_decide=False, by=doer, key="h" * 20)
        taken = {"hold_id": first, "by": doer}
        assert code_of(lambda: holds.withdraw(session, reason=" ", key="v" * 20, **taken)) == "reversal.reason_missing"  # type: ignore[arg-type]
        holds.withdraw(session, reason="登错户", key="w" * 20, **taken)  # type: ignore[arg-type]
        holds.withdraw(session, reason="登错户", key="w" * 20, **taken)  # type: ignore[arg-type]
        assert arrears.bills_on(session, as_of=TODAY, unit_ids=made.units)[0].late_charge_fen == 51 * 24
        assert not verify.ledger_report(session).problems


def test_late_charge_is_not_given_away_by_a_hold_far_back(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        far = wish(made, from_on=TODAY - 40 * DAY)
        assert code_of(lambda: holds.effect(session, wish=far, today=TODAY, may_decide=False)) == "hold.too_far_back"
        holds.effect(session, wish=far, today=TODAY, may_decide=True)
        quiet = wish(made, from_on=TODAY - 40 * DAY, stops_accrual=False)
        holds.effect(session, wish=quiet, today=TODAY, may_decide=False)


def test_holds_due_for_a_look_come_first_and_are_counted(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made, doer = make_estate(session, units=("1-1-101", "1-1-102")), by(session)
        far = holds.place(session, wish=wish(made), may_decide=False, by=doer, key="f" * 20)
        soon = wish(made, unit_id=made.units[1], review_on=TODAY + 3 * DAY, is_objection=False)
        near = holds.place(session, wish=soon, may_decide=False, by=doer, key="n" * 20)
        scope = {"community_ids": [made.community_id], "today": TODAY}
        asked = {**scope, "kind": "", "limit": 10, "offset": 0}
        count, rows = hold_store.listing(session, state="open", **asked)  # type: ignore[arg-type]
        assert (count, [row["id"] for row in rows]) == (2, [near, far])
        assert hold_store.listing(session, state="open", **{**asked, "kind": "hold"})[0] == 1  # type: ignore[arg-type]
        assert hold_store.count_due(session, **scope) == 1  # type: ignore[arg-type]
        assert hold_store.listing(session, state="ended", **asked)[0] == 0  # type: ignore[arg-type]
        assert hold_store.count_due(session, community_ids=[], today=TODAY) == 0


# --- people ---------------------------------------------------------------------------------------


def test_every_number_a_person_had_stays_sealed_to_them(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made, doer = make_estate(session), by(session)
        person_id = add_owner(session, made, made.units[0], "单英")
        who = {"unit_id": made.units[0], "person_id": person_id, "by": doer}
        assert code_of(lambda: contacts.change_phone(session, phone="+8613900001111", reason="", **who)) == (  # type: ignore[arg-type]
            "estate.reason_missing"
        )
        contacts.change_phone(session, phone="+8613900001111", reason="来电", **who)  # type: ignore[arg-type]
        contacts.mark_phone(session, is_bad=True, reason="空号", **who)  # type: ignore[arg-type]
        contacts.change_phone(session, phone="", reason="停用", **who)  # type: ignore[arg-type]
        assert persons.reveal_phone(session, person_id) == ""
        assert code_of(lambda: contacts.mark_phone(session, is_bad=True, reason="", **who)) == "person.no_phone"  # type: ignore[arg-type]
        kept = session.execute(sa.select(person_change).order_by(person_change.c.id)).all()
        assert [row.field for row in kept] == ["phone", "phone_bad", "phone"]
        assert all(b"139" not in bytes(row.before_sealed or b"") for row in kept)
        told = contact_store.changes(session, made.units[0])
        assert "before_sealed" not in told[0]
        assert told[0]["name"] == "单*"
        text = " ".join(session.execute(sa.select(audit_event.c.facts)).scalars())
        assert "139" not in text


def test_somebody_elses_person_is_out_of_reach(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made, doer = make_estate(session, units=("1-1-101", "1-1-102")), by(session)
        stranger = add_owner(session, made, made.units[1], "单英")
        act = {"unit_id": made.units[0], "person_id": stranger, "reason": "x", "by": doer}
        assert code_of(lambda: contacts.correct_name(session, name="甲", **act)) == "person.unknown"  # type: ignore[arg-type]


def test_a_wrong_contact_is_withdrawn_word_for_word(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made, doer = make_estate(session), by(session)
        unit_id = made.units[0]
        who = NewContact(Relation.TENANT, "孙租客", "+8613900001111", "租期一年")
        first = contacts.add(session, unit_id=unit_id, who=who, from_on=TODAY, until_on=TODAY + 30 * DAY, by=doer)
        right = NewContact(Relation.FAMILY, "孙家属")
        contacts.correct(session, unit_id=unit_id, contact_id=first, who=right, reason="关系写错", by=doer)
        [row] = persons.contacts_on(session, unit_id=unit_id, as_of=TODAY)
        assert (row.relation, row.name, row.until_on) == ("family", "孙家属", TODAY + 31 * DAY)
        [kept] = session.execute(sa.select(estate_withdrawal)).all()
        assert (kept.noun, kept.detail, kept.from_on, kept.until_on) == ("contact", "tenant", TODAY, TODAY + 31 * DAY)
        assert persons.owners_on(session, unit_ids=[unit_id], as_of=TODAY)[unit_id] == []
        assert code_of(lambda: contacts.add(session, unit_id=unit_id, who=NewContact(Relation.OTHER, " "),
                                            from_on=TODAY, until_on=None, by=doer)) == "contact.name_missing"  # fmt: skip


# --- the unit itself ------------------------------------------------------------------------------


def test_a_correction_leaves_posted_bills_and_keeps_what_was_before(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made, doer = make_estate(session), by(session)
        unit_id = made.units[0]
        add_bill(session, made, dt.date(2026, 1, 10))
        story = ledger.stories(session, [unit_id])
        other = By(TODAY, NOW, "manager", add_user(session, "manager", "manager"))
        area = terms.want_area(session, unit_id=unit_id, area_e3=90_000, reason="实测", by=doer)
        usage = terms.want_usage(session, unit_id=unit_id, usage=Usage.SHOP, reason="证载", by=doer)
        for draft_id in (area, usage):
            terms.decide(session, draft_id=draft_id, grant=True, note="", by=other)
        upkeep.set_handover(session, unit_id=unit_id, on=dt.date(2021, 5, 1), reason="", by=doer)
        upkeep.set_handover(session, unit_id=unit_id, on=None, reason="登错户", by=doer)
        assert ledger.stories(session, [unit_id]) == story
        assert estate.unit_row(session, unit_id).area_e3 == 90_000
        assert [(row["field"], row["before"]) for row in upkeep_store.changes(session, unit_id)] == [
            ("handed_over", "2021-05-01"),
            ("handed_over", ""),
            ("usage", "residential"),
            ("area", "100000"),
        ]
        for act, code in (
            (lambda: terms.want_area(session, unit_id=unit_id, area_e3=90_000, reason="x", by=doer), "unit.nothing_new"),
            (lambda: terms.want_area(session, unit_id=unit_id, area_e3=0, reason="x", by=doer), "unit.area_out_of_range"),
            (lambda: terms.want_usage(session, unit_id=unit_id, usage=Usage.SHOP, reason="", by=doer), "estate.reason_missing"),
            (lambda: upkeep.set_handover(session, unit_id=unit_id, on=TODAY + DAY, reason="", by=doer), "date.in_future"),
        ):  # fmt: skip
            assert code_of(act) == code


def test_an_area_or_a_price_of_ones_own_takes_two_people(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made, doer = make_estate(session), by(session)
        unit_id = made.units[0]
        other = By(TODAY, NOW, "manager", add_user(session, "manager", "manager"))
        first = terms.want_area(session, unit_id=unit_id, area_e3=90_000, reason="实测", by=doer)
        assert estate.unit_row(session, unit_id).area_e3 == 100_000, "nothing changes before somebody decides"
        assert upkeep_store.changes(session, unit_id) == []
        second = terms.want_area(session, unit_id=unit_id, area_e3=80_000, reason="再测", by=doer)
        price = terms.want_own_price(
            session, unit_id=unit_id, fee_item_id=made.item_id, quantity_e3=1000, price_e4=20_000,
            from_on=TODAY, note="协议", by=doer,
        )  # fmt: skip
        refuse = {"draft_id": first, "grant": False, "by": other}
        grant = {"grant": True, "note": "", "by": other}
        for act, code in (
            (lambda: terms.decide(session, draft_id=first, grant=True, note="", by=doer), "terms_draft.same_person"),
            (lambda: terms.decide(session, note=" ", **refuse), "terms_draft.note_missing"),
            (lambda: terms.withdraw(session, draft_id=first, by=other), "terms_draft.not_yours"),
        ):
            assert code_of(act) == code
        terms.decide(session, draft_id=first, **grant)
        for act, code in (
            (lambda: terms.decide(session, draft_id=first, **grant), "terms_draft.not_waiting"),
            (lambda: terms.decide(session, draft_id=second, **grant), "terms_draft.moved"),
        ):
            assert code_of(act) == code
        terms.withdraw(session, draft_id=second, by=doer)
        assert upkeep_store.unit_fees(session, unit_id) == []
        terms.decide(session, draft_id=price, **grant)
        [own] = upkeep_store.unit_fees(session, unit_id)
        assert (own["price_e4"], own["from_on"], own["until_on"]) == (20_000, TODAY, FOREVER)
        ended = terms.want_own_price_end(session, unit_id=unit_id, unit_fee_id=own["id"], last_on=TODAY, by=doer)
        gone = terms.want_own_price_back(session, unit_id=unit_id, unit_fee_id=own["id"], reason="登错", by=doer)
        terms.decide(session, draft_id=ended, **grant)
        assert upkeep_store.unit_fees(session, unit_id)[0]["until_on"] == TODAY + DAY
        terms.decide(session, draft_id=gone, grant=False, note="不是登错", by=other)
        found = [(row.kind, row.state) for row in terms_drafts.listed(session, community_id=made.community_id)]
        assert found == [
            ("own_price_back", "refused"),
            ("own_price_end", "granted"),
            ("own_price", "granted"),
            ("area", "withdrawn"),
            ("area", "granted"),
        ]
    for columns in ({"decided_by": doer.actor_id}, {"decided_by": None}):
        with pytest.raises(IntegrityError), db.transaction(engine) as session:
            session.execute(sa.update(terms_draft).where(terms_draft.c.id == first).values(**columns))


def test_a_file_is_struck_through_and_its_opening_leaves_a_trace(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made, doer = make_estate(session), by(session)
        unit_id = made.units[0]
        kept = filing.KeptFile("identity", "证件.pdf", "application/pdf", "a" * 64, 10)
        file_id = filing.add_file(session, unit_id=unit_id, kept=kept, by=doer)
        filing.opened_file(session, unit_id=unit_id, file_id=file_id, by=doer)
        filing.withdraw_file(session, unit_id=unit_id, file_id=file_id, reason="传错", by=doer)
        [row] = unit_files.of_unit(session, unit_id)
        assert (row["withdrawn_reason"], row["sha256"]) == ("传错", "a" * 64)
        actions = session.execute(sa.select(audit_event.c.action).order_by(audit_event.c.id)).scalars().all()
        assert actions == ["unit_file.added", "unit_file.opened", "unit_file.withdrawn"]
        again = {"unit_id": unit_id, "file_id": file_id, "reason": "x", "by": doer}
        assert code_of(lambda: filing.withdraw_file(session, **again)) == "unit_file.withdrawn"  # type: ignore[arg-type]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    paid=st.lists(st.tuples(st.integers(0, 60), st.integers(1, 60_000), st.booleans()), max_size=4),
    first=st.integers(0, 70),
)
def test_the_account_of_any_period_foots(sqlite_engine: Engine, paid: list[tuple[int, int, bool]], first: int) -> None:
    with db.transaction(sqlite_engine) as session:
        made = make_estate(session, name=f"小区{NOW:%f}{id(paid)}{len(paid)}{first}{paid}"[:100])
        for month in (1, 2, 3):
            add_bill(session, made, dt.date(2026, month, 10))
        for back, fen, bounces in paid:
            on = TODAY - back * DAY
            row = {"community_id": made.community_id, "received_on": on, "amount_fen": fen, "method": "cash"}
            posting = ledger.Posting(made.units[0], "payment", row | {"recorded_at": NOW})
            number = ledger.post(session, posting, through=TODAY)
            if bounces:
                gone = {"target_kind": "payment", "target_id": number, "value_on": TODAY, "recorded_at": NOW}
                ledger.post(session, ledger.Posting(made.units[0], "reversal", gone), through=TODAY)
        account = account_lines.between(session, made.units[0], from_on=TODAY - first * DAY, to_on=TODAY)
        assert account.foots
        session.rollback()

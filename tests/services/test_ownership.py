"""Change of owner: the debt stays with whoever owned on its due date; personal fields are sealed."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from sqlalchemy import Engine

from app.domain.errors import Refusal
from app.services import ownership
from app.store import db, ledger, persons
from app.store.tables import ledger_entry, person
from tests.making import NOW, add_bill, add_owner, make_estate

TRANSFER = dt.date(2026, 2, 1)


def test_a_transfer_ends_one_ownership_starts_the_other_and_moves_no_debt(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        unit_id = made.units[0]
        add_owner(session, made, unit_id, "单英")
        add_bill(session, made, dt.date(2026, 1, 10))
        add_bill(session, made, dt.date(2026, 2, 10))
        before = session.execute(sa.select(sa.func.count()).select_from(ledger_entry)).scalar_one()
        new = [ownership.NewOwner("仇国华", "13912345678", "ric", "330106199001011234"), ownership.NewOwner("解娜")]
        owed = ownership.transfer(
            session,
            unit_id=unit_id,
            transfer_on=TRANSFER,
            as_of=TRANSFER,
            owners=new,
            source="不动产证",
            now=NOW,
            actor="a",
        )
        assert (owed.bills, owed.principal_fen, owed.late_charge_fen) == (1, 24_000, 24 * 22)
        eve, day = TRANSFER - dt.timedelta(days=1), TRANSFER
        names = {
            on: [row.name for row in persons.owners_on(session, unit_ids=[unit_id], as_of=on)[unit_id]]
            for on in (eve, day)
        }
        assert names == {eve: ["单英"], day: ["仇国华", "解娜"]}
        assert session.execute(sa.select(sa.func.count()).select_from(ledger_entry)).scalar_one() == before
        assert len(ledger.stories(session, [unit_id])[unit_id].bills) == 2


def test_nobody_without_a_name_takes_over_and_nothing_ends_before_it_began(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        add_owner(session, made, made.units[0], "单英", from_on=TRANSFER)
        asked = {"unit_id": made.units[0], "transfer_on": TRANSFER, "source": "", "now": NOW, "actor": "a"}
        asked["as_of"] = TRANSFER
        for owners, code in (
            ([], "owner.none"),
            ([ownership.NewOwner(" ")], "owner.name_missing"),
            ([ownership.NewOwner("解娜")], "owner.nothing_to_end"),
        ):
            with pytest.raises(Refusal) as refused:
                ownership.transfer(session, owners=owners, **asked)  # type: ignore[arg-type]
            assert refused.value.code == code


def test_a_tenant_is_a_contact_and_never_an_owner(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        tenant = persons.insert(session, [persons.row_of(session, community_id=made.community_id, name="翟军")])[0]
        start, end = dt.date(2026, 1, 1), dt.date(2026, 3, 1)
        persons.add_contact(
            session, unit_id=made.units[0], person_id=tenant, relation="tenant", from_on=start, until_on=end
        )
        there = [
            [row.name for row in persons.contacts_on(session, unit_id=made.units[0], as_of=on)]
            for on in (start, end - dt.timedelta(days=1), end)
        ]
        assert there == [["翟军"], ["翟军"], []]
        assert persons.owners_on(session, unit_ids=made.units, as_of=start)[made.units[0]] == []


def test_phone_and_id_number_are_sealed_to_their_row_and_found_by_index(engine: Engine) -> None:
    with db.transaction(engine) as session:
        made = make_estate(session)
        rows = [
            persons.row_of(
                session, community_id=made.community_id, name=name, phone=phone, id_number="330106199001011234"
            )
            for name, phone in (("单英", "13800138000"), ("翟军", "13800138000"))
        ]
        first, second = persons.insert(session, rows)
        assert persons.reveal_phone(session, first) == "13800138000"
        assert persons.reveal_id_number(session, first) == "330106199001011234"
        stored = session.execute(sa.select(person).where(person.c.id == first)).one()
        assert (stored.phone_mask, stored.phone_tail, stored.id_mask) == ("138****8000", "8000", "330***********1234")
        assert b"13800138000" not in stored.phone_sealed
        assert rows[0]["phone_index"] == rows[1]["phone_index"]
        assert rows[0]["phone_sealed"] != rows[1]["phone_sealed"]
        session.execute(sa.update(person).where(person.c.id == second).values(phone_sealed=stored.phone_sealed))
        with pytest.raises(InvalidTag):
            persons.reveal_phone(session, second)

"""A small estate for the page tests: two communities, staff of every role, units with arrears of several ages."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.domain.access import Role
from app.domain.ledger import Grace
from app.domain.rates import ALWAYS, Rate
from app.gateways import passwords
from app.services import signin
from app.store import db, estate, ledger, persons, plans
from app.store.tables import unit

PASSWORD = "correct horse battery staple"
NOW = dt.datetime(2026, 11, 23, 2, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 23)
SURNAMES = ("王", "单", "吴", "张", "欧阳", "杨", "李", "赵", "曾", "仇")
GIVEN = ("伟", "秀军", "勇", "霞", "敏静", "丽", "杰")
INITIALS = {
    "王": "w",
    "单": "s",
    "吴": "w",
    "张": "z",
    "欧阳": "oy",
    "杨": "y",
    "李": "l",
    "赵": "z",
    "曾": "z",
    "仇": "q",
}
GIVEN_INITIALS = {"伟": "w", "秀军": "xj", "勇": "y", "霞": "x", "敏静": "mj", "丽": "l", "杰": "j"}

_hash: list[str] = []


@dataclass(slots=True)
class Estate:
    """Ids of what was made."""

    communities: list[int] = field(default_factory=list)
    units: dict[int, list[int]] = field(default_factory=dict)
    people: dict[int, int] = field(default_factory=dict)
    bills: dict[int, list[int]] = field(default_factory=dict)
    users: dict[str, int] = field(default_factory=dict)


def password_hash() -> str:
    """Hash the one test password once a run: the hashing is slow on purpose."""
    if not _hash:
        _hash.append(passwords.hashed(PASSWORD))
    return _hash[0]


def build(engine: Engine, *, units: int = 6, communities: int = 2) -> Estate:
    """Write the estate and return its ids; every third unit owes nothing."""
    made = Estate()
    with db.transaction(engine) as session:
        for place in range(communities):
            _community(session, made, place, units)
        for role in Role:
            made.users[role.value] = signin.add_user(
                session,
                login=role.value,
                name={"clerk": "陈会计", "manager": "李经理", "lawyer": "周律师"}.get(role.value, role.value),
                role=role.value,
                password_hash=password_hash(),
                at=NOW,
                by="-",
                community_ids=None,
            )
        made.users["confined"] = signin.add_user(
            session,
            login="confined",
            name="孙主管",
            role="manager",
            password_hash=password_hash(),
            at=NOW,
            by="-",
            community_ids=(made.communities[0],),
        )
    return made


def _community(session: Session, made: Estate, place: int, units: int) -> None:
    name = ("锦绣花园（一期）", "望江苑")[place] if place < 2 else f"小区{place}"
    community_id = estate.create_community(
        session,
        name=name,
        company_name="安居物业服务有限公司",
        office_phone="0571-88886666",
        payee_name="安居物业服务有限公司",
        payee_bank="中国工商银行杭州分行",
        payee_account="1202020219900000000",
        late_charge_clause="前期物业服务合同第十二条：逾期按日千分之一支付违约金",
    )
    made.communities.append(community_id)
    plan_id = plans.create(
        session,
        community_id=community_id,
        name="合同费率",
        policies=[
            plans.Policy(
                from_on=ALWAYS,
                rate=Rate(1, 1000),
                grace=Grace(),
                cap_ratio=None,
                source_clause="前期物业服务合同第十二条",
            )
        ],
    )
    item_id = estate.create_fee_item(
        session,
        {
            "community_id": community_id,
            "name": "物业服务费",
            "basis": "by_area",
            "cycle_months": 3,
            "plan_id": plan_id,
            "starts_on": dt.date(2023, 1, 1),
        },
    )
    estate.add_tariff(
        session,
        fee_item_id=item_id,
        usage_type="residential",
        from_on=dt.date(2023, 1, 1),
        price_e4=28_000,
        source_clause="前期物业服务合同第六条，价格备案〔2022〕118号",
    )
    made.units[community_id] = [_unit(session, made, community_id, number) for number in range(units)]
    _bills(session, made, community_id, item_id, plan_id)


def _unit(session: Session, made: Estate, community_id: int, number: int) -> int:
    building, floor, door = number // 40 + 1, number % 40 // 2 + 1, number % 2 + 1
    surname, given = SURNAMES[number % 10], GIVEN[number % 7]
    phone = f"138{number:04d}{8000 + number:04d}"
    room = f"{floor}{door:02d}"
    unit_id = session.execute(
        sa.insert(unit)
        .values(
            community_id=community_id,
            code=f"{building}-1-{room}",
            label=f"{building}幢1单元{room}室",
            building=str(building),
            entrance="1",
            room=room,
            sort_key=f"{building:06d}000001{int(room):06d}",
            search_key=f"{building}-1-{room} {building}幢1单元{room}室 {surname}{given} "
            f"{INITIALS[surname]}{GIVEN_INITIALS[given]} {phone[-4:]}",
            area_e3=_area_e3(number),
        )
        .returning(unit.c.id)
    ).scalar_one()
    [person_id] = persons.insert(
        session, [persons.row_of(session, community_id=community_id, name=surname + given, phone=phone)]
    )
    persons.add_owners(session, [{"unit_id": unit_id, "person_id": person_id, "from_on": dt.date(2022, 6, 1)}])
    ledger.open_accounts(session, [(unit_id, community_id)])
    made.people[unit_id] = person_id
    made.bills[unit_id] = []
    return int(unit_id)


def _area_e3(number: int) -> int:
    return 89_120 + number * 1_370


def _bills(session: Session, made: Estate, community_id: int, item_id: int, plan_id: int) -> None:
    """Post every bill in one go; each third unit has none."""
    postings = [
        ledger.Posting(unit_id, "bill", _bill(_area_e3(number), back) | {"community_id": community_id} | terms)
        for terms in [{"fee_item_id": item_id, "plan_id": plan_id}]
        for number, unit_id in enumerate(made.units[community_id])
        for back in range(0 if number % 3 == 2 else 2 + number % 9)
    ]
    for posting, bill_id in zip(postings, ledger.post_many(session, postings, through=TODAY), strict=True):
        made.bills[posting.unit_id].append(bill_id)


def _bill(area_e3: int, back: int) -> dict[str, object]:
    month = 2026 * 12 + 9 - 3 * back  # October 2026, then a quarter earlier each time
    start = dt.date(month // 12, month % 12 + 1, 1)
    after = month + 3
    monthly = (area_e3 * 28_000 + 50_000) // 100_000  # fen: e-3 m² × e-4 yuan is e-7 yuan
    return {
        "period_from_on": start,
        "period_to_on": dt.date(after // 12, after % 12 + 1, 1) - dt.timedelta(days=1),
        "principal_fen": monthly * 3,
        "issued_on": start,
        "due_on": start.replace(day=10),
        "quantity_e3": area_e3,
        "price_e4": 28_000,
        "months": 3,
    }

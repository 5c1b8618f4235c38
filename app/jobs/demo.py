"""Makes a fresh fictional estate from the workbooks shipped with the product, as an office would make its own."""

from __future__ import annotations

import datetime as dt
import shutil
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app import clock
from app.domain.errors import conflict
from app.domain.ledger import Grace
from app.domain.rates import ALWAYS, Rate
from app.domain.waivers import WaiverKind, WaiverReason
from app.gateways import keys, passwords
from app.gateways.files import FileStore
from app.gateways.ports import Gateways
from app.jobs import (
    demo_cases,
    demo_claims,
    demo_counter,
    demo_deliveries,
    demo_estate,
    demo_months,
    demo_owner,
    demo_rates,
    nightly,
    outside,
    worker,
)
from app.services import imports, printing, signin, waivers
from app.settings import Settings
from app.sheets import parsing, words
from app.store import arrears, db, estate, owner_links, plans, sealing, users, views

DATA = Path(__file__).resolve().parents[1] / "demo_data"
MARK = ".qingqian-demo"
WORKBOOKS = ("register.xlsx", "arrears_by_month.xlsx", "receipts.xlsx")
ACTOR = "demo"


@dataclass(frozen=True, slots=True)
class SignIn:
    """One person of the demo; the password is no secret, the demo listens on this machine only."""

    login: str
    password: str
    role: str


@dataclass(frozen=True, slots=True)
class Estate:
    """What there is to see."""

    community: str
    units: int
    units_in_arrears: int
    people: tuple[SignIn, ...]
    owner_path: str
    owner_unit: str
    owner_phone: str


def settings_for(folder: Path, *, port: int) -> Settings:
    """Return the settings of a demo in ``folder``, whatever the environment says."""
    return Settings(
        data_dir=folder,
        database_url=f"sqlite:///{(folder / 'qingqian.sqlite3').absolute()}",
        public_url=f"http://127.0.0.1:{port}",
        trusted_hosts="*",
        secure_cookies=False,
        require_second_factor=False,
        demo=True,
    )


def wipe(folder: Path) -> None:
    """Remove an earlier demo; refuse a folder that was not made as one."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).exists():
            raise conflict("demo.folder_in_use", path=str(folder))
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()


def build(settings: Settings) -> Estate:
    """Fill an empty demo folder and return what to show first."""
    engine = _open(settings)
    db.migrate(engine)
    data = tomllib.loads((DATA / "demo.toml").read_text(encoding="utf-8"))
    people = tuple(SignIn(one["login"], f"qingqian-demo-{one['login']}", one["role"]) for one in data["people"])
    with db.transaction(engine) as session:
        community_id = _contract(session, data)
    units = _import(engine, data["community"]["name"])
    demo_months.fill(engine, community_id=community_id, today=clock.today())
    _sign_ins(engine, people, data["people"])
    _pin(engine, community_id, [one.login for one in people])
    nightly.run(engine, through=nightly.yesterday())
    demo_rates.fill(engine, community_id=community_id, rates=data["rates"])
    _ask_for_a_waiver(engine, community_id, asks=people[0].login, note=data["waiver"]["note"])
    owing, unit_id, owner_unit, owner_path = _first_look(engine, community_id)
    demo_owner.show(
        engine,
        FileStore(settings.files_dir),
        community_id=community_id,
        unit_id=unit_id,
        public_url=settings.public_url,
        asked=data["owner_requests"],
        clerk=people[0].login,
    )
    demo_counter.fill(engine, community_id=community_id, cashier=people[0].login, **data["counter"])
    demo_estate.fill(engine, community_id=community_id, clerk=people[0].login, **data["estate"])
    demo_deliveries.fill(
        engine,
        Gateways(files=FileStore(settings.files_dir), printer=printing.press),
        community_id=community_id,
        public_url=settings.public_url,
        clerk=people[0].login,
        photo=(DATA / "door.png").read_bytes(),
        **data["deliveries"],
    )
    demo_claims.fill(
        engine,
        Gateways(files=FileStore(settings.files_dir), printer=printing.press),
        community_id=community_id,
        clerk=people[0].login,
        photo=(DATA / "door.png").read_bytes(),
        note=data["waiver"]["note"],
    )
    demo_cases.fill(engine, community_id=community_id, clerk=people[0].login, **data["cases"])
    phone = demo_owner.phone_of(engine, unit_id)
    engine.dispose()
    return Estate(data["community"]["name"], units, owing, people, owner_path, owner_unit, phone)


@contextmanager
def working(settings: Settings) -> Iterator[None]:
    """Run the worker beside the web for as long as the demo is served, so that released notices get printed."""
    engine, stop = _open(settings), threading.Event()
    gateways = Gateways(
        files=FileStore(settings.files_dir),
        printer=printing.press,
        timestamps=outside.timestamps(settings),
        sealer=outside.sealer(settings),
    )
    at, workers = dt.time.fromisoformat(settings.nightly_at), settings.render_workers
    beside = threading.Thread(
        target=lambda: worker.run(engine, gateways, nightly_at=at, render_workers=workers, stop=stop), name="worker"
    )
    beside.start()
    try:
        yield
    finally:
        stop.set()
        beside.join()
        engine.dispose()


def _open(settings: Settings) -> Engine:
    engine = db.create_engine(settings.url)
    sealing.attach(engine, keys.secret(settings.secret_key.get_secret_value(), settings.key_file))
    return engine


def _contract(session: Session, data: dict[str, Any]) -> int:
    """Write down what the property contract says: parties, price, late charge."""
    community_id = estate.create_community(session, **data["community"], is_demo=True)
    terms, item = data["late_charge"], data["item"]
    policy = plans.Policy(
        ALWAYS, Rate.of(Fraction(terms["per_day"])), Grace(), Fraction(terms["cap"]), terms["source_clause"]
    )
    plan_id = plans.create(session, community_id=community_id, name=terms["plan"], policies=[policy])
    row = {
        "community_id": community_id,
        "name": words.DEFAULT_ITEM,
        "basis": "by_area",
        "plan_id": plan_id,
        "starts_on": item["starts_on"],
    }
    estate.add_tariff(
        session,
        fee_item_id=estate.create_fee_item(session, row),
        usage_type="",
        from_on=item["starts_on"],
        price_e4=item["price_e4"],
        source_clause=item["source_clause"],
    )
    return community_id


def _import(engine: Engine, community: str) -> int:
    books = [parsing.parse(name, (DATA / name).read_bytes()) for name in WORKBOOKS]
    with db.transaction(engine) as session:
        return imports.commit(
            session,
            books=books,
            options=imports.Options(community=community),
            today=clock.today(),
            now=clock.now(),
            actor_id=None,
            actor=ACTOR,
        ).units


def _sign_ins(engine: Engine, people: tuple[SignIn, ...], rows: list[dict[str, str]]) -> None:
    hashes = [passwords.hashed(one.password) for one in people]
    with db.transaction(engine) as session:
        for one, row, hashed in zip(people, rows, hashes, strict=True):
            signin.add_user(
                session,
                login=one.login,
                name=row["name"],
                role=one.role,
                password_hash=hashed,
                at=clock.now(),
                by=ACTOR,
                community_ids=None,
            )


def _pin(engine: Engine, community_id: int, logins: list[str]) -> None:
    """Put two of the shipped views on everybody's desk."""
    with db.transaction(engine) as session:
        for login in logins:
            if (user := users.by_login(session, login)) is not None:
                for view in ("year", "limitation"):
                    views.mark(session, user_id=user.id, community_id=community_id, view=view, is_pinned=True)


def _ask_for_a_waiver(engine: Engine, community_id: int, *, asks: str, note: str) -> None:
    """Leave one request for the manager to decide: half of the late charge on somebody's oldest bill."""
    wanted, on = arrears.Filter(community_id=community_id), clock.today()
    with db.transaction(engine) as session:
        unit_id = arrears.list_units(session, as_of=on, wanted=wanted, sort="oldest", limit=1)[0].unit_id
        oldest = arrears.bills_on(session, as_of=on, unit_ids=[unit_id], overdue_only=True)[0]
        who = users.by_login(session, asks)
        assert who is not None
        waivers.request(
            session,
            wish=waivers.Wish(
                unit_id=unit_id,
                kind=WaiverKind.LATE_CHARGE_WAIVER,
                bill_ids=[oldest.bill_id],
                reason=WaiverReason.HARDSHIP,
                note=note,
                ratio=Fraction(1, 2),
            ),
            today=on,
            now=clock.now(),
            actor_id=who.id,
            actor=asks,
            key="demo-waiver",
        )


def _first_look(engine: Engine, community_id: int) -> tuple[int, int, str, str]:
    """Return how many units owe, and the unit and link of an owner worth a look: who owes most."""
    wanted, on, token = arrears.Filter(community_id=community_id), clock.today(), owner_links.new_token()
    with db.transaction(engine) as session:
        most = arrears.list_units(session, as_of=on, wanted=wanted, sort="-total", limit=1)[0]
        owner_links.keep(session, token=token, unit_id=most.unit_id, at=clock.now())
        return arrears.totals(session, as_of=on, wanted=wanted).units, most.unit_id, most.label, f"/o/{token}"

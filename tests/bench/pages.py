"""Requests per second of the owner's page, a unit's page and the list of arrears, beside a naive twin, on both engines.

The server is a real one on this machine's own line, asked by one browser that waits for each answer. The twin does
the reading and reckoning of the same page the way it is often written (objects, one query a bill, a loop over days),
and no page around it.
"""

from __future__ import annotations

import argparse
import datetime as dt
import http.client
import json
import os
import platform
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import time_machine
import uvicorn
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app import clock
from app.domain.calendar import add_months
from app.main import create_app
from app.services import signin
from app.settings import Settings
from app.store import arrears, db, ledger, menu_counts, owner_links, persons, sealing, sessions
from app.store import tables as t
from app.store.tables_office import user_session
from app.web.security import Limits
from tests import making
from tests.bench import arrears as portfolio
from tests.bench.arrears import AS_OF, COMMUNITIES, SAMPLE_UNITS, Bill, engines

LOOSE = "1000000/minute"
COMMUNITY = 1
BILLS_OF_A_UNIT = 36
SECONDS = 3.0
LEAST = 3


def people(engine: Engine) -> None:
    """Give every unit an owner that can be found, and the office somebody who signs in."""
    with engine.begin() as connection:
        for statement in (
            "INSERT INTO person (id, community_id, name, row_key, phone_mask) "
            "SELECT id, community_id, '王伟', 'k' || id, '138****8000' FROM unit",
            "INSERT INTO ownership (unit_id, person_id, from_on, until_on) "
            f"SELECT id, id, {_day(engine, 10000)}, {_day(engine, 2932896)} FROM unit",
            "UPDATE unit SET search_key = 'u' || id || ' 王伟 ww wangwei 8000'",
        ):
            connection.execute(sa.text(statement))
        if engine.dialect.name == "postgresql":  # the portfolio names its ids itself, the office takes the next ones
            for table in ("unit", "person", "bill", "ledger_entry", "payment"):
                top = f"SELECT max(id) + 1 FROM {table}"
                connection.execute(sa.text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), ({top}))"))


def _day(engine: Engine, number: int) -> str:
    return str(number) if engine.dialect.name == "sqlite" else f"(DATE '1970-01-01' + {number})"


def one_real_unit(session: Session) -> int:
    """Post three years of monthly bills and six payments to a unit of the listed community, as the office would."""
    unit_id = making.add_unit(session, COMMUNITY, "99-1-901")
    [person_id] = persons.insert(
        session, [persons.row_of(session, community_id=COMMUNITY, name="王伟", phone="13800138000")]
    )
    persons.add_owners(session, [{"unit_id": unit_id, "person_id": person_id, "from_on": dt.date(2020, 1, 1)}])
    terms = {"community_id": COMMUNITY, "fee_item_id": COMMUNITY, "plan_id": COMMUNITY, "principal_fen": 24_000}
    firsts = [add_months(dt.date(2023, 11, 1), place) for place in range(BILLS_OF_A_UNIT)]
    bills = [
        {"period_from_on": on, "period_to_on": add_months(on, 1) - dt.timedelta(days=1), "issued_on": on}
        | {"due_on": on.replace(day=10), **terms}
        for on in firsts
    ]
    paid = {"community_id": COMMUNITY, "amount_fen": 9_000, "method": "cash", "recorded_at": clock.now()}
    payments = [{"received_on": on.replace(day=20), **paid} for on in firsts[::6]]
    postings = [ledger.Posting(unit_id, "bill", row) for row in bills]
    postings += [ledger.Posting(unit_id, "payment", row) for row in payments]
    ledger.post_many(session, postings, through=AS_OF)
    return unit_id


@contextmanager
def served(engine: Engine, folder: Path) -> Iterator[str]:
    """Serve the application and yield host and port."""
    settings = Settings(data_dir=folder, public_url="http://127.0.0.1")
    app = create_app(settings, engine=engine, limits=Limits(LOOSE, LOOSE, LOOSE, LOOSE))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", lifespan="off", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=10)


class Visitor:
    """One browser that keeps its line open."""

    def __init__(self, where: str, cookie: str = "") -> None:
        self.line = http.client.HTTPConnection(where, timeout=600)
        self.headers = {"Accept-Encoding": "gzip", "Origin": f"http://{where}"}
        if cookie:
            self.headers["Cookie"] = cookie

    def ask(self, path: str, method: str = "GET") -> http.client.HTTPResponse:
        """Ask and read to the end."""
        self.line.request(method, path, headers=self.headers)
        answer = self.line.getresponse()
        answer.read()
        return answer

    def pace(self, path: str) -> tuple[float, float, float]:
        """Return requests a second, the same in this process's own time, and the first answer's seconds."""
        start = time.perf_counter()
        status = self.ask(path).status
        first = time.perf_counter() - start
        assert status == 200, (path, status)
        count, start, own = 0, time.perf_counter(), time.process_time()
        while count < LEAST or time.perf_counter() - start < SECONDS:
            self.ask(path)
            count += 1
        return count / (time.perf_counter() - start), count / (time.process_time() - own), first


# --- the naive twins --------------------------------------------------------------------------------


def one_unit(session: Session, unit_id: int) -> int:
    """Reckon one unit with a query a bill and a loop over its days."""
    total = Decimal(0)
    for bill_id in session.scalars(sa.select(t.bill.c.id).where(t.bill.c.unit_id == unit_id)).all():
        bill = session.get_one(Bill, bill_id)
        rate = Decimal(bill.plan_id) / 2000
        paid = {part.value_on.toordinal(): part.amount_fen for part in bill.allocations}
        balance, charge = Decimal(bill.principal_fen), Decimal(0)
        for day in range(bill.due_on.toordinal() + 1, AS_OF.toordinal() + 1):
            charge += balance * rate
            balance -= paid.get(day, 0)
        total += balance + charge.quantize(Decimal(1), ROUND_HALF_UP)
    return int(total)


def whole_list(session: Session) -> int:
    """Reckon the sample's bills as objects; the caller extrapolates to a community."""
    return portfolio.orm_loop(session)[0]


def seconds_of(engine: Engine, act: Callable[[], Any], rounds: int = 3) -> float:
    """Return the best time of several, on SQLite this process's own."""
    clock_of = time.process_time if engine.dialect.name == "sqlite" else time.perf_counter
    times = []
    for _ in range(rounds):
        start = clock_of()
        act()
        times.append(clock_of() - start)
    return min(times)


# --- measuring --------------------------------------------------------------------------------------


def measure(engine: Engine, *, bills: int, units: int, folder: Path) -> dict[str, Any]:
    """Return every figure for one engine."""
    now = clock.now()
    with db.transaction(engine) as session:
        unit_id = one_real_unit(session)
        user_id = signin.add_user(
            session, login="bench", name="bench", role="manager", password_hash="", at=now, by="-", community_ids=None
        )
        staff = sessions.start(session, user_id=user_id, at=now, ip="127.0.0.1", agent="bench")
        found = session.execute(sa.select(user_session.c.id)).scalars().one()
        sessions.choose_community(session, session_id=found, community_id=COMMUNITY)
        token = owner_links.new_token()
        owner_links.keep(session, token=token, unit_id=unit_id, at=now)
    pages: dict[str, Any] = {}
    with served(engine, folder) as where:
        owner = Visitor(where)
        opened = owner.ask(f"/o/{token}", "POST")
        owner.headers["Cookie"] = (opened.getheader("set-cookie") or "").partition(";")[0]
        clerk = Visitor(where, f"sid={staff}")
        for name, who, path in (
            ("owner", owner, "/my"),
            ("unit", clerk, f"/units/{unit_id}"),
            ("search", clerk, "/search?q=wang+u12"),
            ("list", clerk, "/arrears?view=all"),
            ("list_filtered", clerk, "/arrears?min_amount=500&months=12&sort=-late_charge"),
            ("list_columns", clerk, "/arrears?cols=owner.months.credit.paid.noticed.flags.total&sort=-paid"),
        ):
            rate, own, first = who.pace(path)
            # SQLite works inside this process: its own time says what a machine with nothing else to do would take.
            rate = own if engine.dialect.name == "sqlite" else rate
            pages[name] = {"per_s": round(rate, 1), "ms": round(1000 / rate, 1), "first_ms": round(first * 1000)}
    with Session(engine) as session:
        unit = seconds_of(engine, lambda: (session.expunge_all(), one_unit(session, unit_id)))
        count = whole_list(session)
        whole = (
            seconds_of(engine, lambda: (session.expunge_all(), whole_list(session)), 2) * bills / COMMUNITIES / count
        )
    with db.reading(engine) as session:
        menu = seconds_of(engine, lambda: menu_counts.overdue_units(session, community_id=COMMUNITY, as_of=AS_OF))
        foot = arrears.totals(session, as_of=AS_OF, wanted=arrears.Filter(community_id=COMMUNITY))
    twins = {"owner": unit, "unit": unit, "list": whole, "list_filtered": whole, "list_columns": whole}
    for name, seconds in twins.items():
        pages[name]["twin_ms"] = round(seconds * 1000)
        pages[name]["faster"] = round(seconds * pages[name]["per_s"], 1)
    return {
        "engine": engine.dialect.name,
        "bills": bills,
        "units": units,
        "bills_of_the_list": foot.bills,
        "units_of_the_list": foot.units,
        "menu_count_ms": round(menu * 1000, 1),
        "pages": pages,
    }


def show(found: dict[str, Any]) -> None:
    """Print one engine's figures as a person reads them."""
    print(
        f"{found['engine']}: {found['bills']:,} overdue bills of {found['units']:,} units; the list is of a community "
        f"with {found['bills_of_the_list']:,} of them, {found['units_of_the_list']:,} units\n"
        f"  the menu's count of who owes {found['menu_count_ms']} ms, kept half a minute"
    )
    for name, page in found["pages"].items():
        twin = f"   twin {page['twin_ms']:>8,} ms   {page['faster']:>7} times as fast" if "twin_ms" in page else ""
        print(f"  {name:14} {page['per_s']:>7} requests/s  {page['ms']:>7} ms  first {page['first_ms']:>5} ms{twin}")


def main(argv: Sequence[str] | None = None) -> int:
    """Build, measure and print."""
    parser = argparse.ArgumentParser(prog="./dev bench pages")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--bills", type=int, default=1_000_000)
    parser.add_argument("--units", type=int, default=0, help="by default a tenth of the bills")
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), action="append")
    arguments = parser.parse_args(argv)
    units = max(arguments.units or arguments.bills // 10, SAMPLE_UNITS)
    results: dict[str, Any] = {"machine": f"{platform.machine()}, {os.cpu_count()} cores", "results": []}
    with (
        engines(arguments.engine or ("sqlite", "postgresql")) as made,
        tempfile.TemporaryDirectory() as folder,
        time_machine.travel(f"{AS_OF.isoformat()}T02:00:00+00:00", tick=True),
    ):
        for kind, engine in made.items():
            if isinstance(engine, str):
                print(f"{kind}: not run, {engine}", file=sys.stderr)
                continue
            sealing.attach(engine, b"k" * 32)
            portfolio.build(engine, bills=arguments.bills, units=units)
            people(engine)
            found = measure(engine, bills=arguments.bills, units=units, folder=Path(folder) / kind)
            results["results"].append(found)
            if not arguments.json:
                show(found)
    results["load"] = list(os.getloadavg())
    if arguments.json:
        print(json.dumps(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())

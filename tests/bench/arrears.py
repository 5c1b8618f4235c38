"""One million overdue bills: the product's one statement beside a plain scan and beside an ORM loop, on both engines."""

from __future__ import annotations

import argparse
import datetime as dt
import gc
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, relationship, selectinload

from app.domain.ledger import Grace
from app.domain.rates import ALWAYS, Rate
from app.store import arrears, db, estate, plans, schema
from app.store import tables as t
from tests.databases import PostgresDatabases, Unavailable

AS_OF = dt.date(2026, 11, 23)
COMMUNITIES = 4
SAMPLE_UNITS = 1_000
ROUNDS = 5
GOAL_RATE, GOAL_RATIO = 2_000_000, 200


# --- the estate -----------------------------------------------------------------------------------


def build(engine: Engine, *, bills: int, units: int) -> None:
    """Fill a migrated database with overdue bills, three in ten of them paid in part, by set-based statements."""
    with db.transaction(engine) as session:
        for place in range(COMMUNITIES):
            community_id = estate.create_community(session, name=f"C{place}")
            policy = plans.Policy(ALWAYS, Rate(1 + place, 2000), Grace(), None, "")
            plan_id = plans.create(session, community_id=community_id, name="P", policies=[policy])
            item = {"name": "F", "basis": "by_area", "plan_id": plan_id, "starts_on": dt.date(2015, 1, 1)}
            estate.create_fee_item(session, {"community_id": community_id, **item})
    statements = _sqlite_statements() if engine.dialect.name == "sqlite" else _postgres_statements()
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement), {"bills": bills, "units": units, "sample": SAMPLE_UNITS})
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("ANALYZE" if engine.dialect.name == "sqlite" else "VACUUM ANALYZE")


def _sqlite_statements() -> list[str]:
    return _statements(
        series=lambda top: (
            f"(WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n + 1 < {top}) SELECT n FROM s)"
        ),
        day=lambda number: f"({number})",
        number=lambda day: f"({day})",
    )


def _postgres_statements() -> list[str]:
    return _statements(
        series=lambda top: f"(SELECT n FROM generate_series(CAST(0 AS bigint), {top} - 1) AS n)",
        day=lambda number: f"(DATE '1970-01-01' + CAST({number} AS integer))",
        number=lambda day: f"({day} - DATE '1970-01-01')",
    )


Text = Callable[[str], str]


def _statements(*, series: Text, day: Text, number: Text) -> list[str]:
    today, first = (AS_OF - dt.date(1970, 1, 1)).days, (ALWAYS - dt.date(1970, 1, 1)).days
    overdue = "(2 + (b.id * 7919) % 1500)"
    paid = f"({today} - (b.id * 31) % {overdue})"
    rate, start = (f"(SELECT {name} FROM rate_segment AS g WHERE g.plan_id = b.plan_id)" for name in ("num", "cum"))
    return [
        "INSERT INTO unit (id, community_id, code, label, building, entrance, room, sort_key, area_e3, search_key, usage_type) "
        f"SELECT n + 1, 1 + n % {COMMUNITIES}, n, n, 'B', '1', n, n, 90000, '', 'residential' FROM {series(':units')} AS s",
        "INSERT INTO account (unit_id, community_id) SELECT id, community_id FROM unit",
        "INSERT INTO bill (id, community_id, unit_id, fee_item_id, period_from_on, period_to_on, issue, principal_fen, "
        "issued_on, due_on, plan_id) "
        f"SELECT n + 1, 1 + (n % :units) % {COMMUNITIES}, 1 + n % :units, 1 + (n % :units) % {COMMUNITIES}, "
        f"{day('10000')}, {day('10030')}, n / :units, 5000 + (n * 104729) % 60000, "
        f"{day(f'{today} - (2 + ((n + 1) * 7919) % 1500) - 9')}, {day(f'{today} - (2 + ((n + 1) * 7919) % 1500)')}, "
        f"1 + (n % :units) % {COMMUNITIES} FROM {series(':bills')} AS s",
        # What the ledger would remember of them: the first version of each bill ...
        _state(
            since="b.issued_on",
            until=f"CASE WHEN b.id % 10 < 3 THEN {day(paid)} ELSE {day('2932896')} END",
            principal="b.principal_fen",
            anchor="b.due_on",
            num="0",
            r=f"{start} + {rate} * ({number('b.due_on')} - ({first}))",
            where="b.issued_on IS NOT NULL",
        ),
        # ... and the second one of those of which a third was paid.
        _state(
            since=day(paid),
            until=day("2932896"),
            principal="b.principal_fen - b.principal_fen / 3",
            anchor=day(paid),
            num=f"b.principal_fen * {rate} * ({paid} - {number('b.due_on')})",
            r=f"{start} + {rate} * ({paid} - ({first}))",
            where="b.id % 10 < 3",
        ),
        # The ORM loop reads the payments themselves, on a sample.
        "INSERT INTO ledger_entry (id, unit_id, seq, kind, value_on, row_id, payload, prev_hash, hash) "
        "SELECT b.id, b.unit_id, b.id, 'payment', b.due_on, b.id, '{}', '', '' FROM bill b "
        "WHERE b.id % 10 < 3 AND b.unit_id <= :sample",
        "INSERT INTO payment (id, community_id, unit_id, received_on, amount_fen, method, recorded_at) "
        f"SELECT b.id, b.community_id, b.unit_id, {day(paid)}, b.principal_fen / 3, 'cash', '2026-01-01 00:00:00' "
        "FROM bill b WHERE b.id % 10 < 3 AND b.unit_id <= :sample",
        "INSERT INTO allocation (unit_id, payment_id, bill_id, component, value_on, amount_fen, entry_id) "
        f"SELECT b.unit_id, b.id, b.id, 'principal', {day(paid)}, b.principal_fen / 3, b.id "
        "FROM bill b WHERE b.id % 10 < 3 AND b.unit_id <= :sample",
    ]


def _state(*, since: str, until: str, principal: str, anchor: str, num: str, r: str, where: str) -> str:
    return (
        "INSERT INTO bill_state (bill_id, since_on, until_on, community_id, unit_id, due_on, plan_id, principal_fen, "
        "costs_fen, late_paid_fen, late_waived_fen, cap_fen, silent_until_on, anchor_on, anchor_num, anchor_r, has_holds) "
        f"SELECT b.id, {since}, {until}, b.community_id, b.unit_id, b.due_on, b.plan_id, {principal}, 0, 0, 0, "
        f"{plans.NO_CAP}, b.due_on, {anchor}, {num}, {r}, FALSE FROM bill b WHERE {where} ORDER BY b.id"
    )


# --- the naive twin -------------------------------------------------------------------------------


class Objects(DeclarativeBase):
    metadata = schema.metadata


class Allocation(Objects):
    __table__ = t.allocation
    bill: Mapped[Bill] = relationship(back_populates="allocations")


class Bill(Objects):
    __table__ = t.bill
    allocations: Mapped[list[Allocation]] = relationship(order_by=t.allocation.c.value_on)


def orm_loop(session: Session) -> tuple[int, int]:
    """Add up the late charge the way it is often written: objects, Decimals, a loop; return (bills, fen)."""
    rates = {plan_id: Decimal(plan_id) / 2000 for plan_id in range(1, COMMUNITIES + 1)}
    query = sa.select(Bill).options(selectinload(Bill.allocations)).where(t.bill.c.unit_id <= SAMPLE_UNITS)
    count, total = 0, Decimal(0)
    buckets: dict[int, Decimal] = {}
    for bill in session.scalars(query):
        balance, since, charge = Decimal(bill.principal_fen), bill.due_on, Decimal(0)
        for part in bill.allocations:
            charge += balance * rates[bill.plan_id] * (part.value_on - since).days
            balance, since = balance - part.amount_fen, part.value_on
        charge += balance * rates[bill.plan_id] * (AS_OF - since).days
        late = charge.quantize(Decimal(1), ROUND_HALF_UP)
        age = (AS_OF - bill.due_on).days // 30
        buckets[age] = buckets.get(age, Decimal(0)) + balance + late
        count, total = count + 1, total + late
    return count, int(total)


# --- measuring ------------------------------------------------------------------------------------


def best(act: Callable[[], Any], rounds: int) -> tuple[float, float, Any]:
    """Return the best time of several and the least of this process's own time, in seconds, and what came out."""
    times, own, result = [], [], None
    for _ in range(rounds):
        gc.collect()
        start, start_own = time.perf_counter(), time.process_time()
        result = act()
        times.append(time.perf_counter() - start)
        own.append(time.process_time() - start_own)
    return min(times), min(own), result


def accrual(session: Session) -> tuple[int, int]:
    """Return principal and late charge of the whole portfolio, by the product's own expression in one statement."""
    f = arrears.figures(session, AS_OF)
    row = session.execute(sa.select(sa.func.sum(f.c.principal_fen), sa.func.sum(f.c.late_charge_fen))).one()
    return int(row[0]), int(row[1])


def measure(engine: Engine, *, bills: int, rounds: int) -> dict[str, Any]:
    """Return every figure for one engine."""
    sample = arrears.Filter(unit_ids=range(1, SAMPLE_UNITS + 1))
    with db.reading(engine) as session:
        scan = best(lambda: session.execute(sa.text("SELECT sum(principal_fen) FROM bill_state")).scalar(), rounds)
        accrued = best(lambda: accrual(session), rounds)
        aging = best(lambda: arrears.aging(session, as_of=AS_OF), rounds)
        totals = best(lambda: arrears.totals(session, as_of=AS_OF, wanted=arrears.Filter()), rounds)
        foot = totals[2]
        assert foot.bills == bills
        assert sum(bucket.late_charge_fen for bucket in aging[2]) == foot.late_charge_fen == accrued[2][1]
        expected = arrears.totals(session, as_of=AS_OF, wanted=sample)
    with Session(engine) as session:
        loop = best(lambda: (session.expunge_all(), orm_loop(session))[1], 2)
    count = loop[2][0]
    assert loop[2] == (expected.bills, expected.late_charge_fen), "the two ways disagree"
    # SQLite works inside this process: its own time says what a machine with nothing else to do would take.
    clock = 1 if engine.dialect.name == "sqlite" else 0
    orm = loop[clock] / count * bills
    figures = {"scan": scan, "accrual": accrued, "aging": aging, "totals": totals}
    return {
        "engine": engine.dialect.name,
        "version": ".".join(map(str, engine.dialect.server_version_info or ())),
        "bills": bills,
        "late_charge_fen": foot.late_charge_fen,
        "seconds": {name: round(found[0], 4) for name, found in figures.items()},
        "own_seconds": {name: round(found[1], 4) for name, found in figures.items()} if clock else None,
        "orm_s_extrapolated": round(orm, 1),
        "orm_sample": count,
        "accrual_bills_per_s": round(bills / accrued[clock]),
        "bills_per_s": round(bills / aging[clock]),
        "times_the_scan": round(aging[clock] / scan[clock], 2),
        "accrual_faster_than_orm": round(orm / accrued[clock]),
        "faster_than_orm": round(orm / aging[clock]),
        "plan": plan_of(engine),
    }


def plan_of(engine: Engine) -> list[str]:
    """Return how the engine goes about the statement that is measured."""
    explain = "EXPLAIN QUERY PLAN " if engine.dialect.name == "sqlite" else "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) "
    said: list[tuple[str, Any]] = []

    def listen(connection: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        said.append((statement, parameters))

    sa.event.listen(engine, "before_cursor_execute", listen)
    with db.reading(engine) as session:
        arrears.aging(session, as_of=AS_OF)
    sa.event.remove(engine, "before_cursor_execute", listen)
    statement, parameters = max(said, key=lambda one: len(one[0]))
    with engine.connect() as connection:
        lines = [str(row[-1]).rstrip()[:140] for row in connection.exec_driver_sql(explain + statement, parameters)]
    # The search for holds stands in the plan once for each age; it runs for held bills only.
    return [
        line
        for line in dict.fromkeys(lines)
        if "bill_hold" not in line and "ubPlan" not in line and "SUBQUERY" not in line
    ][:24]


@contextmanager
def engines(kinds: Sequence[str]) -> Iterator[dict[str, Engine | str]]:
    """Yield a migrated, empty database of each kind, or why there is none."""
    made: dict[str, Engine | str] = {}
    with tempfile.TemporaryDirectory() as folder:
        postgres: PostgresDatabases | None = None
        if "sqlite" in kinds:
            made["sqlite"] = db.create_engine(f"sqlite:///{Path(folder) / 'bench.sqlite3'}")
            db.migrate(made["sqlite"])
        if "postgresql" in kinds:
            try:
                postgres = PostgresDatabases()
                made["postgresql"] = db.create_engine(postgres.new())
            except Unavailable as error:
                made["postgresql"] = str(error)
        try:
            yield made
        finally:
            for engine in made.values():
                if isinstance(engine, Engine):
                    engine.dispose()
                    if postgres and engine.dialect.name == "postgresql":
                        postgres.drop(engine.url.render_as_string(hide_password=False))


def show(found: dict[str, Any]) -> None:
    """Print one engine's figures as a person reads them."""
    met = found["bills_per_s"] >= GOAL_RATE and found["faster_than_orm"] >= GOAL_RATIO
    seconds = found["own_seconds"] or found["seconds"]
    print(
        f"{found['engine']} {found['version']}: {found['bills']:,} overdue bills, best of several"
        f"{', in processor time' if found['own_seconds'] else ''}\n"
        f"  accrual and aging, one statement  {seconds['aging'] * 1000:9.0f} ms   {found['bills_per_s']:>12,} bills/s\n"
        f"  accrual alone, one statement      {seconds['accrual'] * 1000:9.0f} ms   {found['accrual_bills_per_s']:>12,} bills/s\n"
        f"  accrual by unit and its foot      {seconds['totals'] * 1000:9.0f} ms\n"
        f"  plain scan, sum of one column     {seconds['scan'] * 1000:9.0f} ms   aging takes {found['times_the_scan']} times as long\n"
        f"  ORM loop, from {found['orm_sample']:,} bills       {found['orm_s_extrapolated'] * 1000:9.0f} ms   "
        f"aging is {found['faster_than_orm']}, accrual {found['accrual_faster_than_orm']} times as fast\n"
        f"  goal {GOAL_RATE:,} bills/s and {GOAL_RATIO} times the ORM loop, with aging: {'met' if met else 'MISSED'}"
    )
    for line in found["plan"]:
        print(f"    {line}")


def main(argv: Sequence[str] | None = None) -> int:
    """Build, measure and print."""
    parser = argparse.ArgumentParser(prog="./dev bench arrears")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--bills", type=int, default=1_000_000)
    parser.add_argument("--units", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), action="append")
    arguments = parser.parse_args(argv)
    results: dict[str, Any] = {"machine": f"{platform.machine()}, {os.cpu_count()} cores", "results": []}
    with engines(arguments.engine or ("sqlite", "postgresql")) as made:
        for kind, engine in made.items():
            if isinstance(engine, str):
                print(f"{kind}: not run, {engine}", file=sys.stderr)
                continue
            start = time.perf_counter()
            build(engine, bills=arguments.bills, units=arguments.units)
            print(f"{kind}: built in {time.perf_counter() - start:.0f} s", file=sys.stderr)
            found = measure(engine, bills=arguments.bills, rounds=arguments.rounds)
            results["results"].append(found)
            if not arguments.json:
                show(found)
    results["load"] = list(os.getloadavg())
    if arguments.json:
        print(json.dumps(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())

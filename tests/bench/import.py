"""A register of 1e5 units: read, matched and written as the product does it, beside a row-by-row import of a sample."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import platform
import random
import resource
import sys
import tempfile
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import sqlalchemy as sa
import xlsxwriter
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.services import imports
from app.sheets import parsing
from app.sheets.records import ParsedBook
from app.store import db, sealing
from app.store.tables import community, ownership, person, unit
from tests.databases import PostgresDatabases, Unavailable

TODAY = dt.date(2026, 11, 23)
NOW = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
ROOMS_A_BUILDING = 200
HEAD = ["序号", "楼栋", "单元", "房号", "业主姓名", "联系电话", "建筑面积（㎡）", "收费标准(元/㎡·月)", "备注"]


def workbook(rows: int) -> bytes:
    """Return a register as untidy as offices keep them: areas with units, phones as numbers, full-width digits."""
    chance = random.Random(7)
    marks = "伟芳娜敏静丽强磊军洋勇艳杰涛明超秀霞平刚桂"
    target = BytesIO()
    with xlsxwriter.Workbook(target, {"constant_memory": True, "in_memory": True}) as book:
        sheet = book.add_worksheet("业主台账")
        sheet.write_row(0, 0, HEAD)
        for number in range(rows):
            building, place = divmod(number, ROOMS_A_BUILDING)
            entrance, room = divmod(place, 100)
            phone = chance.randrange(13_000_000_000, 19_000_000_000)
            area = chance.randrange(6_000, 15_000) / 100
            name = chance.choice("王李张刘陈杨曾单仇解") + chance.choice(marks) + chance.choice(marks)
            sheet.write_row(
                number + 1,
                0,
                [
                    number + 1, f"{building + 1}幢", f"{entrance + 1}单元", (room // 4 + 1) * 100 + room % 4 + 1, name,
                    phone if number % 5 == 0 else str(phone), f"{area}㎡" if number % 7 == 0 else area, 2.35, "",
                ],
            )  # fmt: skip
    return target.getvalue()


def product(engine: Engine, data: bytes, name: str) -> tuple[dict[str, float], imports.Report]:
    """Import a file and return the seconds of its two halves with the report."""
    started = time.perf_counter()
    book: ParsedBook = parsing.parse(name, data)
    parsed = time.perf_counter()
    with db.transaction(engine) as session:
        told = imports.commit(
            session,
            books=[book],
            options=imports.Options(community="C"),
            today=TODAY,
            now=NOW,
            actor_id=None,
            actor="bench",
        )
    return {"parse": parsed - started, "write": time.perf_counter() - parsed}, told


def naive(engine: Engine, data: bytes, sample: int) -> float:
    """Return rows a second of the usual loop: openpyxl, one SELECT, INSERTs and a flush a row; stops after the sample."""
    started = time.perf_counter()
    sheet = openpyxl.load_workbook(BytesIO(data), read_only=True).active
    opened = time.perf_counter() - started
    sealer = sealing.Sealer(b"k" * 32)
    with Session(engine) as session, session.begin():
        place = session.execute(sa.insert(community).values(name="N").returning(community.c.id)).scalar_one()
        began = time.perf_counter()
        for number, row in enumerate(sheet.iter_rows(min_row=2, max_row=sample + 1, values_only=True)):
            code = f"{str(row[1])[:-1]}-{str(row[2])[:-2]}-{row[3]}"
            known = session.execute(sa.select(unit.c.id).where(unit.c.community_id == place, unit.c.code == code))
            if known.first() is not None:
                continue
            area = round(float(str(row[6]).removesuffix("㎡")) * 1000)
            made = session.execute(
                sa.insert(unit)
                .values(
                    community_id=place, code=code, label=code, building=str(row[1]), entrance=str(row[2]),
                    room=str(row[3]), sort_key=code, search_key=str(row[4]), area_e3=area,
                )
                .returning(unit.c.id)
            ).scalar_one()  # fmt: skip
            phone = str(row[5])
            owner = session.execute(
                sa.insert(person)
                .values(
                    community_id=place, name=str(row[4]), row_key=f"n{number}", phone_index=sealer.index(phone),
                    phone_sealed=sealer.seal(phone, place=f"person.phone:n{number}"),
                )
                .returning(person.c.id)
            ).scalar_one()  # fmt: skip
            session.execute(
                sa.insert(ownership).values(
                    unit_id=made, person_id=owner, from_on=TODAY, until_on=dt.date(9999, 12, 31), source=""
                )
            )
        seconds = time.perf_counter() - began
        session.rollback()
    return sample / (seconds + opened * sample / sheet.max_row)


def measure(engine: Engine, data: bytes, again: bytes, rows: int, sample: int) -> dict[str, Any]:
    """Return one engine's figures: the first import, a changed file with the same rows, and the row-by-row twin."""
    sealing.attach(engine, b"k" * 32)
    first, told = product(engine, data, "register.xlsx")
    second, unchanged = product(engine, again, "register-2.xlsx")
    tally = unchanged.files[0].tallies[0]
    rate = rows / sum(first.values())
    slow = naive(engine, data, sample)
    return {
        "created": told.units,
        "unchanged_in_second": tally.unchanged,
        "parse_seconds": round(first["parse"], 2),
        "write_seconds": round(first["write"], 2),
        "second_seconds": round(sum(second.values()), 2),
        "rows_per_second": round(rate),
        "naive_rows_per_second": round(slow),
        "ratio": round(rate / slow, 1),
    }


def main() -> None:
    """Measure both engines and print the figures."""
    parser = argparse.ArgumentParser(prog="./dev bench import", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--sample", type=int, default=2_000, help="rows of the row-by-row twin")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    data = workbook(given.rows)
    again = _other(data)
    report: dict[str, Any] = {
        "bench": "import",
        "rows": given.rows,
        "file_bytes": len(data),
        "python": platform.python_version(),
        "engines": {},
    }
    with tempfile.TemporaryDirectory() as folder:
        engine = db.create_engine(f"sqlite:///{Path(folder) / 'bench.sqlite3'}")
        db.migrate(engine)
        report["engines"]["sqlite"] = measure(engine, data, again, given.rows, given.sample)
        engine.dispose()
    try:
        databases = PostgresDatabases()
    except Unavailable as error:
        report["engines"]["postgres"] = {"not_run": str(error)}
    else:
        url = databases.new()
        engine = db.create_engine(url)
        report["engines"]["postgres"] = measure(engine, data, again, given.rows, given.sample)
        engine.dispose()
        databases.drop(url)
    report["peak_mib"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    if given.json:
        json.dump(report, sys.stdout)
        sys.stdout.write("\n")
        return
    for name, found in report["engines"].items():
        print(f"{name:9} {found}")
    print(f"rows {given.rows}, file {len(data)} bytes, peak {report['peak_mib']} MiB")


def _other(data: bytes) -> bytes:
    """Return the same workbook as a file with another hash, as Excel makes one by saving it again."""
    comment = b"saved again"
    end = data.rindex(b"PK\x05\x06")
    return data[: end + 20] + len(comment).to_bytes(2, "little") + comment


if __name__ == "__main__":
    main()

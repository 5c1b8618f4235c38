"""What an import is asked to do, what it works on, and what it tells afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.domain.money import format_yuan
from app.domain.rates import ONE_PER_MILLE, Rate
from app.sheets import report as sheet_report
from app.sheets.plan import Plan, Snapshot, Tally
from app.sheets.records import ParsedBook

LATER = frozenset({"import.unknown_unit"})
"""Faults that another file may heal: the same file is then tried again."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the office says beside the files."""

    community: str = ""
    due_day: int = 10
    late_charge: Rate = ONE_PER_MILLE
    """What a community without a late-charge policy starts with; the office enters its contract's own version."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a clerk said of a header: ``choice`` as ``sheets.mapping.written`` gives it."""

    fingerprint: str
    sheet_name: str
    choice: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file."""

    book: ParsedBook
    is_known: bool
    batch_id: int | None
    tallies: tuple[Tally, ...]
    before: tuple[tuple[int, int, str], ...] = ()
    """(unit id, area, usage) of units the file changed, as they stood."""


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did, or in a preview would do."""

    community: str
    files: tuple[FileReport, ...]
    units: int
    owners: int
    bills: int
    payments: int
    bills_fen: int
    payments_fen: int


@dataclass(slots=True)
class Work:
    """One import under way: where it goes, what stands there, what is to be written."""

    community: str
    community_id: int | None
    roll_due: bool
    known: dict[str, Any]
    snapshot: Snapshot
    plan: Plan


def report(work: Work, *, books: Sequence[ParsedBook], batches: dict[int, int]) -> Report:
    """Tell what the plan holds, file by file; ``batches`` are the numbers of those that were written."""
    plan = work.plan
    files = tuple(
        FileReport(
            book,
            book.sha256 in work.known,
            batches.get(number),
            tuple(tally for tally in plan.tallies if tally.file == number),
            tuple(
                (unit.id or 0, unit.before[0], unit.before[1].value)
                for unit in plan.units
                if unit.before is not None and unit.file == number
            ),
        )
        for number, book in enumerate(books)
    )
    return Report(
        community=work.community,
        files=files,
        units=sum(unit.is_new for unit in plan.units),
        owners=sum(someone.is_new for someone in plan.people),
        bills=len(plan.bills),
        payments=len(plan.payments),
        bills_fen=sum(bill.amount_fen for bill in plan.bills),
        payments_fen=sum(new.receipt.amount_fen for new in plan.payments),
    )


def summary(file: FileReport) -> dict[str, Any]:
    """What a batch remembers: the counts, what it changed, and whether a second try could bring in more."""
    return {
        "retry": any(fault.refusal.code in LATER for tally in file.tallies for fault in tally.faults),
        "before": [list(change) for change in file.before],
        "sheets": [
            {
                "sheet": tally.sheet.name,
                "kind": tally.sheet.kind.value,
                "rows": tally.sheet.rows,
                "created": tally.created,
                "updated": tally.updated,
                "unchanged": tally.unchanged,
                "rejected": len({fault.row for fault in tally.faults}),
                "amount_fen": tally.amount_fen,
            }
            for tally in file.tallies
        ],
    }


def answer(told: Report) -> dict[str, Any]:
    """Return the report as the command line and the API give it."""
    return {
        "community": told.community,
        "files": [
            {
                "file": file.book.file_name,
                "sha256": file.book.sha256,
                "already_imported": file.is_known,
                "batch": file.batch_id,
                "kind": sheet_report.kind_of(file.book.sheets),
                "sheets": [sheet_report.sheet_answer(tally) for tally in file.tallies]
                or [sheet_report.known_sheet_answer(sheet) for sheet in file.book.sheets],
            }
            for file in told.files
        ],
        "created": {
            "units": told.units,
            "owners": told.owners,
            "bills": told.bills,
            "payments": told.payments,
        },
        "amounts": {"bills": format_yuan(told.bills_fen), "payments": format_yuan(told.payments_fen)},
    }

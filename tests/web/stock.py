"""A row of every kind an address can name, in each community, made from the tables themselves; and forms filled in."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from app.store.schema import metadata
from app.web import forms
from tests.web.estate import NOW, TODAY

# What the parts of an address stand for: the table of its row, or None where it is no row of a community and
# the tests named beside it look after it. A new part of an address fails the walks until it is named here.
ROWS: dict[tuple[str, str], str | None] = {
    ("", "unit_id"): "unit",
    ("", "payment_id"): "payment",
    ("", "notice_id"): "notice",
    ("", "document_id"): "document",
    ("", "bill_id"): "bill",
    ("", "close_id"): "period_close",
    ("", "deposit_id"): "deposit",
    ("", "entry_id"): "deposit_entry",
    ("", "vacancy_id"): "vacancy",
    ("", "mark_id"): "unit_mark",
    ("", "unit_fee_id"): "unit_fee",
    ("", "hold_id"): "adjustment",
    ("", "job_id"): "job",
    ("", "item_id"): "fee_item",
    ("", "plan_id"): "rate_plan",
    ("", "transfer_id"): "ownership_transfer",
    ("", "contact_id"): "contact",
    ("", "person_id"): "person",
    ("", "shift_id"): "shift",
    ("", "unclaimed_id"): "unclaimed",
    ("", "view_id"): "saved_view",
    ("", "wording_id"): "wording_version",
    ("", "run_id"): "billing_run",
    ("", "task_id"): "import_task",
    ("", "mapping_id"): "import_mapping",
    ("/waivers/", "request_id"): "waiver_request",
    ("/requests/", "request_id"): "owner_request",
    ("/imports/", "batch_id"): "import_batch",
    ("/notices/", "batch_id"): "notice_batch",
    ("/billing/", "draft_id"): "billing_draft",
    ("/rates/", "draft_id"): "tariff_draft",
    ("/terms/", "draft_id"): "terms_draft",
    ("/procedure/", "version_id"): "procedure_version",
    ("/rates/", "version_id"): "tariff",
    ("/units/", "file_id"): "unit_file",
    ("/waivers/", "file_id"): "stored_file",
    ("/requests/", "file_id"): "stored_file",
    ("/rates/", "file_id"): "stored_file",
    ("/my/", "request_id"): None,  # the owner's page: test_owner_asks.py
    ("/my/", "file_id"): None,
    ("/deliveries/", "delivery_id"): "delivery",
    ("/deliveries/", "event_id"): "delivery_event",
    ("/addresses/", "address_id"): "delivery_address",
    ("/scans/", "batch_id"): "scan_batch",
    ("/scans/", "slip_id"): "scan_slip",
    ("", "case_id"): "court_case",
    ("", "bundle_id"): "bundle",
    ("", "cost_id"): "case_cost",
    ("", "counsel_id"): "case_counsel",
    ("", "date_id"): "case_date",
    ("/cases/", "file_id"): "case_file",
    ("", "paper_id"): "case_paper",
    ("", "party_id"): "case_party",
    ("", "claim_id"): "claim_freeze",
    ("", "number"): None,  # an interruption or obstacle of a unit that is named before it
    ("/deliveries/", "place"): None,  # a file of an event that is named before it
    ("", "way"): None,  # a word of ours
    ("", "part"): None,  # a page of a batch that is named before it
    ("", "tone"): None,  # a word of ours
    ("", "code"): None,  # a word of ours
    ("/static/", "name"): None,
    ("/pay/callback/", "name"): None,
    ("", "kind"): None,  # a word of ours
    ("", "token"): None,  # test_users.py and test_portal.py
    ("", "session_id"): None,  # test_signin.py: one's own alone
    ("", "user_id"): None,  # test_users.py: those of the administrator's own communities
    ("", "reference"): None,  # the owner's page
}
WORDS = {
    "part": "1",
    "way": "hand",
    "place": "1",
    "tone": "notice",
    "code": "collection",
    "kind": "period",
    "token": "x" * 22,
    "name": "x",
}
_PART = re.compile(r"\{([a-z_]+)(?::[a-z]+)?\}")


def parts(path: str) -> list[str]:
    """Return the names of the parts of an address that vary."""
    return _PART.findall(path)


def table_of(path: str, part: str) -> str | None:
    """Return the table a part of an address names a row of; fail where nobody has said yet."""
    for prefix in sorted({start for start, name in ROWS if name == part}, key=len, reverse=True):
        if path.startswith(prefix):
            return ROWS[prefix, part]
    raise AssertionError(f"say in tests/web/stock.py what {{{part}}} stands for in {path}")


def address(path: str, given: dict[str, object]) -> str:
    """Fill the parts of an address in."""
    return _PART.sub(lambda found: str(given.get(found[1], WORDS.get(found[1], 1))), path)


# What the rules of a table ask for beyond the kinds of its columns.
ASKED: dict[str, dict[str, object]] = {
    "delivery_address": {"kind": "phone"},
    "delivery_event": {"kind": "sent"},
    "deposit_entry": {"before_fen": 0, "held_fen": 1, "amount_fen": 1},
    "import_mapping": {"choices": '{"kind":"units"}'},
    "period_close": {"is_closed": True},
    "scan_slip": {"state": "unknown"},
    "terms_draft": {"kind": "price_back"},
    "shift": {"difference_fen": 0},
}


# --- rows -----------------------------------------------------------------------------------------


class Stock:
    """One row of each table in one community: found where there is one, made where there is none."""

    def __init__(self, session: Session, community_id: int) -> None:
        self.session = session
        self.community_id = community_id
        self.known: dict[str, int] = {"community": community_id}

    def row(self, name: str) -> int:
        """Return the id of this community's row of a table."""
        if name not in self.known:
            found = self._found(metadata.tables[name])
            self.known[name] = found if found is not None else self._made(metadata.tables[name])
        return self.known[name]

    def found(self, name: str) -> int | None:
        """Return the id of a row there is, or None."""
        return self._found(metadata.tables[name])

    def _found(self, table: sa.Table) -> int | None:
        if "community_id" in table.c:
            query = sa.select(table.c.id).where(table.c.community_id == self.community_id)
        else:
            owner = next((key for key in self._parents(table) if key.column.table.name in {"unit", "fee_item"}), None)
            if owner is None:
                return None
            theirs = sa.select(owner.column.table.c.id).where(owner.column.table.c.community_id == self.community_id)
            query = sa.select(table.c.id).where(owner.parent.in_(theirs))
        return self.session.execute(query.order_by(table.c.id).limit(1)).scalar_one_or_none()

    @staticmethod
    def _parents(table: sa.Table) -> list[sa.ForeignKey]:
        return sorted(table.foreign_keys, key=lambda key: key.parent.name)

    def _made(self, table: sa.Table) -> int:
        row: dict[str, Any] = dict(ASKED.get(table.name, {}))
        for column in table.columns:
            key = next((key for key in column.foreign_keys if key.column.table is not table), None)
            if column.name in row:
                continue
            if column.name == "community_id":
                row[column.name] = self.community_id
            elif key is not None and not column.nullable and key.column.table.name == "app_user":
                row[column.name] = 1
            elif key is not None and not column.nullable:
                row[column.name] = self.row(key.column.table.name)
            elif not (column.nullable or column.primary_key or column.server_default is not None):
                row[column.name] = self._value(table, column)
        made = self.session.execute(sa.insert(table).values(**row).returning(table.c.id))
        return int(made.scalar_one())

    def _value(self, table: sa.Table, column: sa.Column[Any]) -> object:
        for rule in table.constraints:
            text = str(rule.sqltext) if isinstance(rule, sa.CheckConstraint) else ""
            if found := re.search(rf"\b{column.name} IN \('([^']+)'", text):
                return found[1]
        kind = type(column.type).__name__
        if kind == "CivilDate" and column.name.startswith(("until", "to_", "through", "last_on")):
            return TODAY + dt.timedelta(days=30)
        texts = {"String": f"x{self.community_id}", "Text": "{}", "LargeBinary": b"x" * 31 + bytes([self.community_id])}
        others = {"CivilDate": TODAY, "Instant": NOW, "Boolean": False}
        return texts.get(kind, others.get(kind, 1))


# --- forms ----------------------------------------------------------------------------------------

CANDIDATES = (
    "1", "k" * 22, "k" * 32, "2026-11-23", "x", "好的，已核实情况属实无误", "0.01", "true", "2027", "12:00", "13800138000",
    "ABCD-EFGH", "0", "a" * 64, "2026-11", "50",
)  # fmt: skip


def model_of(route: APIRoute) -> type[forms.FormModel] | None:
    """Return the model of the form a route reads."""
    return next(
        (getattr(call, forms.FORM_MARK) for call in _calls(route.dependant) if hasattr(call, forms.FORM_MARK)), None
    )


def _calls(dependant: Dependant) -> Iterator[object]:
    for part in dependant.dependencies:
        yield part.call
        yield from _calls(part)


def filled_form(model: type[forms.FormModel]) -> dict[str, str]:
    """Return values with which a form has no fault, found by trying; only what must be there is given."""
    values: dict[str, str] = {}
    for _ in range(len(model.model_fields) + 1):
        faults = forms.parse(model, FormData(list(values.items()))).faults
        missing = [name for name in faults if name in model.model_fields]
        if not missing:
            return values
        for name in missing:
            values[name] = _fitting(model, name, values)
    return values


def _fitting(model: type[forms.FormModel], name: str, values: dict[str, str]) -> str:
    words = re.findall(r"'([a-z_]+)'", str(model.model_fields[name].annotation))
    members = getattr(model.model_fields[name].annotation, "__members__", {})
    for tried in (*words, *(str(member.value) for member in members.values()), *CANDIDATES):
        faults = forms.parse(model, FormData(list({**values, name: tried}.items()))).faults
        if name not in faults:
            return tried
    return "1"


def counts(session: Session) -> dict[str, int]:
    """Return how many rows every table has."""
    tables = sorted(metadata.tables.values(), key=lambda table: table.name)
    query = sa.union_all(*(sa.select(sa.literal(table.name), sa.func.count()).select_from(table) for table in tables))
    return {row[0]: row[1] for row in session.execute(query)}


def moment_after(minutes: float) -> dt.datetime:
    """Return an instant some minutes after the tests' day begins."""
    return NOW + dt.timedelta(minutes=minutes)

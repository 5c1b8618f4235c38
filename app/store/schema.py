"""One import for every table, and the list of those the database keeps append-only."""

from __future__ import annotations

from app.store import (
    tables,
    tables_case_papers,
    tables_cases,
    tables_claims,
    tables_counter,
    tables_deliveries,
    tables_estate,
    tables_evidence,
    tables_frame,
    tables_office,
    tables_portal,
    tables_procedure,
    tables_reports,
    tables_scans,
    tables_security,
    tables_settings,
    tables_tariffs,
)

# A page of tables is part of the schema once it is named here.
PAGES = (
    tables,
    tables_deliveries,
    tables_scans,
    tables_evidence,
    tables_claims,
    tables_cases,
    tables_case_papers,
    tables_counter,
    tables_estate,
    tables_frame,
    tables_office,
    tables_portal,
    tables_procedure,
    tables_reports,
    tables_security,
    tables_settings,
    tables_tariffs,
)

metadata = tables.metadata

APPEND_ONLY = (
    tables.ledger_entry,
    tables.bill,
    tables.payment,
    tables.adjustment,
    tables.reversal,
    tables.allocation,
    tables_office.audit_event,
    tables_office.document,
    tables_office.document_file,
    tables_office.notice,
    tables_office.notice_bill,
    tables_estate.unit_change,
    tables_estate.estate_withdrawal,
    tables_security.audit_seal,
    *tables_deliveries.APPEND_ONLY,
    *tables_scans.APPEND_ONLY,
    *tables_evidence.APPEND_ONLY,
    *tables_claims.APPEND_ONLY,
    *tables_cases.APPEND_ONLY,
    *tables_case_papers.APPEND_ONLY,
    *tables_counter.APPEND_ONLY,
    *tables_portal.APPEND_ONLY,
    *tables_procedure.APPEND_ONLY,
)

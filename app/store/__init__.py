"""The ledger and everything beside it, on SQLite and PostgreSQL."""

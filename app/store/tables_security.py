"""The tables of signing in safely: second factors, recovery codes, one-time links, and the seals of the log."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, String, Table, UniqueConstraint

from app.store.tables import _id, _ref, metadata
from app.store.types import BigId, Instant

second_factor = Table(
    "second_factor",
    metadata,
    _id(),
    _ref("user_id", "app_user"),
    Column("secret", LargeBinary, nullable=False),
    # the last thirty seconds a code was taken from: no code opens twice
    Column("last_step", BigInteger, nullable=False, server_default="0"),
    Column("created_at", Instant, nullable=False),
    Column("confirmed_at", Instant),
    UniqueConstraint("user_id"),
)

recovery_code = Table(
    "recovery_code",
    metadata,
    _id(),
    _ref("user_id", "app_user"),
    Column("code_hash", LargeBinary, nullable=False),
    Column("used_at", Instant),
    UniqueConstraint("user_id", "code_hash"),
)

password_link = Table(
    "password_link",
    metadata,
    _id(),
    _ref("user_id", "app_user"),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("created_by", BigId),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    Index("ix_password_link_user", "user_id"),
)

# One row an event of the log, in the order of their commits: event n's hash holds that of event n - 1.
audit_seal = Table(
    "audit_seal",
    metadata,
    Column("seq", BigId, primary_key=True, autoincrement=False),
    Column("event_id", BigId, nullable=False, unique=True),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

"""The part of the schema that belongs to the frame: saved views of lists and what each person pinned."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Index, String, Table, Text, UniqueConstraint, text

from app.store.tables import _id, _ref, metadata
from app.store.types import Instant

saved_view = Table(
    "saved_view",
    metadata,
    _id(),
    _ref("owner_id", "app_user"),
    _ref("community_id", "community"),
    Column("page", String(20), nullable=False),
    Column("name", String(40), nullable=False),
    Column("query", Text, nullable=False, server_default=""),
    Column("facts", Text, nullable=False, server_default="{}"),
    Column("columns", String(400), nullable=False, server_default=""),
    Column("visibility", String(10), nullable=False, server_default="private"),
    Column("created_at", Instant, nullable=False),
    Column("deleted_at", Instant),
    CheckConstraint("visibility IN ('private', 'shared')", name="visibility"),
    Index("ix_saved_view_page", "community_id", "page"),
)

# A shared view and a shipped one may be pinned by one person and not by another: the mark is the person's.
view_mark = Table(
    "view_mark",
    metadata,
    _id(),
    _ref("user_id", "app_user"),
    _ref("community_id", "community"),
    Column("page", String(20), nullable=False),
    Column("view", String(30), nullable=False),
    Column("is_pinned", Boolean, nullable=False, server_default=text("false")),
    Column("is_default", Boolean, nullable=False, server_default=text("false")),
    UniqueConstraint("user_id", "community_id", "page", "view"),
)

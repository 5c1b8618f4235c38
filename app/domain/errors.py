"""Refusals: a kind, a code and facts; sentences live in ``app.i18n``."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What sort of refusal it is; the web layer alone turns it into a status."""

    NOT_FOUND = "not_found"
    REJECTED = "rejected"
    CONFLICT = "conflict"
    FORBIDDEN = "forbidden"


Fact = str | int | None


class Refusal(Exception):
    """A request that was understood and refused.

    ``code`` names the rule that was broken (``payment.amount_not_positive``), ``field`` the input
    that broke it (``events[2].amount``, a form field or an Excel column), ``facts`` what the sentence
    in ``app.i18n`` needs. Raised, never returned; callers who collect many keep the exceptions.
    """

    def __init__(self, code: str, *, kind: Kind = Kind.REJECTED, field: str | None = None, **facts: Fact) -> None:
        super().__init__(code)
        self.code = code
        self.kind = kind
        self.field = field
        self.facts = facts

    def at(self, field: str) -> Refusal:
        """Return the same refusal, pointing at ``field``."""
        return Refusal(self.code, kind=self.kind, field=field, **self.facts)


def not_found(code: str, **facts: Fact) -> Refusal:
    """Return a refusal because the thing asked for does not exist (or is not yours to see)."""
    return Refusal(code, kind=Kind.NOT_FOUND, field=None, **facts)


def conflict(code: str, *, field: str | None = None, **facts: Fact) -> Refusal:
    """Return a refusal because the world moved on since the caller last looked."""
    return Refusal(code, kind=Kind.CONFLICT, field=field, **facts)


def forbidden(code: str, **facts: Fact) -> Refusal:
    """Return a refusal because this person may not do that."""
    return Refusal(code, kind=Kind.FORBIDDEN, field=None, **facts)

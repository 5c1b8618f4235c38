"""Who may do what: the permissions, the seven roles, and the matrix between them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from app.domain.errors import forbidden

if TYPE_CHECKING:
    from collections.abc import Mapping


class Role(StrEnum):
    """A job in the office; a user holds one."""

    CLERK = "clerk"
    CASHIER = "cashier"
    COLLECTOR = "collector"
    MANAGER = "manager"
    FINANCE = "finance"
    LAWYER = "lawyer"
    ADMIN = "admin"


class Permission(StrEnum):
    """One thing a person may do; every staff route names exactly one."""

    DASHBOARD_SEE = "dashboard:see"
    ARREARS_SEE = "arrears:see"
    ARREARS_EXPORT = "arrears:export"
    UNIT_SEE = "unit:see"
    UNIT_EDIT = "unit:edit"
    OWNER_CHANGE = "owner:change"
    HOLD_SET = "hold:set"
    OWNER_REQUEST_SEE = "owner_request:see"
    OWNER_REQUEST_ANSWER = "owner_request:answer"
    PII_REVEAL = "pii:reveal"
    PAYMENT_RECORD = "payment:record"
    PAYMENT_BACKDATE = "payment:backdate"
    PAYMENT_REVERSE = "payment:reverse"
    RECEIPT_PRINT = "receipt:print"
    UNCLAIMED_MATCH = "unclaimed:match"
    DEPOSIT_HANDLE = "deposit:handle"
    SHIFT_CONFIRM = "shift:confirm"
    PERIOD_CLOSE = "period:close"
    PERIOD_REOPEN = "period:reopen"
    WAIVER_SEE = "waiver:see"
    WAIVER_REQUEST = "waiver:request"
    WAIVER_DECIDE = "waiver:decide"
    WAIVER_BUDGET = "waiver:budget"
    NOTICE_SEE = "notice:see"
    NOTICE_DRAFT = "notice:draft"
    NOTICE_RELEASE = "notice:release"
    PROCEDURE_EDIT = "procedure:edit"
    OWNER_LINK_ISSUE = "owner_link:issue"
    IMPORT_SEE = "import:see"
    IMPORT_RUN = "import:run"
    IMPORT_UNDO = "import:undo"
    BILLING_PREVIEW = "billing:preview"
    BILLING_POST = "billing:post"
    BILLING_REVERSE = "billing:reverse"
    TARIFF_SEE = "tariff:see"
    TARIFF_EDIT = "tariff:edit"
    TARIFF_PUBLISH = "tariff:publish"
    DELIVERY_SEE = "delivery:see"
    DELIVERY_RECORD = "delivery:record"
    EVIDENCE_SEE = "evidence:see"
    CLAIM_SEE = "claim:see"
    CLAIM_FREEZE = "claim:freeze"
    CASE_SEE = "case:see"
    CASE_EDIT = "case:edit"
    CASE_COMMENT = "case:comment"
    BUNDLE_DRAFT = "bundle:draft"
    BUNDLE_SEAL = "bundle:seal"
    BUNDLE_TAKE = "bundle:take"
    REPORT_SEE = "report:see"
    AUDIT_SEE = "audit:see"
    USER_MANAGE = "user:manage"
    COMMUNITY_EDIT = "community:edit"
    SETTINGS_EDIT = "settings:edit"


_P = Permission
_LOOK = frozenset({_P.DASHBOARD_SEE, _P.ARREARS_SEE, _P.UNIT_SEE, _P.NOTICE_SEE})
_COUNTER = frozenset({_P.PAYMENT_RECORD, _P.RECEIPT_PRINT})

MATRIX: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.CLERK: _LOOK
        | _COUNTER
        | {
            _P.ARREARS_EXPORT,
            _P.PII_REVEAL,
            _P.WAIVER_SEE,
            _P.WAIVER_REQUEST,
            _P.NOTICE_DRAFT,
            _P.NOTICE_RELEASE,
            _P.OWNER_LINK_ISSUE,
            _P.IMPORT_SEE,
            _P.IMPORT_RUN,
            _P.BILLING_PREVIEW,
            _P.TARIFF_SEE,
            _P.UNIT_EDIT,
            _P.OWNER_CHANGE,
            _P.HOLD_SET,
            _P.OWNER_REQUEST_SEE,
            _P.OWNER_REQUEST_ANSWER,
            _P.DEPOSIT_HANDLE,
            _P.DELIVERY_SEE,
            _P.DELIVERY_RECORD,
            _P.CLAIM_SEE,
            _P.CLAIM_FREEZE,
            _P.CASE_SEE,
            _P.CASE_EDIT,
            _P.CASE_COMMENT,
            _P.BUNDLE_DRAFT,
            _P.BUNDLE_TAKE,
        },
        Role.CASHIER: _LOOK | _COUNTER | {_P.WAIVER_SEE, _P.DEPOSIT_HANDLE},
        Role.COLLECTOR: _LOOK
        | {
            _P.ARREARS_EXPORT,
            _P.PII_REVEAL,
            _P.WAIVER_SEE,
            _P.WAIVER_REQUEST,
            _P.NOTICE_DRAFT,
            _P.OWNER_LINK_ISSUE,
            _P.UNIT_EDIT,
            _P.HOLD_SET,
            _P.OWNER_REQUEST_SEE,
            _P.OWNER_REQUEST_ANSWER,
            _P.DELIVERY_SEE,
            _P.DELIVERY_RECORD,
            _P.CLAIM_SEE,
            _P.CASE_SEE,
        },
        Role.MANAGER: frozenset(_P) - {_P.USER_MANAGE, _P.SETTINGS_EDIT},
        Role.FINANCE: _LOOK
        | _COUNTER
        | {
            _P.ARREARS_EXPORT,
            _P.PAYMENT_BACKDATE,
            _P.PAYMENT_REVERSE,
            _P.WAIVER_SEE,
            _P.WAIVER_DECIDE,
            _P.IMPORT_SEE,
            _P.IMPORT_RUN,
            _P.IMPORT_UNDO,
            _P.BILLING_PREVIEW,
            _P.BILLING_POST,
            _P.TARIFF_SEE,
            _P.TARIFF_EDIT,
            _P.TARIFF_PUBLISH,
            _P.BILLING_REVERSE,
            _P.UNCLAIMED_MATCH,
            _P.DEPOSIT_HANDLE,
            _P.SHIFT_CONFIRM,
            _P.PERIOD_CLOSE,
            _P.PERIOD_REOPEN,
            _P.OWNER_REQUEST_SEE,
            _P.CLAIM_SEE,
            _P.CASE_SEE,
            _P.REPORT_SEE,
        },
        Role.LAWYER: _LOOK
        | {
            _P.WAIVER_SEE,
            _P.REPORT_SEE,
            _P.DELIVERY_SEE,
            _P.EVIDENCE_SEE,
            _P.CLAIM_SEE,
            _P.CASE_SEE,
            _P.CASE_COMMENT,
            _P.BUNDLE_TAKE,
        },
        # An administrator looks after people and machines, not money: that keeps one person from doing both.
        Role.ADMIN: frozenset(
            {
                _P.DASHBOARD_SEE,
                _P.AUDIT_SEE,
                _P.USER_MANAGE,
                _P.SETTINGS_EDIT,
                _P.COMMUNITY_EDIT,
                _P.EVIDENCE_SEE,
                _P.TARIFF_SEE,
                _P.IMPORT_SEE,
            }
        ),
    }
)

# What one decision may forgive when a user is created; each user's own limit is kept with the user.
WAIVER_LIMIT_FEN: Mapping[Role, int] = MappingProxyType({Role.MANAGER: 2_000_000, Role.FINANCE: 500_000})


# Money and approvals: whoever holds one of these proves who they are with a second factor.
MFA_PERMISSIONS: frozenset[Permission] = frozenset(
    {
        _P.PAYMENT_RECORD,
        _P.PAYMENT_BACKDATE,
        _P.PAYMENT_REVERSE,
        _P.UNCLAIMED_MATCH,
        _P.DEPOSIT_HANDLE,
        _P.SHIFT_CONFIRM,
        _P.PERIOD_CLOSE,
        _P.PERIOD_REOPEN,
        _P.WAIVER_DECIDE,
        _P.WAIVER_BUDGET,
        _P.NOTICE_RELEASE,
        _P.PROCEDURE_EDIT,
        _P.IMPORT_UNDO,
        _P.BILLING_POST,
        _P.BILLING_REVERSE,
        _P.TARIFF_PUBLISH,
        _P.BUNDLE_SEAL,
        _P.USER_MANAGE,
        _P.COMMUNITY_EDIT,
        _P.SETTINGS_EDIT,
    }
)


def needs_second_factor(role: Role) -> bool:
    """Say whether people of a role set up a second factor: those who hold money or approval rights."""
    return not MATRIX[role].isdisjoint(MFA_PERMISSIONS)


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in member of staff: who they are, and in which communities they work (None: all of them)."""

    user_id: int
    login: str
    name: str
    role: Role
    waiver_limit_fen: int = 0
    community_ids: frozenset[int] | None = None

    def may(self, permission: Permission) -> bool:
        """Say whether the role grants ``permission``."""
        return permission in MATRIX[self.role]

    def must(self, permission: Permission) -> None:
        """Refuse unless :meth:`may`."""
        if not self.may(permission):
            raise forbidden("access.denied", permission=permission.value)

    def sees(self, community_id: int) -> bool:
        """Say whether rows of this community are within reach."""
        return self.community_ids is None or community_id in self.community_ids


def matrix_rows() -> tuple[tuple[Permission, tuple[bool, ...]], ...]:
    """Return the matrix as the documentation prints it: a row a permission, a column a role."""
    return tuple((permission, tuple(permission in MATRIX[role] for role in Role)) for permission in Permission)

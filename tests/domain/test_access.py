"""Who may do what: the matrix keeps money, approval and machines in different hands."""

from __future__ import annotations

import pytest

from app.domain.access import MATRIX, WAIVER_LIMIT_FEN, Actor, Permission, Role, matrix_rows, needs_second_factor
from app.domain.errors import Kind, Refusal


def actor(role: Role, communities: frozenset[int] | None = None) -> Actor:
    return Actor(1, "wang", "王芳", role, community_ids=communities)


def test_every_role_has_a_row_and_every_permission_somebody() -> None:
    assert set(MATRIX) == set(Role)
    assert frozenset().union(*MATRIX.values()) == frozenset(Permission)


def test_the_matrix_reads_the_same_by_rows() -> None:
    assert {permission: dict(zip(Role, ticks, strict=True)) for permission, ticks in matrix_rows()} == {
        permission: {role: permission in MATRIX[role] for role in Role} for permission in Permission
    }


def test_whoever_counts_money_at_the_desk_forgives_none() -> None:
    assert [
        role for role in (Role.CLERK, Role.CASHIER, Role.COLLECTOR) if Permission.WAIVER_DECIDE in MATRIX[role]
    ] == []


def test_the_administrator_touches_no_money() -> None:
    money = {Permission.PAYMENT_RECORD, Permission.PAYMENT_REVERSE, Permission.WAIVER_DECIDE, Permission.BILLING_POST}
    assert money & MATRIX[Role.ADMIN] == set()


def test_only_who_may_decide_has_a_limit() -> None:
    assert {role for role in Role if Permission.WAIVER_DECIDE in MATRIX[role]} == set(WAIVER_LIMIT_FEN)


def test_what_a_role_may_not_do_is_refused() -> None:
    actor(Role.MANAGER).must(Permission.WAIVER_DECIDE)
    with pytest.raises(Refusal) as found:
        actor(Role.CLERK).must(Permission.WAIVER_DECIDE)
    assert (found.value.code, found.value.kind) == ("access.denied", Kind.FORBIDDEN)


def test_a_person_of_one_community_sees_no_other() -> None:
    assert [actor(Role.CLERK, frozenset({7})).sees(number) for number in (7, 8)] == [True, False]
    assert actor(Role.CLERK).sees(8)


def test_only_roles_without_money_and_approval_go_without_a_second_factor() -> None:
    assert {role for role in Role if not needs_second_factor(role)} == {Role.COLLECTOR, Role.LAWYER}

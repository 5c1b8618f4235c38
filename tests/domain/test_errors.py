"""Refusals and their kinds."""

from __future__ import annotations

from app.domain.errors import Kind, Refusal, conflict, forbidden, not_found


def test_each_kind_of_refusal_has_a_short_way_to_say_it():
    assert not_found("a.b", bill="B1").kind is Kind.NOT_FOUND
    assert conflict("a.b", field="amount").kind is Kind.CONFLICT
    assert forbidden("a.b").kind is Kind.FORBIDDEN
    assert Refusal("a.b").kind is Kind.REJECTED


def test_a_refusal_pointed_elsewhere_stays_the_same_otherwise():
    found = conflict("a.b", field="x", bill="B1").at("events[0].x")
    assert (found.code, found.kind, found.field, found.facts) == ("a.b", Kind.CONFLICT, "events[0].x", {"bill": "B1"})

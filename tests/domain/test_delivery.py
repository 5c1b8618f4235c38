"""Deliveries: which events a channel brings, how states move, and what is proven by what."""

from __future__ import annotations

import datetime as dt
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import delivery as rules
from app.domain import statutes
from app.domain.delivery import SOURCES, Basis, Channel, Event, EventKind, Ground, Relation, ReturnReason, State
from app.domain.errors import Refusal

DAY = dt.date(2026, 11, 1)
FULL = {"staff": ["陈一", "李二"], "witness": "赵", "photos": 1}

FACTS = st.fixed_dictionaries(
    {
        "receiver": st.sampled_from(["", "王伟"]),
        "relation": st.sampled_from(["", *Relation]),
        "staff": st.lists(st.sampled_from(["陈一", "李二", ""]), max_size=3),
        "witness": st.sampled_from(["", "赵"]),
        "photos": st.integers(0, 3),
        "content_line": st.sampled_from(["", "×室物业费催缴通知书"]),
        "reason": st.sampled_from(["", *ReturnReason]),
        "basis": st.sampled_from(["", *Basis]),
        "has_text": st.booleans(),
        "visit": st.sampled_from(["", "code:1", "link:1"]),
        "is_owner_name": st.booleans(),
    }
)
KINDS = st.sampled_from([kind for kind in EventKind if kind is not EventKind.CORRECTED])


@st.composite
def events(draw: st.DrawFn) -> list[Event]:
    count = draw(st.integers(0, 5))
    return [
        Event(place, draw(KINDS), DAY + dt.timedelta(days=draw(st.integers(0, 5))), draw(FACTS))
        for place in range(1, count + 1)
    ]


def one(kind: EventKind, place: int = 1, **facts: Any) -> Event:
    return Event(place, kind, DAY + dt.timedelta(days=place), facts)


def strength(channel: Channel, *told: Event) -> tuple[str, bool, bool]:
    found = rules.assess(channel, told)
    return found.strength, found.arrived_on is not None, found.interrupts


# --- laws -------------------------------------------------------------------------------------------


@given(st.sampled_from(sorted(rules.POSTED)), events())
def test_what_was_only_posted_never_arrives_never_interrupts_and_is_never_more_than_an_effort(
    channel: Channel, told: list[Event]
) -> None:
    found = rules.assess(channel, told)
    assert (found.arrived_on, found.signed_on, found.interrupts) == (None, None, False)
    assert found.strength in {"", "D"}


@given(st.sampled_from(list(Channel)), events())
def test_what_interrupts_arrived_with_known_content_and_a_grade_of_at_least_b(
    channel: Channel, told: list[Event]
) -> None:
    found = rules.assess(channel, told)
    if found.interrupts:
        assert found.arrived_on is not None
        assert found.has_content
        assert found.strength in {"A", "B"}
        assert found.arrival_id in {event.id for event in told}
    if found.arrived_on is not None:
        assert found.arrived_on in {event.on for event in told}


@given(st.sampled_from(list(Channel)), events(), st.randoms(use_true_random=False))
def test_the_order_in_which_events_become_known_changes_nothing(
    channel: Channel, told: list[Event], chance: Any
) -> None:
    mixed = list(told)
    chance.shuffle(mixed)
    assert rules.assess(channel, mixed) == rules.assess(channel, told)


@given(st.sampled_from([Channel.MESSAGE, Channel.EMAIL]), events())
def test_a_message_counts_only_with_an_address_the_owner_is_known_to_hold(channel: Channel, told: list[Event]) -> None:
    if not any(event.facts["basis"] in rules.OWN for event in told):
        assert rules.assess(channel, told).arrived_on is None


@given(events())
def test_a_refusal_at_the_door_proves_arrival_only_with_two_staff_a_witness_and_photos(told: list[Event]) -> None:
    told = [event for event in told if event.kind in {EventKind.REFUSED, EventKind.ABSENT}]
    assert (rules.assess(Channel.HAND, told).arrived_on is not None) == any(
        rules.is_witnessed(event.facts) for event in told
    )


@given(st.sampled_from(list(State)), KINDS, KINDS)
def test_two_pieces_of_news_contradict_each_other_in_either_order_or_in_neither(
    state: State, first: EventKind, second: EventKind
) -> None:
    def moved(*kinds: EventKind) -> State | None:
        found = state
        try:
            for kind in kinds:
                found = rules.after(found, kind, facts=FULL)
        except Refusal as refusal:
            assert refusal.code == "delivery.contradiction"
            return None
        return found

    assert moved(first, second) == moved(second, first)


@given(st.sampled_from(list(State)), KINDS)
def test_the_same_news_twice_is_the_same_news(state: State, kind: EventKind) -> None:
    try:
        once = rules.after(state, kind, facts=FULL)
    except Refusal:
        return
    assert rules.after(once, kind, facts=FULL) == once


# --- grades -----------------------------------------------------------------------------------------

SENT = one(EventKind.SENT, post_number="1099", content_line="×室物业费催缴通知书")
BLIND = one(EventKind.SENT, post_number="1099")


@pytest.mark.parametrize(
    ("channel", "told", "expected"),
    [
        (Channel.HAND, [one(EventKind.SIGNED, relation="self")], ("A", True, True)),
        (Channel.HAND, [one(EventKind.SIGNED, relation="family")], ("A", True, True)),
        (Channel.HAND, [one(EventKind.SIGNED, relation="agent")], ("A", True, True)),
        (Channel.HAND, [one(EventKind.SIGNED, relation="tenant")], ("C", False, False)),
        (Channel.HAND, [one(EventKind.SIGNED, relation="minor")], ("C", False, False)),
        (Channel.HAND, [one(EventKind.REFUSED, **FULL)], ("B", True, True)),
        (Channel.HAND, [one(EventKind.ABSENT, **FULL)], ("B", True, True)),
        (Channel.HAND, [one(EventKind.ABSENT, **(FULL | {"photos": 0}))], ("C", False, False)),
        (Channel.HAND, [one(EventKind.ATTEMPTED)], ("D", False, False)),
        (Channel.EMS, [SENT], ("D", False, False)),
        (Channel.EMS, [SENT, one(EventKind.DELIVERED, 2)], ("A", True, True)),
        (Channel.EMS, [SENT, one(EventKind.DELIVERED, 2, relation="other")], ("B", True, True)),
        (Channel.EMS, [SENT, one(EventKind.REFUSED, 2)], ("A", True, True)),
        (Channel.EMS, [SENT, one(EventKind.RETURNED, 2, reason="refused")], ("A", True, True)),
        (Channel.EMS, [SENT, one(EventKind.RETURNED, 2, reason="unclaimed")], ("D", False, False)),
        (Channel.EMS, [SENT, one(EventKind.RETURNED, 2, reason="unknown")], ("D", False, False)),
        (Channel.EMS, [BLIND, one(EventKind.DELIVERED, 2)], ("C", True, False)),
        (Channel.POST, [SENT, one(EventKind.DELIVERED, 2)], ("B", True, True)),
        (Channel.MESSAGE, [one(EventKind.DELIVERED, basis="confirmed", has_text=True)], ("B", True, True)),
        (Channel.MESSAGE, [one(EventKind.DELIVERED, basis="confirmed")], ("C", True, False)),
        (Channel.MESSAGE, [one(EventKind.READ, basis="register", has_text=True)], ("D", False, False)),
        (Channel.EMAIL, [one(EventKind.SENT, basis="contract", has_text=True)], ("D", False, False)),
        (Channel.PAGE, [one(EventKind.READ, visit="code:1")], ("B", True, True)),
        (Channel.PAGE, [one(EventKind.READ, visit="link:1")], ("D", False, False)),
        (Channel.PAGE, [one(EventKind.SIGNED, visit="link:1", is_owner_name=True)], ("B", True, True)),
        (Channel.PAGE, [one(EventKind.SIGNED, visit="link:1")], ("C", False, False)),
        (Channel.PAGE, [one(EventKind.SENT)], ("D", False, False)),
        (Channel.DOOR, [one(EventKind.SENT, photos=3)], ("D", False, False)),
    ],
)
def test_each_way_has_its_grade(channel: Channel, told: list[Event], expected: tuple[str, bool, bool]) -> None:
    assert strength(channel, *told) == expected


def test_nothing_known_proves_nothing() -> None:
    assert rules.assess(Channel.EMS, []) == rules.NOTHING


def test_the_life_of_a_letter_ends_where_it_ended_whatever_came_first() -> None:
    told = [SENT, one(EventKind.ACCEPTED, 2), one(EventKind.ATTEMPTED, 3), one(EventKind.REFUSED, 4)]
    told.append(one(EventKind.RETURNED, 5, reason="refused"))
    assert {rules.assess(Channel.EMS, order).state for order in permutations(told)} == {State.RETURNED}
    found = rules.assess(Channel.EMS, told)
    assert (found.dispatched_on, found.arrived_on) == (told[0].on, told[3].on)


@pytest.mark.parametrize("known", [EventKind.DELIVERED, EventKind.SIGNED, EventKind.READ])
@pytest.mark.parametrize("news", [EventKind.REFUSED, EventKind.RETURNED])
def test_what_was_delivered_was_not_returned(known: EventKind, news: EventKind) -> None:
    state = rules.after(State.SENT, known)
    with pytest.raises(Refusal) as told:
        rules.after(state, news)
    assert told.value.code == "delivery.contradiction"
    assert rules.after(state, EventKind.ACCEPTED) == state


@pytest.mark.parametrize(
    ("channel", "kind", "facts", "code"),
    [
        (Channel.DOOR, EventKind.SIGNED, {}, "delivery.not_of_channel"),
        (Channel.MAILBOX, EventKind.DELIVERED, {}, "delivery.not_of_channel"),
        (Channel.HAND, EventKind.SIGNED, {"relation": "self"}, "delivery.receiver_missing"),
        (Channel.HAND, EventKind.SIGNED, {"receiver": "王", "relation": "cat"}, "delivery.relation_missing"),
        (Channel.HAND, EventKind.REFUSED, FULL | {"staff": ["陈一"]}, "delivery.two_staff"),
        (Channel.HAND, EventKind.ABSENT, {"staff": ["陈一", "李二"]}, "delivery.witness_or_photos"),
        (Channel.EMS, EventKind.SENT, {}, "delivery.post_number_missing"),
    ],
)
def test_a_record_that_would_prove_nothing_is_refused(
    channel: Channel, kind: EventKind, facts: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refusal) as told:
        rules.check(channel, kind, facts)
    assert told.value.code == code


def test_a_full_record_is_taken() -> None:
    rules.check(Channel.HAND, EventKind.SIGNED, {"receiver": "王伟", "relation": "self"})
    rules.check(Channel.HAND, EventKind.REFUSED, FULL)
    rules.check(Channel.EMS, EventKind.SENT, {"post_number": "1099000000001"})


def test_every_grade_names_an_article_in_force() -> None:
    assert set(SOURCES) == set(Ground) - {Ground.NONE}
    for article, _ in SOURCES.values():
        assert statutes.article(article, on=DAY).is_in_force(DAY)

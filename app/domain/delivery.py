"""How a notice reaches its owner: channels, states and moves, and what each event proves and what it does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from app.domain.errors import Refusal, conflict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date


class Channel(StrEnum):
    """The way a notice goes out."""

    HAND = "hand"
    EMS = "ems"
    POST = "post"
    MAILBOX = "mailbox"
    DOOR = "door"
    EMAIL = "email"
    MESSAGE = "message"
    PAGE = "page"


class State(StrEnum):
    """How far a delivery is."""

    MADE = "made"
    PRINTED = "printed"
    SENT = "sent"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    REFUSED = "refused"
    RETURNED = "returned"
    READ = "read"
    SIGNED = "signed"


class EventKind(StrEnum):
    """What was learnt of a delivery."""

    SENT = "sent"
    ACCEPTED = "accepted"
    ATTEMPTED = "attempted"
    DELIVERED = "delivered"
    REFUSED = "refused"
    ABSENT = "absent"
    RETURNED = "returned"
    READ = "read"
    SIGNED = "signed"
    CORRECTED = "corrected"


class Relation(StrEnum):
    """What the one who took it in is to the owner."""

    SELF = "self"
    FAMILY = "family"
    AGENT = "agent"
    TENANT = "tenant"
    MINOR = "minor"
    OTHER = "other"


class Basis(StrEnum):
    """Why an address or number is taken for the owner's own, strongest first."""

    CONFIRMED = "confirmed"
    CONTRACT = "contract"
    CODE = "code"
    REGISTER = "register"
    UNIT = "unit"


class AddressKind(StrEnum):
    """What sort of address it is."""

    ADDRESS = "address"
    PHONE = "phone"
    EMAIL = "email"


class ReturnReason(StrEnum):
    """Why an item came back."""

    REFUSED = "refused"
    UNCLAIMED = "unclaimed"
    UNKNOWN = "unknown"
    MOVED = "moved"
    OTHER = "other"


class Ground(StrEnum):
    """Which rule the grade rests on; :data:`SOURCES` names the article."""

    SIGNED = "signed"
    HOUSEHOLD = "household"
    WITNESSED = "witnessed"
    MAIL = "mail"
    MAIL_BLIND = "mail_blind"
    DATA = "data"
    OUTSIDER = "outsider"
    UNWITNESSED = "unwitnessed"
    UNCONFIRMED = "unconfirmed"
    EFFORT = "effort"
    NONE = ""


# The article, and where in it; the number itself stands in the table of statutes alone.
SOURCES: Mapping[Ground, tuple[str, str]] = MappingProxyType(
    {
        Ground.SIGNED: ("limitation_rules.demand", "1.1"),
        Ground.HOUSEHOLD: ("limitation_rules.demand", "2"),
        Ground.WITNESSED: ("limitation_rules.demand", "1.1"),
        Ground.MAIL: ("limitation_rules.demand", "1.2"),
        Ground.MAIL_BLIND: ("limitation_rules.demand", "1.2"),
        Ground.DATA: ("limitation_rules.demand", "1.2"),
        Ground.OUTSIDER: ("limitation_rules.demand", "2"),
        Ground.UNWITNESSED: ("limitation_rules.demand", "1.1"),
        Ground.UNCONFIRMED: ("limitation_rules.demand", "1.2"),
        Ground.EFFORT: ("limitation_rules.demand", "1.1"),
    }
)

POSTED = frozenset({Channel.MAILBOX, Channel.DOOR})
BY_MAIL = frozenset({Channel.EMS, Channel.POST})
BY_WIRE = frozenset({Channel.EMAIL, Channel.MESSAGE})
OWN = frozenset({Basis.CONFIRMED, Basis.CONTRACT, Basis.CODE})
"""Bases on which a number or a mailbox counts as the owner's: he said so in writing, or sent back our code."""

TAKES_IN = frozenset({Relation.SELF, Relation.FAMILY, Relation.AGENT})
LEAST_STAFF = 2

_K = EventKind
KINDS: Mapping[Channel, frozenset[EventKind]] = MappingProxyType(
    {
        Channel.HAND: frozenset({_K.SENT, _K.ATTEMPTED, _K.REFUSED, _K.ABSENT, _K.SIGNED}),
        Channel.EMS: frozenset({_K.SENT, _K.ACCEPTED, _K.ATTEMPTED, _K.DELIVERED, _K.REFUSED, _K.RETURNED, _K.SIGNED}),
        Channel.POST: frozenset({_K.SENT, _K.ACCEPTED, _K.ATTEMPTED, _K.DELIVERED, _K.REFUSED, _K.RETURNED, _K.SIGNED}),
        Channel.MAILBOX: frozenset({_K.SENT}),
        Channel.DOOR: frozenset({_K.SENT}),
        Channel.EMAIL: frozenset({_K.SENT, _K.ACCEPTED, _K.DELIVERED, _K.READ, _K.RETURNED}),
        Channel.MESSAGE: frozenset({_K.SENT, _K.ACCEPTED, _K.DELIVERED, _K.READ, _K.RETURNED}),
        Channel.PAGE: frozenset({_K.SENT, _K.READ, _K.SIGNED}),
    }
)
"""What can be learnt by each channel: a letter box tells nothing but that something was put into it."""

_RANK = {
    State.MADE: 0,
    State.PRINTED: 1,
    State.SENT: 2,
    State.ACCEPTED: 3,
    State.DELIVERED: 4,
    State.READ: 5,
    State.SIGNED: 6,
}
_BACK = frozenset({State.REFUSED, State.RETURNED})
_TARGET = {
    _K.SENT: State.SENT,
    _K.ACCEPTED: State.ACCEPTED,
    _K.DELIVERED: State.DELIVERED,
    _K.REFUSED: State.REFUSED,
    _K.ABSENT: State.DELIVERED,
    _K.RETURNED: State.RETURNED,
    _K.READ: State.READ,
    _K.SIGNED: State.SIGNED,
}


@dataclass(frozen=True, slots=True)
class Event:
    """One thing learnt of a delivery, on a civil day."""

    id: int
    kind: EventKind
    on: date
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Proven:
    """What one event proves by itself: strength (``A`` best), whether it arrived, whether the content is known."""

    strength: str
    ground: Ground
    arrival: bool = False
    content: bool = False


@dataclass(frozen=True, slots=True)
class Assessment:
    """What all events of a delivery come to; dispatch, arrival and content are kept apart."""

    state: State
    state_on: date | None = None
    dispatched_on: date | None = None
    arrived_on: date | None = None
    signed_on: date | None = None
    has_content: bool = False
    strength: str = ""
    ground: Ground = Ground.NONE
    arrival_id: int | None = None
    """The event that proves arrival, where there is one."""

    @property
    def interrupts(self) -> bool:
        """Say whether this restarts the limitation clock: this demand, known by its content, reached the owner."""
        return self.arrived_on is not None and self.has_content and self.strength in {"A", "B"}


NOTHING = Assessment(State.MADE)


# --- moves ----------------------------------------------------------------------------------------


def after(state: State, kind: EventKind, *, facts: Mapping[str, Any] | None = None) -> State:
    """Return the state after a piece of news; older news than what is known already leaves it as it is.

    Raises:
        Refusal: ``delivery.contradiction`` where both cannot be true, such as delivered and returned.

    """
    target = _TARGET.get(kind)
    if target is None or (kind is EventKind.ABSENT and not is_witnessed(facts or {})):
        return state
    if state in _BACK:
        if target in _BACK:
            return State.RETURNED if State.RETURNED in {state, target} else target
        if _RANK[target] >= _RANK[State.DELIVERED]:
            raise conflict("delivery.contradiction", field="kind", before=state.value, now=target.value)
        return state
    if target in _BACK:
        if _RANK[state] >= _RANK[State.DELIVERED]:
            raise conflict("delivery.contradiction", field="kind", before=state.value, now=target.value)
        return target
    return target if _RANK[target] > _RANK[state] else state


def is_witnessed(facts: Mapping[str, Any]) -> bool:
    """Say whether a refusal or absence is recorded as a court wants it: two of the staff, a witness, photos."""
    return len(_staff(facts)) >= LEAST_STAFF and bool(_text(facts, "witness")) and _count(facts, "photos") > 0


def check(channel: Channel, kind: EventKind, facts: Mapping[str, Any]) -> None:
    """Refuse an event that the channel cannot bring, or a record that would prove nothing.

    Raises:
        Refusal: ``delivery.not_of_channel``, ``delivery.receiver_missing``, ``delivery.relation_missing``,
            ``delivery.two_staff``, ``delivery.witness_or_photos``, ``delivery.post_number_missing``.

    """
    if kind not in KINDS[channel]:
        raise Refusal("delivery.not_of_channel", field="kind", channel=channel.value, kind_of=kind.value)
    if channel is Channel.HAND and kind is EventKind.SIGNED:
        if not _text(facts, "receiver"):
            raise Refusal("delivery.receiver_missing", field="receiver")
        if _text(facts, "relation") not in set(Relation):
            raise Refusal("delivery.relation_missing", field="relation")
    if channel is Channel.HAND and kind in {EventKind.REFUSED, EventKind.ABSENT}:
        if len(_staff(facts)) < LEAST_STAFF:
            raise Refusal("delivery.two_staff", field="second_staff")
        if not _text(facts, "witness") and not _count(facts, "photos"):
            raise Refusal("delivery.witness_or_photos", field="witness")
    if channel in BY_MAIL and kind is EventKind.SENT and not _text(facts, "post_number"):
        raise Refusal("delivery.post_number_missing", field="post_number")


# --- proof ----------------------------------------------------------------------------------------


def assess(channel: Channel, events: Sequence[Event]) -> Assessment:
    """Return what the events that stand come to, in whatever order they became known."""
    if not events:
        return NOTHING
    ordered = sorted(events, key=lambda one: (one.on, _order(one.kind), one.id))
    found = [(one, _proven(channel, one)) for one in ordered]
    has_content = any(proof.content for _, proof in found)
    state, state_on = State.MADE, None
    for one in ordered:
        try:
            moved = after(state, one.kind, facts=one.facts)
        except Refusal:  # kept apart when it was filed; a later correction may leave such a pair behind
            continue
        if moved is not state:
            state, state_on = moved, one.on
    graded = [(one, _with_content(channel, proof, has_content=has_content)) for one, proof in found]
    best = min(graded, key=lambda pair: (pair[1].strength, not pair[1].arrival, pair[0].on, pair[0].id))[1]
    arrivals = sorted(
        ((proof.strength > "B", one.on, one.id) for one, proof in graded if proof.arrival), key=lambda row: row
    )
    first = arrivals[0] if arrivals else None
    return Assessment(
        state=state,
        state_on=state_on or ordered[0].on,
        dispatched_on=next((one.on for one in ordered if one.kind is not EventKind.ATTEMPTED), None),
        arrived_on=first[1] if first else None,
        signed_on=next((one.on for one, proof in graded if one.kind is EventKind.SIGNED and proof.arrival), None),
        has_content=has_content,
        strength=best.strength,
        ground=best.ground,
        arrival_id=first[2] if first else None,
    )


def _proven(channel: Channel, event: Event) -> Proven:
    if channel in POSTED:
        return Proven("D", Ground.EFFORT, content=_count(event.facts, "photos") > 0)
    if channel is Channel.HAND:
        return _by_hand(event)
    if channel in BY_MAIL:
        return _by_mail(event)
    if channel in BY_WIRE:
        return _by_wire(event)
    return _on_page(event)


def _by_hand(event: Event) -> Proven:
    if event.kind is EventKind.SIGNED:
        relation = _text(event.facts, "relation")
        if relation not in TAKES_IN:
            return Proven("C", Ground.OUTSIDER, content=True)
        ground = Ground.HOUSEHOLD if relation == Relation.FAMILY else Ground.SIGNED
        return Proven("A", ground, arrival=True, content=True)
    if event.kind in {EventKind.REFUSED, EventKind.ABSENT}:
        if is_witnessed(event.facts):
            return Proven("B", Ground.WITNESSED, arrival=True, content=True)
        return Proven("C", Ground.UNWITNESSED, content=_count(event.facts, "photos") > 0)
    return Proven("D", Ground.EFFORT)


def _by_mail(event: Event) -> Proven:
    has_line = bool(_text(event.facts, "content_line"))
    is_refused = event.kind is EventKind.REFUSED or (
        event.kind is EventKind.RETURNED and _text(event.facts, "reason") == ReturnReason.REFUSED
    )
    if not is_refused and event.kind not in {EventKind.DELIVERED, EventKind.SIGNED}:
        return Proven("D", Ground.EFFORT, content=has_line)
    is_other = _text(event.facts, "relation") in {Relation.TENANT, Relation.MINOR, Relation.OTHER}
    return Proven("B" if is_other else "A", Ground.MAIL, arrival=True, content=has_line)


def _by_wire(event: Event) -> Proven:
    has_text = bool(event.facts.get("has_text"))
    if event.kind not in {EventKind.DELIVERED, EventKind.READ}:
        return Proven("D", Ground.EFFORT, content=has_text)
    if _text(event.facts, "basis") not in OWN:
        return Proven("D", Ground.UNCONFIRMED, content=has_text)
    return Proven("B", Ground.DATA, arrival=True, content=has_text)


def _on_page(event: Event) -> Proven:
    if event.kind is EventKind.SENT:
        return Proven("D", Ground.EFFORT)
    is_owner = _text(event.facts, "visit").startswith("code:") or (
        event.kind is EventKind.SIGNED and bool(event.facts.get("is_owner_name"))
    )
    if not is_owner:
        strength = "C" if event.kind is EventKind.SIGNED else "D"
        return Proven(strength, Ground.UNCONFIRMED, content=True)
    return Proven("B", Ground.DATA, arrival=True, content=True)


def _with_content(channel: Channel, proof: Proven, *, has_content: bool) -> Proven:
    """Weaken an arrival of nobody knows what; registered post is one grade below the state's own express."""
    if not proof.arrival:
        return proof
    if not has_content:
        ground = Ground.MAIL_BLIND if channel in BY_MAIL else proof.ground
        return Proven("C", ground, arrival=True)
    strength = "B" if channel is Channel.POST else proof.strength
    return Proven(strength, proof.ground, arrival=True, content=True)


def _order(kind: EventKind) -> int:
    """Rank news of one day: what happens first in the life of a letter comes first."""
    return list(EventKind).index(kind)


def _staff(facts: Mapping[str, Any]) -> set[str]:
    given = facts.get("staff")
    names = given if isinstance(given, list | tuple) else ()
    return {"".join(str(name).split()) for name in names} - {""}


def _text(facts: Mapping[str, Any], name: str) -> str:
    value = facts.get(name)
    return value.strip() if isinstance(value, str) else ""


def _count(facts: Mapping[str, Any], name: str) -> int:
    value = facts.get(name)
    return value if isinstance(value, int) else 0

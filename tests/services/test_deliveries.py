"""The register of deliveries: what is filed, what follows from it, what is refused, and what a file of the post does."""

from __future__ import annotations

import datetime as dt
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import xlsxwriter
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from app.domain.deeds import By
from app.domain.delivery import AddressKind, Basis, Channel, EventKind
from app.domain.errors import Kind, Refusal
from app.services import addresses, deliveries, delivery_lists
from app.sheets import tracking
from app.store import db, delivery_addresses, delivery_reads, evidence
from app.store import deliveries as store
from app.store.tables_claims import interruption, interruption_withdrawal
from app.store.tables_deliveries import delivery, delivery_event
from app.store.tables_office import notice
from tests import making
from tests.services import noticing

NOW, TODAY = noticing.NOW, noticing.TODAY
DAY = TODAY
LATER = TODAY + dt.timedelta(days=10)
AT = NOW + dt.timedelta(days=10)
BY = By(LATER, AT, "clerk", 1)
WITNESSED = {"staff": ["陈一", "李二"], "witness": "张居委", "photos": 2, "place": "门口"}


@dataclass(frozen=True, slots=True)
class Batch:
    """An estate with one batch of printed notices."""

    engine: Engine
    made: making.Estate
    batch_id: int
    notices: tuple[int, ...]
    numbers: tuple[str, ...]

    @property
    def community_id(self) -> int:
        return self.made.community_id


@pytest.fixture
def batch(engine: Engine, tmp_path: Path) -> Batch:
    made = noticing.build(engine)
    with db.transaction(engine) as session:
        assert making.add_user(session, "clerk") == BY.actor_id
    batch_id = noticing.draft(engine, made)
    noticing.release(engine, batch_id)
    noticing.finish(engine, noticing.gateways(tmp_path), batch_id)
    with db.reading(engine) as session:
        rows = session.execute(sa.select(notice.c.id, notice.c.number).order_by(notice.c.unit_id)).all()
    return Batch(engine, made, batch_id, tuple(row.id for row in rows), tuple(row.number for row in rows))


def send(batch: Batch, channel: Channel, *, numbers: dict[str, str] | None = None, **changes: Any) -> deliveries.Sent:
    asked: dict[str, Any] = {"notice_ids": batch.notices, "community_id": batch.community_id, "sent_on": DAY}
    asked |= {"numbers": numbers or {}, "has_line": True, "who": "陈一", "key": f"send {channel}", "by": BY}
    with db.transaction(batch.engine) as session:
        return deliveries.register_sent(session, channel=channel, **asked | changes)


def posted(batch: Batch) -> dict[str, str]:
    """Return a number of the post for every notice."""
    return {number: f"1099{place:09d}" for place, number in enumerate(batch.numbers)}


def file(batch: Batch, nth: int, channel: Channel, kind: EventKind, **facts: Any) -> deliveries.Filed:
    on = facts.pop("on", DAY + dt.timedelta(days=2))
    wish = deliveries.Wish(batch.notices[nth], channel, kind, on, facts=facts)
    with db.transaction(batch.engine) as session:
        return deliveries.record(session, wish=wish, key=f"{nth} {channel} {kind} {on} {len(facts)}", by=BY)


def row_of(batch: Batch, delivery_id: int) -> Any:
    with db.reading(batch.engine) as session:
        return store.by_id(session, delivery_id)


def restarts(batch: Batch, place: int) -> list[Any]:
    """Return what interrupts the bills of a unit, a row a bill; what was withdrawn is not among it."""
    withdrawn = sa.select(interruption_withdrawal.c.interruption_id)
    unit_id = batch.made.units[place]
    query = sa.select(interruption).where(interruption.c.unit_id == unit_id, interruption.c.id.not_in(withdrawn))
    with db.reading(batch.engine) as session:
        return list(session.execute(query))


def refused(batch: Batch, *args: Any, **facts: Any) -> str:
    with pytest.raises(Refusal) as told:
        file(batch, *args, **facts)
    return told.value.code


# --- proof and what follows from it -----------------------------------------------------------------


def test_a_signed_slip_proves_arrival_and_restarts_exactly_the_bills_the_notice_lists(batch: Batch) -> None:
    done = file(batch, 0, Channel.HAND, EventKind.SIGNED, receiver="王秀英", relation="self")
    row = row_of(batch, done.delivery_id)
    assert (row.state, row.strength, row.has_content) == ("signed", "A", True)
    assert row.arrived_on == row.signed_on == DAY + dt.timedelta(days=2)
    rows = restarts(batch, 0)
    assert {(one.happened_on, one.strength, one.proof_id) for one in rows} == {(row.arrived_on, "A", done.event_id)}
    assert len(rows) == 2
    assert restarts(batch, 1) == []


def test_what_was_only_posted_is_an_effort_and_moves_no_clock(batch: Batch) -> None:
    sent = send(batch, Channel.DOOR)
    assert len(sent.delivery_ids) == 5
    rows = [row_of(batch, number) for number in sent.delivery_ids]
    assert {(row.state, row.strength, row.arrived_on) for row in rows} == {("sent", "D", None)}
    assert [restarts(batch, place) for place in range(5)] == [[]] * 5


def test_even_the_database_knows_that_a_posted_notice_never_arrived(batch: Batch) -> None:
    sent = send(batch, Channel.MAILBOX)
    changed = sa.update(delivery).where(delivery.c.id == sent.delivery_ids[0]).values(arrived_on=DAY)
    with pytest.raises(DBAPIError), db.transaction(batch.engine) as session:
        session.execute(changed)


def test_a_wrong_event_is_taken_back_by_a_further_row_and_proves_nothing_any_more(batch: Batch) -> None:
    done = file(batch, 0, Channel.HAND, EventKind.SIGNED, receiver="王秀英", relation="self")
    with db.transaction(batch.engine) as session:
        deliveries.correct(session, delivery_id=done.delivery_id, event_id=done.event_id, reason="回执认错了户", by=BY)
    row = row_of(batch, done.delivery_id)
    assert (row.state, row.arrived_on, row.strength) == ("made", None, "")
    with db.reading(batch.engine) as session:
        told = delivery_reads.timeline(session, done.delivery_id)
        assert [(one["kind"], one["is_corrected"]) for one in told] == [("signed", True), ("corrected", False)]
        assert session.execute(sa.select(sa.func.count()).select_from(interruption)).scalar_one() == 2
    assert restarts(batch, 0) == []
    with pytest.raises(Refusal) as twice, db.transaction(batch.engine) as session:
        deliveries.correct(session, delivery_id=done.delivery_id, event_id=done.event_id, reason="又一次", by=BY)
    assert twice.value.kind is Kind.NOT_FOUND


def test_an_event_is_never_updated_nor_deleted(batch: Batch) -> None:
    done = file(batch, 0, Channel.HAND, EventKind.SIGNED, receiver="王秀英", relation="self")
    for statement in (sa.update(delivery_event).values(kind="read"), sa.delete(delivery_event)):
        with pytest.raises(DBAPIError), db.transaction(batch.engine) as session:
            session.execute(statement)
    assert row_of(batch, done.delivery_id).state == "signed"


def test_a_refusal_needs_two_of_the_staff_and_a_witness_or_photos(batch: Batch) -> None:
    kinds = (Channel.HAND, EventKind.REFUSED)
    assert refused(batch, 0, *kinds, staff=["陈一"], witness="张居委", photos=2) == "delivery.two_staff"
    assert refused(batch, 0, *kinds, staff=["陈一", "陈 一"], witness="张居委") == "delivery.two_staff"
    assert refused(batch, 0, *kinds, staff=["陈一", "李二"]) == "delivery.witness_or_photos"
    weak = file(batch, 0, *kinds, staff=["陈一", "李二"], photos=1)
    assert (row_of(batch, weak.delivery_id).strength, restarts(batch, 0)) == ("C", [])
    full = file(batch, 1, *kinds, **WITNESSED)
    assert row_of(batch, full.delivery_id).strength == "B"
    assert len(restarts(batch, 1)) == 2


def test_a_refusal_leaves_a_record_to_be_signed_that_names_the_very_notice(batch: Batch, tmp_path: Path) -> None:
    from app.services import printing

    done = file(batch, 0, Channel.HAND, EventKind.ABSENT, **WITNESSED, left_at="门把手")
    assert done.document_id is not None
    with db.reading(batch.engine) as session:
        paper = printing.paper(session, document_id=done.document_id)
    assert paper.number.startswith("SD")
    printed = printing.press(paper.kind, json.loads(paper.facts), token="")
    assert printed.pages == 1
    assert batch.numbers[0] in paper.facts


def test_a_message_counts_only_with_a_number_the_owner_is_known_to_hold(batch: Batch) -> None:
    kinds = (Channel.MESSAGE, EventKind.DELIVERED)
    weak = file(batch, 0, *kinds, has_text=True)
    assert (row_of(batch, weak.delivery_id).arrived_on, row_of(batch, weak.delivery_id).strength) == (None, "D")
    wish = addresses.Wish(AddressKind.PHONE, "138 0000 8001", Basis.CONFIRMED, "地址确认书 2026-03-01", TODAY)
    with db.transaction(batch.engine) as session:
        addresses.add(session, unit_id=batch.made.units[1], wish=wish, by=BY)
    good = file(batch, 1, *kinds, has_text=True)
    assert row_of(batch, good.delivery_id).strength == "B"
    assert len(restarts(batch, 1)) == 2
    blind = file(batch, 1, Channel.EMAIL, EventKind.DELIVERED, has_text=True)
    assert row_of(batch, blind.delivery_id).strength == "D"


def test_every_event_enters_the_units_chain_with_the_hash_of_the_very_document(batch: Batch) -> None:
    done = file(batch, 0, Channel.HAND, EventKind.SIGNED, receiver="王秀英", relation="self")
    with db.reading(batch.engine) as session:
        links = [one for one in evidence.chain_of_unit(session, batch.made.units[0]) if one.subject_kind == store.PROOF]
        head = delivery_reads.head(session, batch.notices[0])
    assert [one.subject_id for one in links] == [done.event_id]
    assert links[0].facts["facts"]["document_sha256"] == head["sha256"]


def test_the_same_form_sent_twice_files_once(batch: Batch) -> None:
    first = file(batch, 0, Channel.HAND, EventKind.SIGNED, receiver="王秀英", relation="self")
    assert file(batch, 0, Channel.HAND, EventKind.SIGNED, receiver="王秀英", relation="self") == first
    assert send(batch, Channel.HAND) == send(batch, Channel.HAND)
    with db.reading(batch.engine) as session:
        assert session.execute(sa.select(sa.func.count()).select_from(delivery)).scalar_one() == 6


def test_nothing_is_filed_before_the_notice_was_made_or_after_today(batch: Batch) -> None:
    signed = (Channel.HAND, EventKind.SIGNED)
    early = TODAY - dt.timedelta(days=1)
    assert refused(batch, 0, *signed, receiver="王", relation="self", on=early) == "delivery.before_notice"
    assert (
        refused(batch, 0, *signed, receiver="王", relation="self", on=LATER + dt.timedelta(days=1)) == "date.in_future"
    )


# --- addresses --------------------------------------------------------------------------------------


def test_an_item_that_came_back_flags_its_address_and_nothing_is_sent_there_again(batch: Batch) -> None:
    sent = send(batch, Channel.EMS, numbers=posted(batch))
    file(batch, 0, Channel.EMS, EventKind.RETURNED, reason="unknown")
    assert row_of(batch, sent.delivery_ids[0]).arrived_on is None
    again = send(batch, Channel.HAND, key="again")
    assert [(one.notice_id, one.code) for one in again.left_out] == [(batch.notices[0], "delivery.address_bad")]
    assert refused(batch, 0, Channel.EMS, EventKind.SENT, post_number="109900000099X") == "delivery.address_bad"
    with db.transaction(batch.engine) as session:
        listed = delivery_lists.slips(session, notice_ids=batch.notices, community_id=batch.community_id, by=BY)
    assert [one.code for one in listed.skipped] == ["delivery.address_bad"]
    with db.transaction(batch.engine) as session:
        [row] = delivery_addresses.of_unit(session, batch.made.units[0])
        addresses.clear(session, unit_id=batch.made.units[0], address_id=row["id"], reason="邮局投错，已核实", by=BY)
    assert send(batch, Channel.HAND, key="third").left_out == ()


def test_a_confirmed_address_goes_before_the_units_own_and_stays_sealed(batch: Batch) -> None:
    wish = addresses.Wish(AddressKind.ADDRESS, "杭州市西湖区文三路 1 号", Basis.CONFIRMED, "送达地址确认书", TODAY)
    with db.transaction(batch.engine) as session:
        addresses.add(session, unit_id=batch.made.units[0], wish=wish, by=BY)
        listed = delivery_lists.slips(session, notice_ids=batch.notices, community_id=batch.community_id, by=BY)
        [row] = delivery_addresses.of_unit(session, batch.made.units[0])
    assert listed.slips[0].address == wish.value
    assert listed.slips[0].content.startswith(f"锦绣花园{listed.slips[0].label}物业费催缴通知书 编号{batch.numbers[0]}")
    assert wish.value not in row["value_mask"]
    assert wish.value.encode() not in bytes(row["value_sealed"])


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (addresses.Wish(AddressKind.PHONE, "12", Basis.CONFIRMED, "合同第三条", TODAY), "address.value_wrong"),
        (addresses.Wish(AddressKind.EMAIL, "wang", Basis.CONTRACT, "合同第三条", TODAY), "address.value_wrong"),
        (addresses.Wish(AddressKind.PHONE, "13800008001", Basis.CODE, "验证码", TODAY), "address.note_missing"),
        (addresses.Wish(AddressKind.PHONE, "13800008001", Basis.CODE, "验证码已回", TODAY), "address.no_code"),
        (addresses.Wish(AddressKind.EMAIL, "w@example.com", Basis.CODE, "验证码已回", TODAY), "address.basis_wrong"),
        (addresses.Wish(AddressKind.PHONE, "13800008001", Basis.UNIT, "就是这里", TODAY), "address.basis_wrong"),
    ],
)
def test_an_address_without_ground_is_refused(batch: Batch, wish: addresses.Wish, code: str) -> None:
    with pytest.raises(Refusal) as told, db.transaction(batch.engine) as session:
        addresses.add(session, unit_id=batch.made.units[0], wish=wish, by=BY)
    assert told.value.code == code


def test_an_address_is_ended_and_taken_up_again_with_its_history_kept(batch: Batch) -> None:
    unit_id = batch.made.units[0]
    wish = addresses.Wish(AddressKind.PHONE, "13800008001", Basis.CONTRACT, "合同第三条", TODAY)
    with db.transaction(batch.engine) as session:
        made = addresses.add(session, unit_id=unit_id, wish=wish, by=BY)
        for act in (addresses.flag, addresses.clear, addresses.end, addresses.resume):
            act(session, unit_id=unit_id, address_id=made, reason="核实", by=BY)
        kinds = [row["kind"] for row in delivery_addresses.history(session, unit_id)]
    assert kinds == ["resumed", "ended", "cleared", "flagged", "recorded"]
    with pytest.raises(Refusal) as other, db.transaction(batch.engine) as session:
        addresses.flag(session, unit_id=batch.made.units[1], address_id=made, reason="别户", by=BY)
    assert other.value.kind is Kind.NOT_FOUND


# --- what the post office hands back ----------------------------------------------------------------


HEAD = ["邮件号", "状态", "投递时间", "签收人", "备注"]


def results(batch: Batch, rows: list[list[str]], *, name: str = "结果.csv", head: list[str] = HEAD) -> Any:
    text = "\r\n".join(",".join(row) for row in [head, *rows])
    read = tracking.parse(name, text.encode("gb18030"))
    with db.transaction(batch.engine) as session:
        return delivery_lists.file_results(session, read=read, file_name=name, community_id=batch.community_id, by=BY)


def test_results_are_filed_once_and_whatever_was_not_filed_is_named(batch: Batch) -> None:
    sent = send(batch, Channel.EMS, numbers=posted(batch))
    numbers = list(posted(batch).values())
    rows = [
        [numbers[0], "妥投 本人签收", "2026-03-05 10:20", "王秀英", ""],
        [numbers[1], "拒收", "2026-03-06 09:00", "", ""],
        [numbers[2], "退回妥投", "2026-03-09", "", "查无此人"],
        [numbers[3], "运输中", "2026-03-03", "", ""],
        [numbers[4], "未妥投，无人在家", "2026-03-04", "", ""],
        ["109999999999X", "妥投", "2026-03-05", "", ""],
        [numbers[0], "退回", "2026-03-08", "", "拒收"],
        [numbers[1], "拒收", "2026-03-06 09:00", "", ""],
        [numbers[4], "妥投", "2027-01-01", "", ""],
    ]
    done = results(batch, rows)
    assert (done.rows, done.filed, done.repeated) == (9, 4, 1)
    assert [(one.row, one.code) for one in done.problems] == [
        (5, "tracking.in_transit"),
        (7, "tracking.unknown_number"),
        (8, "tracking.contradiction"),
        (10, "tracking.in_future"),
    ]
    states = [(row.state, row.strength) for row in (row_of(batch, number) for number in sent.delivery_ids)]
    assert states == [("delivered", "A"), ("refused", "A"), ("returned", "D"), ("sent", "D"), ("sent", "D")]
    assert [len(restarts(batch, place)) for place in range(5)] == [2, 2, 0, 0, 0]
    again = results(batch, rows)
    assert (again.filed, again.repeated) == (0, 5)
    assert len(restarts(batch, 0)) == 2


def test_an_item_nobody_registered_is_found_by_the_number_of_its_notice(batch: Batch) -> None:
    head = ["客户订单号", "运单号", "投递结果", "签收时间"]
    done = results(batch, [[batch.numbers[0], "1099000000001", "已签收", "2026-03-05"]], head=head)
    assert (done.filed, done.problems) == (1, ())
    with db.reading(batch.engine) as session:
        [row] = store.deliveries_of_notice(session, batch.notices[0])
    # nobody said what the slip names: it arrived, but nothing shows what it was
    assert (row["post_number"], row["arrived_on"], row["has_content"]) == ("1099000000001", dt.date(2026, 3, 5), False)
    assert (row["strength"], restarts(batch, 0)) == ("C", [])


def test_a_workbook_of_the_post_is_read_like_a_text_file() -> None:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["邮政速递 投递结果"])
        sheet.write_row(1, 0, ["邮件号码", "处理动作", "处理时间"])
        sheet.write_row(2, 0, ["1099000000001", "他人签收（物业代收）", "2026-03-05 08:30:00"])
    read = tracking.parse("结果.xlsx", target.getvalue())
    assert [(one.post_number, one.kind, one.relation) for one in read.results] == [
        ("1099000000001", EventKind.DELIVERED, "other")
    ]
    with pytest.raises(Refusal) as told:
        tracking.parse("结果.csv", b"a,b\r\n1,2")
    assert told.value.code == "tracking.no_columns"


def test_the_register_counts_every_notice_once(batch: Batch) -> None:
    file(batch, 0, Channel.HAND, EventKind.SIGNED, receiver="王秀英", relation="self")
    file(batch, 0, Channel.EMS, EventKind.SENT, post_number="1099000000001", content_line="×室")
    send(batch, Channel.DOOR, notice_ids=batch.notices[1:3])
    wanted = delivery_reads.Filter(batch.community_id)
    with db.reading(batch.engine) as session:
        assert delivery_reads.counts(session, wanted) == {"signed": 1, "sent": 2, "printed": 2}
        assert delivery_reads.gaps(session, community_id=batch.community_id) == {
            "notices": 5,
            "arrival": 4,
            "content": 0,
        }
        rates = delivery_reads.rates(session, community_id=batch.community_id, from_on=TODAY, to_on=TODAY)
        assert sum(row["notices"] for row in rates) == 5
        listed = delivery_reads.listed(session, wanted, limit=50, offset=0)
    assert [row["number"] for row in listed] == list(batch.numbers)


def test_a_slip_signed_on_the_owners_page_is_mirrored_once(batch: Batch) -> None:
    from app.store import acknowledgements

    row: dict[str, Any] = {
        "notice_id": batch.notices[0],
        "unit_id": batch.made.units[0],
        "community_id": batch.community_id,
    }
    row |= {"document_sha256": "d" * 64, "signed_name": "王秀英", "is_owner_name": True, "record_sha256": "e" * 64}
    with db.transaction(batch.engine) as session:
        acknowledgements.add(session, row | {"visit": "code:1", "signed_at": NOW})
        slip = acknowledgements.signed(session, batch.notices[0])
        assert slip is not None
        assert store.mirror_acknowledgement(session, slip.id, NOW) is not None
        assert store.mirror_acknowledgement(session, slip.id, NOW) is None
        [found] = store.deliveries_of_notice(session, batch.notices[0])
    assert (found["channel"], found["state"], found["strength"]) == ("page", "signed", "B")


def test_a_notice_of_another_community_is_not_there(batch: Batch) -> None:
    with db.transaction(batch.engine) as session:
        other = making.make_estate(session, units=("1-1-101",), name="望江苑")
    with pytest.raises(Refusal) as told:
        send(batch, Channel.HAND, community_id=other.community_id, key="other")
    assert told.value.kind is Kind.NOT_FOUND

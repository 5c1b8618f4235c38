"""The counter's pages: a room leads to its bills, boxes name what is paid, and every paper prints."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app.store import db, estate_marks, ledger
from app.store.tables import allocation, payment, reversal
from app.store.tables_counter import deposit_entry, period_close, shift, shift_line, unclaimed_entry
from tests.web.conftest import Browser
from tests.web.estate import NOW, TODAY, Estate

KEYS = iter(f"key-{number:020d}" for number in range(10_000))


def key() -> str:
    return next(KEYS)


def at(browser: Browser, estate: Estate, login: str) -> TestClient:
    """Return somebody who works in the first community."""
    client = browser(login)
    assert client.post("/community", data={"community_id": str(estate.communities[0])}).status_code == 303
    return client


def first_unit(estate: Estate) -> int:
    return estate.units[estate.communities[0]][0]


def count(engine: Engine, table: sa.Table) -> int:
    with db.reading(engine) as session:
        return int(session.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def paid_of(engine: Engine, bill_id: int) -> int:
    with db.reading(engine) as session:
        query = sa.select(sa.func.coalesce(sa.func.sum(allocation.c.amount_fen), 0))
        return int(session.execute(query.where(allocation.c.bill_id == bill_id)).scalar_one())


def boxes(page: str) -> dict[str, str]:
    return dict(re.findall(r'data-box="(\d+)" value="([\d.]*)"', page))


def proposal(page: str) -> str:
    found = re.search(r'name="proposal" value="([^"]*)"', page)
    assert found
    return found[1]


# --- the room -------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["1-1-101", "1幢1单元101", "1幢1单元101室"])
def test_a_room_however_it_is_typed_leads_to_its_bills(browser: Browser, estate: Estate, typed: str) -> None:
    answer = at(browser, estate, "cashier").get("/collect", params={"q": typed})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/collect/units/{first_unit(estate)}"


def test_several_hits_are_listed_with_their_digits_and_none_teaches(browser: Browser, estate: Estate) -> None:
    client = at(browser, estate, "cashier")
    several = client.get("/collect", params={"q": "1-1"}).text
    assert several.count('href="/collect/units/') > 1
    assert "data-picks" in several
    assert "没有找到" in client.get("/collect", params={"q": "nobody"}).text
    assert client.get("/collect", params={"q": "%" * 60}).status_code == 200


def test_a_receipt_of_another_community_is_not_shown_after_the_fact(browser: Browser, estate: Estate) -> None:
    other = estate.units[estate.communities[1]][0]
    done = browser("clerk").post(f"/collect/units/{other}", data={"amount": "5", "key": key()})
    number = done.headers["location"].split("=")[1]
    assert browser("confined").get(f"/collect?done={number}").status_code == 404


# --- the bills ------------------------------------------------------------------------------------


def test_the_page_proposes_what_the_rule_would_pay_and_taking_it_leads_to_the_next_room(
    browser: Browser, estate: Estate, engine: Engine
) -> None:
    client, unit_id = at(browser, estate, "cashier"), first_unit(estate)
    page = client.get(f"/collect/units/{unit_id}").text
    assert sum(round(float(text) * 100) for text in boxes(page).values()) == 163_199
    assert "壹仟陆佰叁拾壹元玖角玖分" in page
    assert "收款后没有欠费" in page
    form: dict[str, str | list[str]] = {"amount": "1631.99", "key": key(), "act": "print", "proposal": proposal(page)}
    form |= {"row": list(boxes(page)), "part": list(boxes(page).values())}
    done = client.post(f"/collect/units/{unit_id}", data=form)
    assert done.status_code == 303
    after = client.get(done.headers["location"]).text
    assert "已收" in after
    assert "data-paper" in after
    assert "本班 ¥1,631.99 · 1 笔" in after
    assert 'id="room"' in after
    assert count(engine, payment) == 1


def test_a_changed_box_names_the_bill_that_is_paid(browser: Browser, estate: Estate, engine: Engine) -> None:
    client, unit_id = at(browser, estate, "cashier"), first_unit(estate)
    newest, oldest = min(estate.bills[unit_id]), max(estate.bills[unit_id])
    form = {"amount": "100", "key": key(), "row": [str(newest), str(oldest)], "part": ["100", ""], "proposal": "x"}
    assert client.post(f"/collect/units/{unit_id}", data=form).status_code == 303
    assert (paid_of(engine, newest), paid_of(engine, oldest)) == (10_000, 0)


def test_a_new_amount_beside_untouched_boxes_is_shared_out_by_the_rule(
    browser: Browser, estate: Estate, engine: Engine
) -> None:
    client, unit_id = at(browser, estate, "cashier"), first_unit(estate)
    page = client.get(f"/collect/units/{unit_id}").text
    form: dict[str, str | list[str]] = {"amount": "50", "key": key(), "proposal": proposal(page)}
    form |= {"row": list(boxes(page)), "part": list(boxes(page).values())}
    assert client.post(f"/collect/units/{unit_id}", data=form).status_code == 303
    assert paid_of(engine, max(estate.bills[unit_id])) == 5_000


BOXES_NOBODY_CAN_PAY = [
    ("100", ["60", "60"], "多于收款金额"),
    ("120", ["60", "60"], "只有一笔账单可以部分缴"),
    ("99999", ["99999", ""], "不能超过该笔尚欠"),
    ("100", ["1e3", ""], "只能填 0 或金额"),
    ("100", ["-5", ""], "只能填 0 或金额"),
]


@pytest.mark.parametrize(("amount", "parts", "sentence"), BOXES_NOBODY_CAN_PAY)
def test_boxes_nobody_can_pay_come_back_with_a_sentence(
    browser: Browser, estate: Estate, engine: Engine, amount: str, parts: list[str], sentence: str
) -> None:
    unit_id = first_unit(estate)
    form = {"amount": amount, "key": key(), "row": [str(one) for one in estate.bills[unit_id][:2]], "part": parts}
    answer = at(browser, estate, "cashier").post(f"/collect/units/{unit_id}", data=form)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{parts[0]}"' in answer.text
    assert count(engine, payment) == 0


def test_what_stays_open_is_said_with_the_order_and_the_late_charge(browser: Browser, estate: Estate) -> None:
    form = {"amount": "100", "key": key(), "act": "preview"}
    text = at(browser, estate, "cashier").post(f"/collect/units/{first_unit(estate)}", data=form).text
    assert "还欠 ¥1,531.99" in text
    assert "先到期的账单先缴，先本金后违约金" in text
    assert "继续按日计违约金" in text


def test_the_banner_says_what_is_held(browser: Browser, estate: Estate, engine: Engine) -> None:
    unit_id = first_unit(estate)
    with db.transaction(engine) as session:
        row = {
            "kind": "hold",
            "value_on": TODAY,
            "until_on": TODAY,
            "reason": "电梯异议",
            "recorded_at": NOW,
            "recorded_by": None,
        }
        ledger.post(session, ledger.Posting(unit_id, "adjustment", row), through=TODAY)
        assert estate_marks.flags_of(session, [unit_id], on=TODAY)[unit_id] in {("held",), ("disputed",)}
    text = at(browser, estate, "cashier").get(f"/collect/units/{unit_id}").text
    assert "电梯异议" in text
    assert "收款照常入账" in text


def test_the_units_own_page_serves_the_same_form(browser: Browser, estate: Estate) -> None:
    client, unit_id = at(browser, estate, "cashier"), first_unit(estate)
    one, two = (client.get(path).text for path in (f"/collect/units/{unit_id}", f"/units/{unit_id}/pay"))
    assert boxes(one) == boxes(two) != {}
    done = client.post(f"/units/{unit_id}/pay", data={"amount": "5", "key": key()})
    assert done.headers["location"].startswith("/payments/")


def test_a_receipt_may_stand_in_the_counters_page_and_in_no_other(browser: Browser, estate: Estate) -> None:
    client = at(browser, estate, "cashier")
    done = client.post(f"/collect/units/{first_unit(estate)}", data={"amount": "5", "key": key()})
    number = done.headers["location"].split("=")[1]
    plain, inside = (client.get(f"/payments/{number}/receipt{query}") for query in ("", "?inside"))
    assert "frame-ancestors 'none'" in plain.headers["content-security-policy"]
    assert plain.headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'self'" in inside.headers["content-security-policy"]
    assert inside.headers["x-frame-options"] == "SAMEORIGIN"
    assert plain.content == inside.content


# --- unclaimed money ------------------------------------------------------------------------------


def found_money(client: TestClient, **changes: str) -> None:
    form = {"amount": "1631.99", "payer": "某人", "note": "1-1-101", "key": key(), **changes}
    assert client.post("/collect/unclaimed", data=form).status_code == 303


def test_unclaimed_money_is_seen_guessed_looked_at_and_matched_by_another(
    browser: Browser, estate: Estate, engine: Engine
) -> None:
    clerk, finance = at(browser, estate, "clerk"), at(browser, estate, "finance")
    found_money(clerk)
    text = clerk.get("/collect/unclaimed").text
    assert "备注写了房号、金额等于未缴合计" in text
    assert "您登记的" in clerk.get("/collect/unclaimed/1").text
    match = {"unit": "1-1-101", "amount": "1631.99", "key": key()}
    assert clerk.post("/collect/unclaimed/1/match", data=match).status_code == 403
    looked = finance.post("/collect/unclaimed/1/match", data=match | {"act": "preview"})
    assert "这笔钱的去向" in looked.text
    assert count(engine, payment) == 0
    assert finance.post("/collect/unclaimed/1/match", data=match).status_code == 303
    assert finance.post("/collect/unclaimed/1/match", data=match).status_code == 303
    assert count(engine, payment) == count(engine, unclaimed_entry) == 1
    assert "没有待认领的款项" in clerk.get("/collect/unclaimed").text
    assert "1幢1单元101室" in finance.get("/collect/unclaimed/1").text


def test_unclaimed_money_goes_back_to_its_payer_for_a_reason(browser: Browser, estate: Estate, engine: Engine) -> None:
    found_money(at(browser, estate, "clerk"))
    finance = at(browser, estate, "finance")
    back = {"back_amount": "1631.99", "to_whom": "某人", "key": key()}
    refused = finance.post("/collect/unclaimed/1/return", data=back)
    assert refused.status_code == 422
    assert "须写明原因" in refused.text
    assert finance.post("/collect/unclaimed/1/return", data=back | {"reason": "误转"}).status_code == 303
    assert count(engine, unclaimed_entry) == 1


WRONG_MATCHES = [
    ({"unit": "9-9-999", "amount": "1"}, 422, "没有找到“9-9-999”"),
    ({"unit": "1-1", "amount": "1"}, 422, "唯一一户"),
    ({"unit": "1-1-101", "amount": "1632"}, 409, "只剩"),
    ({"unit": "1-1-101", "amount": "abc"}, 422, "abc"),
    ({"amount": "1"}, 422, "房号"),
]


@pytest.mark.parametrize(("typed", "status", "sentence"), WRONG_MATCHES)
def test_a_wrong_match_comes_back_with_what_was_typed(
    browser: Browser, estate: Estate, engine: Engine, typed: dict[str, str], status: int, sentence: str
) -> None:
    found_money(at(browser, estate, "clerk"))
    answer = at(browser, estate, "finance").post("/collect/unclaimed/1/match", data=typed | {"key": key()})
    assert answer.status_code == status
    assert sentence in answer.text
    assert count(engine, payment) == 0


def test_money_of_which_nothing_is_known_is_not_recorded(browser: Browser, estate: Estate) -> None:
    answer = at(browser, estate, "clerk").post("/collect/unclaimed", data={"amount": "5", "key": key()})
    assert answer.status_code == 422
    assert "无从认领" in answer.text


# --- deposits -------------------------------------------------------------------------------------


def held(client: TestClient, estate: Estate) -> str:
    client.post("/collect/deposits/kinds", data={"name": "装修押金", "usual": "2000"})
    form = {"kind": "1", "amount": "2000", "key": key(), "payer": "张装修"}
    done = client.post(f"/collect/units/{first_unit(estate)}/deposit", data=form)
    assert done.status_code == 303
    return done.headers["location"]


def test_a_deposit_is_taken_deducted_from_and_returned_with_its_slips(
    browser: Browser, estate: Estate, engine: Engine
) -> None:
    client = at(browser, estate, "cashier")
    assert "还没有押金种类" in client.get(f"/collect/units/{first_unit(estate)}/deposit").text
    where = held(client, estate)
    assert "张装修" in client.get("/collect/deposits").text
    assert "在押押金 ¥2,000.00" in client.get(f"/collect/units/{first_unit(estate)}").text
    thin = client.post(f"{where}/deduct", data={"deduct_amount": "500", "reason": "坏了", "key": key()})
    assert (thin.status_code, "须有依据" in thin.text) == (422, True)
    cut = {"deduct_amount": "500", "reason": "验收单 ZX-031 墙面破损", "key": key()}
    assert client.post(f"{where}/deduct", data=cut).status_code == 303
    much = client.post(f"{where}/return", data={"back_amount": "1500.01", "to_whom": "张", "key": key()})
    assert (much.status_code, "只剩" in much.text) == (409, True)
    back = {"back_amount": "1500", "to_whom": "张装修", "method": "bank", "key": key()}
    assert client.post(f"{where}/return", data=back).status_code == 303
    for entry in (1, 3):
        slip = client.get(f"{where}/entries/{entry}/slip")
        assert slip.headers["content-type"] == "application/pdf"
    assert client.get(f"{where}/entries/2/slip").status_code == 404
    with db.reading(engine) as session:
        rows = session.execute(sa.select(deposit_entry.c.amount_fen, deposit_entry.c.till_fen)).all()
    assert sorted(tuple(row) for row in rows) == [(-150_000, -150_000), (-50_000, 0), (200_000, 200_000)]


def test_the_latest_entry_of_a_deposit_is_taken_back_for_a_reason(browser: Browser, estate: Estate) -> None:
    client = at(browser, estate, "cashier")
    where = held(client, estate)
    assert client.post(f"{where}/entries/1/reverse", data={"key": key()}).status_code == 422
    undo = {"undo_reason": "登记错户", "key": key()}
    assert client.post(f"{where}/entries/1/reverse", data=undo).status_code == 303
    assert client.post(f"{where}/entries/1/reverse", data=undo | {"key": key()}).status_code == 409
    assert "没有在押的押金" in client.get("/collect/deposits").text


# --- the shift ------------------------------------------------------------------------------------


def test_a_shift_is_handed_over_printed_and_confirmed_by_a_second_person(
    browser: Browser, estate: Estate, engine: Engine
) -> None:
    clerk, finance, unit_id = at(browser, estate, "clerk"), at(browser, estate, "finance"), first_unit(estate)
    assert "本班没有未交的款项" in clerk.get("/collect/shift").text
    clerk.post(f"/collect/units/{unit_id}", data={"amount": "365.50", "key": key()})
    clerk.post(f"/collect/units/{unit_id}", data={"amount": "40", "method": "wechat", "key": key()})
    page = clerk.get("/collect/shift").text
    hidden = dict(re.findall(r'name="(lines|total)" value="(\d+)"', page))
    assert hidden == {"lines": "2", "total": "40550"}
    form = {**hidden, "pieces": ["3", "1", "0", "1", "1", "0", "1", ""], "key": key()}
    short = clerk.post("/collect/shift", data=form | {"pieces": ["3", "1", "0", "1", "0", "0", "1", ""]})
    assert (short.status_code, "须说明原因" in short.text) == (422, True)
    odd = clerk.post("/collect/shift", data=form | {"pieces": ["x"] * 8, "key": key()})
    assert (odd.status_code, "张数只能填" in odd.text) == (422, True)
    done = clerk.post("/collect/shift", data=form | {"key": key()})
    where = done.headers["location"]
    assert done.status_code == 303
    assert clerk.get(f"{where}/sheet").headers["content-type"] == "application/pdf"
    assert "自己不能确认" in clerk.get(where).text
    assert clerk.post(f"{where}/confirm").status_code == 403
    assert "待确认" in finance.get("/collect/shifts").text
    assert finance.post(f"{where}/confirm", data={"note": "点清"}).status_code == 303
    assert finance.post(f"{where}/confirm", data={"note": "点清"}).status_code == 409
    assert "finance 已确认" in finance.get(where).text
    with db.reading(engine) as session:
        total = session.execute(sa.select(sa.func.sum(shift_line.c.amount_fen))).scalar_one()
        assert int(total) == session.execute(sa.select(shift.c.total_fen)).scalar_one() == 40_550


def test_what_came_in_after_counting_is_not_handed_over_unseen(
    browser: Browser, estate: Estate, engine: Engine
) -> None:
    client, unit_id = at(browser, estate, "clerk"), first_unit(estate)
    client.post(f"/collect/units/{unit_id}", data={"amount": "100", "key": key()})
    form = {"lines": "1", "total": "10000", "pieces": ["1"] + [""] * 7, "key": key()}
    client.post(f"/collect/units/{unit_id}", data={"amount": "7", "key": key()})
    answer = client.post("/collect/shift", data=form)
    assert (answer.status_code, "现在共 2 笔" in answer.text) == (409, True)
    assert count(engine, shift) == 0


# --- closing --------------------------------------------------------------------------------------


def test_a_day_is_looked_at_closed_reported_and_opened_again(browser: Browser, estate: Estate, engine: Engine) -> None:
    client, unit_id = at(browser, estate, "finance"), first_unit(estate)
    client.post(f"/collect/units/{unit_id}", data={"amount": "100", "key": key()})
    day = {"span": "day", "on": TODAY.isoformat()}
    assert "1 人未交账" in client.get("/closing/review", params=day).text
    refused = client.post("/closing/close", data=day | {"key": key()})
    assert (refused.status_code, "还有未办完的事项" in refused.text) == (409, True)
    closed = client.post("/closing/close", data=day | {"key": key(), "accept": "true"})
    assert closed.status_code == 303
    assert "已结账" in client.get(closed.headers["location"]).text
    late = client.post(f"/collect/units/{unit_id}", data={"amount": "3", "key": key()})
    assert late.status_code == 409
    assert "重新开账" in late.text
    undone = client.post("/payments/1/reverse", data={"reason": "错户", "key": key()})
    assert undone.status_code == 409
    assert count(engine, reversal) == 0
    assert client.get("/closing/1/report").headers["content-type"] == "application/pdf"
    assert client.post("/closing/reopen", data=day | {"key": key()}).status_code == 422
    assert client.post("/closing/reopen", data=day | {"reason": "漏记", "key": key()}).status_code == 303
    again = {"amount": "3", "key": key(), "confirm_twin": "true"}
    assert client.post(f"/collect/units/{unit_id}", data=again).status_code == 303
    assert client.post("/closing/close", data=day | {"key": key(), "accept": "true"}).status_code == 303
    assert "第 3 版" in client.get("/closing").text
    assert count(engine, period_close) == 3


def test_the_month_is_closed_once_it_is_over(browser: Browser, estate: Estate) -> None:
    client = at(browser, estate, "manager")
    early = client.post("/closing/close", data={"span": "month", "on": TODAY.isoformat(), "key": key()})
    assert (early.status_code, "还没有到" in early.text) == (422, True)
    done = client.post("/closing/close", data={"span": "month", "on": "2026-10-05", "key": key(), "accept": "true"})
    assert done.status_code == 303
    text = client.get("/closing").text
    assert "月结" in text
    assert "2026-10-01 – 2026-10-31" in text


def test_nothing_of_another_community_is_reached_at_the_counter(browser: Browser, estate: Estate) -> None:
    clerk, confined = browser("manager"), browser("confined")
    other = estate.communities[1]
    assert clerk.post("/community", data={"community_id": str(other)}).status_code == 303
    found_money(clerk, note="望江苑的")
    clerk.post("/collect/deposits/kinds", data={"name": "望江苑专用押金"})
    taken = {"kind": "1", "amount": "5", "key": key()}
    assert clerk.post(f"/collect/units/{estate.units[other][0]}/deposit", data=taken).status_code == 303
    hidden = {"lines": "2", "total": "163699", "pieces": [""] * 8, "reason": "备用", "key": key()}
    assert clerk.post("/collect/shift", data=hidden).status_code == 303
    closing = {"span": "day", "on": "2026-11-01", "key": key(), "accept": "true"}
    assert clerk.post("/closing/close", data=closing).status_code == 303
    for path in (
        "/collect/unclaimed/1", "/collect/deposits/1", "/collect/deposits/1/entries/1/slip", "/collect/shifts/1",
        "/collect/shifts/1/sheet", "/closing/1/report",
    ):  # fmt: skip
        assert confined.get(path).status_code == 404, path
        assert clerk.get(path).status_code == 200, path
    for path in (
        "/collect/unclaimed?all=true",
        "/collect/deposits?all=true",
        "/collect/shifts",
        "/closing",
        "/collect",
    ):
        text = confined.get(path).text
        assert "望江苑" not in text, path
        assert "望江苑专用押金" not in text, path

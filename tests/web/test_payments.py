"""Taking money at the counter: what is typed badly stays on the page, what is sent twice counts once."""

from __future__ import annotations

import datetime as dt
import re

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from app.store import arrears, db, ledger
from app.store.tables import payment
from tests.web.conftest import Browser
from tests.web.estate import TODAY, Estate

KEY = "k" * 22


def first_unit(estate: Estate) -> int:
    return estate.units[estate.communities[0]][0]


def paid(engine: Engine) -> int:
    with db.reading(engine) as session:
        return int(session.execute(sa.select(sa.func.count()).select_from(payment)).scalar_one())


A_BAD_AMOUNT_COMES = [
    ("1e3", "1e3"),
    ("-5", "-5"),
    ("0", "须大于 0"),
    ("0.00", "须大于 0"),
    ("99999999999999", "99999999999999"),
    ("12.345", "12.345"),
    ("", "请填写收款金额"),
    ("abc", "abc"),
    ("NaN", "NaN"),
    ("１２，３", "１２，３"),
    ("=1+1", "=1+1"),
    ("<script>alert(1)</script>", "&lt;script&gt;"),
]


def test_a_bad_amount_comes_back_with_its_sentence_and_nothing_is_written(
    browser: Browser, estate: Estate, engine: Engine
) -> None:
    for typed, sentence in A_BAD_AMOUNT_COMES:
        unit_id = first_unit(estate)
        answer = browser("clerk").post(
            f"/units/{unit_id}/pay", data={"amount": typed, "note": "窗口收", "key": KEY, "act": "record"}
        )
        assert answer.status_code == 422
        assert sentence in answer.text
        assert 'value="窗口收"' in answer.text
        assert 'aria-invalid="true"' in answer.text
        assert f'value="{KEY}"' in answer.text
        assert "<script>alert" not in answer.text
        assert paid(engine) == 0


AMOUNTS_AS_PEOPLE_TYPE = ["1234.5", "１，２３４．５０元", "￥1,234.50", " 1234.50 ", "1234.500"]


def test_amounts_as_people_type_them_are_understood(browser: Browser, estate: Estate) -> None:
    for typed in AMOUNTS_AS_PEOPLE_TYPE:
        answer = browser("clerk").post(
            f"/units/{first_unit(estate)}/pay", data={"amount": typed, "key": KEY, "act": "preview"}
        )
        assert answer.status_code == 200
        assert "这笔钱的去向" in answer.text


A_BAD_DATE_COMES = ["2026-02-30", "2026.13.1", "yesterday", "2026-11-24", "1e9", "20261131"]


def test_a_bad_date_comes_back_with_its_sentence(browser: Browser, estate: Estate, engine: Engine) -> None:
    for typed in A_BAD_DATE_COMES:
        answer = browser("finance").post(
            f"/units/{first_unit(estate)}/pay", data={"amount": "1", "received_on": typed, "key": KEY}
        )
        assert answer.status_code == 422
        assert f'value="{typed}"' in answer.text
        assert paid(engine) == 0


def test_the_same_form_sent_twice_takes_the_money_once(browser: Browser, estate: Estate, engine: Engine) -> None:
    client, unit_id = browser("clerk"), first_unit(estate)
    form = {"amount": "500", "key": KEY, "act": "record", "method": "wechat"}
    first, second = (client.post(f"/units/{unit_id}/pay", data=form) for _ in range(2))
    assert first.status_code == second.status_code == 303
    assert first.headers["location"] == second.headers["location"]
    assert paid(engine) == 1
    other = client.post(f"/units/{unit_id}/pay", data=form | {"amount": "501"})
    assert other.status_code == 409
    assert paid(engine) == 1


def test_a_part_payment_lowers_the_oldest_bill_and_the_list_agrees(
    browser: Browser, estate: Estate, engine: Engine
) -> None:
    client, unit_id = browser("clerk"), first_unit(estate)
    with db.reading(engine) as session:
        [before] = arrears.list_units(session, as_of=TODAY, wanted=arrears.Filter(unit_ids=[unit_id]))
    answer = client.post(f"/units/{unit_id}/pay", data={"amount": "500", "key": KEY})
    page = client.get(answer.headers["location"]).text
    assert "已收款 ¥500.00" in page
    assert "本金" in page
    with db.reading(engine) as session:
        [after] = arrears.list_units(session, as_of=TODAY, wanted=arrears.Filter(unit_ids=[unit_id]))
    assert before.principal_fen - after.principal_fen == 50_000
    unit_page = client.get(f"/units/{unit_id}").text
    assert f"¥{after.total_fen // 100:,}.{after.total_fen % 100:02d}" in unit_page


def test_a_designated_bill_is_paid_first(browser: Browser, estate: Estate) -> None:
    client, unit_id = browser("clerk"), first_unit(estate)
    newest = estate.bills[unit_id][0]
    answer = client.post(
        f"/units/{unit_id}/pay", data={"amount": "100", "key": KEY, "bill": [str(newest)], "act": "preview"}
    )
    assert re.search(r"物业服务费 2026-10 – 2026-12，本金 100\.00", answer.text)
    foreign = estate.bills[estate.units[estate.communities[1]][0]][0]
    refused = client.post(f"/units/{unit_id}/pay", data={"amount": "100", "key": KEY, "bill": [str(foreign)]})
    assert refused.status_code == 422


def test_too_much_money_becomes_credit_and_is_explained(browser: Browser, estate: Estate) -> None:
    client, unit_id = browser("clerk"), first_unit(estate)
    seen = client.post(f"/units/{unit_id}/pay", data={"amount": "100000", "key": KEY, "act": "preview"})
    assert "转入预存款" in seen.text
    client.post(f"/units/{unit_id}/pay", data={"amount": "100000", "key": KEY})
    assert "98,368.01" in client.get(f"/units/{unit_id}?tab=payments").text


def test_back_dating_needs_a_right_and_gives_the_late_charge_of_that_day(browser: Browser, estate: Estate) -> None:
    unit_id = first_unit(estate)
    form = {"amount": "1497.24", "key": KEY, "received_on": "2026-10-20"}
    refused = browser("clerk").post(f"/units/{unit_id}/pay", data=form)
    assert refused.status_code == 403
    done = browser("finance").post(f"/units/{unit_id}/pay", data=form)
    assert done.status_code == 303
    page = browser("finance").get(f"/units/{unit_id}").text
    assert "83.85" in page  # 748.62 × 0.1 % × 102 days + 748.62 × 0.1 % × 10 days, each rounded once


def test_a_reversal_puts_everything_back_and_happens_once(browser: Browser, estate: Estate, engine: Engine) -> None:
    client, unit_id = browser("finance"), first_unit(estate)
    done = client.post(f"/units/{unit_id}/pay", data={"amount": "500", "key": KEY})
    where = done.headers["location"]
    empty = client.post(f"{where}/reverse", data={"reason": "", "key": "r" * 22})
    assert empty.status_code == 422
    assert "请填写红冲原因" in empty.text
    reversed_ = client.post(f"{where}/reverse", data={"reason": "登记错户", "key": "r" * 22})
    assert reversed_.status_code == 303
    assert client.post(f"{where}/reverse", data={"reason": "再来", "key": "s" * 22}).status_code == 409
    page = client.get(f"/units/{unit_id}?tab=payments").text
    assert "登记错户" in page
    assert "is-void" in page
    with db.reading(engine) as session:
        [row] = arrears.list_units(session, as_of=TODAY, wanted=arrears.Filter(unit_ids=[unit_id]))
    assert row.principal_fen == 149_724


def test_an_unknown_or_repeated_field_is_refused(browser: Browser, estate: Estate, engine: Engine) -> None:
    client, unit_id = browser("clerk"), first_unit(estate)
    extra = client.post(f"/units/{unit_id}/pay", data={"amount": "1", "key": KEY, "recorded_by": "1"})
    assert extra.status_code == 422
    twice = client.post(
        f"/units/{unit_id}/pay",
        content=f"amount=1&amount=1000&key={KEY}",
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert twice.status_code == 422
    assert "提交了多次" in twice.text
    json = client.post(f"/units/{unit_id}/pay", json={"amount": "1", "key": KEY})
    assert json.status_code == 422
    assert paid(engine) == 0


WORDS = st.text(max_size=90) | st.sampled_from(
    ["1e3", "１２", "-0", "0x1", "' OR 1=1 --", "\x00", "\ud800".encode("utf-8", "replace").decode(), "9" * 70]
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    form=st.dictionaries(
        st.sampled_from(["amount", "method", "reference", "payer", "note", "received_on", "bill", "key", "act", "x"]),
        WORDS,
    )
)
def test_no_form_whatever_breaks_the_page(browser: Browser, estate: Estate, form: dict[str, str]) -> None:
    form = {name: value.encode("utf-8", "replace").decode() for name, value in form.items()}
    client = browser("finance")
    for path in (f"/units/{first_unit(estate)}/pay", f"/units/{first_unit(estate)}/waive", "/billing/drafts"):
        answer = client.post(path, data=form | {"act": "preview"})
        assert answer.status_code in {200, 403, 409, 422}, (path, form, answer.text[-300:])


def test_the_list_pages_and_its_foot_agree_with_the_ledger(browser: Browser, estate: Estate, engine: Engine) -> None:
    client = browser("confined")
    text = client.get("/arrears").text
    with db.reading(engine) as session:
        ids = estate.units[estate.communities[0]]
        told = ledger.stories(session, ids)
        from app.domain.ledger import statement

        total = sum(
            bill.total_fen
            for story in told.values()
            for bill in statement(story.account, TODAY).bills
            if bill.bill.due_on < TODAY
        )
    assert f"¥{total // 100:,}.{total % 100:02d}" in text


def test_another_day_is_marked_as_a_trial(browser: Browser) -> None:
    text = browser("clerk").get("/arrears?as_of=2026-12-31").text
    assert "试算" in text
    assert (dt.date(2026, 12, 31)).isoformat() in text


def test_a_second_clerk_is_asked_before_the_same_money_is_taken_again(
    browser: Browser, estate: Estate, engine: Engine
) -> None:
    unit_id = first_unit(estate)
    form = {"amount": "500", "key": KEY, "act": "record"}
    assert browser("clerk").post(f"/units/{unit_id}/pay", data=form).status_code == 303
    again = browser("cashier").post(f"/units/{unit_id}/pay", data=form | {"key": "j" * 22})
    assert again.status_code == 409
    assert 'name="confirm_twin"' in again.text
    assert paid(engine) == 1
    sure = form | {"key": "j" * 22, "confirm_twin": "true"}
    assert browser("cashier").post(f"/units/{unit_id}/pay", data=sure).status_code == 303
    assert paid(engine) == 2


def test_a_used_key_is_replaced_so_that_the_next_press_works(browser: Browser, estate: Estate) -> None:
    client, unit_id = browser("clerk"), first_unit(estate)
    client.post(f"/units/{unit_id}/pay", data={"amount": "500", "key": KEY})
    refused = client.post(f"/units/{unit_id}/pay", data={"amount": "600", "key": KEY})
    assert refused.status_code == 409
    assert "收据 SJ0126000001" in refused.text
    key = refused.text.split('name="key" value="')[1].split('"')[0]
    assert key != KEY
    assert client.post(f"/units/{unit_id}/pay", data={"amount": "600", "key": key}).status_code == 303


def test_a_receipt_of_another_community_is_not_named_as_a_twin(browser: Browser, estate: Estate) -> None:
    units = [estate.units[number][0] for number in estate.communities]
    for unit_id, reference in zip(units, ("4200001", "4200002"), strict=True):
        form = {"amount": "7", "reference": reference, "key": f"{unit_id}".zfill(22)}
        assert browser("clerk").post(f"/units/{unit_id}/pay", data=form).status_code == 303
    client, form = browser("confined"), {"amount": "5", "key": KEY, "act": "preview"}
    own, foreign = (
        client.post(f"/units/{units[0]}/pay", data=form | {"reference": reference})
        for reference in ("4200001", "4200002")
    )
    assert "可能重复" in own.text
    assert foreign.status_code == 200
    assert "可能重复" not in foreign.text

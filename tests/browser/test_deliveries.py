"""Deliveries in a real Chromium: a batch goes out, a slip and a refusal come back, an entry is corrected."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from app.gateways.files import FileStore
from app.gateways.ports import Gateways
from app.jobs import rendering
from app.services import notice_issue, notices
from app.store import db
from tests.browser.conftest import Desk, Office, walk
from tests.services.noticing import PlainPrinter
from tests.web.estate import NOW, TODAY

pytestmark = pytest.mark.browser

PAGES = [
    "/deliveries", "/deliveries?state=open", "/deliveries/notices/1", "/deliveries/notices/1/hand",
    "/deliveries/notices/1/refusal", "/deliveries/notices/1/mail", "/deliveries/notices/1/wire",
    "/deliveries/notices/1/posted", "/deliveries/1", "/deliveries/results", "/addresses", "/addresses/1",
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def batch(office: Office, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Issue a few notices and print them, blank: what is on them is other tests' business."""
    community_id = office.estate.communities[1]  # the one a new session shows
    units = tuple(office.estate.units[community_id][:5])
    with db.transaction(office.engine) as session:  # type: ignore[arg-type]
        batch_id = notices.standing_batch(
            session,
            wanted=notices.Wanted(community_id=community_id, level=1, as_of=TODAY, unit_ids=units),
            today=TODAY,
            now=NOW,
            actor="test",
            source="test",
            public_url="https://fees.example",
        )
        assert batch_id is not None
        notice_issue.issue(session, batch_id=batch_id, today=TODAY, now=NOW)
    outside = Gateways(FileStore(tmp_path_factory.mktemp("printed")), PlainPrinter())
    rendering.finish(office.engine, outside, batch_id=batch_id, executor=rendering.Here())  # type: ignore[arg-type]


def test_a_batch_goes_out_a_slip_comes_back_and_a_wrong_entry_is_corrected(
    desk: Desk, office: Office, tmp_path: Path
) -> None:
    page = desk.page("clerk")
    page.goto(f"{office.url}/deliveries?state=open")
    page.get_by_label("登记筛选出的全部").check()
    page.get_by_label("送达方式").select_option("hand")
    page.get_by_role("button", name="登记发出").click()
    expect(page.get_by_text("份发出，0 份没有登记")).to_be_visible()

    page.goto(f"{office.url}/deliveries/notices/1")
    page.get_by_role("link", name="当面签收").click()
    page.get_by_label("签收人（照回执）").fill("王伟")
    page.get_by_role("button", name="登记").click()
    expect(page.get_by_role("alert")).to_contain_text("没有选签收人与业主的关系")
    assert page.get_by_label("签收人（照回执）").input_value() == "王伟"
    page.get_by_label("与业主关系").select_option("self")
    page.get_by_role("button", name="登记").click()
    expect(page.get_by_text("到达之日中断时效")).to_be_visible()

    page.get_by_text("登错了，更正这一条").last.click()
    page.get_by_label("更正原因").last.fill("回执认错了户")
    page.get_by_role("button", name="更正").last.click()
    expect(page.get_by_text("已更正，不算数")).to_be_visible()
    desk.complaints.clear()  # the refused form above answered 422, and the console says so
    expect(page.get_by_text("不中断诉讼时效")).to_be_visible()


def test_a_refusal_at_the_door_is_recorded_on_a_phone(desk: Desk, office: Office) -> None:
    page = desk.page("clerk", size=(390, 844))
    page.goto(f"{office.url}/deliveries/notices/2/refusal")
    page.get_by_label("第二送达人").fill("李经理")
    page.get_by_label("见证人", exact=True).fill("赵红梅")
    page.get_by_role("button", name="登记").click()
    expect(page.get_by_text("打印送达情况记录")).to_be_visible()


def test_no_page_of_deliveries_has_a_flaw(desk: Desk, office: Office) -> None:
    assert walk(desk.page("clerk"), office, PAGES) == []

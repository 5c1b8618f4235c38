"""Forms as nobody fills them in: other codings, dates of other ages, numbers no table holds; all are told so."""

from __future__ import annotations

import io

import pikepdf
import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from app.domain.errors import Refusal
from app.web import forms
from tests.web.conftest import Browser
from tests.web.estate import Estate

OTHER_CODINGS = [
    ("undefined", b"a"),
    ("unicode_escape", b"\\ud800"),
    ("raw_unicode_escape", b"\\ud800"),
    ("utf-7", b"+2AA-"),
    ("utf-16-le", b"a\x00"),
    ("no-such-coding", b"a"),
]


def part(head: str, value: bytes) -> bytes:
    return f"--X\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + value + b"\r\n"


def sent(client: TestClient, path: str, parts: list[bytes], charset: str = "utf-8") -> Response:
    kind = {"content-type": f"multipart/form-data; boundary=X; charset={charset}"}
    return client.post(path, content=b"".join([*parts, b"--X--\r\n"]), headers=kind)


def test_a_body_in_another_coding_than_utf_8_is_refused(browser: Browser, estate: Estate) -> None:
    client, unit_id = browser("manager"), first_unit(estate)
    for charset, value in OTHER_CODINGS:
        for path in ("/login", f"/units/{unit_id}/pay", f"/units/{unit_id}/waive", "/imports"):
            parts = [part(f'name="{name}"', value) for name in ("login", "password", "next")]
            answer = sent(client, path, parts, charset)
            assert answer.status_code == 422, (charset, path)
            assert "无法读取提交的内容" in answer.text, (charset, path)


def test_a_body_that_says_utf_8_is_read(browser: Browser) -> None:
    for charset in ("utf-8", "UTF-8", '"utf-8"'):
        assert sent(browser("clerk"), "/theme", [part('name="theme"', b"dark")], charset).status_code == 303


def test_a_password_nobody_can_type_is_a_wrong_password(browser: Browser) -> None:
    answer = browser("clerk").post("/login", data={"login": "clerk", "password": "\x00" * 12, "next": "/\x00"})
    assert answer.status_code == 422


def test_control_characters_are_taken_out_of_the_name_of_a_file(browser: Browser, estate: Estate) -> None:
    unit_id = first_unit(estate)
    form = {"percent": "50", "reason": "hardship", "note": "低保户，已看低保证原件", "key": "h" * 22}
    form["bill"] = str(estate.bills[unit_id][0])
    parts = [part(f'name="{name}"', text.encode()) for name, text in form.items()]
    parts.append(part('name="attachment"; filename="a\x07\x01b.pdf"', one_page()))
    client = browser("clerk")
    answer = sent(client, f"/units/{unit_id}/waive", parts)
    assert answer.status_code == 303
    assert "ab.pdf" in client.get(answer.headers["location"]).text


def one_page() -> bytes:
    """Return a PDF that opens."""
    target = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(target)
    return target.getvalue()


def first_unit(estate: Estate) -> int:
    return estate.units[estate.communities[0]][0]


DATES_OF_ANOTHER_AGE = ["0001-01-01", "0040-01-01", "1989-12-31", "2101-01-01", "9999-12-31", "99991231"]


@pytest.mark.parametrize("typed", DATES_OF_ANOTHER_AGE)
def test_a_date_of_another_age_is_refused_with_the_span(typed: str) -> None:
    with pytest.raises(Refusal, match="date_out_of_range"):
        forms.read_date(typed)


def test_a_date_of_another_age_is_told_on_every_page_that_takes_one(browser: Browser, estate: Estate) -> None:
    client, unit_id = browser("manager"), first_unit(estate)
    for typed in DATES_OF_ANOTHER_AGE:
        for query in ("min_days=20000", "bucket=1-2y", "bucket=3y%2B"):
            assert client.get(f"/arrears?as_of={typed}&{query}").status_code < 500, (typed, query)
            assert client.get(f"/arrears/export?as_of={typed}&{query}").status_code < 500, (typed, query)
        for chosen in ({"unit": str(unit_id)}, {"everything": "true", "min_days": "3"}):
            drafted = client.post("/notices/draft", data={"as_of": typed, **chosen})
            assert drafted.status_code == 422, (typed, chosen)
            assert "1990-01-01 至 2100-12-31" in drafted.text
        wish = {"kind": "conditional_waiver", "pay_by": typed, "reason": "hardship", "key": "h" * 22}
        wish["bill"] = str(estate.bills[unit_id][0])
        assert client.post(f"/units/{unit_id}/waive", data=wish).status_code == 422


def test_the_first_and_the_last_day_are_taken(browser: Browser) -> None:
    for typed in ("1990-01-01", "2100-12-31"):
        for query in ("min_days=20000", "bucket=1-2y", "bucket=3y%2B"):
            assert browser("manager").get(f"/arrears?as_of={typed}&{query}").status_code == 200, (typed, query)


NUMBERS_NO_TABLE_HOLDS = ["0", "-1", "2147483648", "9223372036854775808", "9" * 30]


def test_a_number_no_table_holds_is_refused_in_lists(browser: Browser, estate: Estate) -> None:
    client, unit_id = browser("manager"), first_unit(estate)
    for typed in NUMBERS_NO_TABLE_HOLDS:
        for path, data in (
            ("/notices/draft", {"unit": typed}),
            (f"/units/{unit_id}/pay", {"amount": "1", "bill": typed, "key": "h" * 22, "act": "preview"}),
            (f"/units/{unit_id}/waive", {"percent": "50", "bill": typed, "reason": "hardship", "key": "h" * 22}),
        ):
            answer = client.post(path, data=data)
            assert answer.status_code == 422, (path, typed)
            assert "超出允许的范围" in answer.text or "须为整数" in answer.text, (path, typed)

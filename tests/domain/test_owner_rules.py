"""What owners write beside a transfer, what they may ask and by when, and what counts as a signature."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import owner_requests, signature
from app.domain.calendar import OFFICIAL
from app.domain.errors import Refusal
from app.domain.owner_requests import RequestKind, answer_by
from app.domain.pay_reference import pay_reference, units_named

UNITS = st.integers(1, 2**31 - 1)
TODAY = dt.date(2026, 11, 23)


@given(UNITS)
def test_a_reference_names_its_unit_however_a_bank_prints_it(unit_id: int) -> None:
    written = pay_reference(unit_id)
    spaced = f"{written[:2].lower()} {written[2:5]} {written[5:]}"
    for text in (written, f"物业费 {written}，谢谢", spaced, f"JF-{written[2:]}", f"({written})"):
        assert units_named(text) == (unit_id,), text


@given(UNITS, st.integers(0, 9), st.integers(2, 9))
def test_one_wrong_digit_names_nobody_else(unit_id: int, digit: int, place: int) -> None:
    written = pay_reference(unit_id)
    changed = f"{written[:place]}{digit}{written[place + 1 :]}"
    assert units_named(changed) in {(), (unit_id,)}


def test_a_line_may_name_two_units_and_plain_numbers_name_none() -> None:
    assert units_named(f"{pay_reference(7)} 和 {pay_reference(12)} 两套") == (7, 12)
    assert units_named("尾号 00000793 转账 2026-11-23 JF") == ()
    assert units_named("") == ()


def test_the_answer_is_due_in_working_days_over_the_holidays() -> None:
    assert answer_by(RequestKind.CORRECTION, TODAY, OFFICIAL) == dt.date(2026, 11, 30)
    assert answer_by(RequestKind.DISPUTE, dt.date(2026, 9, 30), OFFICIAL) > dt.date(2026, 10, 14)


def fault(kind: RequestKind, **given_: object) -> str:
    values = {
        "topic": "",
        "bills": 1,
        "text": "账单不对，请核对",
        "months": None,
        "first_on": None,
        "today": TODAY,
    } | given_
    with pytest.raises(Refusal) as caught:
        owner_requests.check(kind, **values)
    return caught.value.code


def test_a_request_nobody_can_work_on_is_refused_with_what_is_missing() -> None:
    assert fault(RequestKind.DISPUTE, bills=0, topic="amount") == "owner_request.no_bills"
    assert fault(RequestKind.DISPUTE, topic="nonsense") == "owner_request.topic"
    assert fault(RequestKind.HARDSHIP, topic="illness", text=" 病 ") == "owner_request.text"
    assert fault(RequestKind.INSTALMENTS, months=25) == "owner_request.months"
    assert fault(RequestKind.INSTALMENTS, months=6) == "owner_request.first_on"
    assert fault(RequestKind.INSTALMENTS, months=6, first_on=TODAY) == "owner_request.first_on"
    asked = {"bills": 1, "months": None, "first_on": None, "today": TODAY}
    owner_requests.check(RequestKind.DISPUTE, topic="amount", text="账单不对，请核对", **asked)  # type: ignore[arg-type]
    owner_requests.check(
        RequestKind.INSTALMENTS, topic="", bills=0, text="", months=6, first_on=TODAY + dt.timedelta(1), today=TODAY
    )


DRAWN = "[[" + ",".join(f"[{place * 10},{place * 5},{place * 16}]" for place in range(12)) + "]]"


def test_strokes_are_kept_as_they_were_drawn() -> None:
    found = signature.read(DRAWN)
    assert found is not None
    assert found.points == 12
    assert signature.read(found.text) == found
    assert signature.read("") is None
    assert signature.read("[]") is None


@pytest.mark.parametrize(
    "text",
    [
        "{", "1", '"x"', "[1]", "[[1]]", "[[[1,2]]]", '[[["1",2,3]]]', "[[[1.5,2,3]]]", "[[[1,2,true]]]",
        "[[[-1,2,3]]]", "[[[601,2,3]]]", "[[[1,2,3600001]]]", "[" * 30_000, "[[[1,2,3]]]",
        "[" + ",".join(["[[1,1,1]]"] * 300) + "]", "[[" + ",".join(["[1,1,1]"] * 5000) + "]]",
    ],
)  # fmt: skip
def test_what_is_no_drawing_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="signature"):
        signature.read(text)

"""Articles are cited under the number they bear on the day, and under no other."""

from __future__ import annotations

import datetime as dt

import pytest

from app.domain import statutes
from app.domain.errors import Refusal
from app.i18n import print_words

NOW = dt.date(2026, 11, 20)


@pytest.mark.parametrize(
    ("article", "on", "text"),
    [
        ("civil_code.art944", NOW, "《中华人民共和国民法典》第九百四十四条"),
        ("property_regulation.fee_duty", NOW, "《物业管理条例》第四十一条"),
        ("property_regulation.fee_suit", NOW, "《物业管理条例》第六十四条"),
        ("civil_procedure.payment_order", NOW, "《中华人民共和国民事诉讼法》第二百二十五条"),
        ("property_regulation.fee_duty_2007", dt.date(2018, 3, 18), "《物业管理条例》第四十二条"),
    ],
)
def test_an_article_is_cited_by_the_number_of_the_day(article: str, on: dt.date, text: str) -> None:
    assert print_words.citation(statutes.article(article, on=on)) == text


@pytest.mark.parametrize(
    ("article", "on"),
    [
        ("property_regulation.fee_duty", dt.date(2018, 3, 18)),
        ("civil_code.art944", dt.date(2020, 12, 31)),
        ("property_regulation.fee_suit_2007", NOW),
    ],
)
def test_a_number_that_does_not_hold_on_the_day_is_refused(article: str, on: dt.date) -> None:
    with pytest.raises(Refusal) as caught:
        statutes.article(article, on=on)
    assert caught.value.code == "statute.not_in_force"


def test_an_article_nobody_entered_is_refused() -> None:
    with pytest.raises(Refusal) as caught:
        statutes.article("civil_code.art1", on=NOW)
    assert caught.value.code == "statute.unknown"


def test_every_article_has_its_words_and_at_least_a_day() -> None:
    assert [
        one.id for one in statutes.table().values() if one.from_on >= one.until_on or not one.text.endswith("。")
    ] == []


def test_old_numbers_are_known_as_old() -> None:
    old = statutes.superseded_numbers(on=NOW)
    assert ("物业管理条例", 42) in old
    assert ("民事诉讼法", 225) not in old

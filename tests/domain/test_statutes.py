"""The table of statutes: an article is cited under the number it bears on the day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.domain import statutes
from app.domain.errors import Refusal
from app.domain.statutes import Article

TODAY = date(2026, 3, 29)


def test_an_article_is_found_by_its_id() -> None:
    found = statutes.article("civil_code.art944", on=TODAY)
    assert (found.short, found.number) == ("民法典", 944)


def test_an_unknown_article_is_refused() -> None:
    with pytest.raises(Refusal, match=r"statute\.unknown"):
        statutes.article("civil_code.art0", on=TODAY)


def test_an_article_is_not_cited_before_it_was_in_force() -> None:
    with pytest.raises(Refusal, match=r"statute\.not_in_force"):
        statutes.article("civil_code.art944", on=date(2020, 12, 31))


@pytest.mark.parametrize("found", statutes.table().values(), ids=lambda found: found.id)
def test_every_article_bears_its_number_for_a_while_and_says_something(found: Article) -> None:
    assert found.from_on < found.until_on
    assert found.number > 0
    assert found.text
    assert found.is_in_force(found.from_on)
    assert not found.is_in_force(found.until_on)


def test_a_number_that_drifted_away_is_known_as_such() -> None:
    ended = [found for found in statutes.table().values() if found.until_on < date.max]
    for found in ended:
        before, after = (
            statutes.superseded_numbers(on=day)
            for day in (found.until_on - timedelta(days=1), date.max - timedelta(days=1))
        )
        assert (found.short, found.number) not in before
        still = {(other.short, other.number) for other in statutes.table().values() if other.until_on == date.max}
        assert ((found.short, found.number) in after) == ((found.short, found.number) not in still)

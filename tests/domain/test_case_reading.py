"""The JSON of a case: clean text comes through as it is."""

from __future__ import annotations

from app.domain.case_reading import parse_json


def test_clean_json_comes_through() -> None:
    assert parse_json('{"id": 1, "events": [{"amount": "5.00"}, null, true]}') == {
        "id": 1,
        "events": [{"amount": "5.00"}, None, True],
    }

"""One masked field at a time is shown on demand, to whoever may, and that is written down."""

from __future__ import annotations

import json

import sqlalchemy as sa
from sqlalchemy import Engine

from app.store import db
from app.store.tables_office import audit_event
from tests.web.conftest import Browser
from tests.web.estate import Estate


def reveals(engine: Engine) -> list[dict[str, object]]:
    with db.reading(engine) as session:
        query = sa.select(audit_event).where(audit_event.c.action == "pii.revealed").order_by(audit_event.c.id)
        return [json.loads(row.facts) | {"who": row.actor, "whom": row.subject} for row in session.execute(query)]


def test_one_field_is_shown_and_the_other_stays_masked(browser: Browser, engine: Engine, estate: Estate) -> None:
    unit_id = estate.units[estate.communities[0]][1]
    client, person = browser("clerk"), estate.people[unit_id]
    page = client.get(f"/units/{unit_id}").text
    assert "单秀军" not in page
    assert "13800018001" not in page
    phone = client.post(f"/units/{unit_id}/reveal", data={"person_id": str(person), "field": "phone"}).text
    assert "13800018001" in phone
    assert "单秀军" not in phone
    name = client.post(f"/units/{unit_id}/reveal", data={"person_id": str(person), "field": "name"}).text
    assert "单秀军" in name
    assert "13800018001" not in name
    assert "13800018001" not in client.get(f"/units/{unit_id}").text, "the next page hides it again"
    assert reveals(engine) == [
        {"who": "clerk", "whom": f"person:{person}", "unit": unit_id, "field": field} for field in ("phone", "name")
    ]


def test_in_a_list_the_script_changes_the_field_alone_and_without_it_the_page_of_the_unit_shows_it(
    browser: Browser, engine: Engine, estate: Estate
) -> None:
    unit_id = estate.units[estate.communities[0]][1]
    client, wish = browser("clerk"), {"person_id": str(estate.people[unit_id]), "field": "phone"}
    client.post("/community", data={"community_id": str(estate.communities[0])})
    listed = client.get("/units").text
    assert f'action="/units/{unit_id}/reveal"' in listed
    assert "13800018001" not in listed
    part = client.post(f"/units/{unit_id}/reveal", data=wish, headers={"HX-Request": "true"}).text
    assert part.startswith('<span class="masked')
    assert "13800018001" in part
    assert "<html" in client.post(f"/units/{unit_id}/reveal", data=wish).text
    assert len(reveals(engine)) == 2


def test_whoever_may_not_reveal_sees_no_eye_and_gets_nothing(browser: Browser, engine: Engine, estate: Estate) -> None:
    unit_id = estate.units[estate.communities[0]][1]
    client = browser("lawyer")
    assert "/reveal" not in client.get("/units").text
    assert "/reveal" not in client.get(f"/units/{unit_id}").text
    assert client.post(f"/units/{unit_id}/reveal", data={"person_id": str(estate.people[unit_id])}).status_code == 403
    assert reveals(engine) == []


def test_a_person_of_another_unit_or_an_unknown_field_is_not_shown(
    browser: Browser, engine: Engine, estate: Estate
) -> None:
    first, second = estate.units[estate.communities[0]][:2]
    client = browser("clerk")
    stranger = client.post(f"/units/{first}/reveal", data={"person_id": str(estate.people[second])})
    assert stranger.status_code == 404
    odd = client.post(f"/units/{first}/reveal", data={"person_id": str(estate.people[first]), "field": "note"})
    assert odd.status_code == 422
    assert reveals(engine) == []

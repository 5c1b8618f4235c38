"""The pages of a case's papers and its bundle, for whoever may open them."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from sqlalchemy import Engine

from app.domain.case_paths import Path as Way
from app.domain.deeds import By
from app.gateways.ports import Printed
from app.services import cases
from app.store import bundles, db
from app.store import case_papers as papers
from tests.services import noticing
from tests.web import estate as estates
from tests.web.conftest import Browser
from tests.web.estate import Estate


@pytest.fixture(autouse=True)
def blank_pages(app: Any) -> None:
    """Print blanks: what the papers say is looked at elsewhere."""

    def blank(kind: str, facts: Any, *, token: str) -> Printed:
        return noticing.plain_page(kind, {"number": facts["kind"]}, token=token)

    object.__setattr__(app.state.gateways, "printer", blank)


def case_in(engine: Engine, estate: Estate, community: int = 0) -> int:
    community_id = estate.communities[community]
    unit_id = next(number for number in estate.units[community_id] if estate.bills.get(number))
    by = By(estates.TODAY, estates.NOW, "clerk", estate.users["clerk"])
    wish = cases.Wish([unit_id], estates.TODAY, path=Way.SIMPLIFIED, reason="多次催缴未付")
    with db.transaction(engine) as session:
        return cases.open_case(session, wish=wish, community_id=community_id, by=by, key=f"web{community}")


def test_a_clerk_drafts_and_a_manager_seals(browser: Browser, engine: Engine, estate: Estate) -> None:
    number = case_in(engine, estate)
    clerk, manager = browser("clerk"), browser("manager")
    page = f"/cases/{number}/papers"
    assert "起草证据包" in clerk.get(page).text
    assert clerk.post(f"/cases/{number}/bundles").status_code == 303
    with db.reading(engine) as session:
        made = bundles.of_case(session, number)[0]
    assert made["state"] == "draft", made["failure"]
    shown = clerk.get(page).text
    assert "没有物业服务合同文件" in shown
    assert "起草人不能自己封存" in shown
    assert f"/bundles/{made['id']}/seal" not in shown
    assert clerk.post(f"/cases/{number}/bundles/{made['id']}/seal").status_code == 403

    sealed = manager.post(f"/cases/{number}/bundles/{made['id']}/seal")
    assert sealed.status_code == 303, sealed.text
    taken = clerk.get(f"/cases/{number}/bundles/{made['id']}/zip")
    with zipfile.ZipFile(io.BytesIO(taken.content)) as archive:
        assert "manifest.json" in archive.namelist()
    refused = clerk.post(f"/cases/{number}/bundles/{made['id']}/handover", data={"to_whom": " "})
    assert refused.status_code == 422
    assert "请填写移交给谁" in refused.text
    handed = clerk.post(f"/cases/{number}/bundles/{made['id']}/handover", data={"to_whom": "立案庭"})
    assert handed.status_code == 303
    assert "立案庭" in clerk.get(page).text
    assert "已经封存" in manager.post(f"/cases/{number}/bundles/{made['id']}/seal").text


def test_who_drafted_and_may_seal_is_still_refused(browser: Browser, engine: Engine, estate: Estate) -> None:
    number = case_in(engine, estate)
    manager = browser("manager")
    manager.post(f"/cases/{number}/bundles")
    with db.reading(engine) as session:
        made = bundles.of_case(session, number)[0]["id"]
    answer = manager.post(f"/cases/{number}/bundles/{made}/seal")
    assert answer.status_code == 409
    assert "不能是同一人" in answer.text


def test_papers_are_drafted_opened_and_frozen(browser: Browser, engine: Engine, estate: Estate) -> None:
    number = case_in(engine, estate)
    clerk = browser("clerk")
    assert clerk.post(f"/cases/{number}/papers", data={"kind": "nonsense"}).status_code == 422
    assert clerk.post(f"/cases/{number}/papers", data={"kind": "enforcement"}).status_code == 422
    assert clerk.post(f"/cases/{number}/papers", data={"kind": "complaint"}).status_code == 303
    with db.reading(engine) as session:
        paper = papers.newest(session, number)["complaint"]["id"]
    at = f"/cases/{number}/papers/{paper}"
    assert clerk.get(f"{at}/pdf").content.startswith(b"%PDF")
    assert clerk.get(f"{at}/docx").content.startswith(b"PK")
    assert clerk.post(f"{at}/freeze").status_code == 303
    assert "已经定稿" in clerk.post(f"{at}/freeze").text
    assert "已定稿" in clerk.get(f"/cases/{number}/papers").text
    assert clerk.get(f"{at}/pdf").content.startswith(b"%PDF")


def test_another_communitys_case_is_not_there(browser: Browser, engine: Engine, estate: Estate) -> None:
    number = case_in(engine, estate, community=1)
    confined = browser("confined")
    for address in (f"/cases/{number}/papers", f"/cases/{number}/papers/1/pdf", f"/cases/{number}/bundles/1/zip"):
        assert confined.get(address).status_code == 404
    assert confined.post(f"/cases/{number}/bundles").status_code == 404
    assert confined.post("/bundles", data={"case": str(number)}).status_code == 404
    lawyer = browser("lawyer")
    assert lawyer.get(f"/cases/{number}/papers").status_code == 404


def test_bundles_of_many_cases_are_drafted_at_once(browser: Browser, engine: Engine, estate: Estate) -> None:
    number = case_in(engine, estate, community=1)  # the one a new session shows
    clerk = browser("clerk")
    assert f'name="case" value="{number}"' in clerk.get("/bundles").text
    assert "请勾选" in clerk.post("/bundles", data={}).text
    assert clerk.post("/bundles", data={"case": [str(number)]}).status_code == 303
    assert "草稿" in clerk.get("/bundles").text

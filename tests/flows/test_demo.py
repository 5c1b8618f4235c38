"""The demo estate: something to do for everyone who is given a sign-in."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from app.domain.errors import Refusal
from app.gateways import passwords
from app.jobs import demo, verification
from app.settings import Settings
from app.store import db, users
from app.store.tables_office import notice_batch, owner_token, waiver_request


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, demo.Estate]:
    settings = demo.settings_for(tmp_path_factory.mktemp("demo") / "demo", port=8765)
    demo.wipe(settings.data_dir)
    return settings, demo.build(settings)


def test_the_estate_is_the_one_of_the_workbooks(served: tuple[Settings, demo.Estate]) -> None:
    made = served[1]
    assert (made.units, made.units_in_arrears) == (264, 80)
    assert [one.role for one in made.people] == ["clerk", "manager", "finance", "cashier", "lawyer", "admin"]


def test_everyone_can_sign_in_and_has_something_to_do(served: tuple[Settings, demo.Estate]) -> None:
    settings, made = served
    engine = db.create_engine(settings.url)
    with db.reading(engine) as session:
        for one in made.people:
            user = users.by_login(session, one.login)
            assert user is not None
            assert passwords.verify(one.password, user.password_hash)[0]
        assert session.execute(sa.select(waiver_request.c.state)).scalars().all() == ["requested"]
        assert "draft" in session.execute(sa.select(notice_batch.c.state)).scalars().all()
        assert session.execute(sa.select(sa.func.count()).select_from(owner_token)).scalar_one() >= 1
    engine.dispose()


def test_its_books_are_right(served: tuple[Settings, demo.Estate]) -> None:
    settings = served[0]
    engine = db.create_engine(settings.url)
    assert verification.examine(engine, files_dir=settings.files_dir).problems == ()
    engine.dispose()


def test_a_demo_is_made_anew_over_a_demo_and_nothing_else(tmp_path: Path) -> None:
    demo.wipe(tmp_path / "demo")
    (tmp_path / "demo" / "old").touch()
    demo.wipe(tmp_path / "demo")
    assert [path.name for path in (tmp_path / "demo").iterdir()] == [demo.MARK]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").touch()
    with pytest.raises(Refusal, match="folder_in_use"):
        demo.wipe(tmp_path / "mine")
    assert (tmp_path / "mine" / "file").exists()

"""What templates may hold and load: no number of an article, no threat, nothing from outside the package."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from app.documents import render
from app.documents.contexts import Tone
from app.domain import statutes
from tests.documents import printed, samples

TEMPLATES = sorted(path for path in render.TEMPLATES.rglob("*") if path.is_file())
FORBIDDEN = (
    "停水",
    "停电",
    "停气",
    "停热",
    "断水",
    "断电",
    "黑名单",
    "失信",
    "老赖",
    "门禁",
    "车牌",
    "征信",
    "公示",
    "曝光",
    "视为送达",
)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_holds_the_number_of_an_article(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.findall(r"第\s*[一二三四五六七八九十百千零〇\d]+\s*条", text)
    for article in statutes.table().values():
        assert article.instrument not in text, "instruments are cited by id"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_threatens(path: Path) -> None:
    text = path.read_text("utf-8")
    assert [word for word in FORBIDDEN if word in text] == []
    assert re.findall("滞纳金", text.replace("（合同称“滞纳金”）", "")) == []


@pytest.mark.parametrize("tone", list(Tone))
def test_no_notice_threatens(tone: Tone) -> None:
    facts = samples.notice(2, tone=tone)
    text = printed.text(facts).replace(facts.contract.late_charge_clause, "").replace("（合同称“滞纳金”）", "")
    assert [word for word in (*FORBIDDEN, "滞纳金") if word in text] == []


def test_articles_cited_in_a_notice_are_those_in_force_on_its_day() -> None:
    text = printed.text(samples.notice(1))
    on = dt.date(2026, 11, 20)
    for short, number in statutes.superseded_numbers(on=on):
        assert f"《{short}》第{number}条" not in text
    assert statutes.article("property_regulation.fee_duty", on=on).number == 41


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "http://127.0.0.1/",
        "https://example.com/a.png",
        "ftp://example.com/a",
        "asset:../render.py",
        "asset:OFL.txt",
        "asset:%2e%2e/render.py",
        "data:text/html,hello",
        "data:image/svg+xml;base64,PHN2Zy8+",
        "relative.png",
    ],
)
def test_nothing_but_a_packaged_asset_is_served(address: str) -> None:
    with pytest.raises(ValueError, match="not a packaged asset"):
        render.PackagedAssets().fetch(address)


def test_packaged_fonts_and_our_own_pictures_are_served() -> None:
    assert render.PackagedAssets().fetch("asset:NotoSansSC-Bold.ttf").read()
    pixel = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
    assert render.PackagedAssets().fetch(pixel).read()

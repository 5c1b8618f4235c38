"""What a unit is found by: initials in every reading of the name, surnames read as surnames."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.store import search_keys


@pytest.mark.parametrize(
    ("name", "initials", "pinyin"),
    [
        ("王伟", "ww", "wangwei"), ("曾玉", "zy", "zengyu"), ("单英", "sy", "shanying"), ("仇国华", "qgh", "qiuguohua"),
        ("解静平", "xjp", "xiejingping"), ("查良", "zl", "zhaliang"), ("区伟", "ow", "ouwei"), ("朴志", "pz", "piaozhi"),
        ("盖天", "gt", "getian"), ("翟丽", "zl", "zhaili"), ("覃明", "qm", "qinming"), ("覃明", "tm", "tanming"),
        ("缪红", "mh", "miaohong"), ("尉迟杰", "ycj", "yuchijie"), ("万俟静", "mqj", "moqijing"),
        ("单于强", "cyq", "chanyuqiang"), ("上官华", "sgh", "shangguanhua"), ("欧阳", "oy", "ouyang"),
    ],
)  # fmt: skip
def test_a_name_is_found_by_its_initials_and_its_pinyin(name: str, initials: str, pinyin: str) -> None:
    keys = search_keys.name_keys(name)
    assert initials in keys
    assert pinyin in keys


def test_the_everyday_reading_of_a_surname_is_found_too() -> None:
    assert {"sy", "dy"} <= set(search_keys.name_keys("单英"))


def test_a_key_holds_code_label_names_and_the_end_of_the_phone() -> None:
    key = search_keys.search_key(
        code="1-1-202", label="1幢1单元202室", names=["单英", "Smith"], phone_tails=["8000", ""]
    )
    for part in ("1-1-202", "11202", "1幢1单元202室", "单英", "sy", "smith", "8000"):
        assert part in key.split()
    assert key == key.lower()


@given(st.text(max_size=40))
def test_any_name_has_a_key_of_bounded_length(name: str) -> None:
    key = search_keys.search_key(code="1-1-1", label="1幢1单元1室", names=[name] * 30)
    assert len(key) <= search_keys.KEY_LIMIT
    search_keys.sort_pinyin(name)

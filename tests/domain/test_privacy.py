"""What is shown of a person: enough to recognise, never enough to look up."""

from __future__ import annotations

import pytest

from app.domain.privacy import mask_id_number, mask_name, mask_phone


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("王伟", "王*"),
        ("王小伟", "王*伟"),
        ("欧阳小伟", "欧**伟"),
        (" 单 ", "单"),
        ("", ""),
        ("示范物业服务有限公司", "示范物业服务有限公司"),
        ("王公司", "王*司"),
    ],
)
def test_a_name_is_recognised_and_not_read(name: str, shown: str) -> None:
    assert mask_name(name) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("13800138000", "138****8000"),
        ("+86 138-0013-8000", "138****8000"),
        ("0571-88880000", "057*****0000"),
        ("8888000", "***8000"),
        ("8000", "****"),
        ("", ""),
    ],
)
def test_a_phone_shows_its_ends(number: str, shown: str) -> None:
    assert mask_phone(number) == shown


@pytest.mark.parametrize(
    ("number", "shown"), [("330102199001011234", "330***********1234"), ("1234567", "*******"), ("", "")]
)
def test_an_identity_number_shows_its_ends(number: str, shown: str) -> None:
    assert mask_id_number(number) == shown

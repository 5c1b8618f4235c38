"""Which addresses may be printed for owners to open."""

from __future__ import annotations

import pytest

from app.domain.web_address import is_public


@pytest.mark.parametrize(
    "address",
    ["", " ", "fees.example", "http://127.0.0.1:8000", "http://127.9.9.9", "http://localhost", "http://LOCALHOST:80/x",
     "http://a.localhost", "http://[::1]:8000", "http://0.0.0.0:8000", "http://[", "http://"],
)  # fmt: skip
def test_an_address_that_only_this_machine_knows_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["https://fees.example", "http://192.168.1.9:8000/", "https://wuye.例子.cn"])
def test_an_address_others_can_open_is_public(address: str) -> None:
    assert is_public(address)

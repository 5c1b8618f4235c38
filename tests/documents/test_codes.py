"""QR codes are read back as what was written, by an independent reader."""

from __future__ import annotations

import base64
import io

import pytest
import zxingcpp
from PIL import Image

from app.documents import codes

URL = "https://wuye.example.com/o/AbCdEfGhIjKlMnOpQrStUv"


def picture(address: str) -> Image.Image:
    kind, _, data = address.partition(",")
    assert kind == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))


@pytest.mark.parametrize(
    ("address", "text"), [(codes.link_code(URL), URL), (codes.number_code("CJ0126000042"), "CJ0126000042")]
)
def test_a_code_is_read_back(address: str, text: str) -> None:
    image = picture(address)
    assert image.mode == "1"
    (found,) = zxingcpp.read_barcodes(image.convert("L"))
    assert found.text == text


def test_the_code_of_a_number_is_of_the_smallest_kind() -> None:
    side = picture(codes.number_code("CJ9926999999")).width / codes.PIXELS - 2 * codes.QUIET_MODULES
    assert side == 21


def test_a_code_is_the_same_every_time() -> None:
    assert codes.link_code(URL) == codes.link_code(URL)

"""When a sealed file is sound."""

from __future__ import annotations

import datetime as dt

from app.domain.evidence import SealCheck, SealReport

SEAL = SealCheck("company", "演示公司", dt.datetime(2026, 11, 23, tzinfo=dt.UTC), "B-T", is_demo=True, faults=())


def test_a_file_is_sound_that_has_a_seal_and_no_fault():
    assert SealReport((SEAL,), ()).is_sound
    assert not SealReport((), ()).is_sound
    assert not SealReport((SEAL,), ("seal.broken",)).is_sound

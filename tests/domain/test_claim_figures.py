"""What may be claimed of a bill as it really ran, held to the panel that asks for one debt and two dates."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from app.domain.account import Bill, Terms
from app.domain.claim import claim_panel
from app.domain.claim_figures import Basis, added, figures
from app.domain.ledger import BillStatement, Segment
from app.domain.lpr import KNOWN_THROUGH_ON, LPR_1Y
from app.domain.money import half_up_fraction
from app.domain.rates import ONE_PER_MILLE, Rate, RateIndex

days = st.dates(date(2019, 6, 1), KNOWN_THROUGH_ON + timedelta(days=200))
rates = st.sampled_from([ONE_PER_MILLE, Rate(3, 1000), Rate(1, 10_000)])


def stated(principal_fen, due_on, parts, *, paid=0, waived=0, cap=False):
    """Return a bill whose charge ran over ``parts``: first day, last day, principal and rate of each."""
    segments = tuple(
        Segment(first, last, (last - first).days + 1, fen, rate, fen * ((last - first).days + 1) * rate.fraction)
        for first, last, fen, rate in parts
    )
    exact = half_up_fraction(sum((one.amount for one in segments), Fraction(0)))
    cap_fen = principal_fen if cap else None
    accrued = exact if cap_fen is None else min(exact, cap_fen)
    bill = Bill("a", principal_fen, due_on, due_on, Terms(RateIndex(((due_on, ONE_PER_MILLE),))))
    return BillStatement(bill, principal_fen, accrued - paid - waived, 0, accrued, paid, waived, cap_fen, 0, segments)


def whole(principal_fen, due_on, as_of, rate=ONE_PER_MILLE, **kept):
    parts = [(due_on + timedelta(days=1), as_of, principal_fen, rate)] if as_of > due_on else []
    return stated(principal_fen, due_on, parts, **kept)


@given(st.integers(1, 10**9), days, st.integers(0, 2_000), rates)
def test_of_one_debt_that_nothing_happened_to_it_says_what_the_panel_says(principal_fen, due_on, count, rate):
    as_of = due_on + timedelta(days=count)
    found = figures(whole(principal_fen, due_on, as_of, rate), as_of, LPR_1Y)
    panel = claim_panel(principal_fen=principal_fen, due_on=due_on, as_of=as_of, rate=rate)
    assert found.late_fen[Basis.CONTRACT] == panel.contract_fen
    assert found.late_fen[Basis.CAPPED] == min(panel.contract_fen, principal_fen)
    for name, key in (("1", "1.0"), ("13", "1.3"), ("15", "1.5"), ("4", "4")):
        assert found.late_fen[Basis(f"lpr_{name}_fixed")] == panel.fixed_fen[key]
        if count and key in panel.floating_fen:
            assert found.late_fen[Basis(f"lpr_{name}_floating")] == panel.floating_fen[key]
    assert found.warnings == panel.warnings


def test_a_part_payment_lowers_every_yardstick_from_its_day():
    due_on, paid_on, as_of = date(2023, 12, 31), date(2024, 6, 30), date(2024, 12, 31)
    ran = [
        (date(2024, 1, 1), paid_on, 100_000, ONE_PER_MILLE),
        (date(2024, 7, 1), as_of, 40_000, ONE_PER_MILLE),
    ]
    found = figures(stated(100_000, due_on, ran), as_of, LPR_1Y).late_fen
    fixed = (Fraction(100_000) * 182 + Fraction(40_000) * 184) * Fraction(345, 10_000) / 365
    assert found[Basis.LPR_1_FIXED] == half_up_fraction(fixed)
    assert found[Basis.LPR_4_FIXED] == half_up_fraction(fixed * 4)
    assert found[Basis.LPR_1_FLOATING] < found[Basis.LPR_1_FIXED], "the rate fell in that year"


def test_what_was_paid_and_waived_of_the_charge_is_claimed_by_no_basis():
    due_on, as_of = date(2023, 12, 31), date(2024, 12, 31)
    before = figures(whole(100_000, due_on, as_of), as_of, LPR_1Y).late_fen
    after = figures(whole(100_000, due_on, as_of, paid=1_000, waived=500), as_of, LPR_1Y).late_fen
    assert all(after[basis] == max(0, before[basis] - 1_500) for basis in Basis)


def test_a_cap_of_the_contract_is_what_the_warnings_look_at():
    due_on, as_of = date(2019, 9, 1), date(2024, 9, 1)
    loose = figures(whole(100_000, due_on, as_of), as_of, LPR_1Y)
    capped = figures(whole(100_000, due_on, as_of, cap=True), as_of, LPR_1Y)
    assert "claim.above_principal" in loose.warnings
    assert "claim.above_principal" not in capped.warnings
    assert capped.late_fen[Basis.CONTRACT] == 100_000


def test_a_figure_that_one_bill_has_not_the_whole_has_not():
    one, other = date(2019, 7, 1), date(2024, 7, 1)
    old, new = (figures(whole(100_000, due_on, date(2024, 9, 1)), date(2024, 9, 1), LPR_1Y) for due_on in (one, other))
    both = added([old.late_fen, new.late_fen])
    assert old.late_fen[Basis.LPR_1_FIXED] is old.late_fen[Basis.LPR_1_FLOATING] is both[Basis.LPR_1_FIXED] is None
    assert both[Basis.CONTRACT] == old.late_fen[Basis.CONTRACT] + new.late_fen[Basis.CONTRACT]
    assert added([]) == dict.fromkeys(Basis, 0)

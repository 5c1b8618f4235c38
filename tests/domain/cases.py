"""Random statement cases over every combination of policies, small enough to be lived through day by day."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import strategies as st

START = date(2024, 9, 20)
SPAN = 240

days = st.integers(0, SPAN).map(lambda step: (START + timedelta(days=step)).isoformat())
# few distinct days, so that ties and events on one day are common
crowded_days = st.sampled_from([0, 1, 5, 10, 11, 30, 60, 61, 100, 150, SPAN]).map(
    lambda step: (START + timedelta(days=step)).isoformat()
)
some_day = st.one_of(days, crowded_days)
yuan = st.one_of(st.integers(1, 200), st.integers(1, 150_000)).map(lambda fen: f"{fen // 100}.{fen % 100:02d}")
rates = st.sampled_from(
    ["0", "0.001", "0.0005", "0.003", {"per_day": "0.001"}, {"per_year": "0.24", "basis": 365}, {"per_year": "0.365", "basis": 365}]
)
NAMES = ["B1", "B2", "B3", "B4"]


@st.composite
def bills(draw):
    found = []
    for name in NAMES[: draw(st.integers(1, len(NAMES)))]:
        bill = {"id": name, "principal": draw(yuan), "due_on": draw(some_day)}
        for key, values in (
            ("issued_on", some_day),
            ("rate", rates),
            ("cap_ratio", st.sampled_from(["0", "0.02", "0.1", "1"])),
            ("costs", yuan),
        ):
            if draw(st.booleans()):
                bill[key] = draw(values)
        found.append(bill)
    return found


@st.composite
def events(draw, names):
    found, payments = [], []
    some_names = st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True)
    for place in range(draw(st.integers(0, 7))):
        kind = draw(st.sampled_from(["payment"] * 4 + ["payment_reversal", "discount", "late_charge_waiver", "conditional_waiver", "hold"]))
        on = draw(some_day)
        match kind:
            case "payment":
                event = {"type": kind, "id": f"P{place}", "on": on, "amount": draw(yuan)}
                if draw(st.booleans()):
                    event["bills"] = draw(some_names)
                payments.append(event)
            case "payment_reversal":
                if not payments:
                    continue
                target = payments.pop(draw(st.integers(0, len(payments) - 1)))
                event = {"type": kind, "on": max(on, target["on"]), "payment": target["id"]}
            case "discount":
                event = {"type": kind, "on": on, "bill": draw(st.sampled_from(names)), "amount": draw(yuan), "retroactive": draw(st.booleans())}
            case "late_charge_waiver":
                event = {"type": kind, "on": on, "bill": draw(st.sampled_from(names))}
                event |= draw(st.sampled_from([{"ratio": "0.5"}, {"ratio": "1"}, {"ratio": "0.333"}, {"amount": "0.05"}, {"amount": "1.00"}]))
            case "conditional_waiver":
                event = {"type": kind, "on": on, "bills": draw(some_names), "pay_by": max(on, draw(some_day))}
            case _:
                event = {"type": kind, "from": on, "to": max(on, draw(some_day))}
                if draw(st.booleans()):
                    event["bills"] = draw(some_names)
        found.append(event)
    return found


@st.composite
def statement_cases(draw):
    found = draw(bills())
    policy = {
        "within": draw(st.sampled_from(["principal_first", "art561"])),
        "across": draw(st.sampled_from(["oldest_first", "art560"])),
        "tie": draw(st.sampled_from(["by_id", "pro_rata"])),
        "roll_due": draw(st.booleans()),
        "credit": draw(st.sampled_from(["keep", "apply_when_due"])),
        "grace": {"mode": draw(st.sampled_from(["none", "shift", "threshold"])), "days": draw(st.sampled_from([0, 3, 30]))},
    }
    if draw(st.booleans()):
        starts = draw(st.lists(some_day, min_size=1, max_size=2, unique=True))
        policy["rate_changes"] = [{"from": start, "rate": draw(rates)} for start in starts]
    return {
        "id": "random",
        "as_of": draw(some_day),
        "policy": policy,
        "bills": found,
        "events": draw(events([bill["id"] for bill in found])),
    }

"""Random statement cases over every combination of policies, small enough to be lived through day by day."""

from __future__ import annotations

import random
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
late_days = st.integers(SPAN, SPAN + 60).map(lambda step: (START + timedelta(days=step)).isoformat())
small_yuan = st.integers(1, 2000).map(lambda fen: f"{fen // 100}.{fen % 100:02d}")
yuan = st.one_of(st.integers(1, 200), st.integers(5_000, 150_000)).map(lambda fen: f"{fen // 100}.{fen % 100:02d}")
rates = st.sampled_from(
    [
        "0",
        "0.001",
        "0.0005",
        "0.003",
        {"per_day": "0.001"},
        {"per_year": "0.24", "basis": 365},
        {"per_year": "0.365", "basis": 365},
    ]
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
    for place in range(draw(st.integers(0, 9))):
        kind = draw(
            st.sampled_from(
                ["payment"] * 4 + ["payment_reversal", "discount", "late_charge_waiver", "conditional_waiver", "hold"]
            )
        )
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
                event = {
                    "type": kind,
                    "on": on,
                    "bill": draw(st.sampled_from(names)),
                    "amount": draw(small_yuan),
                    "retroactive": draw(st.booleans()),
                }
            case "late_charge_waiver":
                event = {"type": kind, "on": on, "bill": draw(st.sampled_from(names))}
                event |= draw(
                    st.sampled_from(
                        [{"ratio": "0.5"}, {"ratio": "1"}, {"ratio": "0.333"}, {"ratio": "0.125"}, {"amount": "0.01"}]
                    )
                )
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
        "grace": {
            "mode": draw(st.sampled_from(["none", "shift", "threshold"])),
            "days": draw(st.sampled_from([0, 3, 30])),
        },
    }
    if draw(st.booleans()):
        starts = draw(st.lists(some_day, min_size=1, max_size=2, unique=True))
        policy["rate_changes"] = [{"from": start, "rate": draw(rates)} for start in starts]
    return {
        "id": "random",
        "as_of": draw(st.one_of(some_day, late_days, late_days)),
        "policy": policy,
        "bills": found,
        "events": draw(events([bill["id"] for bill in found])),
    }


def rich_case(seed):
    """One busy case: several bills, a dozen events, every policy; hypothesis keeps to small ones."""
    dice = random.Random(seed)

    def on(least=0, most=SPAN):
        step = dice.choice(
            [dice.randint(least, most), min(most, max(least, dice.choice([0, 1, 10, 11, 30, 60, 61, 100, 150])))]
        )
        return (START + timedelta(days=step)).isoformat()

    def amount(least, most):
        fen = dice.randint(least, most)
        return f"{fen // 100}.{fen % 100:02d}"

    names = [f"B{n}" for n in range(dice.randint(2, 5))]
    found = []
    for name in names:
        bill = {"id": name, "principal": amount(10_000, 90_000), "due_on": on(0, 120)}
        if dice.random() < 0.5:
            bill["issued_on"] = on(0, 120)
        if dice.random() < 0.6:
            bill["rate"] = dice.choice(
                ["0", "0.0006", "0.003", {"per_year": "0.24", "basis": 365}, {"per_year": "0.0465", "basis": 360}]
            )
        if dice.random() < 0.3:
            bill["cap_ratio"] = dice.choice(["0.02", "0.05", "0.3"])
        if dice.random() < 0.4:
            bill["costs"] = amount(100, 20_000)
        found.append(bill)

    def some():
        return dice.sample(names, dice.randint(1, len(names)))

    happened, payments = [], []
    for place in range(dice.randint(4, 14)):
        kind = dice.choice(
            ["payment"] * 6
            + ["payment_reversal", "discount", "discount", *["late_charge_waiver"] * 2, "conditional_waiver", "hold"]
        )
        event = {"type": kind, "on": on()}
        if kind == "payment":
            event |= {"id": f"P{place}", "amount": amount(100, 60_000)} | (
                {"bills": some()} if dice.random() < 0.4 else {}
            )
            payments.append(event)
        elif kind == "payment_reversal":
            if not payments:
                continue
            target = payments.pop(dice.randrange(len(payments)))
            event |= {"on": max(event["on"], target["on"]), "payment": target["id"]}
        elif kind == "discount":
            event |= {"bill": dice.choice(names), "amount": amount(100, 5_000), "retroactive": dice.random() < 0.5}
        elif kind == "late_charge_waiver":
            event |= {"bill": dice.choice(names)} | dice.choice(
                [{"ratio": "0.5"}, {"ratio": "1"}, {"ratio": "0.3"}, {"amount": "0.05"}]
            )
        elif kind == "conditional_waiver":
            event |= {"bills": dice.sample(names, dice.randint(1, 2)), "pay_by": max(event["on"], on())}
        else:
            event = {"type": kind, "from": event["on"], "to": max(event["on"], on())} | (
                {"bills": some()} if dice.random() < 0.5 else {}
            )
        happened.append(event)
    policy = {
        "within": dice.choice(["principal_first", "art561"]),
        "across": dice.choice(["oldest_first", "art560"]),
        "tie": dice.choice(["by_id", "pro_rata"]),
        "roll_due": dice.random() < 0.3,
        "credit": dice.choice(["keep", "apply_when_due"]),
        "grace": {"mode": dice.choice(["none", "shift", "threshold"]), "days": dice.choice([3, 15, 40])},
    }
    if dice.random() < 0.4:
        policy["rate_changes"] = [
            {"from": on(), "rate": dice.choice(["0.0003", "0.002", {"per_year": "0.24", "basis": 365}])}
        ]
    return {"id": f"rich {seed}", "as_of": on(120, SPAN + 60), "policy": policy, "bills": found, "events": happened}

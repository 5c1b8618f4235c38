"""A slow second opinion on statements: every day simulated by itself, written without the product's ledger."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from math import floor

from app.domain.calendar import roll


class Refused(Exception):
    """The case cannot stand."""


def fen(text):
    return int(Fraction(text) * 100)


def half_up(value):
    return floor(value + Fraction(1, 2))


def per_day(rate):
    if isinstance(rate, str):
        return Fraction(rate)
    if "per_day" in rate:
        return Fraction(rate["per_day"])
    return Fraction(rate["per_year"]) / rate["basis"]


def day(text):
    return date.fromisoformat(text)


def on(event):
    return day(event["from"] if event["type"] == "hold" else event["on"])


def answer(case, as_of=None):
    """Return {bill: (principal, late charge, costs, accrued)}, credit and allocations; raise Refused.

    A relief is refused if it is too large both as things are known now and as they were known on its own day.
    """
    now = Simulation(case, as_of or day(case["as_of"])).live()
    for place in now.too_large:
        if place in Simulation(case, on(case["events"][place])).live().too_large:
            raise Refused
    return now.figures(), sum(left for _, left in now.credit), now.allocations


class Simulation:
    """The account as it is known on ``as_of``, lived through day by day."""

    def __init__(self, case, as_of):
        self.policy, self.as_of, self.too_large = case.get("policy", {}), as_of, []
        known = [e | {"place": place} for place, e in enumerate(case["events"]) if on(e) <= as_of]
        gone = {e["payment"] for e in known if e["type"] == "payment_reversal"}
        self.events = [e for e in known if not (e["type"] == "payment" and e["id"] in gone)]
        grace = self.policy.get("grace", {"mode": "none", "days": 0})
        self.bills = {}
        for place, given in enumerate(case["bills"]):
            due = day(given["due_on"])
            if self.policy.get("roll_due"):
                due = roll(due)[0]
            principal = left = fen(given["principal"])
            for e in sorted(self.events, key=on):
                if e["type"] == "discount" and e["bill"] == given["id"]:
                    if e.get("retroactive"):
                        if fen(e["amount"]) > left:
                            self.too_large.append(e["place"])
                        principal -= min(left, fen(e["amount"]))
                    left -= min(left, fen(e["amount"]))
            shift = timedelta(days=grace["days"])
            self.bills[given["id"]] = {
                "id": given["id"],
                "place": place,
                "due": due,
                "issued": day(given["issued_on"]) if "issued_on" in given else due,
                "own": per_day(given.get("rate", "0.001")),
                "free_through": due + shift if grace["mode"] == "shift" else due,
                "silent_through": due + shift if grace["mode"] == "threshold" else None,
                "cap": half_up(Fraction(given["cap_ratio"]) * principal) if "cap_ratio" in given else None,
                "principal": principal,
                "costs": fen(given.get("costs", "0")),
                "exact": Fraction(0),
                "paid": 0,
                "waived": 0,
            }
        self.credit = []
        self.allocations = []
        self.pending = []

    def live(self):
        days = [on(e) for e in self.events]
        days += [d for bill in self.bills.values() for d in (bill["due"], bill["issued"])]
        self.today = min([*days, self.as_of])
        while self.today <= self.as_of:
            self.accrue()
            if self.policy.get("credit") == "apply_when_due":
                self.apply_credit()
            for event in self.events:
                if on(event) == self.today:
                    self.happen(event)
            self.test_conditions()
            for bill in self.bills.values():
                if bill["silent_through"] == self.today and bill["principal"] == 0:
                    bill["exact"] = Fraction(0)
            self.today += timedelta(days=1)
        self.today = self.as_of
        return self

    def figures(self):
        return {
            bill["id"]: (bill["principal"], self.late(bill), bill["costs"], self.accrued(bill))
            for bill in self.bills.values()
        }

    def accrue(self):
        for bill in self.bills.values():
            if self.today > bill["free_through"] and not self.held(bill):
                rate = bill["own"]
                for change in sorted(self.policy.get("rate_changes", []), key=lambda change: change["from"]):
                    if day(change["from"]) <= self.today:
                        rate = per_day(change["rate"])
                bill["exact"] += bill["principal"] * rate

    def held(self, bill):
        return any(
            e["type"] == "hold"
            and day(e["from"]) <= self.today <= day(e["to"])
            and bill["id"] in e.get("bills", [bill["id"]])
            for e in self.events
        )

    def accrued(self, bill):
        if bill["silent_through"] and self.today <= bill["silent_through"]:
            return 0
        amount = half_up(bill["exact"])
        return amount if bill["cap"] is None else min(amount, bill["cap"])

    def late(self, bill):
        return max(0, self.accrued(bill) - bill["paid"] - bill["waived"])

    def apply_credit(self):
        issued = [bill for bill in self.bills.values() if bill["issued"] == self.today]
        sources, self.credit = self.credit, []
        self.pay(sources, self.default_steps(issued))

    def happen(self, event):
        kind = event["type"]
        if kind == "payment":
            named = [self.bills[name] for name in event.get("bills", [])]
            issued = [bill for bill in self.bills.values() if bill["issued"] <= self.today]
            inside = ["principal", "late", "costs"]
            if self.policy.get("within") == "art561":
                inside = ["costs", "late", "principal"]
            steps = [[(bill, part)] for bill in named for part in inside]
            self.pay([(event["id"], fen(event["amount"]))], steps + self.default_steps(issued))
        elif kind == "discount" and not event.get("retroactive"):
            bill = self.bills[event["bill"]]
            amount = fen(event["amount"])
            if amount > bill["principal"]:
                self.too_large.append(event["place"])
            bill["principal"] -= min(amount, bill["principal"])
        elif kind == "late_charge_waiver":
            bill = self.bills[event["bill"]]
            late = self.late(bill)
            amount = fen(event["amount"]) if "amount" in event else half_up(late * Fraction(event["ratio"]))
            if amount > late:
                self.too_large.append(event["place"])
            bill["waived"] += min(amount, late)
        elif kind == "conditional_waiver":
            self.pending.append(event)

    def test_conditions(self):
        for event in list(self.pending):
            if self.today > day(event["pay_by"]):
                self.pending.remove(event)
            elif all(self.bills[name]["principal"] == 0 for name in event["bills"]):
                self.pending.remove(event)
                for name in dict.fromkeys(event["bills"]):
                    self.bills[name]["waived"] += self.late(self.bills[name])

    def default_steps(self, bills):
        if self.policy.get("across") == "art560":
            order = sorted(bills, key=lambda bill: (-bill["own"], bill["due"], bill["place"]))
        else:
            order = sorted(bills, key=lambda bill: (bill["due"], bill["place"]))
        groups = []
        for bill in order:
            group = next((g for g in groups if (g[0]["due"], g[0]["own"]) == (bill["due"], bill["own"])), None)
            if group is None or self.policy.get("tie") != "pro_rata":
                groups.append([bill])
            else:
                group.append(bill)
        if self.policy.get("within") == "art561":
            return [[(bill, part) for bill in group] for group in groups for part in ("costs", "late", "principal")]
        first = [[(bill, "principal") for bill in group] for group in groups]
        return first + [[(bill, part) for bill in group] for group in groups for part in ("late", "costs")]

    def owed(self, bill, part):
        return self.late(bill) if part == "late" else bill[part]

    def pay(self, sources, steps):
        purse = [[name, amount] for name, amount in sources]
        for step in steps:
            money = sum(amount for _, amount in purse)
            owed = [self.owed(bill, part) for bill, part in step]
            total = sum(owed)
            if not total or not money:
                continue
            exact = [Fraction(min(money, total) * part, total) for part in owed]
            shares = [floor(share) for share in exact]
            for place in sorted(range(len(step)), key=lambda place: (shares[place] - exact[place], place)):
                if sum(shares) < min(money, total):
                    shares[place] += 1
            for (bill, part), share in zip(step, shares, strict=True):
                if part == "late":
                    bill["paid"] += share
                else:
                    bill[part] -= share
                while share:
                    source = next(entry for entry in purse if entry[1])
                    taken = min(share, source[1])
                    source[1] -= taken
                    share -= taken
                    component = "late_charge" if part == "late" else part
                    self.allocations.append((source[0], self.today.isoformat(), bill["id"], component, taken))
        self.credit += [(name, amount) for name, amount in purse if amount]

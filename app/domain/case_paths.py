"""Which way to court: arbitration, mediation, payment order, small claims, simplified or ordinary, and why."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path as FilePath

_FILE = FilePath(__file__).with_name("wage_base.toml")
_FEN = 100


class Path(StrEnum):
    """A way to have a claim decided."""

    MEDIATION = "mediation"
    PAYMENT_ORDER = "payment_order"
    SMALL_CLAIMS = "small_claims"
    SIMPLIFIED = "simplified"
    ORDINARY = "ordinary"
    ARBITRATION = "arbitration"


@dataclass(frozen=True, slots=True)
class Wage:
    """The wage that bounds small claims; ``is_own`` is false where the national figure stands in for the province."""

    province: str
    year: int
    yuan: int
    source: str
    is_verified: bool
    is_own: bool

    @property
    def half_fen(self) -> int:
        """Up to here small claims is compulsory."""
        return self.yuan * _FEN // 2


@dataclass(frozen=True, slots=True)
class PathFacts:
    """What the choice depends on, each known from the register or said by the person who opens the case."""

    amount_fen: int
    has_arbitration_clause: bool = False
    is_undisputed: bool = True
    is_fixed: bool = True
    is_reachable: bool = True
    has_open_ticket: bool = False
    is_missing: bool = False
    has_late_charge: bool = False
    has_late_charge_clause: bool = True
    has_preservation: bool = False
    mediation_tried: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """One step of the choice: a code of a sentence, its facts, and the article behind it."""

    code: str
    article: str = ""
    facts: tuple[tuple[str, str | int], ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """The way proposed, and every step that led there."""

    path: Path
    reasons: tuple[Reason, ...]
    offers_mediation: bool


def choose(facts: PathFacts, wage: Wage | None) -> Choice:
    """Propose the way for a claim; a person may choose another one."""
    if facts.has_arbitration_clause:
        reason = Reason("case_path.arbitration_clause", "civil_procedure.arbitration_shuts")
        return Choice(Path.ARBITRATION, (reason,), offers_mediation=False)
    reasons: list[Reason] = []
    if not facts.mediation_tried:
        reasons.append(Reason("case_path.mediation_first", "civil_procedure.mediation_first"))
    against = against_payment_order(facts)
    if not against:
        reasons.append(Reason("case_path.payment_order", "civil_procedure.payment_order"))
        return Choice(Path.PAYMENT_ORDER, tuple(reasons), offers_mediation=not facts.mediation_tried)
    reasons += against
    path, last = _suit(facts, wage)
    return Choice(path, (*reasons, *last), offers_mediation=not facts.mediation_tried)


def against_payment_order(facts: PathFacts) -> tuple[Reason, ...]:
    """Return each condition of a payment order that is not met (民诉法 225, 解释 427 and 428)."""
    conditions = (
        (facts.is_undisputed, "case_path.disputed", "civil_procedure.payment_order"),
        (not facts.has_open_ticket, "case_path.open_ticket", "procedure_interpretation.order_conditions"),
        (facts.is_fixed, "case_path.not_fixed", "procedure_interpretation.order_conditions"),
        (facts.is_reachable, "case_path.not_reachable", "civil_procedure.payment_order"),
        (not facts.is_missing, "case_path.missing_for_order", "procedure_interpretation.order_conditions"),
        (
            facts.has_late_charge_clause or not facts.has_late_charge,
            "case_path.no_late_charge_clause",
            "procedure_interpretation.order_refused",
        ),
        (not facts.has_preservation, "case_path.preservation", "procedure_interpretation.order_conditions"),
    )
    return tuple(Reason(code, article) for is_met, code, article in conditions if not is_met)


def _suit(facts: PathFacts, wage: Wage | None) -> tuple[Path, tuple[Reason, ...]]:
    if facts.is_missing:
        return Path.ORDINARY, (Reason("case_path.missing", "civil_procedure.no_small_claims"),)
    if wage is None:
        return Path.SIMPLIFIED, (
            Reason("case_path.no_wage", "civil_procedure.small_claims"),
            Reason("case_path.simplified", "civil_procedure.simplified"),
        )
    told = (("yuan", wage.half_fen // _FEN), ("province", wage.province), ("year", wage.year))
    doubt = () if wage.is_verified else (Reason("case_path.wage_unverified", facts=(("source", wage.source),)),)
    if facts.amount_fen <= wage.half_fen:
        return Path.SMALL_CLAIMS, (Reason("case_path.small_claims", "civil_procedure.small_claims", told), *doubt)
    above = Reason("case_path.above_small_claims", "civil_procedure.small_claims", told)
    return Path.SIMPLIFIED, (above, *doubt, Reason("case_path.simplified", "civil_procedure.simplified"))


def wage_of(province: str, *, year: int) -> Wage | None:
    """Return the last figure published before ``year`` (解释 272): the province's own, else the national one."""
    for name in dict.fromkeys((province, _data()["provinces"]["whole"])):
        rows = [row for row in _data()["wage"] if row["province"] == name and row["year"] < year]
        if rows:
            row = max(rows, key=lambda one: int(one["year"]))
            own = name == province
            return Wage(name, row["year"], row["yuan"], row["source"], row["is_verified"], own)
    return None


def provinces() -> tuple[str, ...]:
    """Return the provinces there are."""
    return tuple(_data()["provinces"]["names"])


def province_in(text: str) -> str:
    """Return the province an address or the name of a court begins with, or nothing."""
    return next((name for name in provinces() if text.startswith(name)), "")


@lru_cache(maxsize=1)
def _data() -> dict:  # type: ignore[type-arg]
    return tomllib.loads(_FILE.read_text("utf-8"))

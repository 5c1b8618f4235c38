"""The ten rules hold in every module of the product (docs/architecture.md)."""

from __future__ import annotations

import pytest

from tests.architecture import rules
from tests.architecture.rules import Source

APP = rules.sources("app")
BELOW_THE_EDGES = [
    module
    for module in APP
    if module.name.split("/")[1] in {"domain", "i18n", "store", "documents", "sheets", "gateways", "services"}
]
SERVICES = [module for module in APP if module.name.startswith("app/services/")]
# What a workbook, a statute or the font says is data, not a sentence of ours; each file says so in its docstring.
CHINESE_DATA = ("app/i18n/", "app/sheets/", "app/domain/statutes.py", "app/demo_data/")


def faults(check: rules.Check, modules: list[Source]) -> list[str]:
    return [fault for module in modules for fault in check(module)]


def test_a_transaction_never_renders_seals_merges_or_sends() -> None:
    assert faults(rules.transactions_that_act, SERVICES) == []


def test_a_service_takes_keyword_only_arguments() -> None:
    assert faults(rules.positional_services, SERVICES) == []


def test_a_service_never_commits() -> None:
    assert (
        faults(
            rules.commits,
            [*SERVICES, *(m for m in APP if m.name.startswith("app/store/") and m.name != "app/store/db.py")],
        )
        == []
    )


def test_below_the_edges_the_date_is_an_argument_without_default() -> None:
    assert faults(rules.dates_with_defaults, BELOW_THE_EDGES) == []


def test_chinese_sentences_live_only_in_i18n_and_templates() -> None:
    modules = [module for module in APP if not module.name.startswith(CHINESE_DATA)]
    assert faults(rules.chinese_literals, modules) == []


def test_a_module_opens_with_one_sentence() -> None:
    assert faults(rules.opening, [*APP, *rules.sources("migrations", "tests", "scripts")]) == []


def test_modules_and_functions_stay_short() -> None:
    assert faults(rules.length, APP) == []


def test_no_name_says_nothing() -> None:
    assert faults(rules.names_that_say_nothing, [*APP, *rules.sources("tests")]) == []


# --- and each check can fail -----------------------------------------------------------------------

BREAKS = [
    (rules.transactions_that_act, "def pay(session: Session, gateways: Gateways) -> None: ..."),
    (rules.transactions_that_act, "def pay(session: orm.Session) -> None:\n    documents.render_receipt(1)"),
    (rules.positional_services, "def pay(session: Session, amount_fen: int) -> None: ..."),
    (rules.commits, "def pay(session: Session) -> None:\n    session.commit()"),
    (rules.dates_with_defaults, "def owed(bill: int, *, as_of: date | None = None) -> int: ..."),
    (rules.dates_with_defaults, "def owed(today=None): ..."),
    (rules.chinese_literals, "raise ValueError('金额不正确')"),
    (rules.chinese_literals, "x = f'{amount}元整'"),
    (rules.opening, "import os\n"),
    (rules.opening, '"""No full stop"""\n'),
    (rules.opening, '"""Two lines where\none would do."""\n'),
    (rules.length, "x = 1\n" * 451),
    (rules.length, "def long():\n" + "    x = 1\n" * 61),
]


@pytest.mark.parametrize(("check", "text"), BREAKS)
def test_a_check_finds_what_it_looks_for(check: rules.Check, text: str) -> None:
    assert check(rules.source("app/services/sample.py", text))


GOOD = '''"""A sample: 违约金 in a docstring is a term, not a sentence."""


def pay(session: Session, *, amount_fen: int, as_of: date) -> None:
    """Record 收款."""
    store.append(session, amount_fen)
'''


@pytest.mark.parametrize("check", list(dict.fromkeys(check for check, _ in BREAKS)))
def test_a_check_passes_what_is_right(check: rules.Check) -> None:
    assert check(rules.source("app/services/sample.py", GOOD)) == []


def test_a_name_that_says_nothing_is_found() -> None:
    assert rules.names_that_say_nothing(rules.source("app/web/form_utils.py", ""))

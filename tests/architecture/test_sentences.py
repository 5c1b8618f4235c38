"""Every refusal has its sentence, every sentence its refusal, and the two agree on the facts."""

from __future__ import annotations

import importlib
import string
from pathlib import Path

import pytest

from app.domain.errors import Refusal
from app.i18n import zh_cn
from app.web.staff.settings import CommunityForm
from tests.architecture import recorded, rules

APP = [module for module in rules.sources("app") if not module.name.startswith("app/i18n/")]
RAISED = [raised for module in APP for raised in rules.refusals(module)]
# A code may also be chosen from a table and raised by name; then it stands in some module as a string of its own.
WRITTEN = {text for module in APP for text in rules.strings(module)}
PREFIXES = tuple(text for text in WRITTEN if text.endswith((".", "_")) and "." in text)


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_every_refusal_has_a_sentence() -> None:
    assert sorted({f"{raised.where} {raised.code}" for raised in RAISED if raised.code not in zh_cn.SENTENCES}) == []


def test_every_sentence_is_used() -> None:
    unused = {code for code in zh_cn.SENTENCES if code not in WRITTEN and not code.startswith(PREFIXES)}
    assert sorted(unused) == []


def test_a_sentence_gets_every_fact_it_speaks_of() -> None:
    known = {"code", "label"}  # the form names its own field
    faults = {
        f"{raised.where} {raised.code} lacks {sorted(lacking)}"
        for raised in RAISED
        if raised.facts is not None
        and (lacking := placeholders(zh_cn.SENTENCES.get(raised.code, "")) - raised.facts - known)
    }
    assert sorted(faults) == []


def test_every_fact_in_the_log_has_a_word() -> None:
    elsewhere = recorded.handing_on(APP)
    facts = [fact for module in APP for fact in recorded.facts(module, elsewhere)]
    assert len(facts) > 80
    assert (
        sorted({f"{fact.where} {fact.name}" for fact in facts if fact.name and f"fact.{fact.name}" not in zh_cn.LABELS})
        == []
    )
    # What changed of a community is named by its form; what two people decided of a unit, by the table of deeds.
    assert {fact.where.split(":")[0] for fact in facts if not fact.name} <= {
        "app/services/office.py",
        "app/services/terms.py",
    }
    assert [name for name in CommunityForm.model_fields if f"fact.{name}" not in zh_cn.LABELS] == []


def test_the_search_for_facts_finds_them() -> None:
    module = rules.source(
        "app/x.py",
        """
def _log(session, by, facts, **more):
    audit.record(session, facts=facts)
def _say(session, **facts):
    audit.record(session, facts=facts)
def _wish():
    return {"f": 1}
def act(session, by):
    facts = {"a": 1} if by else {"b": {"c": 2}}
    facts["d"] = 3
    audit.record(session, facts=facts)
    _log(session, by, {"e": 4} | _wish())
    _say(session, g=5)
    audit.record(session, facts=made(by))
    case_log.log(session, h=6)
""",
    )
    other = rules.source(
        "app/case_log.py", "def log(session, **facts):\n    audit.record(session, facts={'n': 1, **facts})"
    )
    assert sorted({fact.name for fact in recorded.facts(module, recorded.handing_on([other]))}) == [
        "",
        "a",
        "b",
        "c",
        "d",
        "e",
        "f",
        "g",
        "h",
    ]


@pytest.mark.parametrize("kind", ["errors", "labels"])
def test_every_file_of_words_is_merged_and_says_nothing_twice(kind: str) -> None:
    stems = sorted(path.stem for path in (rules.ROOT / "app/i18n").glob(f"{kind}_*.py"))
    modules = [importlib.import_module(f"app.i18n.{stem}") for stem in stems]
    merged = zh_cn.SENTENCE_FILES if kind == "errors" else zh_cn.LABEL_FILES
    assert {module.__name__ for module in modules} == {module.__name__ for module in merged}
    keys = [key for module in modules for key in (module.SENTENCES if kind == "errors" else module.LABELS)]
    assert sorted({key for key in keys if keys.count(key) > 1}) == []


@pytest.mark.parametrize("word", ["停水", "停电", "断水", "断电", "公示名单", "曝光", "后果自负", "拉黑"])
def test_no_sentence_threatens(word: str) -> None:
    texts = [*zh_cn.SENTENCES.values(), *zh_cn.LABELS.values()]
    templates = [
        path.read_text(encoding="utf-8") for path in Path(rules.ROOT / "templates").rglob("*") if path.is_file()
    ]
    assert [text[:60] for text in [*texts, *templates] if word in text] == []


def test_a_sentence_never_breaks_for_want_of_a_fact() -> None:
    for code in zh_cn.SENTENCES:
        assert zh_cn.sentence(Refusal(code))


def test_an_unknown_code_still_says_something() -> None:
    assert "no.such_code" in zh_cn.sentence(Refusal("no.such_code"))


def test_fen_read_as_yuan() -> None:
    assert zh_cn._written("amount_fen", -123456) == "-￥1,234.56"
    assert zh_cn._written("amount_fen", None) == "—"


def test_the_search_for_refusals_finds_them() -> None:
    module = rules.source(
        "app/x.py", "raise conflict('a.b' if old else 'a.c', field='f', day=1)\nrefuse(Refusal(code))"
    )
    assert [(found.code, found.facts) for found in rules.refusals(module)] == [
        ("a.b", frozenset({"day"})),
        ("a.c", frozenset({"day"})),
    ]

"""The checks behind the ten rules that no linter knows: each takes a parsed module and returns its faults."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULE_LINES = 450
FUNCTION_LINES = 60
ONE_PAGE = frozenset({"app/store/tables.py"})  # the whole schema on one page is worth the length
CHINESE = re.compile(r"[\u3400-\u9fff]{2}")
SENTENCE = re.compile(r"[\u3400-\u9fff]{4}")
EDGE_DATES = frozenset({"as_of", "today", "now"})
ACTS = ("render", "seal", "merge", "send", "write_pdf")
REFUSALS = frozenset({"Refusal", "not_found", "conflict", "forbidden"})
REFUSAL_ARGUMENTS = frozenset({"kind", "field"})
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Source:
    """One module, read and parsed once."""

    name: str
    text: str
    tree: ast.Module = field(repr=False)


Check = Callable[[Source], list[str]]


def source(name: str, text: str) -> Source:
    return Source(name, text, ast.parse(text))


def sources(*folders: str) -> list[Source]:
    """Return every module below the folders, named by its path in the repository."""
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return [source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in paths]


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def parameters(function: Function) -> list[ast.arg]:
    return [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]


def annotated(function: Function) -> set[str]:
    """Return the bare names in the annotations of a function's parameters: Session, Gateways, ..."""
    notes = (argument.annotation for argument in parameters(function) if argument.annotation)
    nodes = [node for note in notes for node in ast.walk(note)]
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return names | {node.attr for node in nodes if isinstance(node, ast.Attribute)}


# --- rule 3 ----------------------------------------------------------------------------------------


def transactions_that_act(module: Source) -> list[str]:
    """A function takes a Session or Gateways; one with a Session never renders, seals, merges or sends."""
    faults = []
    for function in functions(module.tree):
        names = annotated(function)
        if "Session" not in names:
            continue
        if "Gateways" in names:
            faults.append(f"{module.name}:{function.lineno} {function.name} takes a Session and Gateways")
        faults += [
            f"{module.name}:{call.lineno} {function.name} calls {called(call)} inside a transaction"
            for call in ast.walk(function)
            if isinstance(call, ast.Call) and called(call).lstrip("_").startswith(ACTS)
        ]
    return faults


def called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name):
            return name
        case ast.Attribute(attr=name):
            return name
        case _:
            return ""


# --- rule 4, the look ------------------------------------------------------------------------------


def positional_services(module: Source) -> list[str]:
    """A use case takes keyword-only arguments, after its Session or Gateways at most."""
    faults = []
    for function in module.tree.body:
        if not isinstance(function, ast.FunctionDef) or not annotated(function) & {"Session", "Gateways"}:
            continue
        if function.name.startswith("_"):
            continue
        positional = [*function.args.posonlyargs, *function.args.args]
        if len(positional) > 1:
            faults.append(f"{module.name}:{function.lineno} {function.name} takes {len(positional)} by position")
    return faults


def commits(module: Source) -> list[str]:
    """A service never commits: the edge opened the transaction and the edge ends it."""
    return [
        f"{module.name}:{call.lineno} {called(call)}"
        for call in ast.walk(module.tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in {"commit", "rollback"}
    ]


# --- rule 6 ----------------------------------------------------------------------------------------


def dates_with_defaults(module: Source) -> list[str]:
    """Below the edges the day a question is asked for is an argument: no default, least of all today()."""
    faults = []
    for function in functions(module.tree):
        arguments = function.args
        plain = [*arguments.posonlyargs, *arguments.args]
        with_default = plain[len(plain) - len(arguments.defaults) :]
        with_default += [
            argument for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if default
        ]
        faults += [
            f"{module.name}:{function.lineno} {function.name} gives {argument.arg} a default"
            for argument in with_default
            if argument.arg in EDGE_DATES
        ]
    return faults


# --- rule 7 ----------------------------------------------------------------------------------------


def chinese_literals(module: Source) -> list[str]:
    """Sentences live in i18n and templates; docstrings and comments may name a term.

    A mark of one character may stand anywhere (年 in a pattern), and in the domain, which reads what people
    write, one of up to three (号楼). The title of a form field stands with the field.
    """
    wanted = SENTENCE if module.name.startswith("app/domain/") else CHINESE
    spared = {id(node) for node in [*docstrings(module.tree), *field_titles(module.tree)]}
    return [
        f"{module.name}:{node.lineno} {node.value!r}"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in spared
        and wanted.search(node.value)
    ]


def docstrings(tree: ast.Module) -> Iterator[ast.Constant]:
    """Yield every string that stands alone as a statement: docstrings, and notes under an attribute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def field_titles(tree: ast.Module) -> Iterator[ast.expr]:
    """Yield what ``Field(title=...)`` says: the short name a form and its refusals share."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and called(node) == "Field":
            yield from (keyword.value for keyword in node.keywords if keyword.arg == "title")


@dataclass(frozen=True, slots=True)
class Raised:
    """One place where a refusal is made; ``facts`` is None where they are handed on as a mapping."""

    where: str
    code: str
    facts: frozenset[str] | None


def refusals(module: Source) -> Iterator[Raised]:
    for call in ast.walk(module.tree):
        if not isinstance(call, ast.Call) or called(call) not in REFUSALS or not call.args:
            continue
        first = call.args[0]
        codes = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
        names = {keyword.arg for keyword in call.keywords}
        facts = None if None in names else frozenset(name for name in names if name) - REFUSAL_ARGUMENTS
        for code in codes:
            if isinstance(code, ast.Constant) and isinstance(code.value, str):
                yield Raised(f"{module.name}:{call.lineno}", code.value, facts)


def strings(module: Source) -> Iterator[str]:
    return (
        node.value for node in ast.walk(module.tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


# --- rule 9 ----------------------------------------------------------------------------------------


def opening(module: Source) -> list[str]:
    """A module opens with one sentence, on one line, saying what it is."""
    text = ast.get_docstring(module.tree)
    if not text:
        return [f"{module.name}: no docstring"]
    first = text.split("\n\n")[0]
    if "\n" in first or not first.endswith("."):
        return [f"{module.name}: opens with {first!r}"]
    return []


def length(module: Source) -> list[str]:
    """A module holds one noun, a function one step; a long list of options is no step."""
    faults = []
    lines = module.text.count("\n")
    if lines > MODULE_LINES and module.name not in ONE_PAGE:
        faults.append(f"{module.name}: {lines} lines; does it hold two nouns?")
    for function in functions(module.tree):
        size = (function.end_lineno or 0) - function.body[0].lineno + 1
        if size > FUNCTION_LINES:
            faults.append(f"{module.name}:{function.lineno} {function.name}: {size} lines")
    return faults


# --- names -----------------------------------------------------------------------------------------

SAYS_NOTHING = frozenset({"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"})


def names_that_say_nothing(module: Source) -> list[str]:
    words = {word for part in Path(module.name).with_suffix("").parts for word in part.split("_")}
    return [f"{module.name}: {word}" for word in sorted(words & SAYS_NOTHING)]

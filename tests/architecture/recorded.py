"""Finds the facts that are written into the log, by the names they are given in the code."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.architecture.rules import Function, Source, functions, parameters


@dataclass(frozen=True, slots=True)
class Fact:
    """One name in one place; no name where the code does not say it."""

    where: str
    name: str


def handing_on(modules: Iterable[Source]) -> dict[str, Function]:
    """Return the functions other modules may call to have facts recorded, as they are called: ``module.function``."""
    return {
        f"{Path(module.name).stem}.{function.name}": function
        for module in modules
        for function in functions(module.tree)
        if not function.name.startswith("_") and _hands_on(function)
    }


def facts(module: Source, elsewhere: Mapping[str, Function]) -> Iterator[Fact]:
    """Yield every fact handed to ``audit.record``, straight or through a function that hands it on."""
    local = {function.name: function for function in functions(module.tree)}
    onward = {name: function for name, function in local.items() if _hands_on(function)} | dict(elsewhere)
    for function in local.values():
        for call in ast.walk(function):
            if not isinstance(call, ast.Call):
                continue
            where = f"{module.name}:{call.lineno}"
            if _is_record(call):
                told = [word.value for word in call.keywords if word.arg == "facts"]
            elif ast.unparse(call.func) in onward:
                told = list(_told(call, onward[ast.unparse(call.func)]))
            else:
                continue
            yield from (Fact(where, name) for value in told for name in _names(value, function, local))


def _is_record(call: ast.Call) -> bool:
    return ast.unparse(call.func) == "audit.record"


def _hands_on(function: Function) -> bool:
    taken = {argument.arg for argument in parameters(function)}
    if function.args.kwarg:  # **facts
        taken.add(function.args.kwarg.arg)
    return "facts" in taken and any(isinstance(call, ast.Call) and _is_record(call) for call in ast.walk(function))


def _told(call: ast.Call, function: Function) -> Iterator[ast.expr]:
    """Yield what a call gives as ``facts``: by name, by position, or as words of its own."""
    positional = [argument.arg for argument in [*function.args.posonlyargs, *function.args.args]]
    yield from (value for name, value in zip(positional, call.args, strict=False) if name == "facts")
    yield from (word.value for word in call.keywords if word.arg == "facts")
    if function.args.kwarg:
        known = {argument.arg for argument in parameters(function)}
        own = [word for word in call.keywords if word.arg not in known]
        yield ast.Dict([ast.Constant(word.arg) if word.arg else None for word in own], [word.value for word in own])


def _names(value: ast.expr, function: Function, local: dict[str, Function]) -> Iterator[str]:
    """Yield the names a mapping holds, also those of the mappings in it; an empty one for what cannot be read."""
    if _hands_on(function) and any(isinstance(part, ast.Name) and part.id == "facts" for part in ast.walk(value)):
        keys = value.keys if isinstance(value, ast.Dict) else []
        yield from (str(key.value) for key in keys if isinstance(key, ast.Constant))  # the rest is named by the callers
        return
    match value:
        case ast.Dict(keys=keys, values=values):
            for key, inner in zip(keys, values, strict=True):
                if key is not None:
                    yield key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""
                if key is None or isinstance(inner, ast.Dict):
                    yield from _names(inner, function, local)
        case ast.IfExp(body=one, orelse=other) | ast.BinOp(left=one, op=ast.BitOr(), right=other):
            yield from _names(one, function, local)
            yield from _names(other, function, local)
        case ast.Name(id=name) if found := list(_given(function, name)):
            for one in found:
                yield from _names(one, function, local)
        case ast.Call(func=ast.Name(id=name)) if name in local:
            for step in ast.walk(local[name]):
                if isinstance(step, ast.Return) and step.value:
                    yield from _names(step.value, local[name], local)
        case ast.Constant(value=None):
            pass
        case _:
            yield ""


def _given(function: Function, name: str) -> Iterator[ast.expr]:
    for step in ast.walk(function):
        match step:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                yield value
            case ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value) if target == name:
                yield value
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=target), slice=key)]) if target == name:
                yield ast.Dict([key], [ast.Constant(0)])
            case _:
                pass

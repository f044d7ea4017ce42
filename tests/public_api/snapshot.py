"""Writes down the whole public API, one line a name; running this file writes it anew.

Public are `chatbridge`, `chatbridge.testing` and the contract modules. A change of a line is a
change for everybody who builds on it: see docs/reference/compatibility.md.
"""

from __future__ import annotations

import enum
import importlib
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs

from chatbridge.testing.conformance.sources import PUBLIC_MODULES

PLACE = Path(__file__).parent / "names.txt"


def snapshot() -> str:
    """Return every public name with its signature, sorted by module."""
    modules = ["chatbridge", "chatbridge.testing"]
    modules += [f"chatbridge.{name}" for name in sorted(PUBLIC_MODULES)]
    lines = [line for name in modules for line in _module(importlib.import_module(name))]
    return "\n".join(lines) + "\n"


def _module(module: ModuleType) -> Iterator[str]:
    yield f"[{module.__name__}]"
    root = module.__name__ in {"chatbridge", "chatbridge.testing"}
    names = sorted(module.__all__) if root else sorted(_own_names(module))
    for name in names:
        value = getattr(module, name)
        home = getattr(value, "__module__", module.__name__)
        if root and str(home).removeprefix("chatbridge.") in PUBLIC_MODULES:
            yield f"{name} = {home}.{name}"
        else:
            yield from _described(name, value)
    yield ""


def _own_names(module: ModuleType) -> Iterator[str]:
    for name, value in vars(module).items():
        if name.startswith("_") or inspect.ismodule(value):
            continue
        constant = name.isupper() and not inspect.isclass(value)
        if constant or getattr(value, "__module__", None) == module.__name__:
            yield name


def _described(name: str, value: Any) -> Iterator[str]:
    if not inspect.isclass(value):
        plain = isinstance(value, str | int | float | frozenset | tuple)
        shown = _signature(value) if inspect.isroutine(value) else ""
        shown = f": {type(value).__name__}" if plain else shown
        yield f"{name}{shown}"
        return
    bases = ", ".join(base.__name__ for base in value.__bases__ if base is not object)
    yield f"class {name}({bases})"
    if issubclass(value, enum.Enum):
        yield from (f"    {each.name} = {each.value!r}" for each in value)
        return
    if attrs.has(value):
        for field in attrs.fields(value):
            default = "" if field.default is attrs.NOTHING else " = ..."
            yield f"    {field.name}: {_annotation(value, field.name)}{default}"
    for member, found in sorted(vars(value).items()):
        if member.startswith("_") and member != "__init__":
            continue
        if isinstance(found, property):
            yield f"    {member} (property)"
        elif isinstance(found, staticmethod | classmethod):
            yield f"    {member}{_signature(found.__func__)}"
        elif inspect.isfunction(found) and not (member == "__init__" and attrs.has(value)):
            yield f"    {member}{_signature(found)}"


def _annotation(cls: type[Any], name: str) -> str:
    """Return what stands in the source; attrs' own record of it changes once it is resolved."""
    for each in cls.__mro__:
        found = inspect.get_annotations(each).get(name)
        if found is not None:
            return found if isinstance(found, str) else inspect.formatannotation(found)
    return ""


def _signature(value: Any) -> str:
    """Return the arguments; of a default only that there is one, whatever its value holds."""
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return ""
    arguments = [
        each if each.default is inspect.Parameter.empty else each.replace(default=_SOME)
        for each in signature.parameters.values()
    ]
    return str(signature.replace(parameters=arguments)).replace("'", "")


class _Some:
    def __repr__(self) -> str:
        return "..."


_SOME = _Some()


if __name__ == "__main__":
    PLACE.write_text(snapshot(), encoding="utf-8")
    sys.stdout.write(f"wrote {PLACE.name}\n")

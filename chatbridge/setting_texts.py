"""Settings as texts: what a command line or an environment says, turned into a setting's value."""

from __future__ import annotations

import types
from enum import Enum
from typing import Any, Union, get_args, get_origin

import attrs


def value_from_text(schema: type[Any], name: str, text: str) -> Any:
    """Return what a text from a command line or an environment means for a setting.

    Args:
        schema: an attrs class whose fields come from `setting`.
        name: one of its fields.
        text: as given; several values are separated by commas.

    Raises:
        ValueError: it means nothing; the text says what is expected.
    """
    kind: Any = attrs.fields_dict(attrs.resolve_types(schema))[name].type
    if get_origin(kind) in {Union, types.UnionType}:
        if not text:
            return None
        kind = next(each for each in get_args(kind) if each is not type(None))
    if kind is bool:
        return _switch(text)
    if kind is int or kind is float:
        try:
            return kind(text)
        except ValueError:
            raise ValueError(f"must be a {'whole ' if kind is int else ''}number") from None
    if get_origin(kind) is tuple:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if isinstance(kind, type) and issubclass(kind, Enum) and text not in [*kind]:
        raise ValueError(f"must be one of {', '.join(str(each) for each in kind)}")
    return text


def _switch(text: str) -> bool:
    known = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if text.lower() not in known:
        raise ValueError("must be true or false")
    return known[text.lower()]

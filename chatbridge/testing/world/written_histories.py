"""Reads a history as somebody wrote it, and says what is wrong with it where it is none.

It runs nothing, and never guesses what was meant.
"""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, Final, NoReturn

from chatbridge.testing.world.faults import MODES
from chatbridge.testing.world.histories import History
from chatbridge.testing.world.operations import shared_steps
from chatbridge.testing.world.stage import PLATFORMS

_SHAPE: Final = '["opened", "poll", 1, false, [["says", 0], ["run", 0]]]'
_CHOICES: Final[tuple[tuple[str, tuple[Any, ...]], ...]] = (
    ("the beginning", ("nothing", "opened", "two", "group")),
    ("the way of news", ("poll", "webhook")),
    ("the number of processes", tuple(range(1, 10))),
    ("whether Jira sends hints", (False, True)),
)
_MORE: Final[tuple[tuple[str, tuple[Any, ...]], ...]] = (
    ("the edition of Jira", ("cloud", "data_center")),
    ("the platform", tuple(sorted(PLATFORMS))),
)
_KINDS: Final[dict[str, tuple[type, ...]]] = {
    "int": (int,), "float": (int, float), "str": (str,), "bool": (bool,),
}  # fmt: skip
_LARGEST: Final = 1e12


def read_history(text: str) -> History:
    """Return the history of a text.

    Args:
        text: as `History.as_text` prints it.

    Raises:
        ValueError: it is none; the text says in one line what to change.
    """
    try:
        value = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise ValueError(f"this is no JSON; a history looks like {_SHAPE}") from None
    wanted = (len(_CHOICES) + 1, len(_CHOICES) + 1 + len(_MORE))
    if not isinstance(value, list) or not wanted[0] <= len(value) <= wanted[1]:
        raise ValueError(f"a history is a list of {wanted[0]} to {wanted[1]}, as in {_SHAPE}")
    *setting, steps = value[: wanted[0]]
    more = value[wanted[0] :]
    for given, (what, known) in zip((*setting, *more), (*_CHOICES, *_MORE), strict=False):
        _choose(given, what, known)
    if type(steps) is not list:
        raise ValueError(f"the fifth of a history is the list of its steps, as in {_SHAPE}")
    known_steps = _known(more[1] if len(more) > 1 else "telegram")
    for number, step in enumerate(steps, 1):
        _check(step, f"step {number}", known_steps)
    return History.from_text(text)


def _known(platform: str) -> dict[str, Callable[..., None]]:
    # What people do on another platform is known, and does nothing on this one.
    others = {name: step for chats in PLATFORMS.values() for name, step in chats.steps.items()}
    return {**others, **shared_steps(), **PLATFORMS[platform].steps}


def _choose(given: Any, what: str, known: tuple[Any, ...]) -> None:
    if not any(given == each and type(given) is type(each) for each in known):
        choices = ", ".join(json.dumps(each) for each in known)
        raise ValueError(f"{what} is one of {choices}, not {_short(given)}")


def _check(step: Any, place: str, known: Mapping[str, Callable[..., None]]) -> None:
    if not isinstance(step, list) or not step or not isinstance(step[0], str):
        raise ValueError(f'{place} is no list that begins with a name, such as ["says", 0]')
    name, *values = step
    if name not in known:
        near = get_close_matches(name, known, 1)
        advice = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(known))}"
        raise ValueError(f"{place}, {_short(name)}, is not known here; {advice}")
    place = f"{place}, {name},"
    signature = inspect.signature(known[name])
    try:
        bound = signature.bind(None, *values)
    except TypeError:
        _, *wanted = signature.parameters.values()
        raise ValueError(
            f"{place} has {len(values)} values; it takes {', '.join(map(_told, wanted)) or 'none'}"
        ) from None
    _, *given = bound.arguments.items()
    for label, value in given:
        parameter = signature.parameters[label]
        # A lambda has no annotations; those there are take seconds.
        unsaid = parameter.annotation is inspect.Parameter.empty
        kind = "float" if unsaid else str(parameter.annotation)
        several = parameter.kind is inspect.Parameter.VAR_POSITIONAL
        for each in value if several else (value,):
            _check_value(each, kind, f"{place} {label}", known)
    if name == "arms" and values[0] not in MODES:
        raise ValueError(f"{place} mode is one of {', '.join(MODES)}, not {_short(values[0])}")


def _check_value(
    value: Any, annotation: str, place: str, known: Mapping[str, Callable[..., None]]
) -> None:
    if annotation == "Step":
        if value != []:
            _check(value, place, known)
        return
    kinds = _KINDS.get(annotation)
    if kinds is not None and type(value) not in kinds:
        raise ValueError(f"{place} is of kind {annotation}, not {_short(value)}")
    if isinstance(value, int | float) and not (math.isfinite(value) and abs(value) <= _LARGEST):
        raise ValueError(f"{place} is too large: {_short(value)}")


def _told(parameter: inspect.Parameter) -> str:
    if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
        return f"any number of {parameter.name}"
    optional = "" if parameter.default is inspect.Parameter.empty else " (or nothing)"
    return f"{parameter.name}{optional}"


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:40]}…"


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)

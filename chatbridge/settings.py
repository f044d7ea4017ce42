"""Settings as data: attrs classes whose fields know their meaning, read with clear errors.

`setting` makes a field with its one-line meaning; `structure` turns a mapping (TOML, JSON, command
line) into an instance and names the setting and the mend of whatever is wrong. A secret's value
never shows in an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, TypeVar, get_args

import attrs

from chatbridge.errors import ConfigurationError
from chatbridge.secret import Secret

T = TypeVar("T")

BEFORE: Final = "_before"
"""Ends the name of a setting that holds the former value of a secret."""


def setting(
    meaning: str,
    *,
    default: Any = attrs.NOTHING,
    validator: Callable[..., Any] | None = None,
    converter: Callable[[Any], Any] | None = None,
    env: str | None = None,
) -> Any:
    """Return an attrs field that knows what it means.

    Args:
        meaning: one line, for the documentation, the command line and errors.
        default: its value where nobody gives one; without it the setting is required.
        validator: as in attrs; raises ValueError with the mend.
        converter: as in attrs.
        env: the environment variable it may come from.
    """
    return attrs.field(
        default=default,
        validator=validator and _naming(validator),
        converter=converter,
        metadata={"meaning": meaning, "env": env},
        kw_only=True,
    )


def _naming(validator: Callable[..., Any]) -> Callable[..., None]:
    """Return a validator whose errors begin with the setting's name.

    Validators run when all settings are there, so nobody else knows which one it was.
    """

    def check(owner: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        problem = ""
        try:
            validator(owner, attribute, value)
        except ValueError as error:
            problem = str(error)
        if problem:
            raise ValueError(f"{attribute.name} {problem}")

    return check


def one_of(*allowed: str) -> Callable[[Any, attrs.Attribute[Any], Any], None]:
    """Return a validator that takes only these texts."""

    def check(_owner: Any, _attribute: attrs.Attribute[Any], value: Any) -> None:
        if value not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")

    return check


def between(low: float, high: float) -> Callable[[Any, attrs.Attribute[Any], Any], None]:
    """Return a validator that takes only numbers in this range, ends included."""

    def check(_owner: Any, _attribute: attrs.Attribute[Any], value: Any) -> None:
        if not low <= value <= high:
            raise ValueError(f"must be between {low:g} and {high:g}")

    return check


def https_url(_owner: Any, _attribute: attrs.Attribute[Any], value: str) -> None:
    """Take only https URLs, or http on a loopback address."""
    from urllib.parse import urlsplit

    parts = urlsplit(value)
    loopback = parts.hostname in {"127.0.0.1", "::1", "localhost"}
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and loopback)):
        raise ValueError("must be a URL that starts with https://")
    if parts.username or parts.password:
        raise ValueError("must not hold a user name or password")


def structure(values: Mapping[str, Any], schema: type[T], *, where: str) -> T:
    """Return an instance of the schema made of these values.

    Args:
        values: names and values, nested as the schema is.
        schema: an attrs class whose fields come from `setting`.
        where: what the errors call the place, such as "[site] in chatbridge.toml".

    Raises:
        ConfigurationError: names every setting that is unknown, missing or wrong, and the mend.
    """
    from cattrs import transform_error

    try:
        made: T = _converter().structure(dict(values), schema)
        return made
    except Exception as error:  # noqa: BLE001 - cattrs wraps whatever a validator raises
        problems = transform_error(error, path="", format_exception=_explain)
    raise ConfigurationError(f"{where}: " + "; ".join(_tidy(problem) for problem in problems))


def unstructure(value: Any) -> dict[str, Any]:
    """Return the settings as plain values; secrets in the clear, so only ever for sealing."""
    plain: dict[str, Any] = _converter().unstructure(value)
    return plain


def secret_settings(schema: type[Any]) -> set[str]:
    """Return the names of the settings that must not be shown."""
    return set(_secret_settings(schema))  # type: ignore[arg-type]


@cache
def _secret_settings(schema: type[Any]) -> frozenset[str]:
    return frozenset(
        field.name
        for field in attrs.fields(attrs.resolve_types(schema))
        if field.type is Secret or Secret in get_args(field.type)
    )


def check_secrets_before(settings: Any) -> None:
    """Return if each secret `NAME_before` has its successor, the setting `NAME`.

    Args:
        settings: an instance of an attrs class whose fields come from `setting`.

    Raises:
        ValueError: one stands alone; the text names the mend.
    """
    for name in sorted(secret_settings(type(settings))):
        current = name.removesuffix(BEFORE)
        if current == name or getattr(settings, name) is None:
            continue
        if getattr(settings, current) is None:
            raise ValueError(f"{name} needs {current}, the new one; set it, or leave {name} out")


def with_before(settings: Any, name: str) -> tuple[Secret, ...]:
    """Return the secrets that count for a setting: its own, and the one before it, if any.

    Args:
        settings: an instance of an attrs class whose fields come from `setting`.
        name: of the newer one; the older one's is the same with `_before`.
    """
    both = (getattr(settings, name), getattr(settings, name + BEFORE))
    return tuple(secret for secret in both if secret is not None)


_shared: Any = None


def _converter() -> Any:
    global _shared
    if _shared is None:
        from cattrs import Converter
        from cattrs.gen import make_dict_structure_fn

        converter = Converter(forbid_extra_keys=True, detailed_validation=True)
        converter.register_structure_hook(Secret, lambda value, _: _secret(value))
        converter.register_unstructure_hook(Secret, lambda secret: secret.reveal())
        converter.register_structure_hook(str, _exactly(str))
        converter.register_structure_hook(bool, _exactly(bool))
        converter.register_structure_hook(int, _exactly(int))
        converter.register_structure_hook(float, _exactly(float, int))
        converter.register_structure_hook_factory(
            attrs.has,
            lambda schema: make_dict_structure_fn(
                schema, converter, _cattrs_forbid_extra_keys=True, _cattrs_detailed_validation=True
            ),
        )
        _shared = converter
    return _shared


def _exactly(*types: type) -> Callable[[Any, Any], Any]:
    def take(value: Any, _: Any) -> Any:
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise TypeError(f"must be a {_WORDS[types[0]]}")
        return value

    return take


_WORDS: dict[type, str] = {str: "text", bool: "yes or no (true, false)", int: "whole number",
                           float: "number"}  # fmt: skip


def _secret(value: Any) -> Secret:
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str) or not value:
        raise TypeError("must be a text that is not empty")
    return Secret(value)


def _explain(error: BaseException, _: type | None) -> str:
    if isinstance(error, KeyError):
        return "is missing"
    if type(error).__name__ == "ForbiddenExtraKeysError":
        extra = sorted(str(name) for name in getattr(error, "extra_fields", ()))
        known = sorted(field.name for field in attrs.fields(getattr(error, "cl")))  # noqa: B009
        return f"does not know {', '.join(extra)} (known: {', '.join(known)})"
    if isinstance(error, (ValueError, TypeError)):
        return str(error)
    return "cannot be read"


def _tidy(problem: str) -> str:
    text, _, path = problem.rpartition(" @ ")
    name = path.strip(" .$")
    return f"{name} {text}" if name else text

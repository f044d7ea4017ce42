"""The capabilities of an adapter as a Markdown table, for READMEs: made from the data alone."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

import attrs

from chatbridge import adapter as contract
from chatbridge.adapter import Adapter
from chatbridge.capabilities import Capabilities, FileLimit

OPTIONAL = (
    "AnswersChoices", "AnswersWebhooks", "CompletesEvents", "EditsMessages", "FetchesFiles",
    "OpensByLink",
    "Polls", "RegistersWebhooks", "ShowsTyping",
)  # fmt: skip
"""What an adapter may do besides; found by being implemented."""


_USUAL: tuple[Any, ...] = (False, 0, None, [], {}, ["POST"])
"""What needs no row: what a platform cannot, and that webhooks are posted."""

_ONLY_WITH = {
    "max_choice_label": "choices", "max_choice_data": "choices", "max_choices": "choices",
    "answer_within": "proof", "webhook_routes": "proof", "poll_pause": "position",
}  # fmt: skip
"""What means nothing where something else is impossible."""


def capabilities_of(adapter: type[Adapter]) -> dict[str, Any]:
    """Return what an adapter declares and implements, by name, as values that JSON can carry."""
    declared = {
        each.name: _plain(getattr(adapter.capabilities, each.name))
        for each in attrs.fields(Capabilities)
    }
    return declared | {name: issubclass(adapter, getattr(contract, name)) for name in OPTIONAL}


def capability_table(adapter: type[Adapter]) -> str:
    """Return the table: what the platform can do, without what it cannot."""
    told = capabilities_of(adapter)
    rows = [
        f"| `{name}` | {_shown(value)} |"
        for name, value in told.items()
        if value not in _USUAL and told.get(_ONLY_WITH.get(name, name))
    ]
    return "\n".join(["| capability | value |", "| --- | --- |", *rows])


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, frozenset):
        return sorted(map(str, value))
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, FileLimit):
        return {each.name: _plain(getattr(value, each.name)) for each in attrs.fields(FileLimit)}
    if isinstance(value, Mapping):
        return {str(_plain(key)): _plain(inner) for key, inner in value.items()}
    return value


def _shown(value: Any) -> str:
    if value is True:
        return "yes"
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, dict):
        return "; ".join(f"{kind} up to {_size(limit)}" for kind, limit in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)


def _size(limit: dict[str, Any]) -> str:
    return f"{limit['max_bytes'] / 2**20:g} MiB"

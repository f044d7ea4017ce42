"""The hooks that plugins implement, each with its promise.

A plugin is a module named by an entry point of the group `chatbridge`. A new hook waits
for a real plugin that needs it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import pluggy

if TYPE_CHECKING:
    from chatbridge.adapter import Adapter
    from chatbridge.storage import Storage

ENTRY_POINT_GROUP = "chatbridge"

hookspec = pluggy.HookspecMarker("chatbridge")
hookimpl = pluggy.HookimplMarker("chatbridge")


class RegisterAdapter(Protocol):
    """What `chatbridge_register_adapters` is handed."""

    def __call__(self, adapter: type[Adapter], *, simulator: str | None = None) -> None:
        """Offer an adapter.

        Args:
            adapter: the class.
            simulator: "module:class" of the platform's simulator (see `chatbridge.testing`);
                imported only when somebody simulates.
        """
        ...


RegisterStorage = Callable[[str, "Callable[[str], Storage]"], None]
"""`register(scheme, open)`: `open` gets what follows `scheme:` in the storage setting."""


@hookspec
def chatbridge_register_adapters(register: RegisterAdapter) -> None:
    """Offer adapters by calling `register(AdapterClass)`; nothing else may happen in here."""


@hookspec
def chatbridge_register_storages(register: RegisterStorage) -> None:
    """Offer storages by calling `register(scheme, open)`; nothing else may happen in here."""

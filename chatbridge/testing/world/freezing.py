"""Keeps a world at rest as bytes, from which others start cheaply.

What every world makes for itself (its clock, its randomness) is named in the bytes, not copied.
"""

from __future__ import annotations

import io
import pickle
from typing import Any

from attrs import define


@define(frozen=True)
class Beginning:
    """A world at rest, from which others start.

    Args:
        frozen: everything but the storage.
        rows: of the storage.
    """

    frozen: bytes
    rows: tuple[tuple[str, bytes], ...]


_TRUTH = (
    "words", "visible", "created", "owners", "moved_chats", "updates", "in_jira",
    "shown", "texts", "wordings", "file_owners", "handed", "sent_about", "former_owners",
    "left",
)  # fmt: skip


def freeze(world: Any) -> bytes:
    """Return everything of a world but its storage."""
    buffer = io.BytesIO()
    truth = {name: getattr(world.truth, name) for name in _TRUTH}
    state = (
        world.desk.state.__dict__, world.desk.hints.__dict__, world.chats.simulator.state, truth,
        world.clock.__dict__,
    )  # fmt: skip
    _Freezing(buffer, world).dump(state)
    return buffer.getvalue()


def _fixed(world: Any) -> dict[str, Any]:
    """Return what a world has before anything happens, by a name of its own."""
    return {
        "clock": world.clock, "desk state": world.desk.state, "desk random": world.desk.random,
        "chats random": world.chats.simulator.random,
    }  # fmt: skip


class _Freezing(pickle.Pickler):
    def __init__(self, buffer: io.BytesIO, world: Any) -> None:
        super().__init__(buffer, protocol=5)
        self._names = {id(value): name for name, value in _fixed(world).items()}

    def persistent_id(self, value: Any) -> str | None:
        return self._names.get(id(value))


class _Thawing(pickle.Unpickler):
    def __init__(self, frozen: bytes, world: Any) -> None:
        super().__init__(io.BytesIO(frozen))
        self._fixed = _fixed(world)

    def persistent_load(self, name: Any) -> Any:
        return self._fixed[name]


def thaw(frozen: bytes, world: Any) -> Any:
    """Return what `freeze` kept, for another world."""
    return _Thawing(frozen, world).load()

"""Keeps a whole world as it is, its running bridges included, and makes copies of it.

A copy is made in the same process: what never changes is shared between all of them, by reference;
everything else is each copy's own. No copy is taken while a process is in the middle of an effect.
"""

from __future__ import annotations

import io
import pickle
import re
import threading
from collections.abc import Callable
from struct import Struct
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any, Final

from attrs import define

from chatbridge.jira.site import SiteSettings
from chatbridge.keys import RootKey
from chatbridge.keyset import Keyset
from chatbridge.links import Inflight, Link, Opening, Shown, Told
from chatbridge.plugins import Plugins
from chatbridge.project import ProjectSettings, Timings
from chatbridge.records import BotRecord, Claim, Conversation, Intent, Project
from chatbridge.sealing import OpenKeys
from chatbridge.secret import Secret
from chatbridge.testing.desk_editions import CloudEdition, DataCenterEdition
from chatbridge.testing.desk_people import FieldSpec, Person, RequestTypeSpec
from chatbridge.testing.desk_state import Moment
from chatbridge.testing.world.overheard import Overheard

_SHARED: Final = frozenset({
    CodeType, ModuleType, re.Pattern, Struct, Plugins, Secret, RootKey, Keyset, OpenKeys,
    SiteSettings, ProjectSettings, Timings, BotRecord, CloudEdition, DataCenterEdition, Person,
    FieldSpec, RequestTypeSpec, Moment, Overheard, Link, Inflight, Told, Shown, Opening, Claim,
    Conversation, Intent, Project,
})  # fmt: skip
"""What never changes once it is made, or may be known to all."""

_LOCKS: Final[dict[type, Callable[[], Any]]] = {
    type(threading.Lock()): threading.Lock, type(threading.RLock()): threading.RLock,
}  # fmt: skip


@define
class LiveCopy:
    """A world that was at rest.

    Args:
        frozen: what is its own.
        shared: what it shares with every other copy.
    """

    frozen: bytes
    shared: list[Any]

    def thaw(self) -> Any:
        """Return one more world like it."""
        return _Thawing(io.BytesIO(self.frozen), self.shared).load()


def copy_of(world: Any) -> LiveCopy:
    """Return a copy of a world and of everything that it is made of."""
    buffer, shared = io.BytesIO(), list[Any]()
    _Freezing(buffer, shared).dump(world)
    return LiveCopy(buffer.getvalue(), shared)


@define
class _Globals:
    """Stands for the module of a function."""

    names: dict[str, Any]


class _Freezing(pickle.Pickler):
    def __init__(self, buffer: io.BytesIO, shared: list[Any]) -> None:
        super().__init__(buffer, protocol=5)
        self._shared = shared
        self._places: dict[int, int] = {}

    def persistent_id(self, value: Any) -> int | None:
        kind = type(value)
        if kind is _Globals:
            return self._place(value.names)
        plain = kind is FunctionType and value.__closure__ is None
        if plain or kind in _SHARED or issubclass(kind, type):
            return self._place(value)
        return None

    def reducer_override(self, value: Any) -> Any:
        kind = type(value)
        if kind in _LOCKS:
            return _LOCKS[kind], ()
        if kind is FunctionType:
            of = (value.__code__, _Globals(value.__globals__), value.__name__)
            return FunctionType, (*of, value.__defaults__, value.__closure__)
        if kind is CellType:
            return CellType, (), value.cell_contents, None, None, _fill
        return NotImplemented

    def _place(self, value: Any) -> int:
        place = self._places.setdefault(id(value), len(self._shared))
        if place == len(self._shared):
            self._shared.append(value)
        return place


class _Thawing(pickle.Unpickler):
    def __init__(self, frozen: io.BytesIO, shared: list[Any]) -> None:
        super().__init__(frozen)
        self._shared = shared

    def persistent_load(self, place: Any) -> Any:
        return self._shared[place]


def _fill(cell: CellType, value: Any) -> None:
    cell.cell_contents = value

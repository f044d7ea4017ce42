"""What administrators do with keys, cut off anywhere and beside all that works (I14).

A rotation here is a process of its own: its effects pass the gate as all others do. It keeps
nothing between two steps, so a step that does not go on to the end is one that was cut off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

from chatbridge.errors import ChatbridgeError
from chatbridge.keys import RootKey
from chatbridge.keyset_record import read_keyset
from chatbridge.record_check import count_keys
from chatbridge.root_changes import add_root, retire_root, root_fingerprints
from chatbridge.rotation import Rotation, is_unfinished, rotate_token_key
from chatbridge.testing.world.faults import Cancelled, Crash
from chatbridge.testing.world.host_clock import HostClock
from chatbridge.testing.world.ports import GatedStorage

Step = tuple[Any, ...]

OPERATOR: Final = "operator"
"""The process of who changes keys."""

TO_THE_END: Final = 10_000
"""More than any rotation has to tell."""

ROOTS: Final = (RootKey(b"r" * 32), RootKey(b"n" * 32))
"""The root key of every world, and the one that may take its place."""

_ROWS: Final = 2
"""Records read at a time, so that a rotation of a small storage has several pages."""


def _goes_through(world: Any, work: Iterator[Any], most: int, meanwhile: tuple[Step, ...]) -> None:
    """Go on with what an administrator does until it ends, fails or is cut off.

    Args:
        world: where.
        work: tells again and again how far it is.
        most: after how many times it is cut off.
        meanwhile: steps that happen in between, in turn.
    """
    # Nobody can begin in the middle of this.
    world.at_rest = None
    for process in world.processes:
        # Whoever is in the middle of something stands still for as long as this takes.
        world.truth.in_doubt(process.name)
    try:
        for number, _ in enumerate(islice(work, most)):
            if meanwhile:
                world.act(meanwhile[number % len(meanwhile)])
            if world.truth.violations:
                return
    except (Crash, Cancelled, ChatbridgeError):
        # Begun again by the next step, or in the end.
        return


def _rotates(world: Any, most: int = TO_THE_END, *meanwhile: Step) -> None:
    rotation = Rotation(_storage(world), world.roots, _clock(world), rows=_ROWS)
    _goes_through(world, rotation.run(), most, meanwhile)


def _rotates_tokens(world: Any, most: int = TO_THE_END, *meanwhile: Step) -> None:
    work = rotate_token_key(_storage(world), world.roots, _clock(world))
    _goes_through(world, work, most, meanwhile)
    if world.mode == "webhook":
        # Its address carries a token; the page says to set it anew before the next rotation.
        world.gate.faults_on, before = False, world.gate.faults_on
        world.set_webhook()
        world.gate.faults_on = before


def _adds_root(world: Any) -> None:
    """Let another root key open the storage; processes that start from now on have both."""

    def add() -> Iterator[bool]:
        yield add_root(_storage(world), world.roots, ROOTS[1])

    _goes_through(world, add(), TO_THE_END, ())
    if _opens(world, ROOTS[1]):
        world.roots = list(ROOTS)


def _retires_root(world: Any) -> None:
    """Let the root key before open the storage no more; every process has the new one by then."""

    def retire() -> Iterator[None]:
        retire_root(_storage(world), world.roots, ROOTS[0].fingerprint)
        yield

    if not all(_opens(world, root) for root in ROOTS):
        return
    for process in world.processes:
        # Each is started again with both, one after the other.
        process.stop()
    _goes_through(world, retire(), TO_THE_END, ())
    if not _opens(world, ROOTS[0]):
        world.roots = [ROOTS[1]]


STEPS: Final[dict[str, Callable[..., None]]] = {
    "rotates": _rotates,
    "rotates_tokens": _rotates_tokens,
    "adds_root": _adds_root,
    "retires_root": _retires_root,
}
"""Every step about keys by its name."""


def finish(world: Any) -> None:
    """Let the administrator finish a rotation that was cut off; faults have stopped."""
    if is_unfinished(read_keyset(world.storage, ROOTS).keyset):
        _rotates(world)


def wrong_keys(world: Any) -> list[str]:
    """Return what is wrong with the keys when nothing goes on and no record is altered."""
    keyset = read_keyset(world.storage, ROOTS).keyset
    problems = ["I14: a rotation cannot be finished"] if is_unfinished(keyset) else []
    under = count_keys(world.storage).by_key
    old = sum(count for key, count in under.items() if key != keyset.current)
    if old and not problems:
        problems.append(f"I14: {old} records are not under the current key")
    try:
        world.damage.judge_told()
    except ChatbridgeError as error:
        problems.append(f"I14: {error}")
    return problems


def _opens(world: Any, root: RootKey) -> bool:
    return root.fingerprint in root_fingerprints(world.storage, ROOTS)


def _storage(world: Any) -> GatedStorage:
    return GatedStorage(world, OPERATOR)


def _clock(world: Any) -> HostClock:
    return HostClock(world.clock, world.skews, OPERATOR)

"""P6: what many links cost: CPU of a message, a look-up, and bytes on disk."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import evolve

from chatbridge.links import Link, Told
from chatbridge.record_bytes import Record
from chatbridge.records import Conversation
from chatbridge.vault import Vault
from tests.benchmarks import canned_answers as canned
from tests.benchmarks.far_control import FarControl
from tests.benchmarks.figures import Figure, at_most, interleaved
from tests.benchmarks.stage import BOT_ID, SITE, Stage, link_of

_ACTIVE = 1000
_TALKING = 200
_INSERT = "insert into records (key, value, version) values (?, ?, ?)"


def measure(*, quick: bool) -> list[Figure]:
    """Return the figures of P6."""
    size = 50_000 if quick else 1_000_000
    rounds = 3 if quick else 5
    with FarControl() as far, ExitStack() as stack:
        small, large = _stage(far, stack), _stage(far, stack)
        before = _bytes(large)
        _fill(large, _links(large, size - _ACTIVE), size)
        return [
            *_compare(small, large, size, rounds),
            _room(large, before, size),
            _start(large, size),
            _conversations(small, 20_000),
        ]


def _stage(far: FarControl, stack: ExitStack) -> Stage:
    """Return a bridge that was not started: one thread does the work, so only work is measured."""
    folder = stack.enter_context(TemporaryDirectory(prefix="chatbridge-benchmark-"))
    stage = Stage(far, Path(folder), chats=_ACTIVE)
    stack.callback(stage.close)
    return stage


def _links(stage: Stage, number: int) -> Iterator[Link]:
    """Yield links with a few comments each, as most are."""
    told = Told(opened=True, status=stage.bridge.engine.marks.status_mark(canned.STATUS))
    for at in range(number):
        seen = frozenset(100_000 + at * 7 + each for each in range(4))
        yield evolve(link_of(str(1_000_000 + at), 5_000_000 + at, told), seen=seen)


def _fill(stage: Stage, records: Iterator[Record], number: int) -> None:
    """Write sealed records past the storage, which would wait for the disk each time.

    Keys are keyed hashes, so the rows come in random order, as they do in life.
    """
    vault: Vault = stage.bridge.engine.vault
    rows = ((key, vault._seal(key, record), random.randbytes(8).hex())
            for record in records
            for key in [vault.key(type(record), *record.identity())])  # fmt: skip
    connection = sqlite3.connect(stage.database)
    connection.execute("pragma synchronous = off")
    connection.execute(f"pragma cache_size = -{max(100_000, number)}")
    with connection:
        connection.executemany(_INSERT, rows)
    connection.execute("pragma wal_checkpoint(truncate)")
    connection.close()


def _compare(small: Stage, large: Stage, size: int, rounds: int) -> list[Figure]:
    numbers = count(1)
    little, much = interleaved(rounds, _relay(small, numbers), _relay(large, numbers))
    relay = f"{much / _TALKING * 1e6:.0f} us against {little / _TALKING * 1e6:.0f} us"
    quick, slow = interleaved(rounds * 3, _look_up(small), _look_up(large))
    look_up = f"{slow / _ACTIVE * 1e6:.1f} us against {quick / _ACTIVE * 1e6:.1f} us"
    return [
        at_most(
            f"P6 CPU of a message, {size:,} links", much / little, 1.05, relay, " x 1,000 links"
        ),
        at_most(f"P6 look-up, {size:,} links", slow / quick, 1.25, look_up, " x 1,000 links"),
    ]


def _relay(stage: Stage, numbers: Iterator[int]) -> Callable[[], None]:
    engine, token = stage.bridge.engine, stage.hook_token()

    def work() -> None:
        for chat in stage.chats[:_TALKING]:
            webhook = stage.webhook(next(numbers), chat)
            assert stage.bridge.receive_webhook("telegram", token, webhook).status == 200
        assert not len(engine.lanes)

    return work


def _look_up(stage: Stage) -> Callable[[], None]:
    vault = stage.bridge.engine.vault

    def work() -> None:
        for issue in stage.issues:
            assert vault.read(Link, SITE, issue) is not None

    return work


def _bytes(stage: Stage) -> int:
    connection = sqlite3.connect(stage.database)
    (pages,) = connection.execute("pragma page_count").fetchone()
    (page,) = connection.execute("pragma page_size").fetchone()
    connection.close()
    return int(pages * page)


def _room(stage: Stage, before: int, size: int) -> Figure:
    each = (_bytes(stage) - before) / (size - _ACTIVE)
    connection = sqlite3.connect(stage.database)
    key, value, version = connection.execute(
        "select avg(length(key)), avg(length(value)), avg(length(version)) from"
        " (select * from records where key like 'link:%' limit 10000)"
    ).fetchone()
    connection.close()
    plain = "256 padded" if value < 310 else "padded"
    detail = (
        f"sealed record {value:.0f} ({plain}), key {key:.0f}, version {version:.0f}, rows and free "
        f"room in pages {each - key - value - version:.0f}"
    )
    return at_most(f"P6 bytes of a link on disk, {size:,} links", each, 600, detail)


def _conversations(stage: Stage, number: int) -> Figure:
    before = _bytes(stage)
    records = (
        Conversation(
            "telegram", BOT_ID, str(9_000_000 + at), (str(at),), str(at), greeted=True,
            done=tuple(f"{at:015x}{each:05x}" for each in range(5)),
        )
        for at in range(number)
    )  # fmt: skip
    _fill(stage, records, number)
    each = (_bytes(stage) - before) / number
    return Figure(
        "P6 bytes of a conversation on disk", f"{each:.0f}", detail="with five remembered events"
    )


def _start(stage: Stage, size: int) -> Figure:
    """Time the look for unfinished work, which every start begins with."""
    started = time.process_time()
    stage.bridge.engine.upkeep.wake_unfinished()
    spent = time.process_time() - started
    return Figure(f"P6 CPU of the look at {size:,} links after a start", f"{spent:.1f} s")

"""Records that somebody alters who can write the storage, and the judge of what follows (I13).

Whoever reads an altered record must take it for nothing, neither for what it says now nor for a
record that is not there. The judges see each one as it was, until it is put back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from attrs import define, evolve, field

from chatbridge.links import Link
from chatbridge.record_check import check_records
from chatbridge.records import Conversation
from chatbridge.storage import ANY, KEEP, Expected, Page, Storage, TimeToLive, Versioned
from chatbridge.vault import Vault

_HEADER: Final = 7
"""Bytes before the nonce: format version, data key id, schema version."""


@define
class Altered:
    """One record that was altered.

    Args:
        genuine: what stood there.
        now: what stands there instead.
        schema: of the genuine record.
        plain: what the genuine record holds.
        met: the processes that have read what stands there now.
    """

    genuine: bytes = field(repr=False)
    now: bytes = field(repr=False)
    schema: int
    plain: bytes = field(repr=False)
    met: set[str] = field(factory=set)


@define
class Damage:
    """All records of a world that are altered now.

    Args:
        world: where they are.
    """

    world: Any
    records: dict[str, Altered] = field(factory=dict)

    def __bool__(self) -> bool:
        return bool(self.records)

    def alter(self, key: str, value: bytes) -> None:
        """Write something in the place of a record, as whoever has no key would."""
        found = self.world.storage.get(key)
        if found is None or key in self.records or value == found.value:
            return
        schema, plain = self.world.vault.sealer.unseal(key, found.value)
        self.records[key] = Altered(found.value, value, schema, plain)
        self.world.storage.put(key, value, expect=found.version, ttl=KEEP)
        self.world.marks.add("altered")

    def put_back(self) -> None:
        """Put every record back as it was; under the keys of today, if those before are gone."""
        for key, altered in self.records.items():
            found = self.world.storage.get(key)
            if found is not None and found.value == altered.now:
                sealed = self.genuine(key, found.value)
                self.world.storage.put(key, sealed, expect=found.version, ttl=KEEP)
        self.records.clear()

    def genuine(self, key: str, value: bytes) -> bytes:
        """Return what stood in a place before it was altered; else what stands there."""
        altered = self.records.get(key)
        if altered is None or altered.now != value:
            return value
        sealer = self.world.vault.sealer
        if not sealer.is_current(altered.genuine):
            # The key that it was sealed with may be gone by now.
            altered.genuine = sealer.seal(key, altered.schema, altered.plain)
        return altered.genuine

    def note_read(self, process: str, key: str, value: bytes) -> None:
        """Note that a process reads what stands in a place."""
        altered = self.records.get(key)
        if altered is not None and altered.now == value:
            altered.met.add(process)

    def judge_write(self, key: str, expect: Expected) -> None:
        """Judge that nobody writes over an altered record, or removes it: it could be put back."""
        altered = self.records.get(key)
        found = self.world.storage.get(key) if altered is not None else None
        if altered is None or found is None or found.value != altered.now:
            return
        if expect is ANY or expect == found.version:
            self.world.truth.wrong("I13", f"an altered {_kind(key)} was written over")

    def judge_shown(self, process: str, key: str) -> None:
        """Judge that nothing is shown on a link that its process could not read."""
        altered = self.records.get(key)
        if altered is not None and process in altered.met:
            self.world.truth.wrong("I13", "something was shown on an altered link")

    def judge_told(self) -> None:
        """Judge that the check of the records tells operators of exactly the altered ones."""
        reports = list(check_records(Vault(self.world.storage, self.world.vault.sealer)))
        found = {report.kind: report.damaged for report in reports if report.damaged}
        kinds = [_kind(key) for key in self.records]
        if found != {kind: kinds.count(kind) for kind in kinds}:
            self.world.truth.wrong("I13", f"altered: {kinds}; the check of records tells {found}")

    def concerns_all(self) -> bool:
        """Tell whether an altered record is one that everything hangs on."""
        return any(_kind(key) in {"project", "claim"} for key in self.records)

    def hides_project(self) -> bool:
        """Tell whether nobody can read the project, and so change it."""
        return any(_kind(key) == "project" for key in self.records)

    def concerns_issue(self, issue_id: str) -> bool:
        """Tell whether the answers to a request may have to wait: for its link, or its chat."""
        if not self.records:
            return False
        key = self.world.vault.key(Link, self.world.site, issue_id)
        truth = self.world.truth
        # Whoever joins it, and whom it leaves, is told of that in its turn.
        chats = {truth.owners.get(issue_id, 0), *truth.former_owners.get(issue_id, ())}
        chats.update(*(each.chats for each in truth.handed if each.issue_id == issue_id))
        return key in self.records or any(map(self._hides_talk, chats))

    def concerns_chat(self, number: int) -> bool:
        """Tell whether the messages of a chat may have to wait: its record, or one of its links."""
        if not self.records:
            return False
        truth, home = self.world.truth, self.world.truth.home(number)
        own = [issue for issue, owner in truth.owners.items() if truth.home(owner) == home]
        return self._hides_talk(number) or any(map(self.concerns_issue, own))

    def _hides_talk(self, number: int) -> bool:
        truth, chats = self.world.truth, self.world.chats
        home = truth.home(number)
        return any(
            kept.key in self.records and truth.home(chats.number(kept.record.chat)) == home
            for kept in self.world.vault.scan(Conversation)
        )


@define
class GenuineStorage(Storage):
    """What the judges see of the storage: each altered record as it was.

    Args:
        shared: the storage of all.
        damage: what was altered.
    """

    shared: Storage
    damage: Damage

    def get(self, key: str) -> Versioned | None:
        """See `Storage.get`."""
        found = self.shared.get(key)
        if found is None or not self.damage:
            return found
        return evolve(found, value=self.damage.genuine(key, found.value))

    def put(self, key: str, value: bytes, *, expect: Expected = ANY, ttl: TimeToLive = None) -> str:
        """See `Storage.put`."""
        return self.shared.put(key, value, expect=expect, ttl=ttl)

    def delete(self, key: str, *, expect: Expected = ANY) -> None:
        """See `Storage.delete`."""
        self.shared.delete(key, expect=expect)

    def scan(self, kind: str, *, limit: int = 500, cursor: str | None = None) -> Page:
        """See `Storage.scan`."""
        page = self.shared.scan(kind, limit=limit, cursor=cursor)
        if not self.damage:
            return page
        rows = (evolve(row, value=self.damage.genuine(row.key, row.value)) for row in page.rows)
        return evolve(page, rows=tuple(rows))

    def close(self) -> None:
        """See `Storage.close`; the shared one stays open."""


# --- how a record can be altered ----------------------------------------------------------------


def _changed(at: int) -> Callable[[bytes, bytes], bytes]:
    def act(value: bytes, _other: bytes) -> bytes:
        changed = bytearray(value)
        changed[at] ^= 1
        return bytes(changed)

    return act


WAYS: Final[dict[str, Callable[[bytes, bytes], bytes]]] = {
    "format": _changed(0),
    "key id": _changed(1),
    "schema": _changed(_HEADER - 1),
    "nonce": _changed(_HEADER + 3),
    "content": _changed(_HEADER + 24 + 40),
    "tag": _changed(-1),
    "cut": lambda value, _: value[:-1],
    "torn": lambda value, _: value[: len(value) // 2].ljust(len(value), b"\0"),
    "longer": lambda value, _: value + b"\0",
    "empty": lambda _value, _other: b"",
    "other": lambda _value, other: other,
    "header of other": lambda value, other: other[:_HEADER] + value[_HEADER:],
}
"""Each way, given the record and another one; "other" needs one that is not the same."""


def _kind(key: str) -> str:
    return key.partition(":")[0]


def _alters(world: Any, kind: str, number: int, way: str) -> None:
    """Alter the n-th record of a kind; "swap": exchange it with the next one."""
    rows = world.storage.scan(kind).rows
    if not rows:
        raise LookupError
    row, after = rows[number % len(rows)], rows[(number + 1) % len(rows)]
    if after is row:
        # The only one of its kind: what is of another kind stands in for another one.
        kinds = ("link", "conversation", "claim", "project")
        found = [other for each in kinds if each != kind for other in world.storage.scan(each).rows]
        if not found:
            raise LookupError
        after = found[number % len(found)]
    if way != "swap":
        world.damage.alter(row.key, WAYS[way](row.value, after.value))
    elif not {row.key, after.key} & set(world.damage.records):
        world.damage.alter(row.key, after.value)
        world.damage.alter(after.key, row.value)


def _puts_back(world: Any) -> None:
    world.damage.put_back()


STEPS: Final[dict[str, Callable[..., None]]] = {"alters": _alters, "puts_back": _puts_back}
"""Every step about altered records by its name."""

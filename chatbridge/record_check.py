"""Looks at every record without changing one: under which key it is, and whether it belongs there.

Only counts leave this module, never anything that a record holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from attrs import define, field, frozen

from chatbridge.errors import SealedValueError, StorageError, StorageUnavailableError
from chatbridge.invitations import Invitation
from chatbridge.keyset_record import RECORD_KINDS
from chatbridge.links import Link
from chatbridge.receipts import Receipt
from chatbridge.records import Claim, Conversation, Project
from chatbridge.sealing import data_key_of
from chatbridge.storage import Row, Storage
from chatbridge.vault import Vault

RECORDS: Final[tuple[type[Any], ...]] = (Project, Link, Conversation, Claim, Receipt, Invitation)
"""The classes of all records that this version writes."""

_SITE_OF: Final[Mapping[type[Any], Callable[[Any], str]]] = {
    Project: lambda record: record.settings.site,
    Link: lambda record: record.site,
    Receipt: lambda record: record.site,
}


@define
class KindReport:
    """What was found in one kind; every record is counted in exactly one place.

    Args:
        kind: of records.
        sound: it unseals, and stands where it belongs.
        damaged: no key of this storage opens it where it stands, or nobody can read what it holds.
        newer: a newer version of this library wrote it.
        strange_site: sound, but of a Jira site that is not configured here.
    """

    kind: str
    sound: int = 0
    damaged: int = 0
    newer: int = 0
    strange_site: int = 0

    @property
    def seen(self) -> int:
        """How many records there are."""
        return self.sound + self.damaged + self.newer + self.strange_site

    @property
    def is_well(self) -> bool:
        """Whether all of them are sound."""
        return self.seen == self.sound


@frozen
class KeyCount:
    """How many records are under which data key; `None` stands for what is no sealed record."""

    by_key: Mapping[int | None, int] = field(factory=dict)
    by_kind: Mapping[str, int] = field(factory=dict)


def count_keys(storage: Storage, kinds: Sequence[str] = RECORD_KINDS) -> KeyCount:
    """Count the records by data key and by kind; needs no key.

    Raises:
        StorageError: the storage failed.
    """
    by_key: Counter[int | None] = Counter()
    by_kind: Counter[str] = Counter()
    for kind in kinds:
        for row in _rows(storage, kind):
            by_key[data_key_of(row.value)] += 1
            by_kind[kind] += 1
    return KeyCount(by_key, by_kind)


def check_records(vault: Vault, sites: Collection[str] | None = None) -> Iterator[KindReport]:
    """Yield a report for each kind, again and again while it grows; the last of a kind is whole.

    Args:
        vault: the records.
        sites: names of the configured Jira sites; None asks nothing of them.

    Raises:
        StorageError: the storage failed.
    """
    for cls in RECORDS:
        report = KindReport(cls.kind)
        for number, row in enumerate(_rows(vault.storage, cls.kind), 1):
            _judge(vault, cls, row, sites, report)
            if number % 500 == 0:
                yield report
        yield report


def _judge(
    vault: Vault, cls: type[Any], row: Row, sites: Collection[str] | None, report: KindReport
) -> None:
    try:
        record = vault.opened(cls, row).record
    except SealedValueError:
        report.damaged += 1
        return
    except StorageUnavailableError:
        raise
    except StorageError:
        report.newer += 1
        return
    site_of = _SITE_OF.get(cls)
    if sites is not None and site_of is not None and site_of(record) not in sites:
        report.strange_site += 1
    else:
        report.sound += 1


def _rows(storage: Storage, kind: str) -> Iterator[Row]:
    cursor: str | None = None
    while True:
        page = storage.scan(kind, cursor=cursor)
        yield from page.rows
        cursor = page.cursor
        if cursor is None:
            return

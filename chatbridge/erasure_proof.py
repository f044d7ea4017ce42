"""Proves an erasure: decrypts what is left, and looks at every byte that the storage has written.

It says how much was looked at and what was found, never what stands in a record.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from attrs import frozen

from chatbridge.erasure import HEAD_BYTES, Trace
from chatbridge.errors import StorageUnavailableError
from chatbridge.record_kinds import RECORDS
from chatbridge.storage import ShowsRemains, Storage
from chatbridge.subjects import Subject
from chatbridge.vault import Vault

_PIECE_BYTES: Final = 4 * 1024 * 1024
_OVERLAP_BYTES: Final = 200
_HEADER_BYTES: Final = 7


@frozen
class ErasureProof:
    """What was erased, and what a search afterwards found.

    Args:
        removed: how many records of each kind were removed.
        shortened: conversations that stay, without the request that was erased.
        on_their_way: messages that were on their way into Jira; a repeat of one begins anew.
        decrypted: records of all subjects that were decrypted and looked through afterwards.
        left: those of them that are about the subject.
        unreadable: records that no key opens, so that nobody can tell whom they are about.
        searched: bytes of the storage that were searched; None where it cannot show them.
        remains: keys and sealed values of erased records that were found in those bytes.
        trouble: why the bytes could not be searched, or empty.
    """

    removed: Mapping[str, int]
    shortened: int
    on_their_way: int
    decrypted: int
    left: int
    unreadable: int
    searched: int | None
    remains: int
    trouble: str = ""

    @property
    def holds(self) -> bool:
        """Whether nothing was found by all means that the storage offers."""
        return not (self.left or self.unreadable or self.remains or self.trouble)


def prove(vault: Vault, subject: Subject, traces: Sequence[Trace]) -> ErasureProof:
    """Return what can be said after an erasure.

    Args:
        vault: the records.
        subject: whom or what was erased.
        traces: what the erased records looked like.

    Raises:
        StorageError: the storage failed.
    """
    decrypted = left = 0
    unreadable: list[str] = []
    for cls in RECORDS:
        for kept in vault.scan(cls, unreadable.append):
            decrypted += 1
            left += subject.share_of(kept.record) is not None
    searched, remains, trouble = _search(vault.storage, traces)
    return ErasureProof(
        removed=Counter(trace.kind for trace in traces if trace.key),
        shortened=sum(not trace.key for trace in traces),
        on_their_way=sum(trace.on_their_way for trace in traces),
        decrypted=decrypted,
        left=left,
        unreadable=len(unreadable),
        searched=searched,
        remains=remains,
        trouble=trouble,
    )


def _search(storage: Storage, traces: Sequence[Trace]) -> tuple[int | None, int, str]:
    if not isinstance(storage, ShowsRemains):
        return None, 0, ""
    try:
        storage.drop_remains()
        searched, found = _found(storage, traces)
    except StorageUnavailableError as error:
        return None, 0, str(error)
    # Somebody may have written to us again: that record is a new one under the same key.
    keys = {trace.key for trace in traces} & found
    alive = {key for key in keys if storage.get(key) is not None}
    return searched, len(found - alive), ""


def _found(storage: ShowsRemains, traces: Sequence[Trace]) -> tuple[int, set[str]]:
    """Return how many bytes were searched, and the keys and values that stand in them."""
    keys = {trace.key.encode() for trace in traces if trace.key}
    kinds = b"|".join(sorted({re.escape(trace.kind.encode()) for trace in traces}))
    key = re.compile(b"(?:%b):[0-9a-f]{32}" % kinds)
    heads = {trace.head for trace in traces}
    headers = sorted({re.escape(head[:_HEADER_BYTES]) for head in heads})
    header = re.compile(b"(?=" + b"|".join(headers) + b")") if headers else None
    searched = 0
    found: set[str] = set()
    for piece in storage.raw_bytes(_PIECE_BYTES, _OVERLAP_BYTES):
        searched += len(piece)
        found |= {each.decode() for each in keys.intersection(key.findall(piece))}
        for match in header.finditer(piece) if header is not None else ():
            head = piece[match.start() : match.start() + HEAD_BYTES]
            if head in heads:
                found.add(head.hex())
    return searched, found

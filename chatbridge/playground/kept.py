"""Shows what the bridge keeps: every record as it lies in the storage, and what the key opens.

Tokens and keys are withheld even here.
"""

from __future__ import annotations

from typing import Any, Final

from chatbridge.errors import StorageError
from chatbridge.keyset_record import open_sealer
from chatbridge.playground.stage import Stage
from chatbridge.record_kinds import KEYSET, RECORDS, in_words
from chatbridge.records import Claim, Project
from chatbridge.storage import Row
from chatbridge.vault import Vault

SHOWN_BYTES: Final = 160
"""How much of the sealed bytes the page shows."""

_ORDER: Final = sorted(RECORDS, key=lambda cls: (cls in {Claim, Project}, cls.kind))
"""Those that conversations make come first."""


class KeptRecords:
    """Reads the storage of a stage with the key that its owner has.

    Args:
        stage: whose storage.
    """

    def __init__(self, stage: Stage) -> None:
        self._storage = stage.storage
        self._plugins = stage.plugins
        sealer = open_sealer(stage.storage, [stage.root], now=stage.clock.monotonic)
        self._vault = Vault(stage.storage, sealer)

    def shown(self) -> list[dict[str, Any]]:
        """Return all records, as JSON can carry it.

        Each has its `key` in the storage, `kind`, `purpose`, `size` of the sealed bytes, the first
        of them as hex (`sealed`), and what is `inside`; None for keys, which are never shown.
        """
        found = [
            self._record(cls, row) for cls in _ORDER for row in self._storage.scan(cls.kind).rows
        ]
        keys = [_row(row, KEYSET.purpose, None) for row in self._storage.scan(KEYSET.name).rows]
        return [*found, *keys]

    def _record(self, cls: type[Any], row: Row) -> dict[str, Any]:
        try:
            inside = in_words(self._vault.opened(cls, row).record, self._plugins)
        except StorageError:
            inside = None
        return _row(row, cls.purpose, inside)


def _row(row: Row, purpose: str, inside: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "key": row.key,
        "kind": row.key.partition(":")[0],
        "purpose": purpose,
        "size": len(row.value),
        "sealed": row.value[:SHOWN_BYTES].hex(),
        "inside": inside,
    }

"""What the judges of all worlds in this process have read of sealed records.

Each record is unsealed for real once; the same bytes hold the same record for ever.
"""

from __future__ import annotations

from typing import Any, Final

from chatbridge.record_bytes import R
from chatbridge.sealing import Sealer
from chatbridge.storage import Row, Storage
from chatbridge.unsealed import Unsealed
from chatbridge.vault import Kept, Vault

_REMEMBERED: Final = 4096


class Overheard(Unsealed):
    """A memory of records by their bytes alone, however often they change."""

    def __init__(self) -> None:
        super().__init__()
        self._read: dict[bytes, Any] = {}

    def find(self, cls: type[Any], key: str, sealed: bytes) -> Any:
        """See `Unsealed.find`."""
        found = self._read.get(sealed)
        return found[1] if found is not None and found[0] == key and type(found[1]) is cls else None

    def add(self, key: str, sealed: bytes, record: object) -> None:
        """See `Unsealed.add`."""
        self._read[sealed] = (key, record)
        if len(self._read) > _REMEMBERED:
            del self._read[next(iter(self._read))]


class JudgesVault(Vault):
    """A vault that only reads, and remembers what any vault of its kind has read.

    Args:
        storage: as of `Vault`.
        sealer: as of `Vault`.
    """

    _known: Final = Overheard()

    def __init__(self, storage: Storage, sealer: Sealer) -> None:
        super().__init__(storage, sealer)
        self._unsealed = self._known

    def opened(self, cls: type[R], row: Row) -> Kept[R]:
        """See `Vault.opened`."""
        record = self._known.find(cls, row.key, row.value)
        if record is None:
            record = super().opened(cls, row).record
            self._known.add(row.key, row.value, record)
        return Kept(row.key, record, row.version)

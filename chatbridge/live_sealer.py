"""A sealer that follows the keyset in the storage while keys are replaced.

It never makes anything with keys that were read longer ago than `KEYSET_READ_EVERY`, and never goes
back to an older keyset: whatever it sealed must be readable for everybody else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from chatbridge.errors import StorageError
from chatbridge.keyset import Keyset
from chatbridge.sealing import OpenKeys, Sealer

KEYSET_READ_EVERY: Final = 20.0
"""Seconds for which keys are used without a look at the keyset record; the same everywhere."""

_TRIES: Final = 3


class LiveSealer(Sealer):
    """Seals and unseals with the keyset of a storage as it is now.

    Args:
        keyset: as it was read.
        version: the version that its record had.
        read_at: when it was read, by `now`.
        look: given the version that is known, returns None if the record still has it, else the
            keyset and its version; a strict read.
        now: a monotonic clock in seconds.
    """

    def __init__(
        self,
        keyset: Keyset,
        version: str,
        read_at: float,
        *,
        look: Callable[[str], tuple[Keyset, str] | None],
        now: Callable[[], float],
    ) -> None:
        super().__init__(keyset)
        self._keys = OpenKeys.of(keyset, version, read_at)
        self._look = look
        self._now = now

    def _fresh(self) -> OpenKeys:
        keys = self._keys
        return self._read() if self._now() - keys.read_at >= KEYSET_READ_EVERY else keys

    def _knowing(self, key_id: int) -> OpenKeys:
        keys = self._keys
        return keys if key_id in keys.aeads else self._read()

    def _read(self) -> OpenKeys:
        """Return the keys as they are in the storage now.

        Raises:
            WrongKeyError: the root key of this process does not open it any more.
            StorageError: it cannot be read, or is not the keyset that this process started with.
        """
        # No lock is held during the read, so that a fork in the middle of it leaves none behind;
        # another thread may therefore have seen a newer keyset than this one.
        for _ in range(_TRIES):
            at, known = self._now(), self._keys
            found = self._look(known.version)
            if found is None:
                keys = OpenKeys(known.keyset, known.aeads, known.instance, known.version, at)
            else:
                keys = OpenKeys.of(found[0], found[1], at)
            if keys.keyset.instance_id != known.keyset.instance_id:
                raise StorageError(
                    "the storage was set up anew under this process; start this process again"
                )
            if keys.keyset.generation >= self._keys.keyset.generation:
                self._keys = keys
                return keys
        raise StorageError(
            "the keyset is older than the one in use: a backup was put in the place of the storage "
            "while this process ran; stop all processes, run: chatbridge storage restored"
        )

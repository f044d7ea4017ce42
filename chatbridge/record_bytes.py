"""What every kept value offers, and the bytes that are sealed for it: compact JSON."""

from __future__ import annotations

import json
import logging
from typing import Any, ClassVar, Final, Protocol, Self, TypeVar

from chatbridge.errors import SealedValueError, StorageError

_log = logging.getLogger("chatbridge.record_bytes")

_JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


class Record(Protocol):
    """What a kept value offers; usually a frozen attrs class.

    Attributes:
        kind: the first part of its storage key.
        schema: version of what `to_plain` returns; raised by one when that changes.
    """

    kind: ClassVar[str]
    schema: ClassVar[int]

    def identity(self) -> tuple[str, ...]:
        """Return what makes it this record and no other; never changes."""
        ...

    def lifetime(self) -> int | None:
        """Return for how many seconds it is kept from this write on; None for ever."""
        ...

    def to_plain(self) -> Any:
        """Return it as JSON values."""
        ...

    @classmethod
    def from_plain(cls, plain: Any, schema: int) -> Self:
        """Return the record that this or an older schema wrote.

        Args:
            plain: what `to_plain` returned.
            schema: the version it was written with, at most `cls.schema`.
        """
        ...


R = TypeVar("R", bound=Record)


def to_bytes(record: Record) -> bytes:
    """Return what is sealed for a record.

    Raises:
        ValueError: it holds a number that JSON does not know.
    """
    # A lone surrogate, which JSON from outside may hold, survives the way there and back.
    return _JSON.encode(record.to_plain()).encode("utf-8", "surrogatepass")


def from_bytes(cls: type[R], schema: int, plain: bytes) -> R:
    """Return the record that was made into these bytes.

    Args:
        cls: the kind.
        schema: the version that they were written with.
        plain: the bytes.

    Raises:
        SealedValueError: nobody can read them.
        StorageError: a newer version wrote them.
    """
    if schema > cls.schema:
        raise StorageError(
            f"a newer chatbridge wrote a {cls.kind} record; update this installation"
        )
    record: R | None = None
    try:
        made = cls.from_plain(json.loads(plain), schema)
        # An identity leads to a key by texts.
        record = made if all(isinstance(part, str) for part in made.identity()) else None
    except Exception:  # noqa: BLE001 - whatever it is, its text may show the record
        _log.debug("a record of the kind %s has an unknown form", cls.kind)
    if record is None:
        raise SealedValueError(f"a {cls.kind} record has a form that nobody can read")
    return record

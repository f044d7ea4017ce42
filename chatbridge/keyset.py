"""The keys that one installation works with, as a value and as JSON.

It is kept wrapped under root keys only (see `sealing`). No key shows in a repr, an error or a
pickle.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from attrs import evolve, field, frozen

from chatbridge.errors import SealedValueError, StorageError

KEY_BYTES: Final = 32
_SCHEMA: Final = 1


def check_key_length(key: bytes) -> None:
    """Return if this can be a key.

    Raises:
        ValueError: it is not 32 bytes.
    """
    if not isinstance(key, bytes) or len(key) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes")


def _key_field() -> Any:
    return field(repr=False, validator=_checked)


def _checked(_owner: Any, _attribute: Any, value: bytes) -> None:
    check_key_length(value)


@frozen(kw_only=True)
class Keyset:
    """The keys of an installation.

    Args:
        generation: counts the changes of the set of keys, from 1.
        instance_id: random text that names the installation; every sealed record is bound to it.
        current: id of the data key that new records are sealed with, 1 to 2**32 - 1.
        data_keys: the keys that records may be sealed with, by id.
        index_key: makes storage keys.
        marker_key: makes the markers written into Jira.
        token_key: makes tokens for links and buttons.
        other_token_key: tokens made with it are taken, too; the one before, or the next one.
        made: when a data key was made, in Unix seconds, by its id; may lack some.
    """

    generation: int
    instance_id: str
    current: int
    data_keys: Mapping[int, bytes] = field(repr=False)
    index_key: bytes = _key_field()
    marker_key: bytes = _key_field()
    token_key: bytes = _key_field()
    other_token_key: bytes | None = field(default=None, repr=False)
    made: Mapping[int, int] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        if self.current not in self.data_keys:
            raise ValueError("the current data key is not among the data keys")
        for key_id, key in self.data_keys.items():
            if type(key_id) is not int or not 0 < key_id < 2**32:
                raise ValueError("a data key id is a number from 1 to 4294967295")
            check_key_length(key)
        if self.other_token_key is not None:
            check_key_length(self.other_token_key)
        if not self.instance_id or self.generation < 1:
            raise ValueError("a keyset has an instance id and a generation from 1")

    @classmethod
    def new(cls, at: int | None = None) -> Keyset:
        """Return a keyset of fresh random keys.

        Args:
            at: the time in Unix seconds; None where it does not matter.
        """
        current = _new_id()
        return cls(
            generation=1,
            instance_id=secrets.token_hex(16),
            current=current,
            data_keys={current: secrets.token_bytes(KEY_BYTES)},
            index_key=secrets.token_bytes(KEY_BYTES),
            marker_key=secrets.token_bytes(KEY_BYTES),
            token_key=secrets.token_bytes(KEY_BYTES),
            made={} if at is None else {current: at},
        )

    def with_new_data_key(self, at: int) -> Keyset:
        """Return the keyset with one more data key, which new records are sealed with from now on.

        Args:
            at: the time in Unix seconds.
        """
        current = _new_id()
        while current in self.data_keys:
            current = _new_id()
        return evolve(
            self,
            generation=self.generation + 1,
            current=current,
            data_keys={**self.data_keys, current: secrets.token_bytes(KEY_BYTES)},
            made={**self.made, current: at},
        )

    def with_next_token_key(self) -> Keyset:
        """Return the keyset with another token key beside, whose tokens are taken already."""
        return evolve(
            self,
            generation=self.generation + 1,
            other_token_key=secrets.token_bytes(KEY_BYTES),
        )

    def with_token_keys_exchanged(self) -> Keyset:
        """Return the keyset that makes tokens with the other token key, and takes both.

        Raises:
            ValueError: there is no other one.
        """
        if self.other_token_key is None:
            raise ValueError("there is one token key only")
        return evolve(
            self,
            generation=self.generation + 1,
            token_key=self.other_token_key,
            other_token_key=self.token_key,
        )

    def with_current_only(self) -> Keyset:
        """Return the keyset without the data keys that new records are not sealed with."""
        return evolve(
            self,
            generation=self.generation + 1,
            data_keys={self.current: self.data_keys[self.current]},
            made={key_id: at for key_id, at in self.made.items() if key_id == self.current},
        )

    def to_bytes(self) -> bytes:
        """Return the keyset as JSON with the keys in the clear: only ever for wrapping."""
        plain = {
            "schema": _SCHEMA,
            "generation": self.generation,
            "instance": self.instance_id,
            "current": self.current,
            "data": {str(key_id): _text(key) for key_id, key in self.data_keys.items()},
            "index": _text(self.index_key),
            "marker": _text(self.marker_key),
            "token": _text(self.token_key),
            "made": {str(key_id): at for key_id, at in self.made.items()},
        }
        if self.other_token_key is not None:
            plain["other_token"] = _text(self.other_token_key)
        return json.dumps(plain, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, raw: bytes) -> Keyset:
        """Return the keyset that `to_bytes` wrote.

        Raises:
            SealedValueError: it is none.
            StorageError: a newer version of this library wrote it.
        """
        newer = False
        try:
            plain = json.loads(raw)
            newer = plain["schema"] > _SCHEMA
            if plain["schema"] == _SCHEMA:
                other = plain.get("other_token")
                return cls(
                    generation=plain["generation"],
                    instance_id=plain["instance"],
                    current=plain["current"],
                    data_keys={int(name): _raw(key) for name, key in plain["data"].items()},
                    index_key=_raw(plain["index"]),
                    marker_key=_raw(plain["marker"]),
                    token_key=_raw(plain["token"]),
                    other_token_key=None if other is None else _raw(other),
                    made={int(name): int(at) for name, at in plain.get("made", {}).items()},
                )
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            pass
        # Raised out here: an error of the reader would carry keys into a traceback.
        if newer:
            raise StorageError("a newer chatbridge wrote the keyset; update this installation")
        raise SealedValueError("the keyset cannot be read")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Keyset does not pickle")


def _new_id() -> int:
    # Random: a key made after a restored backup never answers to the id of another one.
    return secrets.randbelow(2**32 - 1) + 1


def _text(key: bytes) -> str:
    return base64.b64encode(key).decode()


def _raw(text: str) -> bytes:
    return base64.b64decode(text, validate=True)

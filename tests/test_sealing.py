"""Tests of sealing: round trips, tampering, padding, hashes, wrapping, and the public vector."""

import base64
import itertools
import json
import pickle
import random
import re
import subprocess
import sys
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbridge.errors import (
    SealedValueError,
    StorageError,
    ValueTooLargeError,
    WrongKeyError,
)
from chatbridge.keyset import Keyset
from chatbridge.keyset_wrapping import unwrap_keyset, wrap_keyset
from chatbridge.sealing import Sealer, keyed_hash
from chatbridge.storage import MAX_VALUE_BYTES, check_key

DOCUMENT = Path(__file__).parents[1] / "docs" / "reference" / "record-format.md"


def make_keyset(**changes):
    """Return a keyset of known keys."""
    values = {
        "generation": 1,
        "instance_id": "instance-1",
        "current": 7,
        "data_keys": {7: b"d" * 32},
        "index_key": b"i" * 32,
        "marker_key": b"m" * 32,
        "token_key": b"t" * 32,
    }
    return Keyset(**(values | changes))


@pytest.fixture
def sealer():
    """A sealer with known keys."""
    return Sealer(make_keyset())


@pytest.fixture(scope="module")
def vector():
    """The test vector as it stands in the docs."""
    (found,) = re.findall(r"```json\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    return json.loads(found)


# --- round trips ------------------------------------------------------------------------------


@given(plain=st.binary(max_size=3000), schema=st.integers(0, 65535))
def test_round_trip(plain, schema):
    """Whatever was sealed comes back, with its schema version, trailing zeros and all."""
    sealer = Sealer(make_keyset())
    assert (schema, plain) == sealer.unseal("link:a", sealer.seal("link:a", schema, plain))


@pytest.mark.parametrize("size", [0, 1, 254, 255, 256, 383, 384, 98303, 98304, 131024])
def test_bucket_edges(sealer, size):
    """Records on either side of a padding edge come back whole and fit into a storage."""
    for plain in (b"\0" * size, b"\x80" * size):
        sealed = sealer.seal("link:a", 1, plain)
        assert len(sealed) <= MAX_VALUE_BYTES
        assert (1, plain) == sealer.unseal("link:a", sealed)


def test_too_large(sealer):
    """A record that no storage would take is refused with the limit in the text."""
    with pytest.raises(ValueTooLargeError, match="131024"):
        sealer.seal("link:a", 1, b"x" * 131025)


@pytest.mark.invariant("I26")
def test_same_record_never_looks_the_same(sealer):
    """Sealing twice gives different bytes, so equality of records does not show."""
    assert sealer.seal("link:a", 1, b"x") != sealer.seal("link:a", 1, b"x")


@pytest.mark.invariant("I19", "I26")
def test_size_tells_little(sealer):
    """Records of 0 to 255 bytes are equally long when sealed, and a link is at most 330 bytes."""
    assert {303} == {len(sealer.seal("link:a", 1, b"x" * size)) for size in range(256)}


# --- tampering --------------------------------------------------------------------------------


@pytest.mark.fault("F66")
@pytest.mark.invariant("I13")
def test_every_bit_flip_is_rejected(sealer):
    """A record with any one bit changed does not open."""
    sealed = sealer.seal("link:a", 1, b"secret")
    for place, bit in itertools.product(range(len(sealed)), range(8)):
        changed = bytearray(sealed)
        changed[place] ^= 1 << bit
        with pytest.raises(SealedValueError):
            sealer.unseal("link:a", bytes(changed))


@pytest.mark.fault("F66")
@pytest.mark.invariant("I13")
def test_every_truncation_and_extension_is_rejected(sealer):
    """A record that is cut short or extended does not open."""
    sealed = sealer.seal("link:a", 1, b"secret")
    for length in range(len(sealed)):
        with pytest.raises(SealedValueError):
            sealer.unseal("link:a", sealed[:length])
    for extra in (b"\0", b"\x80", sealed):
        with pytest.raises(SealedValueError):
            sealer.unseal("link:a", sealed + extra)


@pytest.mark.fault("F66")
@pytest.mark.invariant("I13")
def test_every_swap_is_rejected(sealer):
    """A record opens under its own key only, of all keys of all kinds."""
    keys = [
        sealer.index(kind, str(n)) for kind in ("link", "conversation", "claim") for n in range(8)
    ]
    sealed = {key: sealer.seal(key, 1, key.encode()) for key in keys}
    for here, there in itertools.product(keys, keys):
        if here == there:
            assert (1, here.encode()) == sealer.unseal(here, sealed[here])
        else:
            with pytest.raises(SealedValueError):
                sealer.unseal(here, sealed[there])


@pytest.mark.fault("F66")
@pytest.mark.invariant("I13")
def test_another_instance_is_rejected(sealer):
    """The same keys in another installation do not open the record."""
    other = Sealer(make_keyset(instance_id="instance-2"))
    with pytest.raises(SealedValueError):
        other.unseal("link:a", sealer.seal("link:a", 1, b"x"))


def test_another_key_under_the_same_id_is_rejected(sealer):
    """A data key with the right id and other bytes does not open the record."""
    other = Sealer(make_keyset(data_keys={7: b"e" * 32}))
    with pytest.raises(SealedValueError, match="another key"):
        other.unseal("link:a", sealer.seal("link:a", 1, b"x"))


def test_padding_without_an_end_is_rejected(sealer, monkeypatch):
    """A genuine record without the mark that ends it is refused, and not cut anywhere."""
    monkeypatch.setattr("chatbridge.sealing.decrypt", lambda *_: b"\0" * 256)
    with pytest.raises(SealedValueError, match="no end"):
        sealer.unseal("link:a", sealer.seal("link:a", 1, b"x"))


def test_errors_hold_nothing_of_nacl(sealer):
    """An error of unsealing has no other error behind it, and names neither key nor content."""
    sealed = bytearray(sealer.seal("link:canary", 1, b"canary"))
    sealed[-1] ^= 1
    with pytest.raises(SealedValueError) as caught:
        sealer.unseal("link:canary", bytes(sealed))
    assert (None, None) == (caught.value.__cause__, caught.value.__context__)
    assert "canary" not in str(caught.value)


# --- several data keys ------------------------------------------------------------------------


def test_old_data_keys_still_open(sealer):
    """After a new key became current, new records use it and old ones still open."""
    old = sealer.seal("link:a", 1, b"old")
    rotated = Sealer(make_keyset(current=8, data_keys={7: b"d" * 32, 8: b"n" * 32}))
    new = rotated.seal("link:a", 1, b"new")
    assert ((1, b"old"), (1, b"new")) == (
        rotated.unseal("link:a", old),
        rotated.unseal("link:a", new),
    )
    with pytest.raises(SealedValueError, match="not in the keyset"):
        sealer.unseal("link:a", new)


# --- hashes -----------------------------------------------------------------------------------


def test_parts_are_unambiguous():
    """No two lists of parts run together."""
    lists = [("ab", "c"), ("a", "bc"), ("abc",), ("abc", ""), ("", "abc"), ("a", "b", "c"), ()]
    assert len(lists) == len({keyed_hash(b"k" * 32, *parts) for parts in lists})


def test_hash_of_texts_and_bytes():
    """A text is hashed as its UTF-8, and a lone surrogate is hashed, too."""
    assert keyed_hash(b"k", "ї") == keyed_hash(b"k", "ї".encode())
    assert keyed_hash(b"k", "\ud800") != keyed_hash(b"k", "\ud801")
    assert 32 == len(keyed_hash(b"k", "a", size=32))


def test_index_marks_and_tokens_are_unrelated(sealer):
    """The three hashes of equal parts differ, and so do those of another keyset."""
    other = Sealer(Keyset.new())
    made = {
        bytes.fromhex(sealer.index("a", "b").partition(":")[2]),
        sealer.mark("a", "b"),
        sealer.token("a", "b"),
        other.mark("a", "b"),
        other.token("a", "b"),
    }
    assert 5 == len(made)
    assert (8, 20) == (len(sealer.mark("a", size=8)), len(sealer.token("a", size=20)))


def test_index_is_a_storage_key(sealer):
    """An index is `<kind>:<32 hex digits>`, whatever the identity, and kinds do not meet."""
    key = sealer.index("link", "site/1", "чат")
    check_key(key)
    assert re.fullmatch(r"link:[0-9a-f]{32}", key)
    assert key == sealer.index("link", "site/1", "чат")
    assert key[5:] != sealer.index("claim", "site/1", "чат")[6:]


# --- keysets ----------------------------------------------------------------------------------


def test_nothing_shows_keys(sealer):
    """Neither repr nor pickle give a key away."""
    keyset = make_keyset()
    for letter in "dimt":
        assert letter * 32 not in repr(keyset) + repr(sealer)
    for secret in (keyset, sealer):
        with pytest.raises(TypeError, match="pickle"):
            pickle.dumps(secret)


@pytest.mark.parametrize(
    "changes",
    [{"current": 8}, {"data_keys": {}}, {"data_keys": {7: b"short"}}, {"index_key": b"short"},
     {"data_keys": {7: b"d" * 32, 0: b"d" * 32}}, {"data_keys": {7: b"d" * 32, 2**32: b"d" * 32}},
     {"instance_id": ""}, {"generation": 0}, {"token_key": "t" * 32}],
)  # fmt: skip
def test_impossible_keysets(changes):
    """A keyset that could not work is refused when it is made."""
    with pytest.raises(ValueError):
        make_keyset(**changes)


def test_new_keysets_share_nothing():
    """Every key of a new keyset is random, within it and between two."""
    sets = [Keyset.new(), Keyset.new()]
    keys = [
        key for s in sets for key in (*s.data_keys.values(), s.index_key, s.marker_key, s.token_key)
    ]
    assert 8 == len(set(keys))
    assert 2 == len({s.instance_id for s in sets})


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"null", b'{"schema":1}', b"\xff", b"9"])
def test_unreadable_keysets(raw):
    """Bytes that are no keyset are refused without another error behind."""
    with pytest.raises(SealedValueError) as caught:
        Keyset.from_bytes(raw)
    assert None is caught.value.__context__


@pytest.mark.fault("F84")
def test_newer_keyset_is_refused():
    """A keyset of a newer schema is refused with the mend."""
    with pytest.raises(StorageError, match="update"):
        Keyset.from_bytes(b'{"schema":2}')


# --- wrapping ---------------------------------------------------------------------------------


def test_each_root_opens():
    """While a root key is replaced, the old and the new one each open the keyset."""
    keyset = Keyset.new()
    blob = wrap_keyset(keyset, [b"a" * 32, b"b" * 32])
    for roots in ([b"a" * 32], [b"b" * 32], [b"x" * 32, b"b" * 32]):
        assert keyset == unwrap_keyset(blob, roots)


@pytest.mark.fault("F68")
@given(wrong=st.binary(min_size=32, max_size=32).filter(lambda key: key != b"a" * 32))
def test_wrong_root_is_told(wrong):
    """A root key that was not wrapped under is a wrong key, and not damage."""
    with pytest.raises(WrongKeyError):
        unwrap_keyset(wrap_keyset(make_keyset(), [b"a" * 32]), [wrong])


def test_damaged_keyset_is_told_from_a_wrong_key():
    """Any flipped bit, truncation or extension of the wrapped keyset is damage, not a wrong key."""
    blob = wrap_keyset(make_keyset(), [b"a" * 32])
    damaged = [blob[:length] for length in range(len(blob))] + [blob + b"\0"]
    for place in range(len(blob)):
        changed = bytearray(blob)
        changed[place] ^= 1 << random.randrange(8)
        damaged.append(bytes(changed))
    for bad in damaged:
        with pytest.raises(SealedValueError):
            unwrap_keyset(bad, [b"a" * 32])


def test_forged_slots_are_refused():
    """A blob with a right checksum and slots that do not fit is refused as damaged."""
    from chatbridge.keyset_wrapping import _checksum

    for body in (b"\x01\x01", b"\x01\x01" + b"c" * 18 + b"x", b"\x01\x00x"):
        with pytest.raises(SealedValueError):
            unwrap_keyset(body + _checksum(body), [b"a" * 32])


def test_newer_wrapping_is_refused():
    """A wrapping of a newer format is refused with the mend."""
    from chatbridge.keyset_wrapping import _checksum

    with pytest.raises(StorageError, match="update"):
        unwrap_keyset(b"\x02\x01" + _checksum(b"\x02\x01"), [b"a" * 32])


def test_wrapping_needs_a_root():
    """A keyset is never wrapped under no key or under one of a wrong length."""
    with pytest.raises(ValueError, match="1 to 255"):
        wrap_keyset(make_keyset(), [])
    with pytest.raises(ValueError, match="32"):
        wrap_keyset(make_keyset(), [b"short"])


# --- the public vector ------------------------------------------------------------------------


def hexed(vector, name):
    """Return the bytes of a value of the vector."""
    return bytes.fromhex(vector[name])


def vector_keyset(vector):
    """Return the keyset of the vector."""
    return Keyset(
        generation=vector["keyset"]["generation"],
        instance_id=vector["keyset"]["instance"],
        current=vector["keyset"]["current"],
        data_keys={
            int(key_id): base64.b64decode(key) for key_id, key in vector["keyset"]["data"].items()
        },
        index_key=base64.b64decode(vector["keyset"]["index"]),
        marker_key=base64.b64decode(vector["keyset"]["marker"]),
        token_key=base64.b64decode(vector["keyset"]["token"]),
    )


def test_vector_is_what_we_make(vector):
    """With the vector's keys and nonce, key and record come out as the docs say."""
    nonce = hexed(vector, "nonce")
    sealer = Sealer(vector_keyset(vector), nonce=lambda size: nonce[:size])
    key = sealer.index(vector["kind"], *vector["identity"])
    assert vector["storage_key"] == key
    sealed = sealer.seal(key, vector["schema"], vector["plain"].encode())
    assert hexed(vector, "sealed") == sealed
    assert hexed(vector, "mark") == sealer.mark(*vector["parts"])
    assert hexed(vector, "token") == sealer.token(*vector["parts"])


@pytest.mark.fault("F84")
@pytest.mark.invariant("I13")
def test_vector_still_opens(vector):
    """Records and wrapped keysets of the first version are readable for ever."""
    keyset = unwrap_keyset(hexed(vector, "wrapped_keyset"), [hexed(vector, "root_key")])
    assert vector_keyset(vector) == keyset
    assert (vector["schema"], vector["plain"].encode()) == Sealer(keyset).unseal(
        vector["storage_key"], hexed(vector, "sealed")
    )


def test_vector_opens_without_our_code(vector):
    """A reader written from the docs, with libsodium and hashlib only, reads the vector."""
    import hashlib

    from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt as decrypt

    def hashed(key, size, *parts):
        joined = b"".join(len(p).to_bytes(8, "big") + p for p in parts)
        return hashlib.blake2b(joined, key=key, digest_size=size).digest()

    root, wrapped = hexed(vector, "root_key"), hexed(vector, "wrapped_keyset")
    assert hashlib.blake2b(wrapped[:-16], digest_size=16).digest() == wrapped[-16:]
    check, length = wrapped[2:18], int.from_bytes(wrapped[18:20], "big")
    assert hashed(root, 16, b"chatbridge root check 1") == check
    slot = wrapped[20 : 20 + length]
    keyset = json.loads(
        decrypt(
            slot[24:],
            b"chatbridge keyset\x01" + check,
            slot[:24],
            hashed(root, 32, b"chatbridge root wrap 1"),
        )
    )
    assert vector["keyset"] == keyset

    identity = [part.encode() for part in (vector["kind"], *vector["identity"])]
    key = hashed(base64.b64decode(keyset["index"]), 16, *identity).hex()
    assert vector["storage_key"] == f"{vector['kind']}:{key}"

    sealed = hexed(vector, "sealed")
    place = vector["storage_key"].encode()
    binding = sealed[:7] + len(place).to_bytes(2, "big") + place + keyset["instance"].encode()
    data_key = base64.b64decode(keyset["data"][str(int.from_bytes(sealed[1:5], "big"))])
    padded = decrypt(sealed[31:], binding, sealed[7:31], data_key)
    assert vector["plain"].encode() + b"\x80" == padded.rstrip(b"\0")
    assert (1, vector["schema"]) == (sealed[0], int.from_bytes(sealed[5:7], "big"))


# --- imports ----------------------------------------------------------------------------------


def test_import_is_cheap():
    """Importing the module does not load libsodium."""
    code = "import sys, chatbridge.sealing, chatbridge.keys; print('nacl' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "False" == done.stdout.strip()


def test_keyset_is_a_value():
    """A keyset with one more data key equals itself after JSON."""
    keyset = attrs.evolve(make_keyset(), data_keys={7: b"d" * 32, 9: b"e" * 32}, generation=2)
    assert keyset == Keyset.from_bytes(keyset.to_bytes())

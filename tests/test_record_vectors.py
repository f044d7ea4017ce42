"""The public vectors, read by a reader that knows nothing but the page and PyNaCl, and by us."""

from __future__ import annotations

import base64
import hashlib
import inspect
import json
from pathlib import Path

import pytest

from chatbridge.errors import ChatbridgeError, SealedValueError
from chatbridge.keys import root_key_from_text
from chatbridge.keyset_wrapping import unwrap_keyset, wrap_keyset
from chatbridge.sealing import Sealer

VECTORS = json.loads((Path(__file__).parent / "vectors" / "record-format-1.json").read_text())
PAGE_READER_LINES = 60


class Reader:
    """Reads keysets and records as docs/reference/record-format.md says; ValueError if refused."""

    def __init__(self, root, wrapped):
        body, checksum = wrapped[:-16], wrapped[-16:]
        if hashlib.blake2b(body, digest_size=16).digest() != checksum or body[0] != 1:
            raise ValueError("damaged, or a newer format")
        wanted = self.hash(root, 16, "chatbridge root check 1")
        opener = self.hash(root, 32, "chatbridge root wrap 1")
        at, found = 2, None
        for _ in range(body[1]):
            check, length = body[at : at + 16], int.from_bytes(body[at + 16 : at + 18], "big")
            if check == wanted:
                sealed = body[at + 18 : at + 18 + length]
                found = self.open(opener, sealed, b"chatbridge keyset\x01" + check)
            at += 18 + length
        if found is None or at != len(body):
            raise ValueError("the wrong root key, or damaged")
        self.keyset = json.loads(found)

    def read(self, key, sealed):
        """Return schema and plain bytes of a record."""
        data_key = self.keyset["data"].get(str(int.from_bytes(sealed[1:5], "big")))
        if sealed[:1] != b"\x01" or data_key is None:
            raise ValueError("a newer format, or an unknown key")
        place, instance = key.encode(), self.keyset["instance"].encode()
        binding = sealed[:7] + len(place).to_bytes(2, "big") + place + instance
        padded = self.open(base64.b64decode(data_key), sealed[7:], binding)
        return int.from_bytes(sealed[5:7], "big"), padded.rstrip(b"\0").removesuffix(b"\x80")

    def key(self, kind, *identity):
        """Return the storage key of a record."""
        return f"{kind}:{self.named('index', kind, *identity).hex()}"

    def named(self, name, *parts):
        """Return the hash of parts under a key of the keyset."""
        return self.hash(base64.b64decode(self.keyset[name]), 16, *parts)

    @staticmethod
    def hash(key, size, *parts):
        """Return the keyed hash of parts."""
        raw = [part.encode() for part in parts]
        joined = b"".join(len(each).to_bytes(8, "big") + each for each in raw)
        return hashlib.blake2b(joined, key=key, digest_size=size).digest()

    @staticmethod
    def open(key, sealed, binding):
        """Return what is encrypted: nonce, ciphertext, tag."""
        from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt as decrypt
        from nacl.exceptions import CryptoError

        try:
            return decrypt(sealed[24:], binding, sealed[:24], key)
        except (CryptoError, TypeError):
            raise ValueError("it does not belong together") from None


def raw(each, name):
    """Return the bytes of a value in hex."""
    return bytes.fromhex(each[name])


ROOTS = [raw(each, "hex") for each in VECTORS["root_keys"]]
WRAPPED = raw(VECTORS, "wrapped_keyset")


@pytest.fixture
def reader():
    """The independent reader of the vectors."""
    return Reader(ROOTS[0], WRAPPED)


def test_the_reader_is_short():
    """Somebody else can write a reader in an hour: it has fewer lines than this."""
    code = [line for line in inspect.getsource(Reader).splitlines() if line.strip()]
    assert len(code) < PAGE_READER_LINES
    assert "chatbridge." not in inspect.getsource(Reader)


@pytest.mark.invariant("I13")
def test_both_find_the_keyset():
    """Each root key opens the wrapped keyset, for the reader and for us, and it is the same one."""
    for root in ROOTS:
        assert VECTORS["keyset"] == Reader(root, WRAPPED).keyset
        assert VECTORS["keyset"] == json.loads(unwrap_keyset(WRAPPED, [root]).to_bytes())


def test_root_keys_in_words():
    """The text form and the fingerprint of a root key are those of the page."""
    for each in VECTORS["root_keys"]:
        root = root_key_from_text(each["text"])
        assert (raw(each, "hex"), each["fingerprint"]) == (root.reveal(), root.fingerprint)
        check = Reader.hash(root.reveal(), 16, "chatbridge root check 1")
        assert each["fingerprint"] == check.hex()[:8]


@pytest.mark.fault("F84")
@pytest.mark.invariant("I13")
@pytest.mark.parametrize("each", VECTORS["valid"], ids=lambda each: "-".join(each["identity"]))
def test_both_open_each_record(reader, each):
    """Each record has the key and content that the vectors name; sealed again it is the same."""
    keyset, nonce = unwrap_keyset(WRAPPED, ROOTS), raw(each, "sealed")[7:31]
    sealer = Sealer(keyset, nonce=lambda size: nonce[:size])
    expected = (each["schema"], raw(each, "plain"))
    for key in (reader.key, sealer.index):
        assert each["storage_key"] == key(each["kind"], *each["identity"])
    assert expected == reader.read(each["storage_key"], raw(each, "sealed"))
    assert expected == sealer.unseal(each["storage_key"], raw(each, "sealed"))
    if sealer.is_current(raw(each, "sealed")):
        assert raw(each, "sealed") == sealer.seal(each["storage_key"], *expected)


@pytest.mark.invariant("I13")
@pytest.mark.parametrize("each", VECTORS["invalid"], ids=lambda each: each["why"])
def test_both_refuse_each_invalid_record(reader, each):
    """What the vectors call invalid is refused, by us with an error that shows nothing of it."""
    with pytest.raises(ValueError):
        reader.read(each["storage_key"], raw(each, "sealed"))
    with pytest.raises(SealedValueError) as caught:
        Sealer(unwrap_keyset(WRAPPED, ROOTS)).unseal(each["storage_key"], raw(each, "sealed"))
    assert (None, None) == (caught.value.__cause__, caught.value.__context__)


@pytest.mark.parametrize("each", VECTORS["invalid_keysets"], ids=lambda each: each["why"])
def test_both_refuse_each_invalid_keyset(each):
    """A damaged or foreign keyset opens for nobody."""
    with pytest.raises(ValueError):
        Reader(ROOTS[0], raw(each, "wrapped_keyset"))
    with pytest.raises(ChatbridgeError, match=r"damaged|newer|root key"):
        unwrap_keyset(raw(each, "wrapped_keyset"), ROOTS[:1])


def test_markers_and_tokens(reader):
    """Markers and tokens are the hashes of the page."""
    sealer = Sealer(unwrap_keyset(WRAPPED, ROOTS))
    for name, ours, cases in (
        ("marker", sealer.mark, VECTORS["markers"]),
        ("token", sealer.token, VECTORS["tokens"]),
    ):
        for each in cases:
            made = {reader.named(name, *each["parts"]), ours(*each["parts"])}
            assert {raw(each, "hash")} == made


def test_the_reader_reads_what_we_write_today():
    """Not only the old file: what this version seals now is read by the page's reader."""
    keyset = unwrap_keyset(WRAPPED, ROOTS).with_new_data_key(1_800_000_000)
    today = Reader(ROOTS[1], wrap_keyset(keyset, ROOTS))
    sealer = Sealer(keyset)
    key = sealer.index("link", "acme", "1")
    assert key == today.key("link", "acme", "1")
    assert (3, b"x\x80\x00") == today.read(key, sealer.seal(key, 3, b"x\x80\x00"))

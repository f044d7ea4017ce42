"""Root keys come and go beside each other; the storage always opens for somebody, and says who."""

from __future__ import annotations

import pytest

from chatbridge.errors import ConfigurationError, ConflictError, SealedValueError, WrongKeyError
from chatbridge.keys import RootKey
from chatbridge.keyset_record import KEYSET_KEY, open_sealer, read_keyset
from chatbridge.memory_storage import MemoryStorage
from chatbridge.root_changes import add_root, retire_root, root_fingerprints

OLD, NEW, OTHER = (RootKey(letter * 32) for letter in (b"o", b"n", b"x"))


@pytest.fixture
def storage():
    """A storage that was set up with the old root key."""
    made = MemoryStorage()
    open_sealer(made, [OLD])
    return made


def opens(storage, root):
    """Tell whether a root key opens the storage."""
    try:
        read_keyset(storage, [root])
    except WrongKeyError:
        return False
    return True


@pytest.mark.fault("F70")
@pytest.mark.invariant("I14")
def test_root_key_is_replaced_without_a_gap(storage):
    """Old, then both, then new: at every step the right keys open the same installation."""
    instance = open_sealer(storage, [OLD]).instance_id
    assert add_root(storage, [OLD], NEW)
    assert [OLD.fingerprint, NEW.fingerprint] == root_fingerprints(storage, [NEW])
    for roots in ([OLD], [NEW], [NEW, OLD], [OTHER, NEW]):
        assert instance == open_sealer(storage, roots).instance_id
    retire_root(storage, [NEW], OLD.fingerprint)
    assert instance == open_sealer(storage, [NEW]).instance_id
    assert (False, True) == (opens(storage, OLD), opens(storage, NEW))


def test_adding_twice_is_adding_once(storage):
    """A root key that opens the storage already changes nothing."""
    add_root(storage, [OLD], NEW)
    before = storage.get(KEYSET_KEY)
    assert not add_root(storage, [NEW], OLD)
    assert before == storage.get(KEYSET_KEY)


def test_who_adds_need_not_know_the_others(storage):
    """The slots of root keys that are not at hand stay byte for byte."""
    add_root(storage, [OLD], NEW)
    add_root(storage, [NEW], OTHER)
    assert [True] * 3 == [opens(storage, root) for root in (OLD, NEW, OTHER)]
    retire_root(storage, [OTHER], OLD.fingerprint)
    assert [False, True, True] == [opens(storage, root) for root in (OLD, NEW, OTHER)]


@pytest.mark.invariant("I12")
def test_a_wrong_key_changes_nothing(storage):
    """Who cannot open the storage cannot change who may."""
    before = storage.get(KEYSET_KEY)
    with pytest.raises(WrongKeyError, match="nothing was written"):
        add_root(storage, [OTHER], OTHER)
    with pytest.raises(WrongKeyError, match="nothing was written"):
        retire_root(storage, [OTHER], OLD.fingerprint)
    assert before == storage.get(KEYSET_KEY)


def test_somebody_always_opens_it(storage):
    """Neither the last root key nor the only one at hand is retired, and no unknown one."""
    with pytest.raises(ConfigurationError, match="add-root"):
        retire_root(storage, [OLD], OLD.fingerprint)
    add_root(storage, [OLD], NEW)
    before = storage.get(KEYSET_KEY)
    with pytest.raises(ConfigurationError, match="give the one that shall stay"):
        retire_root(storage, [OLD], OLD.fingerprint)
    with pytest.raises(ConfigurationError, match=f"these do: {OLD.fingerprint}"):
        retire_root(storage, [OLD, NEW], OTHER.fingerprint)
    assert before == storage.get(KEYSET_KEY)


def test_there_is_room_for_255(storage):
    """The 256th root key is refused with the mend, and the others go on."""
    for number in range(254):
        add_root(storage, [OLD], RootKey(bytes([number]) * 31 + b"k"))
    before = storage.get(KEYSET_KEY)
    with pytest.raises(ConfigurationError, match="retire some"):
        add_root(storage, [OLD], NEW)
    assert before == storage.get(KEYSET_KEY)


def test_nothing_to_change():
    """A storage without a keyset has no root keys to change."""
    empty = MemoryStorage()
    for change in (
        lambda: add_root(empty, [OLD], NEW),
        lambda: retire_root(empty, [OLD], "12345678"),
    ):
        with pytest.raises(SealedValueError, match="no keyset"):
            change()


class Racing(MemoryStorage):
    """Somebody else is quicker, once, between a read of the keyset and the write after it."""

    meanwhile = None

    def put(self, key, value, **more):
        """Let the other one write first."""
        act, self.meanwhile = self.meanwhile, None
        if act is not None:
            act()
        return super().put(key, value, **more)


@pytest.mark.parametrize(
    "change",
    [
        lambda storage: add_root(storage, [OLD], OTHER),
        lambda storage: retire_root(storage, [OLD], NEW.fingerprint),
    ],
)
def test_a_change_that_lost_a_race(change):
    """Two changes at once: the later one is refused and changes nothing."""
    storage = Racing()
    open_sealer(storage, [OLD])
    add_root(storage, [OLD], NEW)
    third = RootKey(b"3" * 32)
    storage.meanwhile = lambda: add_root(storage, [OLD], third)
    with pytest.raises(ConflictError):
        change(storage)
    assert [True, True, True, False] == [opens(storage, each) for each in (OLD, NEW, third, OTHER)]


def test_fingerprints_tell_nothing():
    """A fingerprint is 8 hex digits that are no part of the key."""
    assert 8 == len(NEW.fingerprint)
    assert NEW.fingerprint != OLD.fingerprint
    assert NEW.fingerprint not in NEW.reveal().hex()

"""Tests of root keys: their text, their sources, and opening a storage with them."""

import os
import pickle
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbridge.errors import (
    ConfigurationError,
    SealedValueError,
    StorageUnavailableError,
    WrongKeyError,
)
from chatbridge.keys import (
    RootKey,
    new_root_key,
    root_key_from_callable,
    root_key_from_environment,
    root_key_from_file,
    root_key_from_keyring,
    root_key_from_text,
)
from chatbridge.keyset_record import KEYSET_KEY, RECORD_KINDS, open_sealer
from chatbridge.memory_storage import MemoryStorage
from chatbridge.secret import Secret
from chatbridge.sqlite_storage import SqliteStorage

VECTOR_TEXT = "chatbridge-root-1.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8.d5f4177d"


@pytest.fixture
def storage():
    """An empty storage."""
    with MemoryStorage() as storage:
        yield storage


@pytest.fixture
def root():
    """A root key."""
    return root_key_from_text(new_root_key())


@pytest.fixture
def key_file(tmp_path):
    """A file with a root key that its owner alone may read."""
    path = tmp_path / "root.key"
    path.write_text(new_root_key() + "\n")
    path.chmod(0o600)
    return path


def other_root():
    """Return one more root key."""
    return root_key_from_text(new_root_key())


# --- text -------------------------------------------------------------------------------------


def test_new_keys_differ():
    """Every new root key is another one, and is read back as 32 bytes."""
    made = [new_root_key() for _ in range(3)]
    assert 3 == len({root_key_from_text(text).reveal() for text in made})
    assert {32} == {len(root_key_from_text(text).reveal()) for text in made}


def test_text_of_a_known_key():
    """The text form is the one of the docs' test vector, and blanks around it do not matter."""
    docs = Path(__file__).parents[1] / "docs" / "reference" / "record-format.md"
    assert f'"root_key_text": "{VECTOR_TEXT}"' in docs.read_text()
    assert bytes(range(32)) == root_key_from_text(f"  {VECTOR_TEXT}\n").reveal()
    assert bytes(range(32)) == root_key_from_text(Secret(VECTOR_TEXT)).reveal()


@given(place=st.integers(0, len(VECTOR_TEXT) - 1), letter=st.characters(codec="utf-8"))
def test_every_typing_error_is_seen(place, letter):
    """One changed character is always an error of the text, and never another key."""
    typed = VECTOR_TEXT[:place] + letter + VECTOR_TEXT[place + 1 :]
    if typed.strip() == VECTOR_TEXT:
        return
    with pytest.raises(ConfigurationError) as caught:
        root_key_from_text(typed)
    assert "AAECAwQF" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "mend"),
    [("", "empty"), (" \n", "empty"), ("secret", "must start with chatbridge-root-1"),
     ("chatbridge-root-2" + VECTOR_TEXT[17:], "must start with"), (VECTOR_TEXT[:-1], "mistyped"),
     (VECTOR_TEXT[:30], "mistyped"), ("chatbridge-root-1", "mistyped"),
     (VECTOR_TEXT + ".x", "mistyped"), (VECTOR_TEXT.replace("Hh8.", "Hh9."), "mistyped"),
     (VECTOR_TEXT.replace("Hh8.", "Hh8=."), "mistyped")],
)  # fmt: skip
def test_what_is_no_root_key(text, mend):
    """A text that is no root key is refused, and the error says what to do about it."""
    with pytest.raises(ConfigurationError, match=mend):
        root_key_from_text(text)


def test_root_keys_stay_hidden(root):
    """A root key shows in no repr, does not pickle, and has the right length."""
    assert "RootKey()" == repr(root)
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(root)
    with pytest.raises(ValueError, match="32"):
        RootKey(b"short")


# --- sources ----------------------------------------------------------------------------------


def test_environment():
    """The root key comes from the environment, under the usual name or another one."""
    given = {"CHATBRIDGE_ROOT_KEY": VECTOR_TEXT, "MINE": new_root_key()}
    assert bytes(range(32)) == root_key_from_environment(environment=given).reveal()
    assert bytes(range(32)) != root_key_from_environment("MINE", given).reveal()


def test_environment_without_it():
    """A variable that is not set, or holds something else, is named."""
    with pytest.raises(ConfigurationError, match="CHATBRIDGE_ROOT_KEY is not set"):
        root_key_from_environment(environment={})
    with pytest.raises(ConfigurationError, match="environment variable MINE is empty"):
        root_key_from_environment("MINE", {"MINE": ""})


def test_file(key_file):
    """The root key comes from a file, directly or through a symbolic link."""
    link = key_file.with_name("link")
    link.symlink_to(key_file)
    assert root_key_from_file(key_file).reveal() == root_key_from_file(link).reveal()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620, 0o601])
def test_file_open_to_others(key_file, mode):
    """A file that others can use is refused with the command that mends it."""
    key_file.chmod(mode)
    with pytest.raises(ConfigurationError, match=f"run: chmod 600 {key_file}"):
        root_key_from_file(key_file)


def test_file_that_is_none(tmp_path):
    """A missing file, a directory and a named pipe are refused at once."""
    with pytest.raises(ConfigurationError, match="No such file"):
        root_key_from_file(tmp_path / "nowhere")
    with pytest.raises(ConfigurationError, match="not a plain file"):
        root_key_from_file(tmp_path)
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(ConfigurationError, match="not a plain file"):
        root_key_from_file(tmp_path / "pipe")


@pytest.mark.parametrize(
    ("content", "mend"), [(b"", "empty"), (b"\xff" * 10, "no root key"), (b"x" * 10_000, "no root")]
)
def test_file_with_something_else(key_file, content, mend):
    """A file without a root key is named, and what it holds is not shown."""
    key_file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=mend) as caught:
        root_key_from_file(key_file)
    assert str(key_file) in str(caught.value)


@pytest.mark.parametrize("given", [VECTOR_TEXT, Secret(VECTOR_TEXT), bytes(range(32))])
def test_callable(given):
    """A function of the host may return the text, a secret, or the bytes."""
    assert bytes(range(32)) == root_key_from_callable(lambda: given).reveal()


@pytest.mark.parametrize("given", [None, b"short", 5, "no key"])
def test_callable_without_a_key(given):
    """A function that returns no root key is told so, under the name that it was given."""
    with pytest.raises(ConfigurationError, match="the KMS"):
        root_key_from_callable(lambda: given, where="the KMS")


def test_callable_that_fails():
    """The error of the host's function does not hang on ours, since it may show the key."""

    def fail():
        raise RuntimeError("canary")

    with pytest.raises(ConfigurationError, match="failed with RuntimeError") as caught:
        root_key_from_callable(fail)
    assert (None, None) == (caught.value.__cause__, caught.value.__context__)
    assert "canary" not in str(caught.value)


def test_callable_that_knows_our_errors():
    """An error of this library, raised in the function on purpose, goes through as it is."""

    def fail():
        raise ConfigurationError("log in to the vault first")

    with pytest.raises(ConfigurationError, match=r"^log in to the vault first$"):
        root_key_from_callable(fail)


@pytest.fixture
def keyring(monkeypatch):
    """Return the entries of a keyring of this test."""
    import keyring
    from keyring.backend import KeyringBackend

    entries = {}

    class Backend(KeyringBackend):
        """A keyring in a dict."""

        priority = 1

        def get_password(self, service, username):
            """Return what is kept, or None; one entry cannot be reached."""
            if service == "locked":
                raise RuntimeError(f"canary {VECTOR_TEXT}")
            return entries.get((service, username))

        def set_password(self, service, username, password):
            """Keep."""

        def delete_password(self, service, username):
            """Forget."""

    before = keyring.get_keyring()
    keyring.set_keyring(Backend())
    yield entries
    keyring.set_keyring(before)


def test_keyring(keyring):
    """The system's keyring may keep the key, under any name."""
    keyring["chatbridge", "root"] = VECTOR_TEXT
    assert bytes(range(32)) == root_key_from_keyring("chatbridge", "root").reveal()


def test_keyring_without_a_key(keyring):
    """A missing entry is named with the command that makes it; a damaged one is told as such."""
    with pytest.raises(ConfigurationError, match="keyring set chatbridge root"):
        root_key_from_keyring("chatbridge", "root")
    keyring["chatbridge", "root"] = "something else"
    with pytest.raises(ConfigurationError, match="the keyring entry chatbridge/root is no root"):
        root_key_from_keyring("chatbridge", "root")


def test_keyring_that_fails(keyring):
    """What a keyring says when it fails stays out of our error."""
    with pytest.raises(ConfigurationError, match="failed with RuntimeError") as caught:
        root_key_from_keyring("locked", "root")
    assert (None, None) == (caught.value.__cause__, caught.value.__context__)
    assert "canary" not in str(caught.value)


def test_keyring_that_is_not_installed(monkeypatch):
    """Where the package is missing, the error says what to install."""
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigurationError, match=r"chatbridge-jsm\[keyring\]"):
        root_key_from_keyring("chatbridge", "root")


# --- opening a storage ------------------------------------------------------------------------


def test_first_start_makes_a_keyset(storage, root):
    """On an empty storage the keyset is made once; the next start finds the same."""
    first = open_sealer(storage, [root])
    second = open_sealer(storage, [root])
    assert first.instance_id == second.instance_id
    assert (1, b"x") == second.unseal("link:a", first.seal("link:a", 1, b"x"))


@pytest.mark.fault("F68")
@pytest.mark.invariant("I12")
@given(wrong=st.binary(min_size=32, max_size=32))
def test_wrong_key_writes_nothing(wrong):
    """Any other root key is refused as wrong, and the storage stays as it is."""
    storage = MemoryStorage()
    open_sealer(storage, [RootKey(b"r" * 32)])
    before = storage.get(KEYSET_KEY)
    if wrong == b"r" * 32:
        return
    with pytest.raises(WrongKeyError, match="nothing was written"):
        open_sealer(storage, [RootKey(wrong)])
    assert before == storage.get(KEYSET_KEY)


@pytest.mark.fault("F68")
@pytest.mark.invariant("I12")
def test_wrong_key_leaves_the_database_as_it_is(tmp_path, root):
    """A start with a wrong root key does not change one byte of the database file."""
    path = tmp_path / "records.db"
    with SqliteStorage(path) as storage:
        open_sealer(storage, [root])
        storage.put("claim:a", b"x", ttl=1)
    before = path.read_bytes()
    with SqliteStorage(path, now=lambda: 4e9) as storage, pytest.raises(WrongKeyError):
        open_sealer(storage, [other_root()])
    assert before == path.read_bytes()
    assert [path] == list(tmp_path.iterdir())


def test_no_root_key(storage):
    """Without a root key nothing is opened, and nothing is made."""
    with pytest.raises(ConfigurationError, match="keys new"):
        open_sealer(storage, [])
    assert None is storage.get(KEYSET_KEY)


@pytest.mark.parametrize("kind", RECORD_KINDS)
def test_records_without_a_keyset(storage, root, kind):
    """Where records are but no keyset, no new keyset is made over them."""
    storage.put(f"{kind}:a", b"sealed")
    with pytest.raises(ConfigurationError, match="restore the whole storage"):
        open_sealer(storage, [root])
    assert None is storage.get(KEYSET_KEY)


def test_damaged_keyset(storage, root):
    """A damaged keyset record is told from a wrong key, and is not replaced."""
    open_sealer(storage, [root])
    storage.put(KEYSET_KEY, b"damaged" * 20)
    with pytest.raises(SealedValueError, match="restore"):
        open_sealer(storage, [root])
    assert b"damaged" * 20 == storage.get(KEYSET_KEY).value


def test_two_first_starts_agree(tmp_path, root):
    """Processes that start on one empty storage at once end with the same keyset."""
    gate = threading.Barrier(8)

    def start(_):
        with SqliteStorage(tmp_path / "records.db") as storage:
            gate.wait(10)
            return open_sealer(storage, [root]).instance_id

    with ThreadPoolExecutor(8) as pool:
        assert 1 == len(set(pool.map(start, range(8))))


class Racing(MemoryStorage):
    """A storage in which somebody else does something right after the first look."""

    def __init__(self, meanwhile):
        super().__init__()
        self.meanwhile = meanwhile

    def get(self, key):
        found = super().get(key)
        meanwhile, self.meanwhile = self.meanwhile, lambda _: None
        meanwhile(self)
        return found


def test_another_process_was_quicker(root):
    """A keyset made between the look and the write is used; ours is dropped."""
    made = []
    storage = Racing(lambda storage: made.append(open_sealer(storage, [root])))
    assert open_sealer(storage, [root]).instance_id == made[0].instance_id


def test_another_process_was_quicker_with_another_key(root):
    """If the quicker one has another root key, ours is the wrong one."""
    storage = Racing(lambda storage: open_sealer(storage, [other_root()]))
    with pytest.raises(WrongKeyError):
        open_sealer(storage, [root])


def test_another_process_has_written_records_since(root):
    """Records that appear together with their keyset are no reason to refuse."""

    def set_up(storage):
        open_sealer(storage, [root])
        storage.put("link:a", b"sealed")

    assert open_sealer(Racing(set_up), [root]).instance_id


def test_unavailable_storage_makes_no_sealer(storage, root, monkeypatch):
    """A keyset that could not be kept is never used: its records could not be read again."""

    def fail(*_args, **_kwargs):
        raise StorageUnavailableError("full")

    monkeypatch.setattr(storage, "put", fail)
    with pytest.raises(StorageUnavailableError):
        open_sealer(storage, [root])

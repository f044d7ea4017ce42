"""Marks cannot be made without the key, and are good only where and while they should be."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbridge.content import Address
from chatbridge.marks import ChoiceToken, Marks, looks_like_invitation
from chatbridge.sealing import keyed_hash

HERE, NOW = Address("c1"), 1_800_000_000.0


class Hashes:
    """Hashes under two keys, as a sealer does."""

    def __init__(self, name: str, before: str = "none") -> None:
        self.name = name.encode()
        self.before = before

    def mark(self, *parts, size=16):
        """Return the keyed hash for markers."""
        return keyed_hash(self.name + b" mark", *parts, size=size)

    def token(self, *parts, size=16):
        """Return the keyed hash for tokens."""
        return keyed_hash(self.name + b" token", *parts, size=size)

    def tokens(self, *parts, size=16):
        """Return the tokens that are taken: of this key, and of the one before."""
        return [self.token(*parts, size=size), Hashes(self.before).token(*parts, size=size)]


MARKS, FOREIGN = Marks(Hashes("ours")), Marks(Hashes("theirs"))
DATA = MARKS.sign_choice("more", MARKS.handle("site", "1", HERE), HERE, NOW + 600)
MARKER = MARKS.comment_marker("site", "1", "e" * 20, 0)

anything = st.text()
words = st.text(alphabet="abcdefghijklmnopqrstuvwxyz234567", max_size=16)


def test_choice_says_what_was_signed():
    """Action and handle come back in the same chat."""
    handle = MARKS.handle("site", "1", HERE)
    assert ChoiceToken("more", handle) == MARKS.read_choice(DATA, HERE, NOW)


@pytest.mark.fault("F58")
@given(st.integers(0, len(DATA) * 8 - 1))
def test_any_changed_bit_of_a_choice_is_refused(bit):
    """Nothing of it can be changed."""
    raw = bytearray(DATA.encode())
    raw[bit // 8] ^= 1 << bit % 8
    assert MARKS.read_choice(raw.decode("latin-1"), HERE, NOW) is None


@given(anything)
def test_foreign_data_is_refused_and_never_fails(data):
    """Whatever a client sends, lone surrogates included, is read as nothing."""
    assert MARKS.read_choice(data, HERE, NOW) is None


@pytest.mark.parametrize("data", ["", ".", "....", "1.more.x.ffff.", DATA + ".", "." + DATA])
def test_odd_shapes_are_refused(data):
    """Signs and separators alone make no choice."""
    assert MARKS.read_choice(data, HERE, NOW) is None


@pytest.mark.fault("F58")
@given(anything)
def test_choice_is_good_in_its_own_chat_only(chat):
    """Another chat's person cannot use it."""
    found = MARKS.read_choice(DATA, Address(chat), NOW)
    assert (found is not None) is (chat == HERE.chat)


def test_choice_is_good_in_any_thread_of_its_chat():
    """A button may be pressed where the platform shows it."""
    assert MARKS.read_choice(DATA, Address("c1", "9"), NOW) is not None


def test_choice_of_another_key_is_refused():
    """Who lacks the key can make none."""
    assert FOREIGN.read_choice(DATA, HERE, NOW) is None


def test_tokens_of_the_key_before_are_taken():
    """Buttons and quoted requests of the time before a change of the token key still work."""
    newer = Marks(Hashes("newer", before="ours"))
    old = Marks(Hashes("ours"))
    data = old.sign_choice("more", "handle", HERE, NOW + 600)
    assert newer.read_choice(data, HERE, NOW) is not None
    handle = old.handle("acme", "10012", HERE)
    assert handle != newer.handle("acme", "10012", HERE)
    assert newer.is_handle(handle, "acme", "10012", HERE)
    assert newer.is_handle(newer.handle("acme", "10012", HERE), "acme", "10012", HERE)
    assert not newer.is_handle(handle, "acme", "10013", HERE)
    assert not Marks(Hashes("newest", before="newer")).is_handle(handle, "acme", "10012", HERE)


@pytest.mark.fault("F58")
@pytest.mark.parametrize(
    ("later", "good"), [(0, True), (599, True), (600, True), (661, False), (10**7, False)]
)
def test_choice_grows_too_old(later, good):
    """After its time, to the minute, a button does nothing."""
    assert good is (MARKS.read_choice(DATA, HERE, NOW + later) is not None)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=8), anything)
def test_choice_data_fits_every_platform(action, chat):
    """At most 64 bytes of harmless characters, whatever the chat is called."""
    address = Address(chat)
    data = MARKS.sign_choice(action, MARKS.handle("site", "1", address), address, NOW * 2)
    assert re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", data)
    assert action == MARKS.read_choice(data, address, NOW).action


@given(words, words, words, st.integers(0, 50))
def test_own_markers_are_known(site, issue_id, key, ordinal):
    """What the bridge wrote on an issue is recognised on that issue."""
    assert MARKS.is_ours(site, issue_id, MARKS.comment_marker(site, issue_id, key, ordinal))


@given(st.integers(0, (len(MARKER) - 1) * 8 - 1))  # the last character's low bits mean nothing
def test_any_changed_bit_of_a_marker_is_noticed(bit):
    """A marker cannot be altered into another one; its case is no alteration."""
    raw = bytearray(MARKER.encode())
    raw[bit // 8] ^= 1 << bit % 8
    changed = raw.decode("latin-1")
    assert MARKS.is_ours("site", "1", changed) is (changed.upper() == MARKER.upper())


@given(anything | st.none())
def test_foreign_markers_are_not_ours(marker):
    """Whatever else stands in the property hides no comment."""
    assert not MARKS.is_ours("site", "1", marker)


@pytest.mark.parametrize(("site", "issue_id"), [("site", "2"), ("other", "1")])
def test_marker_is_good_on_its_issue_only(site, issue_id):
    """A marker that was copied to another issue says nothing there."""
    assert (True, False) == (
        MARKS.is_ours("site", "1", MARKER),
        MARKS.is_ours(site, issue_id, MARKER),
    )
    assert not FOREIGN.is_ours("site", "1", MARKER)


def test_request_marker_is_one_alphanumeric_word():
    """It can be searched for as text."""
    assert re.fullmatch(r"cb[a-z2-7]{16}", MARKS.request_marker("e" * 20))


def test_handle_fits_a_start_link():
    """At most 48 harmless characters, its own for each chat and request."""
    handles = {
        MARKS.handle(site, issue_id, Address(chat))
        for site in ("a", "b")
        for issue_id in ("1", "2")
        for chat in ("c1", "c2")
    }
    assert (8, True) == (len(handles), all(re.fullmatch("[a-z2-7]{16}", each) for each in handles))


def test_event_keys_tell_bots_and_events_apart():
    """The same number at another bot is another event, however the parts are cut."""
    names = [("a", "b", "c"), ("a", "bc", ""), ("ab", "", "c"), ("a", "b", "d"), ("b", "b", "c")]
    keys = {MARKS.event_key(*each) for each in names}
    assert (5, True) == (len(keys), all(re.fullmatch("[0-9a-f]{20}", key) for key in keys))


def test_part_digests_tell_parts_apart():
    """Issue, item, text and ordinal all count."""
    parts = [
        ("s", "1", "5", "hi", 0), ("s", "1", "5", "hi", 1), ("s", "1", "6", "hi", 0),
        ("s", "2", "5", "hi", 0), ("t", "1", "5", "hi", 0), ("s", "1", "5", "ho", 0),
    ]  # fmt: skip
    assert 6 == len({MARKS.part_digest(*each) for each in parts})
    assert 6 == len({FOREIGN.part_digest(*each) for each in parts}
                    - {MARKS.part_digest(*each) for each in parts})  # fmt: skip


def test_message_key_is_stable():
    """A part that is sent again has the key that it had: 32 hex digits."""
    keys = [MARKS.message_key("s", "1", "5", "d") for _ in range(2)]
    assert keys[0] == keys[1]
    assert re.fullmatch("[0-9a-f]{32}", keys[0])
    assert keys[0] != MARKS.message_key("s", "1", "5", "e")


def test_status_mark_does_not_show_the_status():
    """What is kept of a status is a keyed hash."""
    assert MARKS.status_mark("Done") == MARKS.status_mark("Done")
    assert 3 == len({MARKS.status_mark("Done"), MARKS.status_mark("Open"),
                     FOREIGN.status_mark("Done")})  # fmt: skip


def test_an_invitation_is_known_by_what_made_it():
    """Its word has 39 characters of a-z and 2-7, and leads to the same place each time."""
    word, other = MARKS.invitation_word(), MARKS.invitation_word()
    assert re.fullmatch("[a-z2-7]{39}", word) and word != other
    assert looks_like_invitation(word)
    assert (
        MARKS.invitation_mark(word) == MARKS.invitation_mark(word) != MARKS.invitation_mark(other)
    )
    assert word not in str(MARKS.invitation_mark(word))


@pytest.mark.fault("F59")
def test_any_changed_character_of_an_invitation_is_refused():
    """A word that differs in one place, or is shorter or longer, leads nowhere."""
    word = MARKS.invitation_word()
    for at, old in enumerate(word):
        for new in "a7":
            changed = word[:at] + new + word[at + 1 :]
            assert new == old or MARKS.invitation_mark(changed) is None
    for wrong in ("", word[1:], word + "a", word.upper(), "é" * 39, "=" * 39, word[:-1] + "\n"):
        assert MARKS.invitation_mark(wrong) is None


def test_two_chats_take_an_invitation_by_different_marks():
    """What is kept of the chat that took one tells chats apart, and nothing else."""
    one, two = MARKS.taker_mark("telegram", "7", "1"), MARKS.taker_mark("telegram", "7", "2")
    assert one != two and "telegram" not in one

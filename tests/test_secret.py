"""A secret leaves only by `reveal`."""

from __future__ import annotations

import copy
import json
import pickle
import traceback

import pytest

from chatbridge.secret import Secret

VALUE = "s3cr3t-töken"


@pytest.fixture
def secret() -> Secret:
    """Return a secret."""
    return Secret(VALUE)


def test_reveal_returns_the_text(secret):
    """What went in comes out of `reveal`."""
    assert VALUE == secret.reveal()


@pytest.mark.fault("F80")
@pytest.mark.parametrize("shown", [repr, str, "%s".__mod__, "%r".__mod__, lambda s: f"{[s]}"])
def test_no_way_of_showing_shows_it(secret, shown):
    """Printing, logging and nesting show dots."""
    assert (True, False) == ("…" in shown(secret), VALUE in shown(secret))


@pytest.mark.parametrize(
    "use",
    [
        lambda s: f"{s}",
        lambda s: f"{s:>40}",
        lambda s: "{}".format(s),  # noqa: UP032 - another way in
        pickle.dumps,
        copy.copy,
        copy.deepcopy,
        hash,
        lambda s: s == VALUE,
        lambda s: s != Secret(VALUE),
        lambda s: s in [VALUE],
        json.dumps,
        lambda s: s + "",
        bytes,
        len,
        iter,
    ],
)
def test_other_uses_are_refused(secret, use):
    """It does not format, pickle, copy, hash, compare or serialise, and no error tells it."""
    with pytest.raises(TypeError) as raised:
        use(secret)
    assert VALUE not in "".join(traceback.format_exception(raised.value))


def test_it_has_no_attributes_to_walk(secret):
    """Tools that dump an object's dict find none."""
    assert not hasattr(secret, "__dict__")
    with pytest.raises(AttributeError):
        secret.other = 1


@pytest.mark.parametrize(
    ("candidate", "same"),
    [
        (VALUE, True),
        (VALUE.encode(), True),
        (VALUE + "x", False),
        (VALUE[:-1], False),
        ("", False),
        (b"\xff", False),
        ("s3cr3t-t\ud800ken", False),
    ],
)
def test_matches_compares_texts_and_bytes(secret, candidate, same):
    """Only the very same text matches; nothing that is given makes it fail."""
    assert same is secret.matches(candidate)


@pytest.mark.parametrize("value", ["", None, 5, b"bytes"])
def test_secret_must_be_a_text(value):
    """An empty or foreign value is refused when it is made."""
    with pytest.raises(ValueError, match="a text that is not empty"):
        Secret(value)

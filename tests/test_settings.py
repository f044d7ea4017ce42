"""Settings are read whole or refused by name, and no secret's value is in an error."""

from __future__ import annotations

import attrs
import pytest

from chatbridge.errors import ConfigurationError
from chatbridge.secret import Secret
from chatbridge.settings import between, https_url, one_of, setting, structure, unstructure


@attrs.frozen
class Inner:
    """Nested settings."""

    size: int = setting("how large", default=1, validator=between(1, 9))


@attrs.frozen
class Sample:
    """Settings of every kind."""

    name: str = setting("what it is called")
    token: Secret | None = setting("opens it", default=None, env="SAMPLE_TOKEN")
    colour: str = setting("how it looks", default="red", validator=one_of("red", "blue"))
    on: bool = setting("whether it is on", default=False)
    rate: float = setting("how often", default=1.5)
    words: tuple[str, ...] = setting("what it says", default=())
    texts: dict[str, str] = setting("what it says where", default={})
    inner: Inner = setting("more", default=Inner())


def test_settings_are_made_of_plain_values():
    """Nested values, secrets and collections become what the schema says."""
    made = structure(
        {"name": "x", "token": "t0ken", "on": True, "rate": 2, "words": ["a"],
         "texts": {"a": "b"}, "inner": {"size": 3}},
        Sample,
        where="here",
    )  # fmt: skip
    assert ("x", True, 2, ("a",), {"a": "b"}, Inner(size=3)) == (
        made.name, made.on, made.rate, made.words, made.texts, made.inner,
    )  # fmt: skip
    assert made.token is not None
    assert made.token.matches("t0ken")


def test_what_is_not_given_has_its_default():
    """Only what has no default is needed."""
    made = structure({"name": "x"}, Sample, where="here")
    assert (None, "red", False, 1.5) == (made.token, made.colour, made.on, made.rate)


def test_settings_survive_being_made_plain():
    """What is kept can be read again, and a secret is in the clear for sealing only."""
    made = structure({"name": "x", "token": "t0ken"}, Sample, where="here")
    plain = unstructure(made)
    assert "t0ken" == plain["token"]
    again = structure(plain, Sample, where="there")
    assert again.token.matches("t0ken")
    assert attrs.evolve(again, token=None) == attrs.evolve(made, token=None)


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({}, "here: name is missing"),
        ({"name": 5}, "here: name must be a text"),
        ({"name": None}, "here: name must be a text"),
        ({"name": "x", "on": "yes"}, "here: on must be a yes or no (true, false)"),
        ({"name": "x", "on": 1}, "here: on must be a yes or no (true, false)"),
        ({"name": "x", "rate": "2"}, "here: rate must be a number"),
        ({"name": "x", "rate": True}, "here: rate must be a number"),
        ({"name": "x", "inner": {"size": 1.5}}, "inner.size must be a whole number"),
        ({"name": "x", "inner": {"size": 10}}, "size must be between 1 and 9"),
        ({"name": "x", "colour": "green"}, "colour must be one of red, blue"),
        ({"name": "x", "colr": "red"}, "does not know colr (known: colour, inner, name"),
        ({"name": "x", "token": ""}, "token must be a text that is not empty"),
        ({"name": "x", "words": [1]}, "must be a text"),
    ],
)
def test_each_mistake_is_named(values, complaint):
    """The error says where, which setting, and what it must be."""
    with pytest.raises(ConfigurationError) as raised:
        structure(values, Sample, where="here")
    assert complaint in str(raised.value)


def test_all_mistakes_are_named_at_once():
    """Nobody mends one after the other."""
    with pytest.raises(ConfigurationError) as raised:
        structure({"on": 5, "rate": "x", "extra": 1}, Sample, where="here")
    told = str(raised.value)
    assert [True] * 4 == [word in told for word in ("name is missing", "on must", "rate", "extra")]


@pytest.mark.parametrize("value", [["s3cret"], {"a": "s3cret"}, b"s3cret"])
def test_no_error_shows_a_secret(value):
    """A secret of a wrong kind is refused without its value, in the whole chain of causes."""
    with pytest.raises(ConfigurationError) as raised:
        structure({"name": "x", "token": value}, Sample, where="here")
    assert "s3cret" not in str(raised.value)
    assert raised.value.__context__ is None


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("https://x.example", True),
        ("https://x.example:8443/path", True),
        ("http://127.0.0.1:8080", True),
        ("http://localhost", True),
        ("http://[::1]:1", True),
        ("http://x.example", False),
        ("ftp://x.example", False),
        ("x.example", False),
        ("", False),
        ("https://", False),
        ("https://u:p@x.example", False),
        ("https://u@x.example", False),
    ],
)
def test_only_https_urls_are_taken(url, fine):
    """Plain HTTP is for loopback addresses; nobody puts a password into a URL."""
    if fine:
        https_url(None, None, url)
        return
    with pytest.raises(ValueError, match="must"):
        https_url(None, None, url)


@pytest.mark.parametrize(("value", "fine"), [(1, True), (9, True), (0, False), (9.5, False)])
def test_ranges_include_their_ends(value, fine):
    """Between takes the ends, and names them where it refuses."""
    check = between(1, 9)
    if fine:
        check(None, None, value)
        return
    with pytest.raises(ValueError, match="between 1 and 9"):
        check(None, None, value)


def test_a_setting_tells_its_meaning():
    """The documentation and the command line read it from the field."""
    (field,) = [each for each in attrs.fields(Sample) if each.name == "token"]
    assert {"meaning": "opens it", "env": "SAMPLE_TOKEN"} == field.metadata

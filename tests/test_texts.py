"""The bot's own texts: complete, replaceable, and never made of what people wrote."""

from __future__ import annotations

import pytest

from chatbridge.texts import DEFAULTS, Texts, placeholders


@pytest.mark.parametrize("name", sorted(DEFAULTS))
def test_every_text_can_be_said(name):
    """Each text is whole once its placeholders are filled in."""
    values = dict.fromkeys(placeholders(DEFAULTS[name]), "VALUE")
    said = Texts().say(name, **values)
    assert said
    assert len(values) == said.count("VALUE")
    assert "{" not in said


def test_override_wins():
    """A project's own text is said instead."""
    texts = Texts("en", {"closed": "Over: {status}"})
    assert ("Over: Done", "Write") == (
        texts.say("closed", status="Done"),
        texts.say("help").split()[0],
    )


def test_empty_override_is_none():
    """Nobody can silence the bot by accident."""
    assert DEFAULTS["opened"] == Texts("en", {"opened": ""}).say("opened")


@pytest.mark.parametrize("language", ["xx", "en-GB", "", "../en"])
def test_unknown_language_is_english(language):
    """A language without a catalogue falls back."""
    assert DEFAULTS["opened"] == Texts(language).say("opened")


@pytest.mark.parametrize("value", ["{status}", "{0}", "{", "%s", "{status.__class__}"])
def test_values_are_data(value):
    """Braces in a status name are shown as they are."""
    assert f"The status is now: {value}" == Texts().say("status_changed", status=value)


def test_unknown_text_is_a_mistake_of_the_program():
    """There is no silent gap."""
    with pytest.raises(KeyError):
        Texts().say("nope")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", set()),
        ("a {b} {c!r:>4} {{d}}", {"b", "c"}),
        ("{}", {"{}"}),
        ("{a.b}", {"a.b"}),
        ("{0}", {"0"}),
    ],
)
def test_placeholders_are_found(text, names):
    """Also those without a name, which could never be filled in."""
    assert names == placeholders(text)


def test_broken_braces_are_told():
    """A text that cannot be said is no text."""
    with pytest.raises(ValueError, match=r"expected '}'|Single '{'"):
        placeholders("a {")

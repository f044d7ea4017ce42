"""A project's settings are checked when they are made, and each says what it means."""

from __future__ import annotations

import attrs
import pytest

from chatbridge.errors import ConfigurationError
from chatbridge.project import ProjectSettings, Timings
from chatbridge.settings import structure, unstructure
from chatbridge.texts import DEFAULTS

NEEDED = {"name": "support", "service_desk": "10", "request_type": "25"}


def settings(**changes):
    """Return settings made as from a file."""
    return structure({**NEEDED, **changes}, ProjectSettings, where="project")


def test_three_settings_are_enough():
    """Everything else has a default that works."""
    made = settings()
    assert ("support", "en", "all", "shown", True, 5) == (
        made.name, made.language, made.announce, made.agent_name, made.contact_name,
        made.max_open_requests,
    )  # fmt: skip


@pytest.mark.parametrize("missing", sorted(NEEDED))
def test_those_three_are_needed(missing):
    """Without one of them there is no project."""
    values = {name: value for name, value in NEEDED.items() if name != missing}
    with pytest.raises(ConfigurationError, match=f"{missing} is missing"):
        structure(values, ProjectSettings, where="project")


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "Support"},
        {"name": "-support"},
        {"name": "a b"},
        {"name": "ž"},
        {"name": "a" * 41},
        {"service_desk": " "},
        {"request_type": ""},
        {"announce": "some"},
        {"agent_name": "nick"},
        {"max_open_requests": 0},
        {"max_open_requests": 51},
        {"marker_rung": "hat"},
        {"texts": {"nope": "x"}},
        {"texts": {"opened": "{status}"}},
        {"texts": {"closed": "{status.__class__}"}},
        {"texts": {"opened": "{}"}},
        {"texts": {"opened": "{0}"}},
        {"texts": {"opened": "open {"}},
        {"texts": {"opened": "}"}},
        {"texts": {"closed": "{status:d}"}},
        {"texts": {"closed": "{status!x}"}},
    ],
)
def test_what_cannot_work_is_refused_by_name(changes):
    """A mistake is told when it is made, not when a customer meets it."""
    with pytest.raises(ConfigurationError) as raised:
        settings(**changes)
    assert next(iter(changes)) in str(raised.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [("closed", "Bye ({status})"), ("closed", "Bye"), ("opened", "{{braces}}"), ("opened", "")],
)
def test_texts_can_be_replaced(name, text):
    """A text may use its own placeholders, or none."""
    assert text == settings(texts={name: text}).texts[name]


def test_settings_survive_the_storage():
    """What is kept is what was set."""
    made = settings(closed_statuses=["Done"], marker_rung="label", texts={"opened": "Hi"})
    assert made == structure(unstructure(made), ProjectSettings, where="kept")


@pytest.mark.parametrize("schema", [ProjectSettings, Timings])
def test_each_setting_says_what_it_means(schema):
    """The documentation and the command line are made from these lines."""
    assert [] == [field.name for field in attrs.fields(schema) if not field.metadata["meaning"]]


def test_every_text_can_be_overridden():
    """No text of the bot is out of the project's hands."""
    assert set(DEFAULTS) == set(settings(texts=dict(DEFAULTS)).texts)

"""A project as a document: what is in it, what is sealed, and what is refused."""

from __future__ import annotations

import json

import pytest

from chatbridge.errors import ConfigurationError
from chatbridge.project import ProjectSettings
from chatbridge.project_document import new_transfer_keys, read_document, write_document
from chatbridge.records import BotRecord, Project
from chatbridge.secret import Secret

TOKEN = "123456:very-s3cret"
HIDDEN = {"telegram": {"token", "webhook_secret"}}


@pytest.fixture
def project() -> Project:
    """Return a project with a bot."""
    settings = ProjectSettings(
        name="support",
        site="acme",
        service_desk="10",
        request_type="25",
        closed_statuses=("Resolved",),
        texts={"help": "Write to us."},
    )
    values = {"token": TOKEN, "webhook_secret": None, "api_url": "https://api.telegram.org"}
    return Project(settings, (BotRecord("telegram", "42", "bot", "poll", values),))


def test_without_a_key_no_secret_is_in_it(project):
    """Secrets are left out, and named as withheld where they were set."""
    text = write_document(project, HIDDEN)
    assert TOKEN not in text and "sealed" not in json.loads(text)
    document = read_document(text)
    assert project.settings == document.settings
    (bot,) = document.bots
    assert (("token",), {}, {"api_url": "https://api.telegram.org"}) == (
        bot.withheld,
        bot.secrets,
        bot.settings,
    )


def test_sealed_secrets_are_opened_with_the_private_key_only(project):
    """What one public key sealed, its private key opens, and no other."""
    private, public = new_transfer_keys()
    text = write_document(project, HIDDEN, public)
    assert "s3cret" not in text and "s3cret" not in repr(read_document(text, private))
    assert {"token": TOKEN, "webhook_secret": None} == read_document(text, private).bots[0].secrets
    assert {} == read_document(text).bots[0].secrets
    with pytest.raises(ConfigurationError, match="sealed to another key"):
        read_document(text, new_transfer_keys()[0])


def test_every_changed_byte_of_the_sealed_part_is_noticed(project):
    """Nobody changes a token on the way without being noticed."""
    private, public = new_transfer_keys()
    document = json.loads(write_document(project, HIDDEN, public))
    sealed = document["sealed"]
    for at in range(0, len(sealed) - 4, 7):
        other = "A" if sealed[at] != "A" else "B"
        document["sealed"] = sealed[:at] + other + sealed[at + 1 :]
        with pytest.raises(ConfigurationError):
            read_document(json.dumps(document), private)


def test_a_sealed_part_belongs_to_its_project(project):
    """The tokens of one project cannot be passed off as another's."""
    private, public = new_transfer_keys()
    document = json.loads(write_document(project, HIDDEN, public))
    document["settings"]["name"] = "other"
    with pytest.raises(ConfigurationError, match="sealed part"):
        read_document(json.dumps(document), private)


@pytest.mark.parametrize(
    ("change", "mend"),
    [
        ({"format": "something"}, "project export NAME"),
        ({"version": 2}, "same version of chatbridge"),
        ({"settings": None}, "incomplete"),
        ({"settings": {"name": "x"}}, "settings in the document"),
        ({"bots": {}}, "incomplete"),
        ({"bots": [{}]}, "a bot in the document is incomplete"),
        ({"bots": [7]}, "a bot in the document is incomplete"),
    ],
)
def test_what_is_no_document_is_refused(project, change, mend):
    """A wrong document is told with what to do."""
    document = {**json.loads(write_document(project, HIDDEN)), **change}
    with pytest.raises(ConfigurationError, match=mend):
        read_document(json.dumps(document))


@pytest.mark.parametrize("text", ["", "[]", "{", "null", "[" * 100_000])
def test_what_is_no_json_is_refused(text):
    """Whatever stands in a file, the error is the one that says what to make."""
    with pytest.raises(ConfigurationError, match="no exported project"):
        read_document(text)


@pytest.mark.parametrize("key", ["", "chatbridge-transfer-public-1.", "x", "chatbridge-root-1.AA"])
def test_what_is_no_key_is_refused(project, key):
    """A wrong key is told with where to get one, and is not shown."""
    with pytest.raises(ConfigurationError, match="transfer-key made"):
        write_document(project, HIDDEN, key)
    _, public = new_transfer_keys()
    text = write_document(project, HIDDEN, public)
    with pytest.raises(ConfigurationError, match="the private key must be"):
        read_document(text, Secret(public))

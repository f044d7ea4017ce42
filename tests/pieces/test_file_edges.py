"""Files at their limits, and a storage that two bridges begin at once."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from chatbridge.capabilities import Capabilities, FileLimit
from chatbridge.content import Content, FileKind
from chatbridge.desk import CommentFile
from chatbridge.errors import ConfigurationError, ContentError
from chatbridge.file_limits import LimitedContent
from chatbridge.installation import Installation
from chatbridge.jira.attaching import comment_files
from chatbridge.jira.issue_files import files_of_issue
from chatbridge.outgoing_files import kind_of
from chatbridge.uploads import own_user_agent


@pytest.mark.fault("F33", "F82")
def test_a_source_that_grows_is_cut_off_at_the_limit():
    """Where no length was told, what comes is counted, and not one byte more passes."""

    @contextmanager
    def pieces():
        yield iter([b"12345", b"67890", b"more"])

    limited = LimitedContent(Content(None, pieces), 10)
    with limited.content.open() as opened:
        assert [b"12345", b"67890"] == [next(opened), next(opened)]
        with pytest.raises(ContentError):
            next(opened)
    assert limited.exceeded
    enough = LimitedContent(Content(None, pieces), 14)
    with enough.content.open() as opened:
        assert (14, False) == (len(b"".join(opened)), enough.exceeded)


PHOTOS = {FileKind.PHOTO: FileLimit(10, frozenset({"image/jpeg"}))}
ANY = {**PHOTOS, FileKind.DOCUMENT: FileLimit(100)}


@pytest.mark.fault("F33")
@pytest.mark.parametrize(
    ("limits", "media_type", "size", "kind"),
    [
        (PHOTOS, "image/jpeg", 10, FileKind.PHOTO),
        (PHOTOS, "image/jpeg", 11, None),
        (PHOTOS, "image/png", 10, None),
        (PHOTOS, "text/plain", 1, None),
        (ANY, "image/jpeg", 11, FileKind.DOCUMENT),
        (ANY, "image/jpeg", 101, None),
        (None, "image/jpeg", 1, None),
    ],
)
def test_a_file_is_shown_as_the_first_kind_that_takes_it(limits, media_type, size, kind):
    """Too large or of another type is a document, or nothing that the platform can show."""
    files = None if limits is None else "upload"
    capabilities = Capabilities(max_text_length=9, files=files, file_limits=limits or {})
    file = CommentFile("5", "name", media_type, size, 0)
    assert kind is kind_of(file, capabilities)


@pytest.mark.fault("F23")
def test_files_that_a_site_tells_without_sense_are_left_out():
    """What has no number cannot be fetched; a date that is none is long ago."""
    strange = {"attachments": {"values": [1, {"_links": {"jiraRest": "https://x/none"}}]}}
    assert () == comment_files(strange)
    (file,) = comment_files(
        {"attachments": {"values": [{"_links": {"jiraRest": "x/5"}, "created": 7}]}}
    )
    assert ("5", 0, None) == (file.file_id, file.created, file.size)
    issue = {"fields": {"attachment": [{"id": "none"}, {"id": "5", "created": "soon"}]}}
    assert [("5", 0)] == [(each.file_id, each.created) for each in files_of_issue(issue)]


@pytest.mark.fault("F64")
@pytest.mark.parametrize("other", ["east", "west"])
def test_of_two_bridges_that_begin_at_once_both_are_named_or_one_is_refused(
    stage, monkeypatch, other
):
    """Whose name is written second reads the first one, and works only under the same."""
    create = stage.vault.create

    def late(record):
        monkeypatch.setattr(stage.vault, "create", create)
        Installation(stage.vault, other).check()
        return create(record)

    monkeypatch.setattr(stage.vault, "create", late)
    if other == "east":
        Installation(stage.vault, "east").check()
    else:
        with pytest.raises(ConfigurationError, match="belongs to the installation 'west'"):
            Installation(stage.vault, "east").check()


def test_a_storage_of_nobody_is_adopted_by_name(stage):
    """Where nothing was written yet, adopting is the same as beginning."""
    Installation(stage.vault, "east").adopt()
    with pytest.raises(ConfigurationError):
        Installation(stage.vault, "west").check()


def test_a_library_that_is_not_installed_still_says_what_it_is(monkeypatch):
    """From a checkout without metadata the calls carry its name alone."""
    from importlib import metadata

    def missing(_name):
        raise metadata.PackageNotFoundError

    monkeypatch.setattr(metadata, "version", missing)
    assert "chatbridge" == own_user_agent()

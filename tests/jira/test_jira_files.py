"""Files at a Jira site: brought there, attached with a comment, found again, read."""

from __future__ import annotations

from typing import Any

import pytest

from chatbridge.desk import CommentFile, PublicComment
from chatbridge.errors import Refusal, RefusedError, RetryLaterError
from chatbridge.jira.issue_files import names_in, with_files
from chatbridge.richtext import EMPTY, Document
from chatbridge.testing.simulator import Fault

MARKER = "mfzgcy3bmnsxk4tu"
NAME = f"photo-{MARKER}.jpg"


def _attach(world: Any, issue: str, data: Any, body: Document = EMPTY) -> str:
    ticket = world.run(world.desk.upload_file("10", NAME, data))
    return str(world.run(world.desk.attach_files(issue, (ticket,), body, "marker1")))


@pytest.mark.both_editions
def test_a_file_arrives_whole_and_with_its_words(world: Any, issue: str, content: Any) -> None:
    """What is attached has the bytes, name and type that were given, and one public comment."""
    comment = _attach(
        world, issue, content(b"\xff\xd8 bytes", "image/jpeg"), Document.from_plain("Anna: *look*")
    )
    (shown,) = world.act("comments", issue=issue)
    assert (comment, True, "marker1") == (shown["id"], shown["public"], shown["marker"])
    assert "Anna: *look*" in shown["text"]
    (file,) = shown["files"]
    assert (NAME, "image/jpeg", 8) == (file["name"], file["media_type"], file["size"])


@pytest.mark.both_editions
def test_public_comments_name_their_files(world: Any, issue: str, content: Any) -> None:
    """The files of a comment come with the comment, in the same call where that can be."""
    _attach(world, issue, content(b"12345", "image/jpeg"))
    before = len(world.calls)
    (comment,) = world.run(world.desk.public_comments(issue))
    made = [request.url for request, _ in world.calls[before:]]
    (file,) = comment.files
    assert (NAME, "image/jpeg", 5) == (file.name, file.media_type, file.size)
    assert abs(file.created - comment.created) < 10_000
    assert 1 == sum("/comment" in url for url in made)


@pytest.mark.both_editions
def test_a_file_is_found_by_its_marker(world: Any, issue: str, content: Any) -> None:
    """A look-up finds each file that carries a marker, also one that was attached twice."""
    _attach(world, issue, content(b"1"))
    _attach(world, issue, content(b"1"))
    found = world.run(world.desk.find_files(issue, frozenset({MARKER, "aaaaaaaaaaaaaaaa"})))
    assert [MARKER] == list(found)
    assert 2 == len(found[MARKER])


@pytest.mark.both_editions
def test_a_file_is_read_as_a_stream(world: Any, issue: str, content: Any) -> None:
    """An attached file comes back byte for byte."""
    _attach(world, issue, content(b"bytes of a file"))
    (ids,) = world.run(world.desk.find_files(issue, frozenset({MARKER}))).values()
    found = world.run(world.desk.open_file(ids[0]))
    with found.open() as pieces:
        assert b"bytes of a file" == b"".join(pieces)


@pytest.mark.both_editions
def test_a_file_that_the_site_does_not_want_is_refused(
    world: Any, issue: str, content: Any
) -> None:
    """Too large, switched off or put aside too long ago: a bad file, and nothing is written."""
    world.act("behaviour", file_limit=3)
    assert 3 == world.run(world.desk.upload_limit())
    with pytest.raises(RefusedError) as large:
        world.run(world.desk.upload_file("10", NAME, content(b"1234")))
    ticket = world.run(world.desk.upload_file("10", NAME, content(b"123")))
    world.clock.advance(7200)
    with pytest.raises(RefusedError) as late:
        world.run(world.desk.attach_files(issue, (ticket,), EMPTY, "m"))
    world.act("behaviour", file_limit=0)
    with pytest.raises(RefusedError) as off:
        world.run(world.desk.upload_limit())
    assert [Refusal.BAD_FILE] * 3 == [error.value.reason for error in (large, late, off)]
    assert [] == world.act("comments", issue=issue)


def test_a_source_of_another_length_attaches_nothing(world: Any, issue: str, content: Any) -> None:
    """An upload whose source ends early is no upload."""
    with pytest.raises(RetryLaterError):
        world.run(world.desk.upload_file("10", NAME, content(b"123", length=5)))


def test_only_the_attaching_call_is_unrepeatable(world: Any, issue: str, content: Any) -> None:
    """Bringing a file up may be done twice, attaching it may not."""
    before = len(world.calls)
    _attach(world, issue, content(b"1"))
    writes = [
        (request.method, request.is_repeatable)
        for request, _ in world.calls[before:]
        if request.method != "GET"
    ]
    assert [("POST", True), ("POST", False), ("PUT", True)] == writes


def test_a_marker_that_cannot_be_written_is_no_failure(
    world: Any, issue: str, content: Any
) -> None:
    """The comment's own marker is a help; the name of the file carries one anyway."""
    world.site.switch_fault(Fault(kind="status", match="PUT /rest/api/3/comment", status=503))
    assert _attach(world, issue, content(b"1")) == world.act("comments", issue=issue)[0]["id"]


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("!photo.jpg|thumbnail!", ["photo.jpg"]),
        ("see [^report 1.pdf] and [the plan|^plan.pdf]", ["report 1.pdf", "plan.pdf"]),
        ("!a.png! !a.png|width=300!", ["a.png"]),
        (r"wow\!that\! is [\^nice]", []),
        ("!https://example.com/a.png!", []),
        ("no files! at all!", []),
    ],
)
def test_files_are_named_by_markup(markup: str, expected: list[str]) -> None:
    """What a text of Data Center shows or links is a file of it, what people wrote is not."""
    assert expected == [name for name in names_in(markup) if "." in name]


def test_of_equal_names_the_youngest_that_was_there_is_meant() -> None:
    """A file that was attached later under the same name is not the comment's."""
    comment = PublicComment("1", 100_000, wording="!a.png!")
    old, meant, later = (
        CommentFile(str(at), "a.png", created=created)
        for at, created in enumerate((10_000, 99_000, 200_000), start=1)
    )
    assert (meant,) == with_files(comment, [later, meant, old]).files

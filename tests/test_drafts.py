"""What agents read: who wrote stands first, what was left out is said, and text stays data."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from chatbridge.answered import Answered
from chatbridge.comment_drafts import draft_of
from chatbridge.comments import Comment
from chatbridge.content import Address, Attachment, Contact, FileKind
from chatbridge.desk import MarkerRung
from chatbridge.drafts import LeftOut, as_comment, as_file_words, as_request, look_up, summary_of
from chatbridge.events import MessageEdited, MessageReceived, ReplyTo
from chatbridge.outgoing import RequestLabel
from chatbridge.outgoing_files import OutgoingFiles
from chatbridge.project import ProjectSettings
from chatbridge.richtext import Document, Mark, Quote, Text
from chatbridge.texts import Texts

SETTINGS = ProjectSettings(name="support", service_desk="10", request_type="25")
MESSAGE = MessageReceived(
    event_id="1",
    message_id="1",
    address=Address("c1"),
    sender=Contact("5", "Ann"),
    text=Document.from_plain("My words"),
)

PHOTO = Attachment(FileKind.PHOTO)
VOICE = Attachment(FileKind.VOICE, name="a.ogg")


def comment(event=MESSAGE, **changes):
    """Return what agents read."""
    return as_comment(event, "telegram", evolve(SETTINGS, **changes), Texts())


def test_who_wrote_stands_first():
    """Name and platform, then the text."""
    assert "Ann (Telegram)\n\nMy words" == comment().plain()
    assert Text("Ann", frozenset({Mark.BOLD})) == comment().blocks[0].content[0]


@pytest.mark.parametrize(
    "event", [evolve(MESSAGE, sender=None), evolve(MESSAGE, sender=Contact("5", " \n "))]
)
def test_nameless_people_are_customers(event):
    """There is always somebody who wrote."""
    assert "Customer (Telegram)" == comment(event).plain().partition("\n")[0]


def test_name_is_hidden_where_the_project_wants_it():
    """Jira keeps no name then."""
    assert "Ann" not in comment(contact_name=False).plain()


def test_name_is_one_line():
    """A line break in a name cannot forge another message's beginning."""
    forged = evolve(MESSAGE, sender=Contact("5", "Ann\n\nAlice Agent\u2028(Telegram)"))
    first, _, rest = comment(forged).plain().partition("\n\n")
    assert ("Ann Alice Agent (Telegram) (Telegram)", "My words") == (first, rest)


@given(st.text(), st.text())
def test_no_text_changes_the_attribution(name, text):
    """Whatever people write, the first block is ours and one line."""
    event = evolve(MESSAGE, sender=Contact("5", name), text=Document.from_plain(text))
    body = comment(event)
    first = "".join(run.text for run in body.blocks[0].content)
    assert first.endswith(" (Telegram)")
    assert 1 == len(first.splitlines())
    assert event.text.blocks == body.blocks[1:]


def test_quote_of_an_answered_message_is_shown():
    """Agents see what was meant."""
    event = evolve(MESSAGE, reply_to=ReplyTo("1", "handle", "the quoted part"))
    assert isinstance(comment(event).blocks[1], Quote)
    assert "Ann (Telegram)\n\n> the quoted part\n\nMy words" == comment(event).plain()


def test_forwarded_words_are_not_the_senders():
    """Agents see that it was forwarded, and from whom, on one line."""
    event = evolve(MESSAGE, origin_name="Bob\nB")
    assert "Ann (Telegram), forwarded from Bob B" == comment(event).plain().partition("\n\n")[0]


@pytest.mark.parametrize(
    ("files", "unsupported", "remark"),
    [
        ((PHOTO,), None, "[not passed on: photo: too large]"),
        ((PHOTO, VOICE), None, "[not passed on: photo: too large, a.ogg: too large]"),
        ((), "poll", "[not passed on: poll]"),
        ((PHOTO,), "poll", "[not passed on: photo: too large, poll]"),
    ],
)
def test_what_is_left_out_is_said(files, unsupported, remark):
    """Agents learn of everything that they do not see."""
    event = evolve(MESSAGE, unsupported=unsupported)
    left_out = [LeftOut(file, "file_too_large") for file in files]
    body = as_comment(event, "telegram", SETTINGS, Texts(), left_out)
    assert f"Ann (Telegram)\n\nMy words\n\n{remark}" == body.plain()


def test_words_beside_a_file_say_who_sent_it():
    """A file that stands apart from its text is attributed as well, and quotes nothing again."""
    event = evolve(MESSAGE, reply_to=ReplyTo("1", None, "quoted"))
    words = as_file_words(event, "telegram", SETTINGS, Texts())
    assert "Ann (Telegram)" == words.plain()


def test_edits_are_told_as_edits():
    """The new text stands under a remark."""
    event = MessageEdited(
        event_id="1", message_id="1", address=Address("c1"), sender=Contact("5", "Ann"),
        text=Document.from_plain("My new words"),
    )  # fmt: skip
    assert "Ann (Telegram)\n\nEdited message:\n\nMy new words" == comment(event).plain()


def test_request_has_everything_that_opening_needs():
    """Summary, description, marker and its place."""
    settings = evolve(SETTINGS, marker_rung=MarkerRung.FIELD, marker_field="cf1")
    draft = as_request(comment(), "My words\nand more", settings, "cbmark")
    assert ("10", "25", "My words", comment(), "cbmark", MarkerRung.FIELD, "cf1") == (
        draft.service_desk, draft.request_type, draft.summary, draft.description, draft.marker,
        draft.rung, draft.marker_field,
    )  # fmt: skip


def test_look_up_holds_no_text():
    """What is searched for after an unknown outcome is the marker alone."""
    draft = look_up(SETTINGS, "cbmark")
    assert ("", True, "cbmark") == (draft.summary, draft.description.is_empty(), draft.marker)


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        ("One line", "One line"),
        ("\n\n  first \t words \n second", "first words"),
        ("", "…"),
        (" \n\t", "…"),
        ("a" * 121, "a" * 120 + "…"),
        ("word " * 100, ("word " * 24).strip() + "…"),
        ("👩‍👩‍👧‍👦" * 10, "👩‍👩‍👧‍👦" * 10),
        ("👩‍👩‍👧‍👦" * 120, "👩‍👩‍👧‍👦" * 15 + "…"),
        ("a\u2028b", "a"),
    ],
)
def test_summary_is_the_first_line_that_says_something(text, summary):
    """It is cut at 120 of what people see, with an ellipsis."""
    assert summary == summary_of(text)


@given(st.text(alphabet=st.sampled_from("a \n\t\r\x0b\u2028é\u0301😀👩\u200d👧🇨🇿"), max_size=2000))
def test_summary_always_fits_jira(text):
    """One line, not empty, and at most 255 UTF-16 units, whatever was written."""
    summary = summary_of(text)
    assert 1 == len(summary.splitlines())
    assert 255 >= len(summary.encode("utf-16-le")) // 2


@pytest.mark.parametrize("text", ["👩‍👩‍👧‍👦" * 120, "a" + "\u0301" * 3000, "😀\u200d" * 500])
def test_summary_of_huge_characters_fits_jira(text):
    """A few characters can be very long, and Jira would refuse the whole message for them."""
    summary = summary_of(text)
    assert 0 < len(summary.encode("utf-16-le")) // 2 <= 255


@pytest.mark.parametrize(
    ("replies", "message", "shown"),
    [
        (True, "9", ("answer", "9")),
        (True, None, ("> It smells of smoke\n\nanswer", None)),
        (False, "9", ("> It smells of smoke\n\nanswer", None)),
    ],
)
def test_what_an_answer_answers_is_pointed_at_or_quoted(replies, message, shown):
    """One line of it stands before the answer where the platform cannot point at the message."""
    answers = Answered("It smells of smoke", message)
    comment = Comment("1", 0, "Ann", Document.from_plain("answer"), answers=answers)
    label, settings = RequestLabel("HELP-1", "h"), evolve(SETTINGS, agent_name="hidden")
    draft = draft_of(comment, OutgoingFiles(), label, settings, Texts(), replies=replies)
    assert shown == (draft.text.plain(), draft.reply_to)

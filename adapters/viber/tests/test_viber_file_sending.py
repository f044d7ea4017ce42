"""How files go out: what Viber is asked to show, and what is refused before it is asked."""

from __future__ import annotations

import json

import pytest
from attrs import evolve

from chatbridge.content import Attachment, Choice, FileKind
from chatbridge.errors import (
    Refusal,
    RefusedError,
    RetryLaterError,
    UnknownOutcomeError,
    UnsupportedFeatureError,
)
from chatbridge.outgoing import RequestLabel
from chatbridge_viber.file_messages import FILE_LIMITS, REFUSED_ENDINGS

OLENA = "xy5/5y6O81+/kbWHpLhBoA=="
BASE = "https://bridge.example/files/t0ken/"
PICTURE = Attachment(FileKind.PHOTO, "cat.jpg", "image/jpeg", 100_001, url=BASE + "cat.jpg")
VIDEO = Attachment(FileKind.VIDEO, "cat.mp4", "video/mp4", 90_000, url=BASE + "cat.mp4")
PAPER = Attachment(
    FileKind.DOCUMENT, "звіт.pdf", "application/pdf", 34_000, url=BASE + "%D0%B7.pdf"
)
LABEL = RequestLabel("HELP-12", "k4x7q2m9k4x7q2m9")


@pytest.fixture
def members(adapter, say, schema_or_nothing):
    """Return the members of the request that a message with a file becomes."""

    def of(file, text="", **more):
        request = next(adapter.send(say(text, attachments=(file,), **more)))
        assert not request.is_repeatable
        made = json.loads(request.body)
        schema_or_nothing.check("sendMessageRequest", made)
        return made

    return of


@pytest.fixture
def refused(adapter, say):
    """Return what a message with files is refused with, before any call."""

    def of(*files, text="", **more):
        with pytest.raises((UnsupportedFeatureError, RefusedError)) as raised:
            next(adapter.send(say(text, attachments=files, **more)))
        return raised.value

    return of


def test_a_picture_has_its_caption(members):
    """A picture names its address and its caption, which may be empty."""
    sender = {"name": "Acme", "avatar": "https://acme.example/a.png"}
    wanted = {"receiver": OLENA, "sender": sender, "type": "picture", "media": PICTURE.url}
    assert {**wanted, "text": "look"} == members(PICTURE, "look")
    assert {**wanted, "text": ""} == members(PICTURE)


def test_a_small_picture_is_its_own_thumbnail(members):
    """Up to 100 kB the picture itself is shown while it loads; above there is none."""
    assert PICTURE.url == members(evolve(PICTURE, size=100_000))["thumbnail"]
    assert "thumbnail" not in members(PICTURE)


def test_a_video_says_its_size(members):
    """A video names address and size, and a caption where there is one."""
    made = members(VIDEO)
    assert ("video", VIDEO.url, 90_000, False) == (
        made["type"], made["media"], made["size"], "text" in made,
    )  # fmt: skip
    assert "look" == members(VIDEO, "look")["text"]


def test_a_file_says_its_name_and_size(members):
    """A document names address, size and the name it is kept under."""
    made = members(PAPER)
    assert ("file", PAPER.url, 34_000, "звіт.pdf") == (
        made["type"], made["media"], made["size"], made["file_name"],
    )  # fmt: skip


@pytest.mark.parametrize("file", [PICTURE, VIDEO, PAPER])
def test_every_file_names_its_request(members, file):
    """The handle travels with each file; where text is shown, the key stands before it."""
    made = members(file, label=LABEL, choices=(Choice("Yes", "yes"),), sender_name="Bob")
    assert (LABEL.handle, "Bob") == (made["tracking_data"], made["sender"]["name"])
    assert "Yes" == made["keyboard"]["Buttons"][0]["Text"]
    assert (None if file is PAPER else "HELP-12") == made.get("text")


@pytest.mark.parametrize(
    ("name", "url", "shown"),
    [
        ("report", BASE + "x.pdf", "report.pdf"),
        ("", BASE + "x.pdf", "x.pdf"),
        ("report", BASE + "x", "report"),
        ("a" * 300 + ".pdf", BASE + "x.pdf", "a" * 252 + ".pdf"),
        ("😀" * 200 + ".pdf", BASE + "x.pdf", "😀" * 126 + ".pdf"),
        ("x." + "y" * 300, BASE + "x.pdf", "x." + "y" * 254),
    ],
)
def test_names_of_files_fit_and_keep_their_ending(members, name, url, shown):
    """A name has at most 256 characters, and an ending wherever one is known."""
    assert shown == members(evolve(PAPER, name=name, url=url))["file_name"]


@pytest.mark.parametrize(
    "file",
    [
        evolve(PICTURE, url=None),
        evolve(PICTURE, size=None),
        evolve(PICTURE, size=0),
        evolve(PICTURE, size=1_000_001),
        evolve(PICTURE, media_type="image/gif", url=BASE + "cat.gif"),
        evolve(PICTURE, media_type=None),
        evolve(PICTURE, url=BASE + "cat.png"),
        evolve(PICTURE, url=BASE + "cat.jpg/x"),
        evolve(PICTURE, url="https://bridge.example/files/t0ken?name=cat.jpg"),
        evolve(VIDEO, size=None),
        evolve(VIDEO, size=27_262_977),
        evolve(VIDEO, media_type="video/webm", url=BASE + "cat.webm"),
        evolve(VIDEO, url=BASE + "cat.mov"),
        evolve(PAPER, size=None),
        evolve(PAPER, size=52_428_801),
        evolve(PAPER, url=None),
        *(evolve(PAPER, kind=kind) for kind in FileKind if kind not in FILE_LIMITS),
    ],
)
def test_what_viber_cannot_show_is_refused_before_any_call(refused, file):
    """Another type, size, ending or kind is told at once, and nothing is sent."""
    assert isinstance(refused(file), UnsupportedFeatureError)


@pytest.mark.parametrize("ending", sorted(REFUSED_ENDINGS))
def test_programs_are_refused(refused, ending):
    """Endings on Viber's list go out neither as a name nor as an address."""
    assert isinstance(refused(evolve(PAPER, name=f"x.{ending.upper()}")), UnsupportedFeatureError)
    assert isinstance(refused(evolve(PAPER, url=f"{BASE}x.{ending}")), UnsupportedFeatureError)


def test_one_message_shows_one_file(refused):
    """There are no albums."""
    assert isinstance(refused(PICTURE, PICTURE), UnsupportedFeatureError)


def test_a_document_has_no_caption(refused):
    """Text is never dropped: with a document it is refused, and goes on its own."""
    assert isinstance(refused(PAPER, text="look"), UnsupportedFeatureError)


@pytest.mark.parametrize("file", [PICTURE, VIDEO])
def test_captions_have_an_end(members, refused, file):
    """512 characters of UTF-16 fit, the key of the request included."""
    assert "😀" * 256 == members(file, "😀" * 256)["text"]
    error = refused(file, text="😀" * 256 + "a")
    assert isinstance(error, RefusedError)
    assert Refusal.TOO_LONG == error.reason
    assert isinstance(refused(file, text="a" * 505, label=LABEL), RefusedError)


def test_errors_show_nothing_of_a_file(refused):
    """Neither name nor address is in what is raised."""
    for file in (evolve(PAPER, size=0), evolve(PICTURE, url=BASE + "x.png")):
        assert not any(word in str(refused(file)) for word in ("t0ken", "cat", "звіт"))


@pytest.mark.parametrize("file", [PICTURE, VIDEO, PAPER])
def test_the_simulator_takes_what_is_made(hooked, talk, adapter, say, file):
    """Each kind passes the checks of the simulated Viber."""
    receipt = talk(adapter.send(say("", attachments=(file,), label=LABEL)))
    shown = hooked.control("transcript", {"chat": OLENA})[-1]
    assert (receipt.message_ids[0], file.url) == (shown["message_id"], shown["media"])


@pytest.mark.parametrize(
    ("status", "with_file", "without"),
    [(3, Refusal.BAD_FILE, Refusal.INVALID), (4, Refusal.BAD_FILE, Refusal.INVALID),
     (6, Refusal.NOT_SUBSCRIBED, Refusal.NOT_SUBSCRIBED)],
)  # fmt: skip
def test_what_is_badly_made_with_a_file_is_about_the_file(
    hooked, talk, adapter, say, status, with_file, without
):
    """A status says of a message with a file that it is the file; others mean what they do."""
    for files, reason in (((PICTURE,), with_file), ((), without)):
        hooked.control("refuse", {"status": status})
        with pytest.raises(RefusedError) as raised:
            talk(adapter.send(say("x", attachments=files)))
        assert reason == raised.value.reason


@pytest.mark.parametrize(("status", "error"), [(12, RetryLaterError), (999, UnknownOutcomeError)])
def test_waiting_and_doubt_are_as_with_texts(hooked, talk, adapter, say, status, error):
    """Too many messages wait, and an unknown status leaves it open."""
    hooked.control("refuse", {"status": status})
    with pytest.raises(error):
        talk(adapter.send(say("x", attachments=(PICTURE,))))

"""Sending files against the simulator: what is shown, what is refused and when."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from typing import Any

import pytest

from chatbridge.content import Address, Attachment, Choice, Content, FileKind
from chatbridge.errors import (
    ContentError,
    Refusal,
    RefusedError,
    RetryLaterError,
    UnknownOutcomeError,
    UnsupportedFeatureError,
)
from chatbridge.outgoing import OutgoingMessage, RequestLabel
from chatbridge.pacing import Pacer
from chatbridge.richtext import EMPTY, Document, Mark, Paragraph, Text
from chatbridge.testing.simulator import Fault
from chatbridge_telegram import TelegramAdapter
from chatbridge_telegram.file_kinds import FILE_LIMITS
from chatbridge_telegram.simulated_files import PICTURE
from chatbridge_telegram.simulator import TelegramSimulator

LABEL = RequestLabel("HELP-12", "handle_1")
MB = 1_000_000
Talk = Callable[[Any], Any]
Say = Callable[..., OutgoingMessage]
MakeFile = Callable[..., Attachment]


def _shown(simulator: TelegramSimulator) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = simulator.control("transcript", {"chat": 7})
    return [line for line in lines if line["from"] == "bot"]


def _png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", width, height)


def _refusal(work: Callable[[], Any]) -> Refusal:
    with pytest.raises(RefusedError) as caught:
        work()
    return caught.value.reason


@pytest.mark.parametrize("kind", list(FileKind))
def test_each_kind_is_shown_as_it_is(
    adapter: TelegramAdapter,
    customer: TelegramSimulator,
    talk: Talk,
    say: Say,
    make_file: MakeFile,
    kind: FileKind,
) -> None:
    """Bytes arrive unchanged and as their kind, with a receipt of the message."""
    text = "a caption" if FILE_LIMITS[kind].max_caption else ""
    receipt = talk(adapter.send(say(text, attachments=(make_file(kind),))))
    (line,) = _shown(customer)
    assert (str(line["message_id"]),) == receipt.message_ids
    assert kind in line["content"]
    assert (text, kind) == (line["text"], line["file"]["kind"])
    assert hashlib.sha256(PICTURE).hexdigest() == line["file"]["sha256"]


def test_a_caption_has_all_that_a_text_has(
    adapter: TelegramAdapter,
    customer: TelegramSimulator,
    talk: Talk,
    say: Say,
    make_file: MakeFile,
) -> None:
    """Label, formatting in UTF-16 units, buttons, reply and topic stand with the file."""
    thread = customer.control("topic", {"chat": 7})["thread"]
    text = Document((Paragraph((Text("😀 "), Text("Done", frozenset({Mark.BOLD})))),))
    message = say(
        text,
        label=LABEL,
        attachments=(make_file(FileKind.DOCUMENT, name="report.pdf"),),
        choices=(Choice("Yes", "y1"),),
        reply_to="1",
        address=Address("7", str(thread)),
    )
    talk(adapter.send(message))
    (line,) = _shown(customer)
    assert ("HELP-12\n😀 Done", ["Yes"], 1, thread, "report.pdf") == (
        line["text"], line["choices"], line["reply_to"], line["thread"], line["file"]["name"],
    )  # fmt: skip
    url = "https://t.me/helpdesk_bot?start=handle_1"
    assert [
        {"type": "text_link", "offset": 0, "length": 7, "url": url},
        {"type": "bold", "offset": 11, "length": 4},
    ] == line["entities"]


def test_an_album_is_one_request(
    adapter: TelegramAdapter,
    customer: TelegramSimulator,
    talk: Talk,
    say: Say,
    make_file: MakeFile,
    transport: Any,
) -> None:
    """Files of one album share a group; the text goes with the first, the receipt names all."""
    files = (make_file(), make_file(FileKind.VIDEO, b"video"), make_file(data=_png(4, 3)))
    receipt = talk(adapter.send(say("look", label=LABEL, attachments=files)))
    lines = _shown(customer)
    assert tuple(str(line["message_id"]) for line in lines) == receipt.message_ids
    assert ["HELP-12\nlook", "", ""] == [line["text"] for line in lines]
    assert ["photo", "video", "photo"] == [line["file"]["kind"] for line in lines]
    assert 1 == len({line["group"] for line in lines} - {None})
    assert 1 == len(transport.requests)
    assert not transport.requests[0].is_repeatable


@pytest.mark.parametrize(("chat", "seconds"), [("7", 4.0), ("-44", 4 * 60 / 17)])
def test_an_album_counts_as_its_files(
    adapter: TelegramAdapter, say: Say, make_file: MakeFile, chat: str, seconds: float, clock: Any
) -> None:
    """After an album of four the chat rests as after four messages, in the same bucket."""
    pacer = Pacer(clock)
    single = next(adapter.send(say("x", chat=chat, attachments=(make_file(),)))).paces
    album = next(adapter.send(say("x", chat=chat, attachments=(make_file(),) * 4))).paces
    assert (0.0, None) == pacer.wait_for(album, 0)
    wait, scope = pacer.wait_for(album, 0)
    assert (pytest.approx(seconds), "chat") == (wait, scope)
    assert 0 < pacer.wait_for(single, 0)[0] < seconds


@pytest.mark.parametrize("kind", [FileKind.DOCUMENT, FileKind.AUDIO])
def test_ten_files_of_a_kind_are_an_album(
    adapter: TelegramAdapter,
    customer: TelegramSimulator,
    talk: Talk,
    say: Say,
    make_file: MakeFile,
    kind: FileKind,
) -> None:
    """As many as the capabilities promise go at once, a text or not."""
    files = (make_file(kind),) * adapter.capabilities.albums
    assert 10 == len(talk(adapter.send(say(EMPTY, attachments=files))).message_ids)


@pytest.mark.parametrize(
    ("kinds", "members", "named"),
    [
        (["photo"] * 11, {}, "at most 10"),
        (["photo", "document"], {}, "only documents"),
        (["audio", "document"], {}, "only documents"),
        (["voice", "voice"], {}, "only documents"),
        (["photo"] * 2, {"choices": (Choice("x", "x"),)}, "buttons"),
        (["sticker"], {}, "no text"),
        (["video_note"], {"text": EMPTY, "label": LABEL}, "no text"),
        (["photo"], {"choices": (Choice("x", "é" * 33),)}, "64 bytes"),
    ],
)
def test_what_cannot_be_shown_is_told_before_any_call(
    adapter: TelegramAdapter,
    talk: Talk,
    say: Say,
    make_file: MakeFile,
    transport: Any,
    kinds: list[str],
    members: dict[str, Any],
    named: str,
) -> None:
    """Nothing of a message is dropped, and nothing is uploaded in vain."""
    files = tuple(make_file(FileKind(kind)) for kind in kinds)
    with pytest.raises(UnsupportedFeatureError, match=named):
        talk(adapter.send(say(**{"text": "x", **members}, attachments=files)))
    assert [] == transport.requests


@pytest.mark.parametrize(
    ("kind", "size"),
    [(FileKind.PHOTO, 10 * MB), (FileKind.DOCUMENT, 50 * MB), (FileKind.STICKER, MB // 2)],
)
def test_a_size_beyond_the_limit_is_told_before_any_call(
    adapter: TelegramAdapter, say: Say, kind: FileKind, size: int
) -> None:
    """What the bytes' source says counts, and the claim only where it says nothing."""

    def one(length: int | None, claimed: int | None) -> OutgoingMessage:
        content = Content(length, lambda: pytest.fail("nothing may be read"))
        return say(EMPTY, attachments=(Attachment(kind, size=claimed, content=content),))

    for fitting in (one(size, None), one(size, size + 1), one(None, size), one(None, None)):
        assert next(adapter.send(fitting)).parts is not None
    for large in (one(size + 1, None), one(size + 1, 5), one(None, size + 1)):
        with pytest.raises(UnsupportedFeatureError, match="at most"):
            next(adapter.send(large))


@pytest.mark.parametrize("data", [_png(9000, 1001), _png(2100, 100), _png(0, 9), b"<svg/>"])
def test_a_picture_that_telegram_cannot_show_is_a_bad_file(
    adapter: TelegramAdapter,
    customer: TelegramSimulator,
    talk: Talk,
    say: Say,
    make_file: MakeFile,
    data: bytes,
) -> None:
    """Dimensions and format are the server's to judge; as a document it may still go."""
    for files in ((make_file(data=data),), (make_file(), make_file(data=data))):
        message = say("x", attachments=files)
        assert Refusal.BAD_FILE == _refusal(lambda message=message: talk(adapter.send(message)))  # type: ignore[misc]
    assert [] == _shown(customer)
    talk(adapter.send(say("x", attachments=(make_file(FileKind.DOCUMENT, data),))))


def test_an_empty_file_is_a_bad_file(
    adapter: TelegramAdapter, customer: TelegramSimulator, talk: Talk, say: Say, make_file: MakeFile
) -> None:
    """A file of no bytes is refused by the server, as a file."""
    message = say("x", attachments=(make_file(FileKind.DOCUMENT, b""),))
    assert Refusal.BAD_FILE == _refusal(lambda: talk(adapter.send(message)))


@pytest.mark.parametrize(("text", "calls"), [("x" * 1025, 0), ("😀" * 600, 1)])
def test_a_caption_that_is_too_long(
    adapter: TelegramAdapter,
    customer: TelegramSimulator,
    talk: Talk,
    say: Say,
    make_file: MakeFile,
    transport: Any,
    text: str,
    calls: int,
) -> None:
    """What is too long by any reading costs no upload; the rest is the server's to judge."""
    message = say(text, attachments=(make_file(),))
    assert Refusal.TOO_LONG == _refusal(lambda: talk(adapter.send(message)))
    assert calls == len(transport.requests)


def test_the_longest_caption_passes(
    adapter: TelegramAdapter, customer: TelegramSimulator, talk: Talk, say: Say, make_file: MakeFile
) -> None:
    """A caption of 1024 units is taken, hidden addresses left where there is no room."""
    link = Text("x" * 1024, link="javascript:alert(1)")
    talk(adapter.send(say(Document((Paragraph((link,)),)), attachments=(make_file(),))))
    assert "x" * 1024 == _shown(customer)[0]["text"]


@pytest.mark.parametrize(
    ("claimed", "shown"),
    [
        ("a;b.pdf", "a_b.pdf"),
        ('a"b.pdf', "a_b.pdf"),
        ("../../etc/passwd", "passwd"),
        ("a\r\nContent-Type: text/html\r\n\r\nb.pdf", "htmlb.pdf"),
        ("\u202egpj.exe", "gpj.exe"),
        ("Größe 报告.pdf", "Größe 报告.pdf"),
        ("", "document"),
        ("\x00\x01", "document"),
    ],
)
def test_names_are_made_safe(
    adapter: TelegramAdapter,
    customer: TelegramSimulator,
    talk: Talk,
    say: Say,
    make_file: MakeFile,
    claimed: str,
    shown: str,
) -> None:
    """A name reaches the chat whole and harmless, through a server that unescapes nothing."""
    talk(adapter.send(say("x", attachments=(make_file(FileKind.DOCUMENT, name=claimed),))))
    assert shown == _shown(customer)[0]["file"]["name"]


@pytest.mark.parametrize("claimed", ["text/html\r\nX: y", "bild/jpég", ""])
def test_media_types_are_claims(
    adapter: TelegramAdapter,
    customer: TelegramSimulator,
    talk: Talk,
    say: Say,
    make_file: MakeFile,
    claimed: str,
) -> None:
    """A hostile type becomes an unknown one."""
    talk(adapter.send(say("x", attachments=(make_file(FileKind.DOCUMENT, media_type=claimed),))))
    assert "application/octet-stream" == _shown(customer)[0]["file"]["media_type"]


def test_half_an_album_is_an_unknown_outcome(
    adapter: TelegramAdapter, customer: TelegramSimulator, talk: Talk, say: Say, make_file: MakeFile
) -> None:
    """Where one item failed after the others were shown, nobody may take it for a refusal."""
    customer.control("half_album", {"item": 2})
    with pytest.raises(UnknownOutcomeError):
        talk(adapter.send(say("x", attachments=(make_file(), make_file()))))
    assert 1 == len(_shown(customer))


def test_a_lost_answer_to_an_upload_leaves_the_outcome_open(
    adapter: TelegramAdapter, customer: TelegramSimulator, talk: Talk, say: Say, make_file: MakeFile
) -> None:
    """A file whose answer never came may have been shown; a 500 leaves it open too."""
    message = say("x", attachments=(make_file(),))
    for fault in (Fault(kind="lost_after"), Fault(kind="status", status=500)):
        customer.switch_fault(fault)
        with pytest.raises(UnknownOutcomeError):
            talk(adapter.send(message))
    assert 1 == len(_shown(customer))


def test_a_source_that_fails_is_no_refusal(
    adapter: TelegramAdapter, customer: TelegramSimulator, talk: Talk, say: Say
) -> None:
    """Where the bytes could not be read nothing was sent, and it is tried again."""

    def broken() -> Any:
        raise ContentError("the source failed")

    file = Attachment(FileKind.DOCUMENT, content=Content(5, broken))
    with pytest.raises(RetryLaterError):
        talk(adapter.send(say("x", attachments=(file,))))
    assert [] == _shown(customer)


def test_a_token_shows_nowhere(adapter: TelegramAdapter, say: Say, make_file: MakeFile) -> None:
    """The request holds the token in its URL, and neither its repr nor its paces do."""
    request = next(adapter.send(say("x", attachments=(make_file(),))))
    token = adapter.settings.token.reveal()
    assert token in request.url
    for shown in (repr(request), request.about, *(pace.key for pace in request.paces)):
        assert token.partition(":")[2] not in shown

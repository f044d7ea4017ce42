"""Choices and files: what is declared is offered within its limits, what is not is refused."""

# ruff: noqa: SIM300 - what is expected stands left, in every test of this project

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chatbridge.adapter import AnswersChoices, FetchesFiles
from chatbridge.capabilities import Capabilities
from chatbridge.content import Attachment, Choice, Content, FileKind
from chatbridge.errors import DeliveryError, UnsupportedFeatureError
from chatbridge.events import ChoicePicked, MessageReceived
from chatbridge.http_types import HttpRequest, HttpResponse
from chatbridge.outgoing import OutgoingMessage
from chatbridge.richtext import EMPTY
from chatbridge.testing.conformance.given import AdapterTests, events_of
from chatbridge.testing.conformance.platforms import Platform
from chatbridge.testing.conformance.wires import Wire, contents_of, words_of

Say = Callable[..., OutgoingMessage]

_FILE_URL = "https://bridge.example/files/abc/"
_TYPES = {
    FileKind.PHOTO: ("image/jpeg", "photo.jpg"),
    FileKind.VIDEO: ("video/mp4", "video.mp4"),
    FileKind.AUDIO: ("audio/mpeg", "audio.mp3"),
    FileKind.VOICE: ("audio/ogg", "voice.ogg"),
    FileKind.VIDEO_NOTE: ("video/mp4", "note.mp4"),
    FileKind.STICKER: ("image/webp", "sticker.webp"),
    FileKind.ANIMATION: ("image/gif", "animation.gif"),
    FileKind.DOCUMENT: ("application/pdf", "paper.pdf"),
}


class OfferingTests(AdapterTests):
    """What a message offers besides its text."""

    def test_choices_are_offered(
        self, say: Say, platform: Platform, capabilities: Capabilities
    ) -> None:
        """Each option's label and data are in the call; as many as are declared, as long, too."""
        if not capabilities.choices:
            pytest.skip("declares no choices")
        choices = tuple(
            Choice(f"Option {number}"[: capabilities.max_choice_label], f"data{number:02d}")
            for number in range(min(capabilities.max_choices, 30))
        )
        said = _sent(platform, say(choices=choices))
        missing = [each.data for each in choices if each.data not in said or each.label not in said]
        assert [] == missing, "the calls do not name every option's label and data"

    def test_longest_choice_is_offered(
        self, say: Say, platform: Platform, capabilities: Capabilities
    ) -> None:
        """A label and data of the declared lengths pass whole."""
        if not capabilities.choices:
            pytest.skip("declares no choices")
        label, data = "L" * capabilities.max_choice_label, "d" * capabilities.max_choice_data
        said = _sent(platform, say(choices=(Choice(label, data), Choice("No", "no"))))
        assert label in said and data in said, "the longest label or data that is declared was cut"

    def test_undeclared_choices_are_refused(
        self, say: Say, platform: Platform, capabilities: Capabilities
    ) -> None:
        """Where options cannot be offered, a message with options is refused before any call."""
        if capabilities.choices:
            pytest.skip("declares choices")
        with pytest.raises(UnsupportedFeatureError):
            platform.talk(platform.adapter.send(say(choices=(Choice("Yes", "y"),))))
        assert [] == platform.requests

    def test_picked_choice_comes_back(self, say: Say, simulated: Platform) -> None:
        """A person presses a button, and what it carried comes back byte for byte."""
        assert simulated.simulator is not None
        capable = simulated.adapter.capabilities
        if not capable.choices or "press" not in simulated.simulator.actions():
            pytest.skip("declares no choices, or nobody can press in the simulator")
        data = "k:" + "Az09_-"[: capable.max_choice_data - 2]
        simulated.talk(
            simulated.adapter.send(say(choices=(Choice("Yes", data), Choice("No", "n"))))
        )
        simulated.news()
        simulated.do("press", choice="Yes")
        picked = [event for event in simulated.news() if isinstance(event, ChoicePicked)]
        assert [data] == [event.data for event in picked]
        assert simulated.address.chat == picked[0].address.chat
        if isinstance(simulated.adapter, AnswersChoices):
            simulated.talk(simulated.adapter.answer_choice(picked[0], "Noticed"))

    @pytest.mark.parametrize("kind", list(FileKind), ids=str)
    def test_files_are_sent_as_declared(
        self, say: Say, platform: Platform, capabilities: Capabilities, kind: FileKind
    ) -> None:
        """A kind in `file_limits` is sent, as a stream or by its URL; any other is refused."""
        message = say(EMPTY, attachments=(_file(kind, capabilities),))
        if kind not in capabilities.file_limits:
            with pytest.raises(UnsupportedFeatureError):
                platform.talk(platform.adapter.send(message))
            assert [] == platform.requests, "refuse a file before any call"
            return
        requests = _requests(platform, message)
        if capabilities.files == "url":
            assert any(_FILE_URL in words_of(each) for each in requests), "name attachment.url"
        else:
            assert any(map(contents_of, requests)), "upload attachment.content as it is, a stream"

    @pytest.mark.parametrize("kind", list(FileKind), ids=str)
    def test_captions_are_shown(
        self, say: Say, platform: Platform, capabilities: Capabilities, kind: FileKind
    ) -> None:
        """Where a kind of file has a caption, the text goes along."""
        limit = capabilities.file_limits.get(kind)
        if limit is None or not limit.max_caption:
            pytest.skip("declares no captions for this kind")
        requests = _requests(platform, say("alpha", attachments=(_file(kind, capabilities),)))
        assert any("alpha" in words_of(each) for each in requests), "the caption was dropped"

    def test_received_files_can_be_read(self) -> None:
        """The file of a recorded message is fetched as a stream, from an allowed host."""
        adapter = self.case.make()
        if not isinstance(adapter, FetchesFiles):
            pytest.skip("fetches no files")
        wire = Wire(adapter, self.case.answer or _file_answer)
        for payload in self.case.recorded():
            for event in events_of(self.case, adapter, payload, payload.body):
                for attachment in getattr(event, "attachments", ()):
                    assert isinstance(event, MessageReceived)
                    _fetched(wire, adapter.fetch(attachment))
        assert all(each.is_repeatable for each in wire.requests), "reading a file is repeatable"


def _fetched(wire: Wire, exchange: Any) -> None:
    """Carry a fetch out; without the platform's own answers it may fail, but as it should."""
    before = len(wire.requests)
    try:
        content = wire.talk(exchange)
    except (DeliveryError, UnsupportedFeatureError):
        return
    assert isinstance(content, Content), "fetch returns Content"
    assert any(each.stream for each in wire.requests[before:]), "ask for the file with stream=True"


def _sent(platform: Platform, message: OutgoingMessage) -> str:
    return "\n".join(map(words_of, _requests(platform, message)))


def _requests(platform: Platform, message: OutgoingMessage) -> list[HttpRequest]:
    try:
        platform.talk(platform.adapter.send(message))
    except DeliveryError:
        if platform.simulator is not None:
            raise
    return platform.requests


def _file(kind: FileKind, capabilities: Capabilities) -> Attachment:
    media_type, name = _TYPES[kind]
    limit = capabilities.file_limits.get(kind)
    if limit is not None and limit.media_types and media_type not in limit.media_types:
        media_type = sorted(limit.media_types)[0]
    # As the bridge's own addresses do, it ends in a name that fits the type.
    names = dict(_TYPES.values())
    url = _FILE_URL + names.get(media_type, "name.bin")
    body = b"bytes of a file"
    return Attachment(
        kind=kind, name=name, media_type=media_type, size=len(body),
        content=Content(len(body), lambda: _opened(body), media_type), url=url,
    )  # fmt: skip


@contextmanager
def _opened(body: bytes) -> Iterator[Iterator[bytes]]:
    yield iter([body])


def _file_answer(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(200, {"Content-Type": "application/octet-stream"}, b"bytes of a file")

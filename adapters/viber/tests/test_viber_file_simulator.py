"""The simulated Viber fetches the bot's files, and takes back what it cannot show."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from attrs import evolve

from chatbridge.content import Attachment, FileKind
from chatbridge.http_types import HttpRequest, HttpResponse
from chatbridge.testing.serving import SimulationServer
from chatbridge.testing.simulator import FetchedFile, SimulatedCall
from chatbridge.web.serving import WebServer
from chatbridge_viber.simulator import ViberSimulator

OLENA = "xy5/5y6O81+/kbWHpLhBoA=="
DATA = b"\xff\xd8 a picture \xff\xd9"
BASE = "https://bridge.example/files/t0ken/"
PICTURE = Attachment(FileKind.PHOTO, "cat.jpg", "image/jpeg", len(DATA), url=BASE + "cat.jpg")
VIDEO = Attachment(FileKind.VIDEO, "cat.mp4", "video/mp4", len(DATA), url=BASE + "cat.mp4")
PATIENCE = 10.0


def got(body: bytes = DATA, status: int = 200, **fields: str) -> FetchedFile:
    """Return what a server answered."""
    headers = {"Content-Type": "image/jpeg", "Content-Length": str(len(body))}
    return FetchedFile(status, {**headers, **fields}, body)


@pytest.fixture
def shows(hooked, talk, adapter, say) -> Callable[..., str]:
    """Let the bot show a file; return the id of the one fetch that is owed."""

    def act(file: Attachment = PICTURE) -> str:
        talk(adapter.send(say("", attachments=(file,))))
        (owed,) = hooked.owed_fetches()
        assert file.url == owed.url
        return owed.fetch_id

    return act


def reports(owed) -> list[str]:
    """Return the kinds of the callbacks that are owed."""
    return [event for each in owed for event in ("failed", "delivered") if event in str(each.body)]


def test_a_file_that_is_as_told_is_shown(hooked, shows):
    """What was fetched stands in the transcript, by size, type and digest."""
    hooked.fetched(shows(), got())
    shown = hooked.control("transcript", {"chat": OLENA})[-1]["file"]
    digest = hashlib.sha256(DATA).hexdigest()
    assert {"size": len(DATA), "media_type": "image/jpeg", "sha256": digest} == shown


@pytest.mark.parametrize(
    ("file", "answer"),
    [
        (PICTURE, got(status=404)),
        (PICTURE, got(status=302)),
        (PICTURE, got(**{"Content-Type": "text/html"})),
        (PICTURE, got(**{"Content-Length": "1"})),
        (PICTURE, FetchedFile(200, {"Content-Type": "image/jpeg"}, DATA)),
        (PICTURE, got(bytes(3_000_001))),
        (VIDEO, got()),
        (VIDEO, got(DATA + b"x", **{"Content-Type": "video/mp4"})),
    ],
)
def test_a_file_that_cannot_be_shown_is_reported(hooked, shows, answer_owed, file, answer):
    """The message disappears, and `failed` comes after it was taken."""
    answer_owed()
    before = len(hooked.control("transcript", {"chat": OLENA}))
    hooked.fetched(shows(file), answer)
    assert ["delivered", "failed"] == sorted(reports(answer_owed()))
    assert before == len(hooked.control("transcript", {"chat": OLENA}))


def test_a_server_in_trouble_is_asked_three_times(hooked, shows, clock, answer_owed):
    """No answer, or a 503, may pass; the third in a row is too much."""
    fetch_id = shows()
    for answer in (None, got(status=503)):
        hooked.fetched(fetch_id, answer)
        assert [] == hooked.owed_fetches()
        clock.advance(2)
        assert [fetch_id] == [owed.fetch_id for owed in hooked.owed_fetches()]
    hooked.fetched(fetch_id, None)
    clock.advance(2)
    assert [] == hooked.owed_fetches()
    assert "failed" in reports(answer_owed())


def test_a_fetch_under_way_is_not_owed_twice(hooked, shows):
    """Whoever carries fetches out gets each one once; an unknown one changes nothing."""
    fetch_id = shows()
    assert [] == hooked.owed_fetches()
    hooked.fetched("media-99", got())
    hooked.fetched(fetch_id, got())
    assert [] == hooked.owed_fetches()


def test_texts_need_no_fetch(hooked, talk, adapter, say):
    """Only messages with a file lead to one."""
    talk(adapter.send(say("hello")))
    assert [] == hooked.owed_fetches()


def _sent(hooked, answer_owed) -> str:
    hooked.control("photo", {"chat": OLENA})
    answer_owed()
    media: str = hooked.control("transcript", {"chat": OLENA})[-1]["media"]
    return media.removeprefix("https://dl-media.viber.com")


def test_what_people_send_can_be_read_for_an_hour(hooked, clock, answer_owed):
    """Then it is gone; what was never there is gone too."""
    call = SimulatedCall(method="GET", path=_sent(hooked, answer_owed))
    assert 200 == hooked.answer(call).status
    clock.advance(3600)
    assert [404, 404] == [
        hooked.answer(each).status for each in (call, evolve(call, path="/media/0/cat.jpg"))
    ]


def test_a_credential_has_no_business_with_a_file(hooked, answer_owed):
    """Who sends the bot's token to where files are is told so."""
    call = SimulatedCall(
        method="GET", path=_sent(hooked, answer_owed), headers={"X-Viber-Auth-Token": "x"}
    )
    assert 400 == hooked.answer(call).status


def test_behind_a_server_files_are_carried_over_http(adapter, say):
    """What people send is read below the server's own address; the bot's files are fetched."""
    asked: list[str] = []

    def bridge(environ, start_response):
        asked.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        fields = [("Content-Type", "image/jpeg"), ("Content-Length", str(len(DATA)))]
        start_response("200 OK", fields)
        return [DATA if environ["REQUEST_METHOD"] == "GET" else b""]

    viber = ViberSimulator(token=adapter.settings.token.reveal())
    host = WebServer(bridge, "127.0.0.1", 0)
    host.start()
    try:
        with SimulationServer({"viber": viber}) as server:
            viber.state.callbacks.url = f"{host.url}/webhooks"
            viber.control("photo", {"chat": OLENA})
            media = viber.control("transcript", {"chat": OLENA})[0]["media"]
            assert media.startswith(server.url("viber") + "/media/")
            file = evolve(PICTURE, url=f"{host.url}/files/t0ken/cat.jpg")
            _post(viber, next(adapter.send(say("", attachments=(file,)))))
            assert _is_shown(viber)
    finally:
        host.stop(PATIENCE)
    assert "GET /files/t0ken/cat.jpg" in asked


def _post(viber: ViberSimulator, request: HttpRequest) -> HttpResponse:
    assert isinstance(request.body, bytes)
    call = SimulatedCall(
        method="POST", path="/pa/send_message", headers=request.headers, body=request.body
    )
    return viber.answer(call)


def _is_shown(viber: ViberSimulator) -> bool:
    with viber.changed:
        return viber.changed.wait_for(
            lambda: viber.control("transcript", {"chat": OLENA})[-1]["file"] is not None, PATIENCE
        )

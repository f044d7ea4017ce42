"""The simulated Bot API's files: who sends what, how forms are read, what is refused."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from chatbridge.http_types import Headers, HttpResponse
from chatbridge.testing.simulator import SimulatedCall
from chatbridge_telegram.simulated_files import PICTURE, SORTS
from chatbridge_telegram.simulated_forms import Form, UploadedFile, read_form
from chatbridge_telegram.simulator import TelegramSimulator

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
Post = Callable[..., HttpResponse]
FORM = "multipart/form-data; boundary=b"


@pytest.fixture
def post(customer: TelegramSimulator) -> Post:
    """Post a form by hand, as no library would."""

    def call(method: str, *parts: bytes, content_type: str = FORM) -> HttpResponse:
        body = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"
        headers = Headers({"Content-Type": content_type})
        path = f"/bot{TOKEN}/{method}"
        return customer.answer(SimulatedCall(method="POST", path=path, headers=headers, body=body))

    return call


def _text(name: str, value: str) -> bytes:
    return f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode()


def _file(name: str, value: bytes = PICTURE, disposition: str = 'filename="x.jpg"') -> bytes:
    head = f'Content-Disposition: form-data; name="{name}"; {disposition}'
    return head.encode() + b"\r\nContent-Type: image/jpeg\r\n\r\n" + value


def _refused(response: HttpResponse) -> tuple[int, str]:
    answer = response.json()
    assert (False, response.status) == (answer["ok"], answer["error_code"])
    return answer["error_code"], answer["description"]


@pytest.mark.parametrize("kind", sorted(SORTS))
def test_people_send_files_that_the_specification_knows(
    people: Callable[..., Any], ask: Callable[..., Any], specification: Any, kind: str
) -> None:
    """Every kind of file is a message of the Bot API, and its bytes are asked for by its id."""
    sent = people("file", chat=7, kind=kind, name="Jana")
    updates = ask("getUpdates")
    assert [] == specification.result_problems("getUpdates", updates)
    assert sent["file_id"] in str(updates[0]["message"][kind])
    file = ask("getFile", file_id=sent["file_id"])
    assert [] == specification.result_problems("getFile", file)


def test_an_album_is_several_messages(people: Callable[..., Any], ask: Callable[..., Any]) -> None:
    """Each item comes by itself, all with one group and the caption with the first."""
    sent = people("album", chat=7, count=3, caption="look: https://example.org")
    messages = [update["message"] for update in ask("getUpdates")]
    assert sent["message_ids"] == [message["message_id"] for message in messages]
    assert {sent["group"]} == {message["media_group_id"] for message in messages}
    assert [True, False, False] == ["caption" in message for message in messages]
    assert "url" == messages[0]["caption_entities"][0]["type"]
    assert 3 == len({message["photo"][-1]["file_id"] for message in messages})


@pytest.mark.parametrize(
    ("action", "arguments", "named"),
    [
        ("file", {"kind": "poll"}, "document"),
        ("file", {}, "kind"),
        ("file", {"kind": "photo", "size": "big"}, "size"),
        ("file", {"kind": "photo", "size": -1}, "size"),
        ("file", {"kind": "photo", "content": "§"}, "base64"),
        ("file", {"kind": "sticker", "caption": "x"}, "caption"),
        ("album", {"count": 1}, "2 to 10"),
        ("album", {"count": "x"}, "2 to 10"),
        ("album", {"kind": "voice"}, "photo"),
    ],
)
def test_wrong_arguments_of_files_are_explained(
    people: Callable[..., Any], action: str, arguments: dict[str, Any], named: str
) -> None:
    """A mistake of whoever drives the simulator is told in words."""
    with pytest.raises(ValueError, match=named):
        people(action, chat=7, **arguments)


def test_a_link_lives_for_an_hour(
    customer: TelegramSimulator, ask: Callable[..., Any], clock: Any
) -> None:
    """A download needs a link that getFile made lately, and the bot's own token."""
    given = base64.b64encode(b"bytes").decode()
    sent = customer.control("file", {"chat": 7, "kind": "document", "content": given})

    def read(path: str, token: str = TOKEN) -> tuple[int, bytes]:
        answer = customer.answer(SimulatedCall(method="GET", path=f"/file/bot{token}/{path}"))
        return answer.status, answer.body

    path = ask("getFile", file_id=sent["file_id"])["file_path"]
    clock.now += 3599
    assert (200, b"bytes") == read(path)
    assert 401 == read(path, "1:x")[0]
    assert 404 == read("documents/file_99.pdf")[0]
    clock.now += 2
    assert 404 == read(path)[0]


def test_a_bots_own_upload_can_be_read_and_shown_again(
    post: Post, customer: TelegramSimulator, ask: Callable[..., Any]
) -> None:
    """An upload has an id: it is read by it, and sent again without its bytes."""
    sent = post("sendPhoto", _text("chat_id", "7"), _file("photo")).json()["result"]
    file_id = sent["photo"][-1]["file_id"]
    again = ask("sendPhoto", chat_id=7, photo=file_id)
    assert file_id == again["photo"][-1]["file_id"]
    path = ask("getFile", file_id=file_id)["file_path"]
    answer = customer.answer(SimulatedCall(method="GET", path=f"/file/bot{TOKEN}/{path}"))
    assert PICTURE == answer.body
    shown = customer.control("transcript", {"chat": 7})[-1]["file"]
    assert hashlib.sha256(PICTURE).hexdigest() == shown["sha256"]


@pytest.mark.parametrize(
    ("method", "parts", "said"),
    [
        ("sendPhoto", [], "there is no photo in the request"),
        ("sendPhoto", [_text("photo", "unknown-id")], "wrong remote file identifier"),
        ("sendPhoto", [_file("photo", disposition="filename*=UTF-8''x.jpg")], "wrong remote file"),
        ("sendDocument", [_file("document", b"")], "non-empty"),
        (
            "sendVideoNote",
            [_text("video_note", "attach://y"), _file("x")],
            "there is no video note",
        ),
        ("sendDocument", [_text("caption", "x" * 1025), _file("document")], "caption is too long"),
        ("sendMediaGroup", [], "can't parse media"),
        ("sendMediaGroup", [_text("media", "[]")], "wrong number"),
        ("sendMediaGroup", [_text("media", '[{"type":"voice"},{"type":"voice"}]')], "album"),
        ("getFile", [], "file_id is empty"),
        ("getFile", [_text("file_id", "x")], "wrong file_id"),
    ],
)
def test_refused_calls(post: Post, method: str, parts: list[bytes], said: str) -> None:
    """What the server does not take is refused in its own words, and nothing is shown."""
    code, description = _refused(post(method, _text("chat_id", "7"), *parts))
    assert (400, True) == (code, said in description)


@pytest.mark.parametrize(
    ("method", "size", "code"),
    [("sendPhoto", 10 * 2**20 + 1, 400), ("sendDocument", 50 * 2**20 + 1, 413)],
)
def test_too_large_uploads(post: Post, method: str, size: int, code: int) -> None:
    """A photo has its own limit; beyond 50 MB the front end refuses."""
    part = method.removeprefix("send").lower()
    data = PICTURE.ljust(size, b"\x00")
    assert code == _refused(post(method, _text("chat_id", "7"), _file(part, data)))[0]
    assert post(method, _text("chat_id", "7"), _file(part, data[:-1])).json()["ok"]


def test_a_known_file_cannot_change_its_kind(post: Post, ask: Callable[..., Any]) -> None:
    """What was sent as a photo is no document by its id."""
    sent = post("sendPhoto", _text("chat_id", "7"), _file("photo")).json()["result"]
    again = post(
        "sendDocument", _text("chat_id", "7"), _text("document", sent["photo"][-1]["file_id"])
    )
    assert "can't use file of type photo" in _refused(again)[1]


def test_files_count_as_messages(post: Post, customer: TelegramSimulator) -> None:
    """Each file of an album counts against the flood limits as a message does."""
    items = '[{"type":"photo","media":"attach://a"},{"type":"photo","media":"attach://a"}]'
    parts = (_text("chat_id", "7"), _text("media", items), _file("a"))
    answers = [post("sendMediaGroup", *parts).status for _ in range(11)]
    assert [200] * 10 + [429] == answers


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('filename="a;b.pdf"', "a"),
        ('filename="a%22b.pdf"', "a%22b.pdf"),
        ('filename="Größe.pdf"', "Größe.pdf"),
        ("filename=bare.pdf", "bare.pdf"),
    ],
)
def test_names_are_read_as_the_real_server_does(disposition: str, name: str) -> None:
    """Cut at semicolons, unescaped by nobody: an adapter that forgets it shows it here."""
    form = _read(_file("document", b"x", disposition))
    assert {"document": UploadedFile(name, "image/jpeg", b"x")} == form.files


@pytest.mark.parametrize(
    "value", [b"", b"\r\n", b"a\r\n\r\nb\r\n", b"--c", b"\r\n--", bytes(range(256)), b"\r\r\n\n"]
)
def test_bytes_of_a_form_stay_as_they_are(value: bytes) -> None:
    """No byte of a file is touched, whatever line ends or dashes it holds."""
    form = _read(_text("a", "1"), _file("f", value), _text("b", "2"))
    assert (value, {"a": "1", "b": "2"}) == (form.files["f"].data, form.texts)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"--b\r\n\r\n--b--"),
        (FORM, b""),
        (FORM, b"garbage"),
        (FORM, b"--b\r\nno head"),
        (FORM, b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--"),
        (FORM, b"--b\r\n\xff\xfe\r\n\r\nx\r\n--b--"),
    ],
)
def test_what_is_no_form_holds_nothing(content_type: str, body: bytes) -> None:
    """A body that cannot be read is ignored, as the real server does."""
    assert Form() == read_form(content_type, body)


def _read(*parts: bytes) -> Form:
    body = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"
    return read_form('multipart/form-data; boundary="b"', body)

"""python-telegram-bot, a client that others wrote, against the simulator."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

import pytest

from chatbridge.http_types import Headers
from chatbridge.testing.simulator import Fault, SimulatedCall
from chatbridge_telegram.simulated_files import PICTURE, sample
from chatbridge_telegram.simulator import TelegramSimulator

telegram = pytest.importorskip("telegram")
errors = pytest.importorskip("telegram.error")
requests = pytest.importorskip("telegram.request")
httpx = pytest.importorskip("httpx")

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
Run = Callable[[Callable[[Any], Awaitable[Any]]], Any]


class InMemoryRequest(requests.BaseRequest):  # type: ignore[misc, name-defined]
    """Carries the client's calls to the simulator as the forms that it writes over HTTP."""

    def __init__(self, simulator: TelegramSimulator) -> None:
        self._simulator = simulator

    async def initialize(self) -> None:
        pass

    async def shutdown(self) -> None:
        pass

    @property
    def read_timeout(self) -> float | None:
        return 5.0

    async def do_request(
        self, url: str, method: str, request_data: Any = None, *_timeouts: Any, **_named: Any
    ) -> tuple[int, bytes]:
        written = httpx.Request(
            method,
            url,
            data=request_data.json_parameters if request_data else None,
            files=(request_data.multipart_data or None) if request_data else None,
        )
        call = SimulatedCall(
            method=method,
            path="/" + unquote(url.split("/", 3)[3]),
            headers=Headers(dict(written.headers)),
            body=written.read(),
        )
        answer = self._simulator.answer(call)
        return answer.status, answer.body


@pytest.fixture
def run(simulator: TelegramSimulator) -> Run:
    """Let the client do something, from its start to its end."""

    def go(work: Callable[[Any], Awaitable[Any]]) -> Any:
        async def whole() -> Any:
            request = InMemoryRequest(simulator)
            bot = telegram.Bot(TOKEN, request=request, get_updates_request=request)
            async with bot:
                return await work(bot)

        return asyncio.run(whole())

    simulator.control("start", {"chat": 7, "name": "Jana"})
    return go


def test_get_me(run: Run) -> None:
    """The client learns who it is."""
    me = run(lambda bot: bot.get_me())
    assert (110201543, "helpdesk_bot", True) == (me.id, me.username, me.is_bot)


def test_send_message(run: Run, simulator: TelegramSimulator) -> None:
    """Text, entities, buttons and reply arrive, and come back as the client expects them."""
    keyboard = telegram.InlineKeyboardMarkup.from_button(
        telegram.InlineKeyboardButton("Yes", callback_data="y1")
    )
    sent = run(
        lambda bot: bot.send_message(
            7,
            "bold 😀",
            entities=[telegram.MessageEntity("bold", 0, 4)],
            reply_markup=keyboard,
            reply_parameters=telegram.ReplyParameters(1, allow_sending_without_reply=True),
        )
    )
    assert {"bold"} == set(sent.parse_entities().values())
    assert ("y1", "/start") == (
        sent.reply_markup.inline_keyboard[0][0].callback_data, sent.reply_to_message.text
    )  # fmt: skip
    shown = simulator.control("transcript", {"chat": 7})[-1]
    assert ("bold 😀", ["Yes"], 1) == (shown["text"], shown["choices"], shown["reply_to"])


def test_get_updates(run: Run, simulator: TelegramSimulator) -> None:
    """Every kind of update is one that the client can read, and offsets confirm."""
    run(lambda bot: bot.send_message(7, "ok?", reply_markup={
        "inline_keyboard": [[{"text": "Yes", "callback_data": "y1"}]]
    }))  # fmt: skip
    simulator.control("press", {"chat": 7, "choice": "Yes"})
    simulator.control("edit", {"chat": 7, "message_id": 1, "text": "changed"})
    simulator.control("unsupported", {"chat": 7, "kind": "document", "caption": "read"})
    simulator.control("message", {"chat": -44, "text": "group", "name": "Eve"})
    simulator.control("migrate", {"chat": -44})
    simulator.control("block", {"chat": 7})
    updates = run(lambda bot: bot.get_updates())
    assert "/start" == updates[0].message.text
    assert "y1" == updates[1].callback_query.data
    assert "changed" == updates[2].edited_message.text
    assert ("report.pdf", "read") == (
        updates[3].message.document.file_name, updates[3].message.caption
    )  # fmt: skip
    assert "Eve" == updates[4].message.from_user.first_name
    assert updates[6].message.chat.id == updates[5].message.migrate_to_chat_id
    assert "kicked" == updates[7].my_chat_member.new_chat_member.status
    rest = run(lambda bot: bot.get_updates(offset=updates[6].update_id + 1))
    assert updates[7:] == rest


def test_edit_answer_and_delete(run: Run, simulator: TelegramSimulator) -> None:
    """Changing, answering and deleting work as the client expects."""

    async def work(bot: Any) -> Any:
        sent = await bot.send_message(7, "old", reply_markup={
            "inline_keyboard": [[{"text": "Yes", "callback_data": "y1"}]]
        })  # fmt: skip
        pressed = simulator.control("press", {"chat": 7, "choice": 0})
        answered = await bot.answer_callback_query(pressed["query_id"], "noted")
        typed = await bot.send_chat_action(7, "typing")
        edited = await sent.edit_text("new")
        return answered, typed, edited.text, edited.edit_date is not None, await sent.delete()

    assert (True, True, "new", True, True) == run(work)
    assert 1 == len(simulator.control("transcript", {"chat": 7}))


def test_webhook(run: Run) -> None:
    """Setting, reading and removing a webhook work as the client expects."""

    async def work(bot: Any) -> Any:
        done = await bot.set_webhook("https://example.org/hook", secret_token="s-1")
        info = await bot.get_webhook_info()
        with pytest.raises(errors.Conflict):
            await bot.get_updates()
        return done, info.url, info.pending_update_count, await bot.delete_webhook()

    assert (True, "https://example.org/hook", 1, True) == run(work)


@pytest.mark.parametrize(
    ("chat", "text", "expected"),
    [
        (99, "x", "BadRequest"),
        (7, " ", "BadRequest"),
        (7, "x" * 4097, "BadRequest"),
        (8, "x", "Forbidden"),
        (-44, "x", "ChatMigrated"),
    ],
)
def test_refusals(
    run: Run, simulator: TelegramSimulator, chat: int, text: str, expected: str
) -> None:
    """What the simulator refuses is the error that the client knows."""
    simulator.control("start", {"chat": 8})
    simulator.control("block", {"chat": 8})
    simulator.control("message", {"chat": -44, "text": "x"})
    simulator.control("migrate", {"chat": -44})
    with pytest.raises(getattr(errors, expected)):
        run(lambda bot: bot.send_message(chat, text))


def test_flood(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client is told how long to wait."""
    monkeypatch.setenv("PTB_TIMEDELTA", "true")  # else it warns of its own future

    async def work(bot: Any) -> None:
        for _ in range(21):
            await bot.send_message(7, "x")

    with pytest.raises(errors.RetryAfter) as caught:
        run(work)
    assert 1 == caught.value.retry_after.total_seconds()


def test_wrong_token(simulator: TelegramSimulator) -> None:
    """A token that nobody gave out is invalid."""

    async def work() -> None:
        bot = telegram.Bot("1:" + "x" * 35, request=InMemoryRequest(simulator))
        await bot.get_me()

    with pytest.raises(errors.InvalidToken):
        asyncio.run(work())


def test_server_failure(run: Run, simulator: TelegramSimulator) -> None:
    """A front end's 502 is a network failure to the client."""
    simulator.switch_fault(Fault(kind="status", status=502, match="sendMessage"))
    with pytest.raises(errors.NetworkError):
        run(lambda bot: bot.send_message(7, "x"))


def test_files_out(run: Run, simulator: TelegramSimulator) -> None:
    """Every kind of file that the client can send arrives byte by byte, and is read back."""
    calls = {
        "animation": "send_animation", "audio": "send_audio", "document": "send_document",
        "photo": "send_photo", "sticker": "send_sticker", "video": "send_video",
        "video_note": "send_video_note", "voice": "send_voice",
    }  # fmt: skip

    async def work(bot: Any) -> list[bytes]:
        read = []
        for kind, name in calls.items():
            sent = await getattr(bot, name)(7, PICTURE)
            shown = getattr(sent, kind)
            shown = shown[-1] if kind == "photo" else shown
            file = await bot.get_file(shown.file_id)
            read.append(bytes(await file.download_as_bytearray()))
        return read

    assert [PICTURE] * len(calls) == run(work)
    lines = simulator.control("transcript", {"chat": 7})[1:]
    assert sorted(calls) == [line["file"]["kind"] for line in lines]
    assert {hashlib.sha256(PICTURE).hexdigest()} == {line["file"]["sha256"] for line in lines}


def test_a_caption(run: Run, simulator: TelegramSimulator) -> None:
    """Name, caption and its entities arrive, come back, and can be changed."""

    async def work(bot: Any) -> Any:
        sent = await bot.send_document(
            7,
            b"data",
            filename="Größe.txt",
            caption="😀 bold",
            caption_entities=[telegram.MessageEntity("bold", 3, 4)],
        )
        with pytest.raises(errors.BadRequest, match="no text in the message"):
            await sent.edit_text("x")
        edited = await sent.edit_caption("changed")
        with pytest.raises(errors.BadRequest, match="not modified"):
            await sent.edit_caption("changed")
        return sent, edited

    sent, edited = run(work)
    assert ("Größe.txt", 4) == (sent.document.file_name, sent.document.file_size)
    assert {"bold": "bold"} == {
        entity.type: text for entity, text in sent.parse_caption_entities().items()
    }
    assert ("changed", True) == (edited.caption, edited.edit_date is not None)


def test_an_album(run: Run, simulator: TelegramSimulator) -> None:
    """An album of the client is one of the chat, and mixed ones are refused."""
    photo, video = telegram.InputMediaPhoto(PICTURE, caption="two"), telegram.InputMediaVideo(b"v")
    document = telegram.InputMediaDocument(b"d", filename="d.txt")
    sent = run(lambda bot: bot.send_media_group(7, [photo, video]))
    assert 1 == len({message.media_group_id for message in sent} - {None})
    assert ["two", None] == [message.caption for message in sent]
    with pytest.raises(errors.BadRequest, match="album"):
        run(lambda bot: bot.send_media_group(7, [photo, document]))
    lines = simulator.control("transcript", {"chat": 7})[1:]
    assert ["photo", "video"] == [line["file"]["kind"] for line in lines]


def test_files_in(run: Run, simulator: TelegramSimulator) -> None:
    """The client reads what people send: one file, an album, and no file beyond 20 MB."""
    simulator.control("file", {"chat": 7, "kind": "voice"})
    simulator.control("album", {"chat": 7, "count": 2, "caption": "look"})
    simulator.control("file", {"chat": 7, "kind": "video", "size": 21 * 2**20})

    async def work(bot: Any) -> Any:
        updates = [update.message for update in await bot.get_updates()][1:]
        voice, first, second, large = updates
        data = await (await voice.voice.get_file()).download_as_bytearray()
        with pytest.raises(errors.BadRequest, match="too big"):
            await large.video.get_file()
        return bytes(data), first, second

    data, first, second = run(work)
    assert sample("voice") == data
    assert (first.media_group_id, "look", None) == (
        second.media_group_id, first.caption, second.caption
    )  # fmt: skip


def test_too_large_an_upload(run: Run) -> None:
    """The client is told that a file is too large."""
    with pytest.raises(errors.NetworkError, match="Too Large"):
        run(lambda bot: bot.send_document(7, bytes(50 * 2**20 + 1)))

"""`TelegramSimulator`: a Bot API server with people, in memory, for one bot.

It answers as the real server does, its limits, conflicts and texts of errors included. It talks to
nobody itself: webhooks wait until they are collected.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, TypeAlias

from chatbridge.clock import Clock
from chatbridge.http_types import HttpResponse
from chatbridge.testing.simulator import (
    Control,
    Fault,
    OwedWebhook,
    SimulatedCall,
    Simulator,
    bare_refusal,
)
from chatbridge.testing.simulator_json import json_answer

from . import simulated_account as account
from . import simulated_file_actions as files
from . import simulated_media as media
from . import simulated_messages as messages
from . import simulated_people as people
from .simulated_limits import too_many_requests
from .simulated_parameters import ApiError, Parameters, read_parameters
from .simulated_state import TelegramState

_PATH = re.compile(r"/bot([^/]+)(?:/test)?/([A-Za-z]+)")
_FILE_PATH = re.compile(r"/file/bot([^/]+)/(.+)")
_DEFAULT_TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"  # noqa: S105 - opens nothing real

_Method: TypeAlias = Callable[[TelegramState, Parameters], Any]
_METHODS: dict[str, _Method] = {
    "answercallbackquery": messages.answer_callback_query,
    "close": lambda _state, _parameters: True,
    "deletemessage": messages.delete_message,
    "editmessagecaption": messages.edit_message_caption,
    "editmessagetext": messages.edit_message_text,
    "getchat": account.get_chat,
    "getfile": media.get_file,
    "getme": lambda state, _parameters: account.get_me(state),
    "getmycommands": lambda state, _parameters: state.commands,
    "getwebhookinfo": lambda state, _parameters: account.get_webhook_info(state),
    "logout": lambda _state, _parameters: True,
    "sendchataction": messages.send_chat_action,
    "sendmediagroup": media.send_media_group,
    "sendmessage": messages.send_message,
    "setmycommands": account.set_my_commands,
    **{method: media.sender_of(kind) for method, kind in media.KINDS.items()},
}
_DESCRIBED: dict[str, Callable[[TelegramState, Parameters], str]] = {
    "deletewebhook": account.delete_webhook,
    "setwebhook": account.set_webhook,
}
_ACTIONS: dict[str, people.Action] = {
    action.__name__: action
    for action in (
        files.album, people.block, people.edit, files.file, people.message, people.migrate,
        files.photo, people.press, people.start, files.sticker, people.topic, people.transcript,
        people.unblock, people.unsupported,
    )
}  # fmt: skip


class TelegramSimulator(Simulator):
    """A stand-in for Telegram.

    Args:
        clock: where it takes the time from.
        seed: of its own randomness.
        token: the bot's token.
        username: the bot's name.
        flood_limits: whether a flood of messages is answered with 429.
    """

    name: ClassVar[str] = "telegram"

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        seed: int = 0,
        token: str = _DEFAULT_TOKEN,
        username: str = "simulated_bot",
        flood_limits: bool = True,
    ) -> None:
        super().__init__(clock=clock, seed=seed)
        self.state = TelegramState(
            clock=self.clock, random=self.random, token=token, username=username
        )
        self.state.limits.on = flood_limits

    def answer(self, call: SimulatedCall) -> HttpResponse:
        """See `Simulator.answer`."""
        return self.through_faults(call, self._answer, _fault_answer)

    def controls(self) -> dict[str, tuple[str, Control]]:
        """See `Simulator.controls`."""
        people = {
            name: (action.__doc__ or "", partial(action, self.state))
            for name, action in _ACTIONS.items()
        }
        administration = {
            name: (line, getattr(self, f"_{name}")) for name, line in _ADMINISTRATION.items()
        }
        return dict(sorted({**people, **administration}.items()))

    def credentials(self) -> dict[str, str]:
        """See `Simulator.credentials`."""
        return {"bot_token": self.state.token, "username": self.state.username}

    def owed_webhooks(self) -> list[OwedWebhook]:
        """See `Simulator.owed_webhooks`."""
        with self.changed:
            return self.state.webhook.due(self.state.updates)

    def webhook_answered(
        self, webhook_id: str, status: int | None, retry_after: int | None, body: bytes = b""
    ) -> None:
        """See `Simulator.webhook_answered`; calls of methods in an answer are not carried out."""
        del body
        with self.changed:
            self.state.webhook.answered(webhook_id, status, retry_after, self.state.updates)
            self.changed.notify_all()

    def _answer(self, call: SimulatedCall) -> HttpResponse:
        with self.changed:
            try:
                return self._carry_out(call)
            except ApiError as error:
                return _refusal(error)

    def _carry_out(self, call: SimulatedCall) -> HttpResponse:
        download = _FILE_PATH.fullmatch(call.path)
        if download is not None:
            return self._download(download[1], download[2])
        match = _PATH.fullmatch(call.path)
        if match is None:
            raise ApiError(404, "Not Found")
        if match[1] != self.state.token:
            raise ApiError(401, "Unauthorized")
        name, parameters = match[2].lower(), read_parameters(call)
        if name == "getupdates":
            return _success(account.get_updates(self.state, parameters, self.changed))
        if name in _DESCRIBED:
            description = _DESCRIBED[name](self.state, parameters)
            self.changed.notify_all()
            return _success(True, description)
        if name not in _METHODS:
            raise ApiError(404, "Not Found: method not found")
        result = _METHODS[name](self.state, parameters)
        self.changed.notify_all()
        return _success(result)

    def _download(self, token: str, path: str) -> HttpResponse:
        if token != self.state.token:
            raise ApiError(401, "Unauthorized")
        data = self.state.files.read(path, self.clock.monotonic())
        # Whatever the file is, the server says no more of it than this.
        return HttpResponse(200, {"Content-Type": "application/octet-stream"}, data)

    def _state(self, _arguments: dict[str, Any]) -> dict[str, Any]:
        chats = self.state.chats.values()
        return {
            "bot": self.state.bot,
            "chats": [
                {**chat.as_json(), "removed": chat.removed, "migrated_to": chat.migrated_to}
                for chat in chats
            ],
            "webhook": account.get_webhook_info(self.state),
            "press_answers": dict(self.state.press_answers),
            "commands": self.state.commands,
        }

    def _pending(self, _arguments: dict[str, Any]) -> dict[str, Any]:
        self.state.updates.prune(self.clock.monotonic())
        numbers = [item.number for item in self.state.updates.waiting]
        return {"count": len(numbers), "update_ids": numbers}

    def _renumber(self, arguments: dict[str, Any]) -> dict[str, Any]:
        number = arguments.get("update_id")
        return {"update_id": self.state.updates.renumber(None if number is None else int(number))}

    def _half_album(self, arguments: dict[str, Any]) -> dict[str, Any]:
        item = arguments.get("item")
        self.state.failing_album_item = None if item is None else int(item)
        return {"item": self.state.failing_album_item}

    def _limits(self, arguments: dict[str, Any]) -> dict[str, Any]:
        self.state.limits.on = arguments.get("on") is not False
        return {"on": self.state.limits.on}


_ADMINISTRATION = {
    "half_album": "Let one item of the next album fail, the others be shown: {item}, from 1.",
    "limits": "Switch the flood limits: {on}.",
    "pending": "Show what waits for the bot: {}.",
    "renumber": "Start update numbers anew as soon as nothing waits: {update_id?}.",
    "state": "Show bot, chats and webhook: {}.",
}


def _success(result: Any, description: str | None = None) -> HttpResponse:
    answer: dict[str, Any] = {"ok": True, "result": result}
    if description is not None:
        answer["description"] = description
    return json_answer(answer)


def _refusal(error: ApiError) -> HttpResponse:
    answer: dict[str, Any] = {
        "ok": False,
        "error_code": error.code,
        "description": error.description,
    }
    headers = {}
    if error.parameters:
        answer["parameters"] = error.parameters
        if "retry_after" in error.parameters:
            headers["Retry-After"] = str(error.parameters["retry_after"])
    return json_answer(answer, error.code, headers)


def _fault_answer(fault: Fault) -> HttpResponse:
    """Return what a fault makes of a call; a front end's 502 and 504 are no JSON."""
    if fault.status == 429:
        return _refusal(too_many_requests(fault.retry_after or 1))
    if fault.status in {502, 504}:
        return bare_refusal(fault, b"<html>Bad Gateway</html>")
    texts = {500: "Internal Server Error: restart", 401: "Unauthorized", 404: "Not Found"}
    return _refusal(ApiError(fault.status, texts.get(fault.status, "Simulated fault")))

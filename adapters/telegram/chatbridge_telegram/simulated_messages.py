"""The simulated methods that show, change and answer messages."""

from __future__ import annotations

import math
from typing import Any

from .simulated_chats import Chat, StoredMessage, message_json
from .simulated_files import WITHOUT_CAPTION
from .simulated_parameters import Parameters, bad_request
from .simulated_state import TelegramState
from .simulated_text import read_caption, read_markup, read_text
from .simulated_updates import DAY

_DELETABLE_FOR = 2 * DAY


def send_message(state: TelegramState, parameters: Parameters) -> dict[str, Any]:
    """Answer sendMessage."""
    chat = state.writable_chat(parameters)
    text, entities = read_text(parameters)
    markup = read_markup(parameters)
    thread = thread_of(chat, parameters)
    reply_to = reply_of(chat, parameters)
    state.limits.count(chat.chat_id, state.clock.monotonic())
    message = chat.add(
        now=state.clock.time(),
        text=text,
        entities=entities,
        markup=markup,
        thread=thread,
        reply_to=reply_to,
    )
    return message_json(chat, message, state.bot)


def edit_message_text(state: TelegramState, parameters: Parameters) -> dict[str, Any]:
    """Answer editMessageText."""
    chat = state.writable_chat(parameters)
    message = _own_message(chat, parameters, "message to edit not found")
    if message.content:
        raise bad_request("there is no text in the message to edit")
    return _changed(state, chat, message, parameters, read_text(parameters))


def edit_message_caption(state: TelegramState, parameters: Parameters) -> dict[str, Any]:
    """Answer editMessageCaption."""
    chat = state.writable_chat(parameters)
    message = _own_message(chat, parameters, "message to edit not found")
    if message.file is None or message.file.kind in WITHOUT_CAPTION:
        raise bad_request("there is no caption in the message to edit")
    return _changed(state, chat, message, parameters, read_caption(parameters))


def _changed(
    state: TelegramState,
    chat: Chat,
    message: StoredMessage,
    parameters: Parameters,
    shown: tuple[str, list[dict[str, Any]]],
) -> dict[str, Any]:
    text, entities = shown
    markup = read_markup(parameters)
    if (text, entities, markup) == (message.text, message.entities, message.markup):
        raise bad_request(
            "message is not modified: specified new message content and reply markup are exactly"
            " the same as a current content and reply markup of the message"
        )
    state.limits.count(chat.chat_id, state.clock.monotonic())
    message.text, message.entities, message.markup = text, entities, markup
    message.edited = math.floor(state.clock.time())
    return message_json(chat, message, state.bot)


def delete_message(state: TelegramState, parameters: Parameters) -> bool:
    """Answer deleteMessage."""
    chat = state.writable_chat(parameters)
    message = chat.messages.get(parameters.integer("message_id"))
    if message is None:
        raise bad_request("message to delete not found")
    if state.clock.time() - message.date > _DELETABLE_FOR:
        raise bad_request("message can't be deleted")
    del chat.messages[message.message_id]
    return True


def send_chat_action(state: TelegramState, parameters: Parameters) -> bool:
    """Answer sendChatAction."""
    state.writable_chat(parameters)
    if not parameters.text("action"):
        raise bad_request("wrong parameter action in request")
    return True


def answer_callback_query(state: TelegramState, parameters: Parameters) -> bool:
    """Answer answerCallbackQuery."""
    query_id = parameters.text("callback_query_id")
    valid_until = state.presses.pop(query_id, 0.0)
    if valid_until <= state.clock.monotonic():
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    if len(parameters.text("text")) > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    state.press_answers[query_id] = parameters.text("text")
    return True


def _own_message(chat: Chat, parameters: Parameters, missing: str) -> StoredMessage:
    message = chat.messages.get(parameters.integer("message_id"))
    if message is None:
        raise bad_request(missing)
    if message.author is not None:
        raise bad_request("message can't be edited")
    return message


def thread_of(chat: Chat, parameters: Parameters) -> int | None:
    """Return the topic that a method names, None where it names none."""
    if "message_thread_id" not in parameters:
        return None
    thread = parameters.integer("message_thread_id")
    if thread not in chat.topics:
        raise bad_request("message thread not found")
    return thread


def reply_of(chat: Chat, parameters: Parameters) -> int | None:
    """Return the message that a method answers, None where there is none."""
    reply = parameters.nested("reply_parameters")
    if not isinstance(reply, dict):
        return None
    inner = Parameters(reply)
    original = inner.integer("message_id")
    if original in chat.messages:
        return original
    if not inner.flag("allow_sending_without_reply"):
        raise bad_request("message to be replied not found")
    return None

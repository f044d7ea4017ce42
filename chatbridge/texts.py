"""What the bot says itself, in the customer's language; never anything that a person wrote.

A project can replace each text; translations come from gettext catalogues beside this file.
"""

from __future__ import annotations

import gettext
import string
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from attrs import field, frozen

DEFAULTS: Final[Mapping[str, str]] = {
    "welcome": "Hello! Write your question here and we will open a request for it.",
    "opened": "We have opened your request. Answers will appear in this chat.",
    "help": (
        "Write a message to add to your current request, or to open one.\n"
        "Reply to one of my messages to write about that request.\n"
        "/new - the next message opens another request\n"
        "/status - where your requests stand\n"
        "/more - answers that were held back because there were many\n"
        "/help - this text"
    ),
    "next_opens": "Your next message opens a new request.",
    "too_many_open": "You have many open requests already; messages go to the current one.",
    "too_many_new": (
        "Very many people are writing to us right now. Please send your message again in some"
        " minutes."
    ),
    "no_requests": "You have no open requests. Write a message to open one.",
    "status_line": "{key}: {status}",
    "status_changed": "The status is now: {status}",
    "closed": "The request was closed ({status}). A new message opens a new request.",
    "not_delivered": ("Sorry, your message could not be passed on. Please send it again later."),
    "not_delivered_known": (
        "Sorry, the message you sent at {time} UTC could not be passed on. Please send it again."
    ),
    "several_not_delivered": (
        "Sorry, {count} of your messages could not be passed on. Please send what matters again."
    ),
    "unsupported": "Sorry, I cannot pass this on ({what}). Please write it as text.",
    "files_left_out": "Not passed on: {files}.",
    "file_unwanted": "this kind of file is not accepted here",
    "file_too_large": "too large",
    "file_refused": "it could not be read or is not allowed",
    "rest_left_out": "Your text was passed on, but the rest of the message was not ({what}).",
    "not_shown": "Part of an answer could not be shown here. Our team has been told.",
    "file_not_shown": "📎 {file}: this file cannot be shown here. Our team has been told.",
    "answer_edited": "Changed:",
    "held": "There are {count} new answers to this request. Shall I show them all?",
    "held_silent": (
        "Nothing was written here for a long time. If you are still the one who asked: shall I"
        " show you what is new in this request ({count})?"
    ),
    "held_choice": "Show them",
    "held_in_words": "Send 1 or /more to see them.",
    "nothing_held": "There are no more answers to show.",
    "choice_old": "This button is no longer valid.",
    "late": "Written at {time} UTC:",
    "edited": "Edited message:",
    "command_unknown": "I do not know this command. /help shows what I can do.",
    "switched": "Your messages now go to this request.",
    "joined": (
        "This chat is now connected to this request (status: {status}). Answers appear here, and"
        " what you write is added to it."
    ),
    "joining": "Hello! Write a message here to go on with your request.",
    "moved_away": "{key} goes on in another chat. Its answers do not appear here any more.",
    "link_old": "This link is not valid any more. Please ask for a new one.",
    "link_in_group": "Please open this link in a chat of your own with me, not in a group.",
}
"""Name -> English text; `{placeholders}` are filled in."""


def placeholders(text: str) -> set[str]:
    """Return the names of the placeholders in a text; one without a name counts as "{}".

    Raises:
        ValueError: the braces in it do not match.
    """
    return {name or "{}" for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@frozen
class Texts:
    """The bot's texts for one project.

    Args:
        language: such as en or uk; unknown ones fall back to English.
        overrides: texts of the project's own, by name.
    """

    language: str = "en"
    overrides: Mapping[str, str] = field(factory=dict)

    def say(self, name: str, **values: str) -> str:
        """Return a text with its placeholders filled in."""
        text = self.overrides.get(name) or _catalogue(self.language).gettext(DEFAULTS[name])
        return text.format_map(values)


@lru_cache(maxsize=32)
def _catalogue(language: str) -> gettext.NullTranslations:
    folder = Path(__file__).with_name("locale")
    return gettext.translation("chatbridge", folder, languages=[language], fallback=True)

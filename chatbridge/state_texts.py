"""The texts that tell a chat about the state of a request, and the notes that tell the agents.

Pure: values in, texts out. Notes are for agents only and hold nothing that a customer wrote.
"""

from __future__ import annotations

import time
from typing import Final

from attrs import frozen

from chatbridge.content import Address, Choice
from chatbridge.desk import RequestState, StatusCategory
from chatbridge.marks import Marks
from chatbridge.outgoing import RequestLabel
from chatbridge.project import ProjectSettings
from chatbridge.rendering import Draft
from chatbridge.richtext import Document, Mark, Text
from chatbridge.texts import Texts

NOTES: Final = {
    "blocked": "The customer blocked the bot or left the chat: answers do not arrive any more.",
    "chat_gone": "The customer's chat does not exist any more: answers do not arrive.",
    "window_closed": "The platform does not let us answer this customer until they write again.",
    "not_subscribed": "The customer is not subscribed to the bot: answers do not arrive.",
    "not_allowed": "The bot may not write in the customer's chat: answers do not arrive.",
    "quota": "The bot's quota or balance is used up: answers wait until that is settled.",
    "not_shown": "Part of an answer could not be shown in the chat; the customer was told so.",
    "file_not_shown": "A file of an answer could not be shown in the chat; its name was.",
    "failed_later": "The platform reports that a message to this customer was not shown.",
    "unreadable": "An answer could not be read or prepared for the chat; the customer lacks it.",
    "joined": "A chat was connected to this request by a link that was handed out.",
    "loop": (
        "So many answers in one hour look like two programs that answer each other, so no more are "
        "shown. Stop the rule that answers here; then the administrator can let them go on: "
        "chatbridge links release."
    ),
    "silent": (
        "Nothing was said here for so long that the chat may have another owner. The customer was "
        "asked first; answers wait for that."
    ),
    "unconfirmed": "The platform never confirmed part of an answer; it may not have arrived.",
}
"""Cause -> what agents read in an internal note."""


@frozen
class StateTexts:
    """Makes the texts.

    Args:
        marks: signs choices.
    """

    marks: Marks

    def opened(self, texts: Texts, notice: str, status: str | None = None) -> Document:
        """Return what a chat is told when it has a request.

        Args:
            texts: of the project.
            notice: on privacy; may be empty.
            status: of a request that was there before the chat; None of one that it opened.
        """
        said = texts.say("opened") if status is None else texts.say("joined", status=status)
        return Document.from_plain(said + (f"\n\n{notice}" if notice else ""))

    def status(
        self, texts: Texts, state: RequestState, settings: ProjectSettings
    ) -> Document | None:
        """Return what a chat is told about a new status, None where it is not told."""
        closed = is_closed(state, settings)
        if settings.announce == "none" or (settings.announce == "closed" and not closed):
            return None
        name = "closed" if closed else "status_changed"
        return Document.from_plain(texts.say(name, status=state.status))

    def held(
        self, texts: Texts, label: RequestLabel, count: int, address: Address, expires: float,
        *, buttons: bool, silent: bool = False,
    ) -> Draft:  # fmt: skip
        """Return the question that stands in for comments; a word answers it, too.

        Args:
            texts: of the project.
            label: the request.
            count: how many wait.
            address: where the button is good.
            expires: until when; Unix seconds.
            buttons: whether the chat has any.
            silent: whether they wait after a long silence, not because they are many.
        """
        name = "held_silent" if silent else "held"
        data = self.marks.sign_choice("more", label.handle, address, expires)
        return Draft(
            item=f"{name}:{count}",
            text=Document.from_plain(
                texts.say(name, count=str(count))
                + ("" if buttons else "\n" + texts.say("held_in_words"))
            ),
            label=label,
            choices=(Choice(texts.say("held_choice"), data),),
        )


def late_remark(texts: Texts, created: int) -> tuple[Text, Text]:
    """Return what stands before a comment that became public long after it was written."""
    moment = time.strftime("%Y-%m-%d %H:%M", time.gmtime(created / 1000))
    return Text(texts.say("late", time=moment), frozenset({Mark.ITALIC})), Text("\n")


def note_of(cause: str, now: float) -> str:
    """Return what `Link.note` holds: the cause, and the day so that each day can have one.

    Args:
        cause: a key of `NOTES`.
        now: Unix seconds.
    """
    return f"{cause}@{int(now // 86400)}"


def note_text(note: str) -> str:
    """Return the internal note for what `Link.note` holds: a cause and a day."""
    cause, _, day = note.partition("@")
    date = time.strftime("%Y-%m-%d", time.gmtime(int(day or 0) * 86400))
    return f"chatbridge ({date}): {NOTES.get(cause, NOTES['not_shown'])}"


def duplicate_note(issue_key: str) -> str:
    """Return the internal note on a request that Jira opened twice.

    Args:
        issue_key: of the request that goes on.
    """
    return (
        f"chatbridge: Jira opened this request a second time from one message. The conversation "
        f"goes on in {issue_key}; nothing written here reaches the customer."
    )


def is_closed(state: RequestState, settings: ProjectSettings) -> bool:
    """Tell whether a request's status ends its conversation."""
    if settings.closed_statuses:
        names = {name.casefold() for name in settings.closed_statuses}
        return state.status.casefold() in names
    return state.category is StatusCategory.DONE

"""Decides what an inbound event means, from values alone; the table below is the whole of it.

It reads no storage, clock or network, and makes no text: it names an action and whom it is about.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from attrs import frozen

from chatbridge.events import (
    ChoicePicked,
    ConversationStarted,
    Event,
    MessageEdited,
    MessageReceived,
)


class Action(StrEnum):
    """What shall be done."""

    OPEN = "open"
    COMMENT = "comment"
    GREET = "greet"
    HELP = "help"
    STATUS = "status"
    NEXT_OPENS = "next_opens"
    TOO_MANY_OPEN = "too_many_open"
    TOO_MANY_NEW = "too_many_new"
    SWITCH = "switch"
    JOIN = "join"
    RELEASE = "release"
    CHOICE_OLD = "choice_old"
    UNSUPPORTED = "unsupported"
    NOTHING_HELD = "nothing_held"
    COMMAND_UNKNOWN = "command_unknown"
    NOTHING = "nothing"


@frozen
class Situation:
    """What is known when an event arrives.

    Args:
        current: id of the current request if it can take messages, else empty.
        addressed: id of the request that a reply or link names and that can take messages.
        implied: whether it is named by the platform's habit only, not by the person.
        wants_new: whether the person asked for a new request.
        may_open: whether one more request is allowed.
        choice: action of a picked choice after its signature was checked, empty where it is bad.
        carried: whether anything of a message beside its text can be passed on.
        held: where the message may be a word that lets answers be shown: id of the request whose
            answers wait for it, else empty.
        invited: whether it carries what looks like an invitation to a request.
    """

    current: str = ""
    addressed: str = ""
    implied: bool = False
    wants_new: bool = False
    may_open: bool = True
    choice: str = ""
    carried: bool = False
    held: str = ""
    invited: bool = False


@frozen
class Decision:
    """What an event means.

    Args:
        action: what shall be done.
        issue_id: the request it is about, empty where none is.
    """

    action: Action
    issue_id: str = ""


def decide(event: Event, situation: Situation) -> Decision:
    """Return what the event means in this situation: the first row of the table that fits."""
    for fits, decision in _TABLE:
        if fits(event, situation):
            return decision(situation)
    return Decision(Action.NOTHING)


Condition = Callable[[Event, Situation], bool]
Outcome = Callable[[Situation], Decision]


def _command(*names: str) -> Condition:
    def fits(event: Event, _: Situation) -> bool:
        command = event.command if isinstance(event, MessageReceived) else None
        return command is not None and (not names or command.name in names)

    return fits


def _choice(action: str) -> Condition:
    return lambda event, now: isinstance(event, ChoicePicked) and now.choice == action


def _is(*kinds: type) -> Condition:
    return lambda event, _: isinstance(event, kinds)


def _starts(event: Event, now: Situation) -> bool:
    return isinstance(event, ConversationStarted) or _command("start")(event, now)


def _start_with_handle(event: Event, now: Situation) -> bool:
    return bool(now.addressed) and _starts(event, now)


def _start_with_invitation(event: Event, now: Situation) -> bool:
    return now.invited and _starts(event, now)


def _cannot_carry(event: Event, now: Situation) -> bool:
    return isinstance(event, MessageReceived) and event.text.is_empty() and not now.carried


def _from_program(event: Event, _: Situation) -> bool:
    # Two programs that answer each other would never stop.
    return event.sender is not None and event.sender.is_bot


def _edit_without_text(event: Event, _: Situation) -> bool:
    return isinstance(event, MessageEdited) and event.text.is_empty()


def _edit_without_request(event: Event, now: Situation) -> bool:
    return isinstance(event, MessageEdited) and not (now.addressed or now.current)


def _new_beyond_limit(event: Event, now: Situation) -> bool:
    return not now.may_open and _command("new")(event, now)


def _word_for_more(event: Event, now: Situation) -> bool:
    return isinstance(event, MessageReceived) and bool(now.held)


def _just(action: Action) -> Outcome:
    return lambda _: Decision(action)


def _to_addressed(action: Action) -> Outcome:
    return lambda now: Decision(action, now.addressed)


def _write(now: Situation) -> Decision:
    opens = now.wants_new and now.may_open
    if now.addressed and not (opens and now.implied):
        return Decision(Action.COMMENT, now.addressed)
    if now.current and not opens:
        return Decision(Action.COMMENT, now.current)
    return Decision(Action.OPEN)


_TABLE: tuple[tuple[Condition, Outcome], ...] = (
    (_from_program, _just(Action.NOTHING)),
    (_choice("more"), _to_addressed(Action.RELEASE)),
    (_is(ChoicePicked), _just(Action.CHOICE_OLD)),
    (_start_with_handle, _to_addressed(Action.SWITCH)),
    (_start_with_invitation, _just(Action.JOIN)),
    (_is(ConversationStarted), _just(Action.GREET)),
    (_command("start"), _just(Action.GREET)),
    (_command("help"), _just(Action.HELP)),
    (_command("status", "requests"), _just(Action.STATUS)),
    (_new_beyond_limit, _just(Action.TOO_MANY_OPEN)),
    (_command("new"), _just(Action.NEXT_OPENS)),
    (_word_for_more, lambda now: Decision(Action.RELEASE, now.held)),
    (_command("more"), _just(Action.NOTHING_HELD)),
    (_command(), _just(Action.COMMAND_UNKNOWN)),
    (_cannot_carry, _just(Action.UNSUPPORTED)),
    (_edit_without_text, _just(Action.NOTHING)),
    (_edit_without_request, _just(Action.UNSUPPORTED)),
    (_is(MessageReceived), _write),
    (_is(MessageEdited), lambda now: Decision(Action.COMMENT, now.addressed or now.current)),
)

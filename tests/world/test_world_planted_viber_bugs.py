"""Bugs that only Viber shows, planted into the real code; the world must catch each of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from itertools import count, islice
from typing import Any

import pytest
from attrs import evolve

from chatbridge import file_serving, inbound
from chatbridge.chat_news import ChatNews
from chatbridge.content import Address
from chatbridge.errors import WebhookPayloadError
from chatbridge.events import DeliveryReported, Event
from chatbridge.file_urls import FileTicket, FileUrls
from chatbridge.lanes import Lanes
from chatbridge.links import Link
from chatbridge.receipts import Receipt, Receipts
from chatbridge.records import Conversation
from chatbridge.situations import Situations
from chatbridge.testing.world.enumeration import Scenario, pauses, single_faults
from chatbridge.testing.world.histories import History, beginning, run
from chatbridge.testing.world.operations import Step
from chatbridge_viber import ViberAdapter, adapter, callbacks, outcomes

MOST_RUNS = 500
"""Runs within which each bug must show."""

Patch = Callable[[pytest.MonkeyPatch], None]
Hunt = Iterator[tuple[History, Any]]

_BROUGHT: tuple[Step, ...] = (("delivers", 0), ("run", 0), ("delivers", 0), ("run", 0))


def _told(*steps: Step, **setting: Any) -> Hunt:
    history = History(steps, mode="webhook", platform="viber", **setting)
    yield history, run(history)


def _faults(*names: str) -> Hunt:
    return single_faults(Scenario(names, "webhook", platform="viber"))


# --- the bugs -----------------------------------------------------------------------------------


def any_200_is_success(patch: pytest.MonkeyPatch) -> None:
    """The number inside of an answer is not looked at."""
    patch.setattr(adapter, "result_of", lambda response, _refusals=None: response.check().json())


def unsubscribed_is_an_accident(patch: pytest.MonkeyPatch) -> None:
    """Who is not subscribed any more is sent to again and again."""
    known = {number: what for number, what in outcomes.REFUSALS.items() if number != 6}
    patch.setattr(adapter, "REFUSALS", known)


def reports_are_ignored(patch: pytest.MonkeyPatch) -> None:
    """What the platform reports later is taken for granted."""
    patch.setattr(
        inbound, "calls_for_action", lambda event: not isinstance(event, DeliveryReported)
    )


def a_report_is_done_before_it_is_noted(patch: pytest.MonkeyPatch) -> None:
    """A report counts as done first, so that its repeat after a failure does nothing."""
    tell = ChatNews._tell_not_shown

    def telling(self: ChatNews, scene: Any, kept: Any, event: DeliveryReported) -> None:
        self._vault.update(kept, lambda record: record.finished(scene.key))
        tell(self, scene, kept, event)

    patch.setattr(ChatNews, "_tell_not_shown", telling)


def reports_are_about_the_current_request(patch: pytest.MonkeyPatch) -> None:
    """Which request a message was about is not remembered."""
    patch.setattr(Receipts, "request_of", lambda *_: "")


def tokens_are_floats(patch: pytest.MonkeyPatch) -> None:
    """Tokens of callbacks go through a number of double precision."""
    event_of = callbacks.event_of

    def read(callback: Any) -> Event:
        return event_of({**callback, "message_token": int(float(callback["message_token"]))})

    patch.setattr(adapter, "event_of", read)


def receipts_stay(patch: pytest.MonkeyPatch) -> None:
    """What messages were about is remembered for ever."""
    patch.setattr(Receipt, "lifetime", lambda self: None)


def a_file_is_shown_once_proved(patch: pytest.MonkeyPatch) -> None:
    """What was public when its address was made is handed out."""
    ask, known = file_serving.public_comment, {}
    url = FileUrls.url

    def making(self: FileUrls, link: Link, comment_id: str, file: Any) -> str | None:
        known[comment_id] = file
        return url(self, link, comment_id, file)

    def proved(desk: Any, issue_id: str, comment_id: str) -> Any:
        found = ask(desk, issue_id, comment_id)
        if found is None and comment_id in known:
            comments = desk.call(desk.desk.public_comments(issue_id))
            return evolve(comments[0], files=(known[comment_id],))
        return found

    patch.setattr(FileUrls, "url", making)
    patch.setattr(file_serving, "public_comment", proved)


def addresses_name_the_first_file(patch: pytest.MonkeyPatch) -> None:
    """Each address of a comment's files leads to the first of them."""
    read, first = FileUrls.read, {}

    def reading(self: FileUrls, token: str) -> FileTicket | None:
        ticket = read(self, token)
        if ticket is None:
            return None
        return evolve(ticket, file_id=first.setdefault(ticket.comment_id, ticket.file_id))

    patch.setattr(FileUrls, "read", reading)


def each_repeat_is_another_event(patch: pytest.MonkeyPatch) -> None:
    """What a callback is known by changes when it is sent again."""
    event_of, numbers = callbacks.event_of, count()

    def read(callback: Any) -> Event:
        event = event_of(callback)
        return evolve(event, event_id=f"{event.event_id}:{next(numbers)}")

    patch.setattr(adapter, "event_of", read)


def repeats_do_not_wait(patch: pytest.MonkeyPatch) -> None:
    """A callback that is repeated after 5 s is written while the first try is still under way."""
    begin = inbound.Inbound._begin

    def beginning_anew(self: Any, scene: Any, kept: Any, _intent: Any) -> None:
        others = tuple(each for each in kept.record.pending if each.key != scene.key)
        record = evolve(kept.record, pending=others)
        begin(self, scene, self._vault.replace(kept, record))

    patch.setattr(inbound.Inbound, "_go_on", beginning_anew)


def tracking_data_is_believed(patch: pytest.MonkeyPatch) -> None:
    """Whose device a handle comes from does not matter."""

    def addressed(self: Situations, _talk: Conversation, site: str, handle: str) -> str:
        for kept in self.vault.scan(Link):
            link = kept.record
            if self.marks.is_handle(handle, site, link.issue_id, Address(link.chat)):
                return link.issue_id
        return ""

    def link(self: Situations, _talk: Conversation, site: str, issue_id: str) -> Any:
        return self.vault.read(Link, site, issue_id) if issue_id else None

    patch.setattr(Situations, "_addressed", addressed)
    patch.setattr(Situations, "link", link)


def nobody_is_greeted(patch: pytest.MonkeyPatch) -> None:
    """The greeting does not travel in the answer to the webhook."""
    patch.setattr(ViberAdapter, "answer", lambda *_: None)


def registration_is_refused(patch: pytest.MonkeyPatch) -> None:
    """The callback of the registration, which names nobody, is not answered well."""
    parse = ViberAdapter.parse

    def parsing(self: ViberAdapter, webhook: Any) -> list[Event]:
        if webhook.json()["event"] == "webhook":
            raise WebhookPayloadError("the callback names no user")
        return parse(self, webhook)

    patch.setattr(ViberAdapter, "parse", parsing)


def acknowledged_before_done(patch: pytest.MonkeyPatch) -> None:
    """A callback is answered with 200 as soon as it was taken in."""
    submit = Lanes.submit

    def submitting(self: Lanes, *args: Any, **kwargs: Any) -> Any:
        ticket = submit(self, *args, **kwargs)
        ticket.finished = True
        return ticket

    patch.setattr(Lanes, "submit", submitting)


def a_late_unsubscription_counts(patch: pytest.MonkeyPatch) -> None:
    """Callbacks are believed to come in order."""
    capabilities = evolve(ViberAdapter.capabilities, ordered=True)
    patch.setattr(ViberAdapter, "capabilities", capabilities)


_TWO_REQUESTS = (("commands", 0, "/new"), ("delivers", 0), ("says", 0), ("delivers", 0))
_FAILED = (("comments", 0), ("pass", 11), ("run", 0), ("fails", 0), *_BROUGHT)

BUGS: dict[Patch, Callable[[], Hunt]] = {
    any_200_is_success: lambda: _faults("public"),
    unsubscribed_is_an_accident: lambda: _told(
        ("blocks", 0), ("delivers", 0), ("comments", 0), ("carries_on", 0, 600)
    ),
    reports_are_ignored: lambda: _told(*_FAILED),
    a_report_is_done_before_it_is_noted: lambda: _faults("fails"),
    reports_are_about_the_current_request: lambda: _told(*_TWO_REQUESTS, ("run", 0), *_FAILED),
    tokens_are_floats: lambda: _told(*_TWO_REQUESTS, ("run", 0), *_FAILED),
    receipts_stay: lambda: _told(("comments", 0), ("run", 0)),
    a_file_is_shown_once_proved: lambda: _faults("fetches late"),
    addresses_name_the_first_file: lambda: _faults("files"),
    each_repeat_is_another_event: lambda: _faults("other says"),
    repeats_do_not_wait: lambda: pauses(Scenario(("other says",), "webhook", platform="viber")),
    tracking_data_is_believed: lambda: _told(("borrows", 0, 1), *_BROUGHT, start="two"),
    nobody_is_greeted: lambda: _told(("opens", 1), *_BROUGHT),
    registration_is_refused: lambda: _told(("loses_webhook",), ("registers", 0), *_BROUGHT),
    acknowledged_before_done: lambda: _faults("says"),
    a_late_unsubscription_counts: lambda: _told(
        ("blocks", 0), ("arms", "before", 1), ("delivers", 0), ("says", 0), *_BROUGHT, ("pass", 3),
        *_BROUGHT, ("comments", 0), ("run", 0),
    ),
}  # fmt: skip
"""Bug -> the part of the enumerations that is searched for it."""


@pytest.mark.fault("F30", "F33", "F54")
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__)
def test_the_world_catches_the_bug_on_viber(bug: Patch, monkeypatch: pytest.MonkeyPatch) -> None:
    """A planted bug breaks an invariant within some hundred runs."""
    logging.disable(logging.CRITICAL)
    for start in ("opened", "two"):
        beginning(start, "webhook", platform="viber")
    bug(monkeypatch)
    try:
        caught = next((o for _, o in islice(BUGS[bug](), MOST_RUNS) if o.problems), None)
    finally:
        logging.disable(logging.NOTSET)
    assert caught is not None


@pytest.mark.parametrize("bug", list(BUGS), ids=lambda bug: bug.__name__)
def test_without_the_bug_on_viber_nothing_is_wrong(bug: Patch) -> None:
    """The same search finds nothing in the library as it is (a share of it, for time)."""
    wrong = [
        (history.as_text(), outcome.problems)
        for history, outcome in islice(BUGS[bug](), 8)
        if outcome.problems
    ]
    assert [] == wrong

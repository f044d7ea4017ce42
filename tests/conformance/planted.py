"""Adapters broken on purpose, each in one way, and the test of the suite that has to notice.

Children of Telegram's and Viber's adapters, which are whole. Not collected by itself:
`test_planted_faults` runs it in a process of its own.
"""

from __future__ import annotations

import json
from typing import Any

import planted_imports
import planted_sending
from attrs import evolve

import chatbridge as cb
from chatbridge.richtext import Document
from chatbridge.testing import AdapterSuite
from chatbridge_telegram import TelegramAdapter
from chatbridge_telegram.conformance import CASE as TELEGRAM
from chatbridge_viber import ViberAdapter
from chatbridge_viber.conformance import CASE as VIBER

# ruff: noqa: D101 - each class is described by the table's key


class AcceptsAnything(TelegramAdapter):
    def verify(self, webhook: Any) -> None:
        pass


class ComparesBeginnings(TelegramAdapter):
    def verify(self, webhook: Any) -> None:
        given = webhook.headers.get("X-Telegram-Bot-Api-Secret-Token") or "none"
        if not given.startswith(self.settings.webhook_secret.reveal()):
            raise cb.WebhookVerificationError("wrong")


class SignsLess(ViberAdapter):
    def verify(self, webhook: Any) -> None:
        body = json.dumps(json.loads(webhook.body or b"0"))
        theirs = json.dumps(json.loads(webhook.body.strip() or b"0"))
        if body != theirs or "X-Viber-Content-Signature" not in webhook.headers:
            raise cb.WebhookVerificationError("wrong")


class CrashesOnStrangeHeaders(TelegramAdapter):
    def verify(self, webhook: Any) -> None:
        webhook.headers["X-Telegram-Bot-Api-Secret-Token"].encode("ascii")
        super().verify(webhook)


class LosesEvents(TelegramAdapter):
    def complete(self, events: list[cb.Event]) -> cb.Exchange[list[cb.Event]]:
        yield from ()
        return [event for event in events if isinstance(event, cb.MessageReceived)]


class RoutesOddly(TelegramAdapter):
    capabilities = evolve(TelegramAdapter.capabilities, webhook_routes=("POST transactions",))


class ReadsTheClock(TelegramAdapter):
    def parse(self, webhook: Any) -> Any:
        now = __import__("time").time()
        return [evolve(event, sent_at=now) for event in super().parse(webhook)]


class CountsEvents(TelegramAdapter):
    seen = 0

    def parse(self, webhook: Any) -> Any:
        type(self).seen += 1
        return [evolve(event, event_id=str(self.seen)) for event in super().parse(webhook)]


class NamesAllAlike(TelegramAdapter):
    def parse(self, webhook: Any) -> Any:
        return [evolve(event, event_id="1") for event in super().parse(webhook)]


class TrustsMembers(TelegramAdapter):
    def parse(self, webhook: Any) -> Any:
        update = webhook.json()
        if "message" in update:
            update["message"]["chat"]["id"] + 1
        return super().parse(webhook)


class TrustsJson(TelegramAdapter):
    def parse(self, webhook: Any) -> Any:
        json.loads(webhook.body)
        return super().parse(webhook)


class QuotesPayloads(TelegramAdapter):
    def parse(self, webhook: Any) -> Any:
        try:
            return super().parse(webhook)
        except cb.WebhookPayloadError as error:
            raise cb.WebhookPayloadError(f"cannot read {webhook.body[:4000]!r}") from error


class GivesUpOnNews(TelegramAdapter):
    def parse(self, webhook: Any) -> Any:
        update = webhook.json()
        if isinstance(update, dict) and len(update) > 2:
            raise cb.WebhookPayloadError("too many members")
        return super().parse(webhook)


class DropsRaw(TelegramAdapter):
    def parse(self, webhook: Any) -> Any:
        return [evolve(event, raw=None) for event in super().parse(webhook)]


class TakesReportsForMessages(ViberAdapter):
    def parse(self, webhook: Any) -> Any:
        return [
            cb.MessageReceived(
                event_id=event.event_id, address=event.address, message_id="1", raw=event.raw,
                text=Document.from_plain("?"), sender=cb.Contact("1"),
            )
            if isinstance(event, cb.DeliveryReported) else event
            for event in super().parse(webhook)
        ]  # fmt: skip


class NamesByArrival(TelegramAdapter):
    def parse(self, webhook: Any) -> Any:
        at = str(webhook.received_at)
        return [evolve(event, event_id=event.event_id + at) for event in super().parse(webhook)]


FAULTS: dict[type[Any], str] = {
    AcceptsAnything: "test_without_proof_is_refused",
    ComparesBeginnings: "test_changed_proof_is_refused",
    SignsLess: "test_changed_body_is_refused",
    CrashesOnStrangeHeaders: "test_without_proof_is_refused",
    ReadsTheClock: "test_parsing_has_no_effect",
    CountsEvents: "test_same_bytes_give_equal_events",
    NamesAllAlike: "test_identities_differ",
    TrustsMembers: "test_missing_members",
    TrustsJson: "test_unreadable_bodies",
    QuotesPayloads: "test_one_strange_member",
    GivesUpOnNews: "test_unknown_kinds",
    DropsRaw: "test_events_are_usable",
    TakesReportsForMessages: "test_own_messages_do_not_come_back",
    NamesByArrival: "test_repeated_webhooks_are_the_same_event",
    planted_sending.DropsChoices: "test_choices_are_offered",
    planted_sending.DropsLabels: "test_label_is_shown",
    planted_sending.DropsFiles: "test_files_are_sent_as_declared",
    LosesEvents: "test_completing_leaves_nothing_out",
    RoutesOddly: "test_webhook_routes_are_whole",
    planted_sending.DropsReplies: "test_reply_is_shown",
    planted_sending.CutsTexts: "test_long_texts_are_shown_whole",
    planted_sending.DropsTables: "test_content_is_shown",
    planted_sending.SaysEmptyThings: "test_nothing_visible_is_refused",
    planted_sending.CountsCharacters: "test_whole_limit_is_taken",
    planted_sending.PromisesNoEdits: "test_editing_is_declared",
    planted_sending.PromisesNoPolling: "test_polling_is_declared",
    planted_sending.PromisesIdempotency: "test_key_goes_along",
    planted_sending.PromisesLongerLabels: "test_longest_choice_is_offered",
    planted_sending.RepeatsBlindly: "test_only_the_last_call_shows_something",
    planted_sending.ForgetsDoubt: "test_failures_of_send",
    planted_sending.ForgetsTheTime: "test_waiting_time_is_told",
    planted_sending.RetriesRefusals: "test_blocked_is_told",
    planted_sending.TellsTheToken: "test_errors_hold_no_secret",
    planted_sending.LogsTheToken: "test_errors_hold_no_secret",
    planted_sending.ShowsTheToken: "test_reprs_hold_no_secret",
    planted_sending.WorriesAboutTyping: "test_typing_is_never_worth_an_error",
    planted_sending.AsksElsewhere: "test_failures_of_the_others",
    planted_sending.NeverGivesUp: "test_wrong_token_is_told",
    planted_sending.CallsAtOnce: "test_exchanges_are_generators",
    planted_sending.KeepsTokensPlain: "test_secrets_are_secret",
    planted_imports.ImportsTheInside: "test_only_public_imports",
    planted_imports.ImportsSockets: "test_nothing_with_effects_is_imported",
    planted_imports.AsksForToday: "test_no_clock_is_read",
    planted_imports.YieldsAtTheEnd: "test_no_yield_in_finally",
}
"""The broken adapter, and the test that has to notice."""


class _Whole(TelegramAdapter):
    """Nothing is wrong with it, so that the suite is seen to pass a child as well."""


def _suite(adapter: type[Any]) -> type[AdapterSuite]:
    case = VIBER if issubclass(adapter, ViberAdapter) else TELEGRAM
    return type(f"Test{adapter.__name__}", (AdapterSuite,), {"case": evolve(case, adapter=adapter)})


for _adapter in (*FAULTS, _Whole):
    globals()[f"Test{_adapter.__name__}"] = _suite(_adapter)

"""Greetings that must travel in the answer to a webhook: at once, once, without the desk."""

from __future__ import annotations

import attrs
import pytest

from chatbridge.adapter import Adapter
from chatbridge.capabilities import Capabilities
from chatbridge.content import Address
from chatbridge.errors import RetryLaterError
from chatbridge.events import ConversationStarted, MessageReceived
from chatbridge.hookspecs import hookimpl
from chatbridge.http_types import HttpRequest, WebhookAnswer, WebhookRequest
from chatbridge.intake import Intake
from chatbridge.outgoing import Receipt
from chatbridge.project import ProjectSettings
from chatbridge.records import BotRecord, Conversation, Project
from chatbridge.richtext import Document

BOT, CHAT = ("greeter", "7"), "c1"
NOTICE = "Your words go to Jira."


@attrs.frozen
class GreeterSettings:
    """A bot needs nothing."""


class GreeterAdapter(Adapter):
    """A platform on which only an answer greets; a body "m..." is a message, others open it."""

    name = "greeter"
    settings_schema = GreeterSettings
    capabilities = Capabilities(max_text_length=100, answer_within=4.0)

    def urls(self):
        """See `Adapter.urls`."""
        return ("https://greeter.example",)

    def identify(self):
        """See `Adapter.identify`."""
        raise NotImplementedError

    def verify(self, webhook):
        """See `Adapter.verify`."""

    def parse(self, webhook):
        """See `Adapter.parse`."""
        number = webhook.body.decode()
        where = {"event_id": number, "address": Address(CHAT)}
        if number.startswith("m"):
            words = Document.from_plain(number)
            return [MessageReceived(**where, message_id=number, text=words)]
        return [ConversationStarted(**where)]

    def send(self, message):
        """See `Adapter.send`."""
        yield HttpRequest("POST", "https://greeter.example/send", json={})
        return Receipt()

    def answer(self, webhook, welcome):
        """See `AnswersWebhooks.answer`."""
        return WebhookAnswer(200, welcome.encode()) if welcome else None


class GreeterPlugin:
    """Offers it."""

    @hookimpl
    def chatbridge_register_adapters(self, register):
        """See the hook."""
        register(GreeterAdapter)


@pytest.fixture
def stage(make_stage):
    """Return a process with a bot that greets in answers only."""
    stage = make_stage()
    stage.plugins.register(GreeterPlugin(), "greeter")
    settings = ProjectSettings(
        name="support", site="site", service_desk="10", request_type="25", privacy_notice=NOTICE
    )
    stage.vault.create(Project(settings, (BotRecord(*BOT, "greeter_bot", "webhook", {}),)))
    return stage


@pytest.fixture
def intake(stage, clock):
    """Return what takes webhooks in."""
    return Intake(lambda: stage, {}, "https://bridge.example", stage.observer, clock)


@pytest.fixture
def bring(stage, intake, monkeypatch):
    """Bring a webhook and return status and body of the answer."""
    monkeypatch.setattr(stage, "work", stage.lanes.work)
    token = intake.webhook_url(*BOT).rpartition("/")[2]

    def of(body):
        webhook = WebhookRequest({}, body.encode())
        answer = intake.receive_webhook("greeter", token, webhook, inline=True)
        return answer.status, answer.body.decode()

    return of


def work_all(stage):
    """Work on all that waits."""
    while (handle := stage.queue.get(0)) is not None:
        stage.lanes.work(handle)
        stage.queue.done(handle)


def test_the_greeting_is_in_the_answer_and_nowhere_else(stage, bring):
    """Who opens the chat is greeted with the notice by the answer; nothing is sent."""
    status, text = bring("s1")
    work_all(stage)
    assert (200, True, []) == (status, NOTICE in text and "Hello!" in text, stage.transport.calls)
    assert stage.vault.read(Conversation, *BOT, CHAT).record.greeted


def test_a_repeat_gets_the_same_and_another_start_no_notice(stage, bring):
    """The same event is greeted the same way; who comes back later is not told the notice again."""
    first = bring("s1")
    work_all(stage)
    again, later = bring("s1"), bring("s2")
    assert (first, False) == (again, NOTICE in later[1])


def test_the_greeting_waits_for_nothing(stage, bring, monkeypatch, clock):
    """While an earlier message of the chat cannot be passed on, the greeting comes all the same."""

    def stuck(bot_key, event):
        raise RetryLaterError("the desk is down", retry_after=2.0)

    monkeypatch.setattr(stage.inbound, "receive", stuck)
    before = clock.monotonic()
    assert (503, "") == bring("m1")
    assert (200, True) == ((found := bring("s1"))[0], "Hello!" in found[1])
    assert before == clock.monotonic()


def test_messages_are_answered_without_a_greeting(stage, bring):
    """What is no greeting is carried first, and its answer is empty."""
    stage.desk.issues.clear()
    assert (200, "") == bring("m1")

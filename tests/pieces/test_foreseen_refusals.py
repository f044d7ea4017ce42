"""What the sides refuse beside the messages themselves: told or waited for, and nothing is lost."""

from __future__ import annotations

from contextlib import suppress

import pytest

from chatbridge.adapter import Adapter
from chatbridge.administration import Administration
from chatbridge.budgets import Allowance, Budget
from chatbridge.desk import NewRequest
from chatbridge.errors import (
    ConfigurationError,
    InvalidKeyError,
    Refusal,
    RefusedError,
    RetryLaterError,
    UnknownOutcomeError,
    WebhookPayloadError,
    WebhookVerificationError,
)
from chatbridge.exchange import Party
from chatbridge.http_types import HttpResponse, WebhookRequest
from chatbridge.keyset import Keyset
from chatbridge.keyset_wrapping import fingerprint_of, without_root, wrap_keyset
from chatbridge.plugins import Plugins
from chatbridge.polling import Poller
from chatbridge.project import ProjectSettings
from chatbridge.records import Project
from chatbridge.richtext import Document
from chatbridge.routes import destination
from chatbridge.setting_texts import value_from_text
from chatbridge.storage import check_scan

BOT = ("acme", "7")


@pytest.fixture
def poller(stage):
    """Return a poller of the bot."""
    claim = stage.claim(("poll", *BOT))
    return Poller(
        BOT, stage.roster, stage.lanes, claim, stage.clock, stage.timings,
        lambda url: url == "https://ours.example", stage.observer, lasting=True,
    )  # fmt: skip


@pytest.mark.fault("F51")
@pytest.mark.parametrize(
    ("status", "said"),
    [(403, "refuses to be polled"), (401, "refuses the bot's token"), (409, "another program")],
)
def test_a_platform_that_refuses_to_be_polled_is_left_alone(stage, poller, status, said):
    """The pause is long, the reason is shown, and nobody is fought."""
    stage.transport.then("poll", HttpResponse(status))
    stage.transport.then("state", RetryLaterError("down"))
    assert poller.step(wait=0.0) >= 30.0
    assert said in poller.problem
    assert "register" not in [name for name, _ in stage.transport.calls]


@pytest.fixture
def unwritten(stage, make_stage):
    """Return a process that starts after another died before its comment was in Jira."""
    stage.link()
    stage.desk.then("add_comment", UnknownOutcomeError("lost"))
    with pytest.raises(RetryLaterError):
        stage.inbound.receive(BOT, stage.event())
    made = make_stage()
    made.roster.refresh()
    return made


@pytest.mark.fault("F46")
@pytest.mark.invariant("I6")
@pytest.mark.parametrize("error", [RetryLaterError("down"), RefusedError(Refusal.FORBIDDEN)])
def test_a_sender_is_told_in_time_though_nobody_can_look(unwritten, clock, error):
    """Until then it waits for the site; when the time is over the sender is told once."""
    unwritten.desk.then("find_comments", *[error] * 99)
    for _ in range(3):
        unwritten.upkeep.tend_intents()
        clock.advance(130)
    assert [] == unwritten.transport.texts()
    clock.advance(3600)
    for _ in range(4):
        unwritten.upkeep.tend_intents()
        clock.advance(130)
    (text,) = unwritten.transport.texts()
    assert ("could not be passed on" in text, ()) == (True, unwritten.talk().pending)


@pytest.mark.fault("F47")
def test_a_wrong_configuration_makes_a_message_wait(stage, clock):
    """An administrator can mend it: the event is kept and goes through afterwards."""
    stage.link()
    stage.desk.then("add_comment", ConfigurationError("no such certificate"))
    event = stage.event()
    with pytest.raises(RetryLaterError) as caught:
        stage.inbound.receive(BOT, event)
    assert caught.value.retry_after
    for _ in range(3):
        clock.advance(61)
        with suppress(RetryLaterError):
            stage.inbound.receive(BOT, event)
    assert (1, ()) == (len(stage.desk.issues["1"].public), stage.talk().pending)


def test_of_two_sites_one_has_to_be_named(stage, monkeypatch):
    """Nobody guesses to which Jira a project's customers are sent."""
    from types import SimpleNamespace

    monkeypatch.setattr(stage.roster, "sites", lambda: ["acme", "other"])
    engine = SimpleNamespace(vault=stage.vault, roster=stage.roster, upkeep=stage.upkeep)
    admin = Administration(engine, stage.transport, lambda _bot: None)
    settings = ProjectSettings(name="new", service_desk="10", request_type="25")
    with pytest.raises(ConfigurationError, match="name one of acme, other"):
        admin.set_project(settings, [])
    assert None is stage.vault.read(Project, "new")


def test_a_kind_of_file_that_does_not_exist_is_named():
    """A slip in a setting is told with what there is."""
    with pytest.raises(ValueError, match=r"does not know smell \(known: .*photo"):
        ProjectSettings(name="x", service_desk="1", request_type="2", customer_files=("smell",))


def test_a_platform_that_is_only_polled_believes_no_webhook(stage):
    """Whoever finds its webhook's address proves nothing and says nothing."""
    adapter, webhook = stage.job().bot.adapter, WebhookRequest({}, b"{}")
    with pytest.raises(WebhookVerificationError):
        Adapter.verify(adapter, webhook)
    with pytest.raises(WebhookPayloadError):
        Adapter.parse(adapter, webhook)


@pytest.mark.fault("F82")
def test_what_failed_is_forgotten_at_last(monkeypatch, clock):
    """Budgets remember so many subjects and no more; forgetting only allows a few tries more."""
    monkeypatch.setattr("chatbridge.budgets._REMEMBERED", 2)
    budget, allowance = Budget(1), Allowance(1, 60.0, clock)
    for subject in ("a", "b", "c"):
        budget.spend(subject)
        allowance.spend(subject)
    known = [(budget.is_spent(each), allowance.is_spent(each)) for each in ("a", "b", "c")]
    assert [(False, False), (True, True), (True, True)] == known


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("link:1", 1, None), InvalidKeyError),
        (("link", 1, "claim:x"), InvalidKeyError),
        (("link", 0, None), ValueError),
    ],
)
def test_a_scan_that_makes_no_sense_is_refused(arguments, error):
    """A kind with a colon, a foreign cursor or an empty page is a mistake of the caller."""
    with pytest.raises(error):
        check_scan(*arguments)
    assert None is check_scan("link", 1, "link:x")


def test_a_desk_that_cannot_be_doubled_need_not_look(stage):
    """Its one look-up says all, and it links nothing as a duplicate."""
    desk = stage.roster.desk("site")
    draft = NewRequest(
        service_desk="10", request_type="25", summary="s", description=Document(), marker="m1"
    )
    assert () == desk.call(stage.desk.find_requests(draft))
    opened = desk.call(stage.desk.open_request(draft))
    assert (opened,) == desk.call(stage.desk.find_requests(draft))
    assert False is desk.call(stage.desk.link_duplicate("1", "2"))


def test_a_storage_that_is_no_scheme_and_place_is_explained():
    """A path alone is the usual slip."""
    with pytest.raises(ConfigurationError, match="must look like sqlite:"):
        Plugins().open_storage("support.db")


def test_keys_that_are_not_there_are_not_dropped_or_exchanged():
    """Nothing is changed where somebody means another key."""
    keyset = Keyset.new(0)
    with pytest.raises(ValueError, match="one token key only"):
        keyset.with_token_keys_exchanged()
    blob = wrap_keyset(keyset, [b"r" * 32])
    with pytest.raises(LookupError):
        without_root(blob, fingerprint_of(b"s" * 32))


@pytest.mark.parametrize(
    ("text", "value"), [("yes", True), ("TRUE", True), ("1", True), ("no", False), ("0", False)]
)
def test_a_switch_takes_the_usual_words(text, value):
    """What people write for on and off is understood; anything else is told."""
    assert value is value_from_text(ProjectSettings, "agent_edits", text)
    with pytest.raises(ValueError, match="true or false"):
        value_from_text(ProjectSettings, "agent_edits", text + "?")


@pytest.mark.fault("F35")
@pytest.mark.parametrize(
    "url", ["https://[acme.example/x", "https://acme.example:x/", "https://a@b/"]
)
def test_an_address_that_is_none_leads_nowhere(url):
    """A URL that cannot be read is refused as one that is not the party's."""
    party = Party("acme", frozenset({"https://acme.example"}))
    with pytest.raises(ConfigurationError, match="URL"):
        destination(url, party)

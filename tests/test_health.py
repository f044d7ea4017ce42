"""Health and metrics: what an operator sees, and that nobody's chat is in it."""

from __future__ import annotations

import json

import pytest
from prometheus_client import CollectorRegistry

from chatbridge import (
    Bridge,
    ConfigurationError,
    MemoryStorage,
    RetryLaterError,
    StorageUnavailableError,
    new_root_key,
    root_key_from_text,
)
from chatbridge.observation import NoticeKind, Observer
from chatbridge.testing.virtual_clock import VirtualClock
from chatbridge.web.app import web_app
from chatbridge.web.metrics import BridgeCollector


class Silent:
    """A transport on which nobody answers."""

    def send(self, request, party):
        raise RetryLaterError("nobody answers")

    def hold(self, paces, scope, seconds):
        pass


@pytest.fixture
def storage():
    """Return an empty storage."""
    return MemoryStorage()


@pytest.fixture
def bridge(storage):
    """Return a bridge without projects."""
    root = root_key_from_text(new_root_key())
    with Bridge(storage=storage, root_keys=root, sites=[], transport=Silent()) as made:
        yield made


def ask(bridge, path):
    """Return status and body of a GET to the web app."""
    answered = []
    environ = {"PATH_INFO": path, "REQUEST_METHOD": "GET"}
    body = b"".join(web_app(bridge)(environ, lambda status, fields: answered.append(status)))
    return int(answered[0].split()[0]), body


def test_a_quiet_bridge_is_well(bridge):
    """With nothing to do and nothing wrong, health is ok, as a value and over HTTP."""
    health = bridge.health()
    assert (health.ok, health.backlog, health.problems) == (True, 0, ())
    status, body = ask(bridge, "/health")
    assert (status, json.loads(body)["ok"]) == (200, True)


def test_a_failing_storage_is_a_problem(bridge, storage, monkeypatch):
    """A storage that does not answer makes health say so, with 503."""

    def fail(*args, **kwargs):
        raise StorageUnavailableError("the disk is full; make room")

    monkeypatch.setattr(storage, "scan", fail)
    status, body = ask(bridge, "/health")
    assert (status, "make room" in json.loads(body)["problems"][0]) == (503, True)


def test_metrics_are_served(bridge):
    """The figures can be scraped, and the standard registry takes the collector."""
    status, body = ask(bridge, "/metrics")
    assert (status, b"chatbridge_backlog 0.0" in body) == (200, True)
    registry = CollectorRegistry()
    registry.register(BridgeCollector(bridge))
    assert registry.get_sample_value("chatbridge_ok") == 1.0


def test_an_observer_that_fails_stops_nobody():
    """What a host's on_notice raises goes no further, and the notice is counted."""

    def broken(notice):
        raise ConfigurationError("the host's own trouble")

    observer = Observer(VirtualClock(), broken)
    observer.notice(NoticeKind.BOT_TROUBLE, "bot", "reason")
    assert observer.tally().counts == {("notices", (("kind", "bot_trouble"),)): 1}


def test_last_success_is_a_wall_time():
    """A far side's last good answer is told by the wall clock."""
    clock = VirtualClock(start_wall=1000.0)
    observer = Observer(clock)
    observer.succeeded("site acme")
    assert observer.tally().successes == {"site acme": 1000.0}


def test_counts_and_far_sides_are_among_the_metrics(bridge):
    """Each count has its labels, each far side its last success; none names a chat or an issue."""
    observer = bridge._observer
    observer.succeeded("site acme")
    observer.count_part("telegram", charged=False)
    observer.count_part("viber", charged=True)
    status, body = ask(bridge, "/metrics")
    text = body.decode()
    assert 200 == status
    assert 'chatbridge_parts_sent_total{platform="telegram"} 1.0' in text
    assert 'chatbridge_parts_sent_total{platform="viber"} 1.0' in text
    assert 'chatbridge_parts_charged_total{platform="viber"} 1.0' in text
    assert 'chatbridge_last_success_timestamp_seconds{side="site acme"}' in text
    assert 'chatbridge_suspended{side="site acme"} 0.0' in text


def test_a_closed_bridge_stays_closed(bridge):
    """Closing twice does no harm; who starts it again is told to make a new one."""
    bridge.close()
    bridge.close()
    with pytest.raises(ConfigurationError, match="was closed; make a new one"):
        bridge.start()

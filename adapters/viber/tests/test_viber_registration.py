"""A real bridge with threads sets its webhook at a simulator behind a real server."""

from __future__ import annotations

import pytest

from chatbridge import (
    Bridge,
    CloudDesk,
    ConfigurationError,
    MemoryStorage,
    NewBot,
    ProjectSettings,
    Secret,
    SiteSettings,
    new_root_key,
    root_key_from_text,
)
from chatbridge.testing.desk_simulator import DeskSimulator
from chatbridge.testing.serving import SimulationServer
from chatbridge.web.app import web_app
from chatbridge.web.serving import WebServer
from chatbridge_viber.simulator import ViberSimulator

OLENA = "xy5/5y6O81+/kbWHpLhBoA=="
PATIENCE = 30.0


@pytest.fixture
def outside():
    """A desk and a Viber behind a loopback server."""
    with SimulationServer({"desk": DeskSimulator(), "viber": ViberSimulator()}) as server:
        yield server


@pytest.fixture
def make_bridge(outside):
    """Make a bridge that is told where it can be reached, and set its project."""
    made = []

    def make(public_url):
        known = outside.ready_line()
        site = SiteSettings(
            url=known["site_url"],
            name="acme",
            account=known["desk"]["account"],
            token=Secret(known["desk"]["api_token"]),
        )
        bridge = Bridge(
            storage=MemoryStorage(),
            root_keys=root_key_from_text(new_root_key()),
            sites=[CloudDesk(site)],
            public_url=public_url,
        )
        made.append(bridge)
        settings = ProjectSettings(
            name="support",
            service_desk=known["desk"]["service_desk"],
            request_type=known["desk"]["request_type"],
        )
        token, url = known["viber"]["bot_token"], known["viber_api_url"]
        bot = NewBot("viber", {"token": token, "api_url": url}, mode="webhook")
        return bridge, lambda: bridge.admin.set_project(settings, [bot])

    yield make
    for bridge in made:
        bridge.close()


def test_it_is_called_back_while_it_registers(outside, make_bridge):
    """The bridge answers Viber while its own call is under way, then greets and talks."""
    viber = outside._simulators["viber"]
    holder = []
    server = WebServer(lambda *given: web_app(holder[0])(*given), "127.0.0.1", 0, threads=4)
    server.start()
    try:
        bridge, set_project = make_bridge(server.url)
        holder.append(bridge)
        bridge.start()
        set_project()
        viber.control("open", {"chat": OLENA})
        assert _shown(viber, "Hello!")
        viber.control("message", {"chat": OLENA, "text": "My printer is on fire"})
        assert _shown(viber, "HELP-1")
    finally:
        server.stop(PATIENCE)
    assert bridge.stop(PATIENCE)


def test_who_does_not_listen_is_told_so(make_bridge):
    """Without anybody at the address, setting the project says what to do."""
    _, set_project = make_bridge("http://127.0.0.1:1")
    with pytest.raises(ConfigurationError, match="let the bridge run and be reachable"):
        set_project()


def _shown(viber, text):
    """Wait until the chat shows a text."""
    with viber.changed:
        return viber.changed.wait_for(
            lambda: text in str(viber.control("transcript", {"chat": OLENA})), PATIENCE
        )

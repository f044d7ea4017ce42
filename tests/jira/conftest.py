"""A Jira site in memory, and the desk that speaks to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

from chatbridge.content import Content
from chatbridge.desk import MarkerRung, NewRequest
from chatbridge.exchange import Exchange, Party, carry_out, origin
from chatbridge.http_types import HttpRequest, HttpResponse
from chatbridge.jira import JiraDesk, SiteSettings
from chatbridge.richtext import Document
from chatbridge.secret import Secret
from chatbridge.testing.desk_simulator import DeskSimulator
from chatbridge.testing.simulated_transport import SimulatedTransport
from chatbridge.testing.virtual_clock import VirtualClock

SITE = "https://acme.atlassian.net"
GATEWAY = "https://api.atlassian.com"


@pytest.fixture
def clock() -> VirtualClock:
    """Return a clock that waits for nobody."""
    return VirtualClock()


@pytest.fixture
def site(clock: VirtualClock, edition: str) -> DeskSimulator:
    """Return a Jira site."""
    return DeskSimulator(clock=clock, kind=edition)


class World:
    """A desk, the site it speaks to, and every call between them."""

    def __init__(self, site: DeskSimulator, clock: VirtualClock) -> None:
        self.site = site
        self.clock = clock
        self.calls: list[tuple[HttpRequest, HttpResponse]] = []
        self.transport = SimulatedTransport(
            {SITE: site, GATEWAY: site}, clock, log=lambda *call: self.calls.append(call)
        )
        self.desk = self.new_desk()

    def new_desk(self, **settings: Any) -> JiraDesk:
        """Return another desk of the same site."""
        known = self.site.credentials()
        if "personal_token" in known:
            values = {"token": Secret(known["personal_token"]), "kind": "data_center", **settings}
        else:
            values = {"account": known["account"], "token": Secret(known["api_token"]), **settings}
        return JiraDesk(SiteSettings(url=SITE, **values))

    def run(self, exchange: Exchange[Any]) -> Any:
        """Carry an exchange out."""
        origins = frozenset(origin(url) for url in self.desk.urls())
        return carry_out(exchange, self.transport, Party("site", origins))

    def open(self, draft: NewRequest) -> str:
        """Open a request and return its issue id."""
        return str(self.run(self.desk.open_request(draft)).issue_id)

    def say(self, issue: str, text: str, **how: Any) -> str:
        """Let an agent comment; return the comment's id."""
        return str(self.site.control("comment", {"issue": issue, "text": text, **how})["id"])

    def act(self, action: str, **arguments: Any) -> Any:
        """Do what people do."""
        return self.site.control(action, arguments)

    def paths(self) -> list[str]:
        """Return verb and path of every call so far."""
        return [f"{asked.method} {urlsplit(asked.url).path}" for asked, _ in self.calls]


@pytest.fixture
def world(site: DeskSimulator, clock: VirtualClock) -> Iterator[World]:
    """Return a desk and its site."""
    yield World(site, clock)


@pytest.fixture
def content() -> Callable[..., Content]:
    """Return what makes a stream of bytes."""

    def make(data: bytes, media_type: str = "text/plain", length: int | None = -1) -> Content:
        @contextmanager
        def opened() -> Iterator[Iterator[bytes]]:
            yield iter((data,))

        return Content(len(data) if length == -1 else length, opened, media_type)

    return make


@pytest.fixture
def draft() -> NewRequest:
    """Return a request that can be opened."""
    return NewRequest(
        service_desk="10",
        request_type="25",
        summary="The printer is on fire",
        description=Document.from_plain("Since this morning.\n\nPlease help."),
        marker="cbk7q2m4d9x",
        rung=MarkerRung.DESCRIPTION,
    )


@pytest.fixture
def issue(world: World, draft: NewRequest) -> str:
    """Return the id of an open request."""
    return world.open(draft)

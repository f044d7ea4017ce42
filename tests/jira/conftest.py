"""A Jira site in memory, the desk that speaks to it, and the judges that neither of us wrote."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from chatbridge.desk import MarkerRung, NewRequest
from chatbridge.exchange import Exchange, Party, carry_out, origin
from chatbridge.http_types import HttpRequest, HttpResponse
from chatbridge.jira import CloudDesk, SiteSettings
from chatbridge.richtext import Document
from chatbridge.secret import Secret
from chatbridge.testing.desk_simulator import DeskSimulator
from chatbridge.testing.simulated_transport import SimulatedTransport
from chatbridge.testing.virtual_clock import VirtualClock

SITE = "https://acme.atlassian.net"
GATEWAY = "https://api.atlassian.com"
_UNDOCUMENTED_STATUSES = {429}
"""Every operation may answer them; the documents name them nowhere."""


class Judge:
    """Holds calls to Atlassian's OpenAPI documents.

    Changed in them: servers and security (ours are known), the format of dates (Jira writes
    `+0000`, without the colon that date-time wants).
    """

    def __init__(self, folder: Path) -> None:
        from openapi_core import Config, OpenAPI

        self.judged = 0
        self._documents = {}
        for name in ("jsm-cloud", "jira-platform"):
            document = json.loads((folder / f"{name}.openapi.json").read_text())
            document["servers"] = [{"url": SITE}]
            _adapt(document)
            config = Config(spec_validator_cls=None)
            self._documents[name] = OpenAPI.from_dict(document, config=config)

    def __call__(self, request: HttpRequest, response: HttpResponse) -> None:
        """Raise where the call or its answer is not as documented."""
        from openapi_core.testing import MockRequest, MockResponse

        parts = urlsplit(request.url)
        path = unquote(parts.path)
        if path.startswith("/ex/jira/"):
            path = "/" + path.split("/", 4)[4]
        if path == "/_edge/tenant_info" or response.status in _UNDOCUMENTED_STATUSES:
            return
        customer = path.startswith("/rest/servicedeskapi")
        document = self._documents["jsm-cloud" if customer else "jira-platform"]
        arguments: dict[str, list[str]] = {}
        for name, value in parse_qsl(parts.query, keep_blank_values=True):
            arguments.setdefault(name, []).append(value)
        asked = MockRequest(
            SITE, request.method.lower(), path, args=arguments, headers=dict(request.headers),
            data=None if request.json is None else json.dumps(request.json).encode(),
            content_type="application/json",
        )  # fmt: skip
        document.validate_request(asked)
        media_type = response.headers.get("Content-Type", "application/json").split(";")[0]
        given = MockResponse(
            response.body, status_code=response.status, headers=dict(response.headers),
            content_type=media_type,
        )  # fmt: skip
        if response.body:
            document.validate_response(asked, given)
        self.judged += 1


def _adapt(node: Any) -> None:
    if isinstance(node, dict):
        node.pop("security", None)
        if node.get("format") == "date-time":
            del node["format"]
        for value in node.values():
            _adapt(value)
    elif isinstance(node, list):
        for value in node:
            _adapt(value)


@pytest.fixture(scope="session")
def judge(specs: Path) -> Judge:
    """Return the judge of calls; loading the documents takes seconds."""
    return Judge(specs)


@pytest.fixture(scope="session")
def adf_errors(specs: Path) -> Callable[[Any], list[str]]:
    """Return what tells the errors of an ADF document by Atlassian's schema."""
    import jsonschema_rs

    schema = json.loads((specs / "adf.schema.json").read_text())
    validator = jsonschema_rs.validator_for(schema)
    return lambda document: [str(error)[:300] for error in validator.iter_errors(document)]


@pytest.fixture
def clock() -> VirtualClock:
    """Return a clock that waits for nobody."""
    return VirtualClock()


@pytest.fixture
def site(clock: VirtualClock) -> DeskSimulator:
    """Return a Jira site."""
    return DeskSimulator(clock=clock)


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

    def new_desk(self, **settings: Any) -> CloudDesk:
        """Return another desk of the same site."""
        known = self.site.credentials()
        values = {"account": known["account"], "token": Secret(known["api_token"]), **settings}
        return CloudDesk(SiteSettings(url=SITE, **values))

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

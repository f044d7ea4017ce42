"""What tests in several folders share: judges of Jira calls, and a whole bridge in virtual time.

The judges were written by nobody here: they are Atlassian's own documents and schema.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from attrs import evolve

from chatbridge import (
    Bridge,
    HttpRequest,
    HttpResponse,
    JiraDesk,
    MemoryStorage,
    NewBot,
    Notice,
    Plugins,
    ProjectSettings,
    Secret,
    SiteSettings,
    Storage,
    Timings,
    new_root_key,
    root_key_from_text,
)
from chatbridge.http_types import WebhookRequest
from chatbridge.testing.desk_simulator import DeskSimulator
from chatbridge.testing.simulated_transport import SimulatedTransport
from chatbridge.testing.simulator import OwedWebhook, Simulator
from chatbridge.testing.virtual_clock import VirtualClock

SITE_URL = "https://acme.atlassian.net"
SITE_URLS = {"cloud": SITE_URL, "data_center": "https://jira.acme.example"}
TELEGRAM_URL = "https://api.telegram.org"
PUBLIC_URL = "https://bridge.example"
_UNDOCUMENTED_STATUSES = {429}
"""Every operation may answer them; the documents name them nowhere."""


_FORM_TYPE = "multipart/form-data; boundary=b"
_FORM = b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nx\r\n--b--\r\n'
"""Stands for the form of an upload, whose bytes were read when it was sent."""


class Judge:
    """Holds calls to Atlassian's OpenAPI documents.

    Changed in them: servers and security (ours are known), the format of dates (Jira writes
    `+0000`, without the colon that date-time wants), the schema of forms (it describes classes of
    Jira's own program).
    """

    def __init__(self, folder: Path) -> None:
        from openapi_core import Config, OpenAPI

        self.judged = 0
        self._documents = {}
        for name in ("jsm-cloud", "jira-platform"):
            document = json.loads((folder / f"{name}.openapi.json").read_text())
            document["servers"] = [{"url": SITE_URL}]
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
            SITE_URL, request.method.lower(), path, args=arguments, headers=dict(request.headers),
            data=_FORM if request.parts else request.json and json.dumps(request.json).encode(),
            content_type=_FORM_TYPE if request.parts else "application/json",
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
        if "multipart/form-data" in node:
            node["multipart/form-data"] = {"schema": {}}
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


class World:
    """A customer, agents, and the bridge between them."""

    def __init__(
        self,
        storage: Storage | None = None,
        mode: str = "poll",
        edition: str = "cloud",
        *,
        reader: bool = False,
    ) -> None:
        self.clock = VirtualClock()
        self.plugins = Plugins()
        self.desk = DeskSimulator(clock=self.clock, kind=edition)
        self.site_url = SITE_URLS[edition]
        self.telegram = self.plugins.simulator("telegram")(clock=self.clock)
        self.calls: list[tuple[HttpRequest, HttpResponse]] = []
        self.transport = SimulatedTransport(
            {self.site_url: self.desk, TELEGRAM_URL: self.telegram},
            self.clock,
            log=lambda request, response: self.calls.append((request, response)),
        )
        self.storage = storage or MemoryStorage(now=self.clock.time)
        self.root = root_key_from_text(new_root_key())
        self.mode = mode
        self.reader = reader
        self.notices: list[Notice] = []
        self.bridge = self.open_bridge()
        self.set_project()

    def open_bridge(
        self, storage: Storage | None = None, public_url: str | None = PUBLIC_URL
    ) -> Bridge:
        """Start another process, as it were, on the same storage unless another is given."""
        known = self.desk.credentials()
        secrets = {name: Secret(known[name]) for name in known if name.startswith("hint_")}
        token = Secret(known.get("personal_token") or known["api_token"])
        if self.reader:
            secrets["reader_token"] = Secret(known["reader_token"])
        reader = known.get("reader_account") if self.reader else None
        site = SiteSettings(
            url=self.site_url,
            name="acme",
            account=known.get("account"),
            token=token,
            reader_account=reader,
            **secrets,
        )
        return Bridge(
            storage=storage or self.storage,
            root_keys=self.root,
            sites=[JiraDesk(site)],
            public_url=public_url,
            plugins=self.plugins,
            transport=self.transport,
            clock=self.clock,
            timings=Timings(),
            on_notice=self.notices.append,
        )

    def set_project(self, **changes: Any) -> None:
        """Keep the project, with some settings changed."""
        known = self.desk.credentials()
        given = {"service_desk": known["service_desk"], **changes}
        settings = ProjectSettings(name="support", request_type=known["request_type"], **given)
        token = self.telegram.credentials()["bot_token"]
        bot = NewBot("telegram", {"token": token, "webhook_secret": "s3cret"}, mode=self.mode)
        self.bridge.admin.set_project(settings, [bot])

    def run(self, rounds: int = 3) -> None:
        """Let the bridge do its work, some seconds apart."""
        for _ in range(rounds):
            self.bridge.run_once(30.0)
            self.clock.advance(11.0)

    def says(self, text: str, chat: int = 1001, **more: Any) -> dict[str, Any]:
        """Let a customer write."""
        said: dict[str, Any] = self.telegram.control(
            "message", {"chat": chat, "text": text, **more}
        )
        return said

    def agent(self, issue: str, text: str, *, public: bool = True, **more: Any) -> dict[str, Any]:
        """Let an agent comment."""
        arguments = {"issue": issue, "text": text, "public": public, **more}
        done: dict[str, Any] = self.desk.control("comment", arguments)
        return done

    def transcript(self, chat: int = 1001) -> list[str]:
        """Return what the bot showed in a chat."""
        shown = self.telegram.control("transcript", {"chat": chat})
        return [each["text"] for each in shown if each["from"] == "bot"]

    def shown(self, text: str, chat: int = 1001) -> int:
        """Return how many messages of the bot hold this text."""
        return sum(text in each for each in self.transcript(chat))

    def requests(self) -> list[dict[str, Any]]:
        """Return the customer requests, the oldest first."""
        found: list[dict[str, Any]] = self.desk.control("requests", {})
        return found

    def deliver_webhooks(self) -> list[int]:
        """Bring the webhooks that are owed now to the bridge; return what it answered."""
        answers = []
        for simulator in (self.desk, self.telegram):
            answers += [self.bring(simulator, owed) for owed in simulator.owed_webhooks()]
        return answers

    def bring(self, simulator: Simulator, owed: OwedWebhook) -> int:
        """Bring one webhook to the bridge; return what it answered."""
        path = owed.url.removeprefix(PUBLIC_URL + "/").split("/")
        webhook = WebhookRequest(owed.headers, owed.body)
        if path[0] == "hints":
            webhook = evolve(webhook, path_secret="".join(path[2:]))
            answer = self.bridge.receive_hint(path[1], webhook)
        else:
            answer = self.bridge.receive_webhook(path[1], path[2], webhook)
        simulator.webhook_answered(owed.webhook_id, answer.status, answer.retry_after)
        return answer.status


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests that are marked so on Cloud and on Data Center."""
    if metafunc.definition.get_closest_marker("both_editions"):
        metafunc.parametrize("edition", ["cloud", "data_center"], indirect=True)


@pytest.fixture
def edition(request: pytest.FixtureRequest) -> str:
    """Return which Jira it is: Cloud, unless a test is marked to run on both."""
    return str(getattr(request, "param", "cloud"))


@pytest.fixture
def world(edition: str) -> World:
    """Return a world in which the bot is polled."""
    return World(edition=edition)


@pytest.fixture
def make_world() -> Callable[..., World]:
    """Return what makes a world."""
    return World


@pytest.fixture
def opened(world: World) -> Iterator[str]:
    """Return the key of a request that a customer has opened, its chat told so."""
    world.says("My printer is on fire")
    world.run()
    yield world.requests()[0]["key"]

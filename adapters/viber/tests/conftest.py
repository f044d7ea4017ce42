"""A simulated Viber, a whole bridge around it in virtual time, and the schema as a judge."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from chatbridge import (
    Bridge,
    CloudDesk,
    HttpRequest,
    HttpResponse,
    MemoryStorage,
    NewBot,
    Notice,
    Plugins,
    ProjectSettings,
    RefusedError,
    Secret,
    SiteSettings,
    new_root_key,
    root_key_from_text,
)
from chatbridge.adapter import BotIdentity
from chatbridge.content import Address
from chatbridge.events import Event
from chatbridge.exchange import Exchange, Party, carry_out
from chatbridge.http_types import WebhookRequest
from chatbridge.outgoing import OutgoingMessage
from chatbridge.richtext import Document
from chatbridge.testing.desk_simulator import DeskSimulator
from chatbridge.testing.simulated_transport import SimulatedTransport
from chatbridge.testing.simulator import FetchedFile, OwedWebhook
from chatbridge.testing.virtual_clock import VirtualClock
from chatbridge_viber import ViberAdapter, ViberSettings
from chatbridge_viber.simulator import ViberSimulator

TOKEN = "0000000000000000-1111111111111111-2222222222222222"
VIBER_URL = "https://chatapi.viber.com"
MEDIA_URL = "https://dl-media.viber.com"
SITE_URL = "https://acme.atlassian.net"
PUBLIC_URL = "https://bridge.example"
HOOK = "https://bridge.example/webhooks/viber/x"
OLENA = "xy5/5y6O81+/kbWHpLhBoA=="
REQUESTS = {
    "send_message": "sendMessageRequest",
    "get_account_info": "getAccountInfoRequest",
}
RESPONSES = {
    "send_message": "sendMessageResponse",
    "set_webhook": "setWebhookResponse",
    "get_account_info": "getAccountInfoResponse",
    "get_user_details": "getUserDetailsResponse",
    "get_online": "getOnlineResponse",
}


class Schema:
    """Judges by the unofficial schema of Viber's API; judges nothing where it is not at hand."""

    def __init__(self, path: Path) -> None:
        self.at_hand = path.is_file()
        self.judged = 0
        self._document = json.loads(path.read_text()) if self.at_hand else {}

    def check(self, name: str, value: Any) -> None:
        """Raise where the value is not what the schema calls by this name."""
        if not self.at_hand:
            return
        import jsonschema

        wanted = {**self._document, "$ref": f"#/$defs/{name}"}
        jsonschema.Draft202012Validator(wanted).validate(value)
        self.judged += 1

    def check_call(self, request: HttpRequest, response: HttpResponse) -> None:
        """Raise where a call or its answer is not as the schema says; reads of files are none."""
        if request.method == "GET":
            return
        endpoint = urlsplit(request.url).path.rpartition("/")[2]
        members = json.loads(request.body)
        if endpoint == "set_webhook":
            self.check("setWebhookRequest" if members["url"] else "removeWebhookRequest", members)
        else:
            self.check(REQUESTS[endpoint], members)
        if response.status == 200:
            self.check(RESPONSES[endpoint], json.loads(response.body))


class World:
    """A customer on Viber, agents, and the bridge between them."""

    def __init__(self, schema: Schema) -> None:
        self.clock = VirtualClock()
        self.desk = DeskSimulator(clock=self.clock)
        self.viber = ViberSimulator(clock=self.clock, token=TOKEN)
        self.viber.deliver_now = self.deliver
        self.schema = schema
        self.calls: list[HttpRequest] = []
        self.transport = SimulatedTransport(
            {SITE_URL: self.desk, VIBER_URL: self.viber, MEDIA_URL: self.viber},
            self.clock,
            log=self._log,
        )
        self.notices: list[Notice] = []
        self.bridge = self._bridge()
        self.set_project()

    def set_project(self, **changes: Any) -> None:
        """Keep the project, with some settings changed."""
        self.set_project_in("webhook", **changes)

    def set_project_in(self, mode: str, **changes: Any) -> None:
        """Keep the project with its bot in a mode."""
        known = self.desk.credentials()
        settings = ProjectSettings(
            name="support",
            service_desk=known["service_desk"],
            request_type=known["request_type"],
            **changes,
        )
        bot = NewBot("viber", {"token": TOKEN, "sender_name": "Acme"}, mode=mode)
        self.bridge.admin.set_project(settings, [bot])

    def run(self, rounds: int = 3) -> None:
        """Bring callbacks and let the bridge do its work, some seconds apart."""
        for _ in range(rounds):
            self.deliver()
            self.bridge.run_once(30.0)
            self.clock.advance(11.0)
        self.deliver()

    def deliver(self) -> list[int]:
        """Bring the callbacks that are owed now; return what they were answered with."""
        return [self.bring(owed) for owed in self.viber.owed_webhooks()]

    def bring(self, owed: OwedWebhook) -> int:
        """Bring one callback to the bridge and its answer back."""
        self.schema.check("callback", json.loads(owed.body))
        parts = urlsplit(owed.url)
        platform, token = parts.path.removeprefix("/webhooks/").split("/")
        webhook = WebhookRequest(owed.headers, owed.body, parts.query)
        answer = self.bridge.receive_webhook(platform, token, webhook)
        if answer.body:
            self.schema.check("welcomeMessage", json.loads(answer.body))
        self.viber.webhook_answered(owed.webhook_id, answer.status, answer.retry_after, answer.body)
        return answer.status

    def fetch(self) -> list[int]:
        """Let Viber fetch the files it wants from the bridge; return what it was answered."""
        answers = []
        for owed in self.viber.owed_fetches():
            token = urlsplit(owed.url).path.removeprefix("/files/").split("/")[0]
            try:
                with self.bridge.open_file(token) as served:
                    fields = {"Content-Type": served.media_type, "Content-Length": served.length}
                    headers = {name: str(value) for name, value in fields.items()}
                    got = FetchedFile(200, headers, b"".join(served))
            except RefusedError:
                got = FetchedFile(404)
            self.viber.fetched(owed.fetch_id, got)
            answers.append(got.status)
        return answers

    def does(self, action: str, chat: str = OLENA, **more: Any) -> Any:
        """Let the customer do something."""
        return self.viber.control(action, {"chat": chat, **more})

    def says(self, text: str, chat: str = OLENA) -> None:
        """Let a customer write, and the bridge work."""
        self.does("message", chat, text=text, name="Олена 😀")
        self.run()

    def agent(self, issue: str, text: str, *, public: bool = True, **more: Any) -> None:
        """Let an agent comment, and the bridge work."""
        self.desk.control("comment", {"issue": issue, "text": text, "public": public, **more})
        self.run()

    def transcript(self, chat: str = OLENA) -> list[dict[str, Any]]:
        """Return the bot's messages in a chat."""
        shown = self.viber.control("transcript", {"chat": chat})
        return [each for each in shown if each["from"] == "bot"]

    def shown(self, text: str, chat: str = OLENA) -> int:
        """Return how many messages of the bot hold this text."""
        return sum(text in each["text"] for each in self.transcript(chat))

    def requests(self) -> list[dict[str, Any]]:
        """Return the customer requests, the oldest first."""
        found: list[dict[str, Any]] = self.desk.control("requests", {})
        return found

    def comments(self, issue: str) -> list[str]:
        """Return the texts of an issue's comments."""
        request = self.desk.control("request", {"issue": issue})
        return [comment["text"] for comment in request["comments"]]

    def _log(self, request: HttpRequest, response: HttpResponse) -> None:
        if request.url.startswith((VIBER_URL, MEDIA_URL)):
            self.calls.append(request)
            self.schema.check_call(request, response)

    def _bridge(self) -> Bridge:
        known = self.desk.credentials()
        site = SiteSettings(
            url=SITE_URL, name="acme", account=known["account"], token=Secret(known["api_token"])
        )
        return Bridge(
            storage=MemoryStorage(now=self.clock.time),
            root_keys=root_key_from_text(new_root_key()),
            sites=[CloudDesk(site)],
            public_url=PUBLIC_URL,
            plugins=Plugins(),
            transport=self.transport,
            clock=self.clock,
            on_notice=self.notices.append,
        )


@pytest.fixture(scope="session")
def schema_or_nothing() -> Schema:
    """The schema; it judges nothing where it is not at hand."""
    root = Path(__file__).resolve().parents[3]
    folder = Path(os.environ.get("CHATBRIDGE_SPECS") or root.parent / "shared" / "specs")
    return Schema(folder / "viber-bot-api.schema.json")


@pytest.fixture
def schema(specs: Path, schema_or_nothing: Schema) -> Schema:
    """The schema."""
    return schema_or_nothing


@pytest.fixture
def world(schema_or_nothing: Schema) -> World:
    """A customer on Viber, agents, and the bridge between them."""
    return World(schema_or_nothing)


@pytest.fixture
def opened(world: World) -> str:
    """The key of a request that Olena has opened, her chat told so."""
    world.says("Мій принтер горить")
    return str(world.requests()[0]["key"])


@pytest.fixture
def clock() -> VirtualClock:
    """A clock that a test moves."""
    return VirtualClock()


@pytest.fixture
def simulator(clock: VirtualClock) -> ViberSimulator:
    """A simulated Viber without a webhook."""
    return ViberSimulator(clock=clock, token=TOKEN)


@pytest.fixture
def answer_owed(simulator: ViberSimulator) -> Callable[..., list[OwedWebhook]]:
    """Take the callbacks that are due and answer all of them."""

    def answer(status: int | None = 200, body: bytes = b"") -> list[OwedWebhook]:
        owed = simulator.owed_webhooks()
        for each in owed:
            simulator.webhook_answered(each.webhook_id, status, None, body)
        return owed

    return answer


@pytest.fixture
def settings() -> ViberSettings:
    """A bot with a name and a picture."""
    return ViberSettings(
        token=Secret(TOKEN), sender_name="Acme", sender_avatar="https://acme.example/a.png"
    )


@pytest.fixture
def adapter(settings: ViberSettings) -> ViberAdapter:
    """An adapter that knows who its bot is."""
    return ViberAdapter(settings, BotIdentity("pa:1", "acme", "Acme"))


@pytest.fixture
def talk(
    simulator: ViberSimulator, clock: VirtualClock, schema_or_nothing: Schema
) -> Callable[[Exchange[Any]], Any]:
    """Carry out an exchange against the simulator, both sides held to the schema."""
    transport = SimulatedTransport(
        {VIBER_URL: simulator, MEDIA_URL: simulator}, clock, log=schema_or_nothing.check_call
    )
    party = Party("viber bot", frozenset({f"{VIBER_URL}:443", f"{MEDIA_URL}:443"}), (TOKEN,))
    return lambda exchange: carry_out(exchange, transport, party)


@pytest.fixture
def hooked(
    simulator: ViberSimulator,
    answer_owed: Callable[..., list[OwedWebhook]],
    adapter: ViberAdapter,
    talk: Callable[[Exchange[Any]], Any],
) -> ViberSimulator:
    """A simulated Viber whose bot has a webhook, and Olena, who has written once."""
    simulator.deliver_now = answer_owed
    talk(adapter.register_webhook(HOOK))
    simulator.deliver_now = None
    simulator.control("message", {"chat": OLENA, "text": "hi", "name": "Олена 😀"})
    answer_owed()
    return simulator


@pytest.fixture
def say() -> Callable[..., OutgoingMessage]:
    """Make an outgoing message of a plain text or a document."""

    def make(text: str | Document = "hello", chat: str = OLENA, **members: Any) -> OutgoingMessage:
        document = text if isinstance(text, Document) else Document.from_plain(text)
        return OutgoingMessage(address=Address(chat), key="0" * 32, text=document, **members)

    return make


@pytest.fixture
def webhook_of() -> Callable[..., WebhookRequest]:
    """Make the webhook of a callback; unsigned, for parsing."""
    return lambda callback: WebhookRequest({}, json.dumps(callback, ensure_ascii=False).encode())


@pytest.fixture
def parse(
    adapter: ViberAdapter,
    webhook_of: Callable[..., WebhookRequest],
    schema_or_nothing: Schema,
) -> Callable[..., Event]:
    """Parse a callback that Viber could send, and return its only event."""

    def of(event: str, *, strict: bool = True, **members: Any) -> Event:
        callback = {
            "event": event,
            "timestamp": 1457764197627,
            "message_token": 4912661846655238145,
        }
        callback |= members
        if strict:
            schema_or_nothing.check("knownCallback", callback)
        (found,) = adapter.parse(webhook_of(callback))
        assert [found] == adapter.parse(webhook_of(callback))
        assert callback == found.raw
        return found

    return of

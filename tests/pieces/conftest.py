"""A platform and a desk that do what a test tells them, and the real parts between them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from chatbridge.adapter import Adapter, Batch, BotIdentity, Update, WebhookState
from chatbridge.capabilities import Capabilities
from chatbridge.claims import ClaimKeeper, Watch, new_word
from chatbridge.clock import Clock
from chatbridge.comments import CommentReader, OwnComments
from chatbridge.completion import Completion
from chatbridge.content import Address, Contact
from chatbridge.delivery import Delivery
from chatbridge.delivery_jobs import Job
from chatbridge.desk import (
    Account,
    Change,
    Desk,
    OpenedRequest,
    PublicComment,
    RequestField,
    RequestState,
    RequestType,
    StatusCategory,
    Witness,
)
from chatbridge.doubled_requests import DoubledRequests
from chatbridge.errors import Refusal, RefusedError, UnknownOutcomeError
from chatbridge.events import MessageReceived
from chatbridge.exchange import Party
from chatbridge.filenames import marker_in
from chatbridge.hookspecs import hookimpl
from chatbridge.http_types import HttpRequest, HttpResponse, WebhookRequest
from chatbridge.inbound import Inbound
from chatbridge.jira_writes import JiraWrites
from chatbridge.keys import new_root_key, root_key_from_text
from chatbridge.keyset_record import open_sealer
from chatbridge.lanes import Lanes
from chatbridge.links import Link
from chatbridge.marks import Marks
from chatbridge.memory_storage import MemoryStorage
from chatbridge.observation import Observer
from chatbridge.outgoing import OutgoingMessage, Receipt, RequestLabel
from chatbridge.plugins import Plugins
from chatbridge.project import ProjectSettings, Timings
from chatbridge.records import BotRecord, Conversation, Project
from chatbridge.rendering import Draft
from chatbridge.replies import Replies
from chatbridge.richtext import Document
from chatbridge.roster import Roster
from chatbridge.secret import Secret
from chatbridge.testing.virtual_clock import VirtualClock
from chatbridge.upkeep import Upkeep
from chatbridge.vault import Kept, Vault
from chatbridge.workqueue import WorkQueue, work_once

BOT = ("acme", "7")
CHAT = "c1"


@attrs.frozen
class AcmeSettings:
    """A bot needs nothing but its token."""

    token: Secret = attrs.field(default=Secret("t0ken"), kw_only=True)


class AcmeAdapter(Adapter):
    """A platform of which a refusal's body names the reason."""

    name = "acme"
    settings_schema = AcmeSettings
    capabilities = Capabilities(
        max_text_length=100,
        choices=True,
        position="platform",
        answer_within=4.0,
        horizon=3600.0,
        proof="shared_secret",
    )

    def urls(self):
        """See `Adapter.urls`."""
        return ("https://acme.example",)

    def identify(self):
        """See `Adapter.identify`."""
        response = yield self._call("identify", {"token": self.settings.token.reveal()})
        said = response.check().json()
        return BotIdentity(said.get("bot_id", "7"), said.get("username", "acme_bot"))

    def verify(self, webhook):
        """See `Adapter.verify`."""

    def parse(self, webhook):
        """See `Adapter.parse`."""
        return []

    def send(self, message: OutgoingMessage):
        """See `Adapter.send`."""
        response = yield HttpRequest("POST", "https://acme.example/send", json={
            "chat": message.address.chat,
            "thread": message.address.thread,
            "text": message.text.plain(),
            "plain": message.plain,
            "key": message.key,
            "choices": [choice.data for choice in message.choices],
        })  # fmt: skip
        if response.status == 400:
            said = response.json()
            raise RefusedError(Refusal(said["reason"]), migrated_to=said.get("to"))
        response.check()
        return Receipt(("1",))

    def poll(self, position, wait):
        """See `Polls.poll`."""
        response = yield self._call("poll", {"position": position, "wait": wait})
        said = response.check().json()
        updates = said.get("updates", [])
        read = tuple(Update(number, (_message(number, chat),)) for number, chat in updates)
        return Batch(read, next=said.get("next"), full=said.get("full", False))

    def register_webhook(self, url):
        """See `RegistersWebhooks.register_webhook`."""
        (yield self._call("register", {"url": url})).check()

    def webhook_state(self):
        """See `RegistersWebhooks.webhook_state`."""
        response = yield self._call("state", {})
        return WebhookState(response.check().json().get("url", ""))

    def _call(self, name: str, arguments: dict[str, Any]) -> HttpRequest:
        url = f"https://acme.example/{name}"
        return HttpRequest("POST", url, json=arguments, repeatable=True)


def _message(number: str, chat: str) -> MessageReceived:
    return MessageReceived(
        event_id=f"m:{number}",
        message_id=number,
        address=Address(chat),
        sender=Contact("5", "Jana"),
        text=Document.from_plain(f"words {number}"),
    )


class ScriptedTransport:
    """Carries calls as a test says; what it was not told anything about succeeds."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.shown: list[dict[str, Any]] = []
        self.script: dict[str, deque[Any]] = {}

    def then(self, name: str, *outcomes: Any) -> None:
        """Let the next calls of this name end so: None, an error, a response or a function."""
        self.script.setdefault(name, deque()).extend(outcomes)

    def send(self, request: HttpRequest, party: Party) -> HttpResponse:
        """See `Transport.send`."""
        name = request.url.rpartition("/")[2]
        self.calls.append((name, request.json))
        waiting = self.script.get(name)
        outcome = waiting.popleft() if waiting else None
        if callable(outcome) and not isinstance(outcome, BaseException):
            outcome = outcome(request)
        if name == "send" and (outcome is None or isinstance(outcome, UnknownOutcomeError)):
            self.shown.append(request.json)
        if isinstance(outcome, BaseException):
            raise outcome
        answer = outcome or HttpResponse(200, {}, b"{}")
        return attrs.evolve(answer, repeatable=request.is_repeatable)

    def hold(self, paces, scope, seconds) -> None:
        """See `Transport.hold`."""

    def texts(self) -> list[str]:
        """Return what the platform showed."""
        return [shown["text"] for shown in self.shown]


def refusal(reason: str, **more: str) -> HttpResponse:
    """Return the platform's refusal for this reason."""
    body = ", ".join(f'"{name}": "{value}"' for name, value in {"reason": reason, **more}.items())
    return HttpResponse(400, {}, f"{{{body}}}".encode())


@attrs.define
class Issue:
    """A request on the scripted desk."""

    status: str = "Open"
    category: StatusCategory = StatusCategory.NEW
    desk: str = "10"
    public: list[PublicComment] = attrs.field(factory=list)
    witnesses: dict[str, Witness] = attrs.field(factory=dict)
    notes: list[str] = attrs.field(factory=list)


class ScriptedDesk(Desk):
    """A desk in memory that fails as a test says."""

    site = "site"
    account_id = "bot-account"

    def __init__(self) -> None:
        self.issues: dict[str, Issue] = {}
        self.calls: list[str] = []
        self.failures: dict[str, deque[Any]] = {}
        self.changed: list[Change] = []
        self.windows: list[int] = []
        self.markers: dict[str, str] = {}
        self.opened: dict[str, str] = {}
        self.aside: dict[str, bytes] = {}
        self.attached: dict[str, bytes] = {}
        self.kind = RequestType("25", "Ask", (RequestField("description", "Text"),))

    def then(self, name: str, *outcomes: Any) -> None:
        """Let the next calls of this method end so: None, an error or a function to call first."""
        self.failures.setdefault(name, deque()).extend(outcomes)

    def comment(self, issue_id: str, number: int, text: str = "", **more: Any) -> None:
        """Let somebody comment; `created` is its number in minutes unless given."""
        author, created = more.get("author", "agent"), more.get("created", number * 60_000)
        name = more.get("name", "Alice")
        body = Document.from_plain(text or f"text {number}")
        self.issues[issue_id].public.append(PublicComment(str(number), created, author, name, body))
        if more.get("witness", True):
            self.issues[issue_id].witnesses[str(number)] = Witness(
                str(number), more.get("unrestricted", True), body, more.get("marker")
            )

    def _called(self, name: str) -> None:
        self.calls.append(name)
        waiting = self.failures.get(name)
        outcome = waiting.popleft() if waiting else None
        if isinstance(outcome, BaseException):
            raise outcome
        if outcome is not None:
            outcome()

    def urls(self):
        """See `Desk.urls`."""
        return ("https://site.example",)

    def secrets(self):
        """See `Desk.secrets`."""
        return ()

    def identify(self):
        """See `Desk.identify`."""
        yield from ()
        self._called("identify")
        return Account(self.account_id, "Bot")

    def request_type(self, service_desk, request_type):
        """See `Desk.request_type`."""
        yield from ()
        self._called("request_type")
        return self.kind

    def request_types(self, service_desk):
        """See `Desk.request_types`."""
        yield from ()
        return (self.kind,)

    def open_request(self, draft):
        """See `Desk.open_request`."""
        yield from ()
        self._called("open_request")
        issue_id = str(len(self.issues) + 1)
        self.issues[issue_id] = Issue()
        self.opened[draft.marker] = issue_id
        self._called("opened")
        return OpenedRequest(issue_id, f"HELP-{issue_id}")

    def find_request(self, draft_of):
        """See `Desk.find_request`."""
        yield from ()
        self._called("find_request")
        found = self.opened.get(draft_of.marker)
        return OpenedRequest(found, f"HELP-{found}") if found else None

    def add_comment(self, issue_id, body, marker):
        """See `Desk.add_comment`."""
        yield from ()
        self._called("add_comment")
        number = 900 + len(self.markers)
        self.comment(issue_id, number, body.plain(), author=self.account_id, marker=marker)
        self.markers[marker] = str(number)
        self._called("added")
        return str(number)

    def find_comments(self, issue_id, markers):
        """See `Desk.find_comments`."""
        yield from ()
        self._called("find_comments")
        return {marker: (self.markers[marker],) for marker in markers if marker in self.markers}

    def remove_comment(self, issue_id, comment_id):
        """See `Desk.remove_comment`."""
        yield from ()
        self._called("remove_comment")

    def split_comment(self, body):
        """See `Desk.split_comment`."""
        return (body,)

    def upload_limit(self):
        """See `Desk.upload_limit`."""
        yield from ()
        self._called("upload_limit")
        return 1_000_000

    def upload_file(self, service_desk, name, content):
        """See `Desk.upload_file`."""
        yield from ()
        self._called("upload_file")
        with content.open() as pieces:
            self.aside[name] = b"".join(pieces)
        return name

    def attach_files(self, issue_id, tickets, body, marker):
        """See `Desk.attach_files`."""
        yield from self.add_comment(issue_id, body, marker)
        self.attached |= {ticket: self.aside[ticket] for ticket in tickets}
        return self.markers[marker]

    def find_files(self, issue_id, markers):
        """See `Desk.find_files`."""
        yield from ()
        self._called("find_files")
        named = {marker_in(name): (name,) for name in self.attached}
        return {marker: named[marker] for marker in markers if marker in named}

    def open_file(self, file_id):
        """See `Desk.open_file`."""
        yield from ()
        self._called("open_file")
        raise RefusedError(Refusal.NOT_FOUND)

    def add_note(self, issue_id, text):
        """See `Desk.add_note`."""
        yield from ()
        self._called("add_note")
        self.issues[issue_id].notes.append(text)
        self._called("noted")

    def has_note(self, issue_id, text):
        """See `Desk.has_note`."""
        yield from ()
        self._called("has_note")
        return text in self.issues[issue_id].notes

    def read_request(self, issue_id):
        """See `Desk.read_request`."""
        yield from ()
        self._called("read_request")
        issue = self.issues.get(issue_id)
        if issue is None:
            raise RefusedError(Refusal.NOT_FOUND)
        key = f"HELP-{issue_id}"
        return RequestState(issue_id, key, issue.desk, issue.status, issue.category)

    def public_comments(self, issue_id):
        """See `Desk.public_comments`."""
        yield from ()
        self._called("public_comments")
        return tuple(self.issues[issue_id].public) if issue_id in self.issues else ()

    def cross_read(self, issue_id, comment_ids):
        """See `Desk.cross_read`."""
        yield from ()
        self._called("cross_read")
        known = self.issues[issue_id].witnesses
        return [known[each] for each in comment_ids if each in known]

    def service_desk_id(self, service_desk):
        """See `Desk.service_desk_id`; the key of the desk 10 is HELP."""
        yield from ()
        self._called("service_desk_id")
        if service_desk not in {"HELP", "10"}:
            raise RefusedError(Refusal.NOT_FOUND)
        return "10"

    def changes(self, service_desks, minutes):
        """See `Desk.changes`."""
        yield from ()
        self.windows.append(minutes)
        self._called("changes")
        return list(self.changed)

    def verify_hint(self, webhook: WebhookRequest):
        """See `Desk.verify_hint`."""

    def parse_hint(self, webhook: WebhookRequest):
        """See `Desk.parse_hint`."""
        return []


class AcmePlugin:
    """Offers the scripted platform."""

    @hookimpl
    def chatbridge_register_adapters(self, register):
        """See the hook."""
        register(AcmeAdapter)


class Stage:
    """The real parts of one process between a scripted platform and a scripted desk."""

    def __init__(self, clock: Clock, storage: MemoryStorage, root: Any, desk: ScriptedDesk) -> None:
        self.clock, self.storage, self.root, self.desk = clock, storage, root, desk
        self.owner = new_word()
        self.transport = ScriptedTransport()
        self.timings = Timings()
        self.vault = Vault(storage, open_sealer(storage, [root]))
        self.marks = Marks(self.vault.sealer)
        self.plugins = Plugins()
        self.plugins.register(AcmePlugin(), "acme")
        self.roster = Roster(self.vault, self.plugins, {"site": desk}, self.transport)
        self.observer = Observer(clock)
        self.delivery = Delivery(
            self.vault, self.marks, self.roster, self.owner, clock, self.timings, self.observer
        )
        self.watch = Watch(clock)
        self.queue = WorkQueue(clock)
        self.own = OwnComments()
        self.writes = JiraWrites(self.marks, self.own)
        self.replies = Replies(self.roster, self.marks, self.observer)
        self.inbound = Inbound(
            self.vault, self.marks, self.roster, self.replies, self.writes, self.watch,
            self.queue.add, self.owner, clock, self.timings,
        )  # fmt: skip
        self.lanes = Lanes(self.inbound, self.queue, self.marks, clock)
        self.reader = CommentReader(self.vault, self.marks, self.own, clock, self.timings)
        self.doubled = DoubledRequests(self.vault, self.marks, self.owner, clock, 120.0)
        self.upkeep = Upkeep(
            self.vault, self.roster, self.lanes, self.writes, self.replies,
            Completion(self.vault, self.queue.add), self.queue, self.watch,
            self.claim(("pass",)), self.doubled, self.owner, clock, self.timings,
        )  # fmt: skip

    def claim(self, subject: tuple[str, ...]) -> ClaimKeeper:
        """Return a claim that this process may hold."""
        return ClaimKeeper(
            self.vault, self.watch, self.owner, subject, self.timings.lease, self.clock
        )

    def project(self, name: str = "support", **changes: Any) -> Kept[Project]:
        """Keep a project with one bot."""
        settings = ProjectSettings(
            **{
                "name": name,
                "site": "site",
                "service_desk": "10",
                "request_type": "25",
                "privacy_notice": "",
                **changes,
            }
        )
        bot_id = "7" if name == "support" else f"bot of {name}"
        bot = BotRecord("acme", bot_id, "acme_bot", "poll", {"token": "t0ken"})
        kept = self.vault.create(Project(settings, (bot,)))
        self.roster.refresh()
        return kept

    def link(self, issue_id: str = "1", chat: str = CHAT, **changes: Any) -> Kept[Link]:
        """Keep a link, its request and its conversation."""
        self.desk.issues.setdefault(issue_id, Issue())
        fields = {"project": "support", **changes}
        kept = self.vault.create(Link("site", issue_id, *BOT, chat, **fields))
        talk = self.vault.read(Conversation, *BOT, chat)
        if talk is None:
            self.vault.create(Conversation(*BOT, chat, issues=(issue_id,), current=issue_id))
        else:
            issues = (*talk.record.issues, issue_id)
            self.vault.replace(talk, attrs.evolve(talk.record, issues=issues, current=issue_id))
        return kept

    def now(self, kept: Kept[Any]) -> Any:
        """Return a record as it is kept at this moment."""
        found = self.vault.read_key(type(kept.record), kept.key)
        return found.record if found is not None else None

    def talk(self, chat: str = CHAT) -> Conversation:
        """Return a conversation as it is kept at this moment."""
        found = self.vault.read(Conversation, *BOT, chat)
        assert found is not None
        return found.record

    def job(self, text: str = "hello", item: str = "100", **more: Any) -> Job:
        """Return the delivery of a text that marks its comment as seen."""
        project_and_bot = self.roster.bot(*BOT)
        assert project_and_bot is not None
        number = int(item) if item.isdigit() else 0
        return Job(
            bot=project_and_bot[1],
            draft=Draft(
                item=item,
                text=Document.from_plain(text),
                label=RequestLabel("HELP-1", "handle"),
                choices=more.pop("choices", ()),
            ),
            not_shown=Document.from_plain("could not be shown"),
            complete=lambda link, _: attrs.evolve(link, seen=link.seen | {number}),
            file_not_shown=Document.from_plain,
            **more,
        )

    def event(self, number: int = 1, chat: str = CHAT, **more: Any) -> MessageReceived:
        """Return a message of a customer."""
        fields: dict[str, Any] = {"sent_at": self.clock.time(), **more}
        return attrs.evolve(_message(str(number), chat), **fields)

    def work(self, seconds: float = 0.0, act: Callable[[str], None] | None = None) -> int:
        """Work for so many seconds on what is due; return how many runs that were."""
        runs, until = 0, self.clock.monotonic() + seconds
        while True:
            due = self.queue.next_due
            left = until - self.clock.monotonic()
            if due is None or due > left:
                self.clock.sleep(max(0.0, left))
                return runs
            handle = self.queue.get(due + 0.01)
            if handle is None:
                continue
            runs += 1
            assert runs < 1000, "it works for ever"
            work_once(self.queue, act or self.lanes.work, handle)


@pytest.fixture
def clock() -> VirtualClock:
    """Return the time."""
    return VirtualClock()


@pytest.fixture
def make_stage(clock: VirtualClock) -> Callable[[], Stage]:
    """Return what starts a process; all of them share one storage and one desk."""
    storage, desk = MemoryStorage(now=clock.time), ScriptedDesk()
    root = root_key_from_text(new_root_key())
    return lambda: Stage(clock, storage, root, desk)


@pytest.fixture
def stage(make_stage: Callable[[], Stage]) -> Stage:
    """Return a process with a project."""
    made = make_stage()
    made.project()
    return made


@pytest.fixture
def refused() -> Callable[..., HttpResponse]:
    """Return what makes a refusal of the platform."""
    return refusal

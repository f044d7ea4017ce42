"""The contract of a chat platform: an `Adapter` describes HTTP calls and never makes one.

Settings go in, values come out; an adapter has no clock, no storage, no thread and no network.
What it can do beyond verify, parse and send, it shows by implementing one of the protocols below.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Protocol, runtime_checkable

from attrs import asdict, field, frozen

from chatbridge.capabilities import Capabilities
from chatbridge.content import Attachment, Content
from chatbridge.errors import WebhookPayloadError, WebhookVerificationError
from chatbridge.events import ChoicePicked, Event
from chatbridge.exchange import Exchange
from chatbridge.http_types import WebhookAnswer, WebhookRequest
from chatbridge.outgoing import OutgoingMessage, Receipt
from chatbridge.secret import Secret

API_VERSION = 1
"""The version of this contract; an adapter states the one it was written for."""


@frozen
class BotIdentity:
    """Who the bot is on its platform.

    Args:
        bot_id: the platform's own, never changing id; links are bound to it.
        username: what people type to find it, without decoration.
        name: what people see.
    """

    bot_id: str
    username: str = ""
    name: str = ""


@frozen
class Update:
    """One thing that polling returned.

    Args:
        position: the platform's own number of it, as text; where the bridge keeps the position,
            one from which asking again leaves out nothing that came after it.
        events: what it says; may be empty.
    """

    position: str = field(repr=False)
    events: tuple[Event, ...]


@frozen
class Batch:
    """What one poll returned, in the order received.

    Args:
        updates: what happened.
        next: where to go on asking, for a platform whose position the bridge keeps; None where it
            is that of the last update.
        full: whether the page holds as many as the platform shows at once, so that what came later
            cannot be seen until the position has passed some of these.
    """

    updates: tuple[Update, ...] = ()
    next: str | None = field(default=None, repr=False)
    full: bool = False


@frozen
class WebhookState:
    """What the platform says about the bot's webhook.

    Args:
        url: where it goes, empty where there is none.
        pending: how many events wait.
        problem: the platform's last complaint, in its own words; empty where there is none.
    """

    url: str
    pending: int | None = None
    problem: str = ""


class Adapter(ABC):
    """Translator for one platform.

    Args:
        settings: an instance of `settings_schema`.
        identity: who the bot is; None until `identify` has been carried out.

    Attributes:
        name: the platform's name in lower case; also that of the entry point.
        api_version: the `API_VERSION` it was written for.
        capabilities: what the platform can do.
        settings_schema: an attrs class, its fields made by `chatbridge.setting`.
    """

    name: ClassVar[str]
    api_version: ClassVar[int] = API_VERSION
    capabilities: ClassVar[Capabilities]
    settings_schema: ClassVar[type[Any]]

    def __init__(self, settings: Any, identity: BotIdentity | None = None) -> None:
        self.settings = settings
        self.identity = identity

    @abstractmethod
    def urls(self) -> tuple[str, ...]:
        """Return a URL on each origin that this adapter's requests go to; no others are reached."""

    @abstractmethod
    def identify(self) -> Exchange[BotIdentity]:
        """Ask the platform who the bot is.

        Raises:
            RefusedError: with `Refusal.UNAUTHORISED` where the token is wrong.
        """

    def verify(self, webhook: WebhookRequest) -> None:
        """Return if the webhook proves itself, in constant time and over the raw bytes.

        Needed where `Capabilities.proof` says how; a platform that is only polled has no webhooks.

        Raises:
            WebhookVerificationError: it does not.
        """
        del webhook
        raise WebhookVerificationError(f"{self.name} is polled; no webhook of it is genuine")

    def parse(self, webhook: WebhookRequest) -> list[Event]:
        """Return what a verified webhook says; the same bytes give equal events.

        Needed where `Capabilities.proof` says how webhooks prove themselves.

        Raises:
            WebhookPayloadError: its body is not what the platform sends.
        """
        del webhook
        raise WebhookPayloadError(f"{self.name} is polled; it sends no webhooks")

    @abstractmethod
    def send(self, message: OutgoingMessage) -> Exchange[Receipt]:
        """Show one part in a chat; the visible request comes last and is the only unrepeatable one.

        Raises:
            RefusedError: with the reason, where the platform refuses.
            RetryLaterError: with the platform's own waiting time where it names one.
            UnknownOutcomeError: where it may have been shown.
        """

    def secrets(self) -> tuple[Secret, ...]:
        """Return the settings that must never be shown; by default all of type `Secret`."""
        values = asdict(self.settings, recurse=False).values()
        return tuple(value for value in values if isinstance(value, Secret))


@runtime_checkable
class Polls(Protocol):
    """A platform that can be asked for its events."""

    def poll(self, position: str | None, wait: float) -> Exchange[Batch]:
        """Ask for events.

        Args:
            position: the last update that needs no more care, or None; everything up to it
                is given up at the platform. Where `Capabilities.position` is "ours": where to go
                on, as an earlier batch said; None only at the very first time, when what was there
                before may be left out. Asked again from an older position, the platform returns
                again what came after it.
            wait: seconds the platform may hold the call while there is nothing.

        Raises:
            RefusedError: `Refusal.CONFLICT` where somebody else polls this bot or a webhook is set.
        """
        ...


@runtime_checkable
class RegistersWebhooks(Protocol):
    """A platform whose webhook can be set by a call."""

    def register_webhook(self, url: str | None) -> Exchange[None]:
        """Let events go to this URL, or to none; pending events are never dropped.

        Args:
            url: https, public; None removes the webhook.
        """
        ...

    def webhook_state(self) -> Exchange[WebhookState]:
        """Ask the platform what it thinks of the webhook."""
        ...


@runtime_checkable
class AnswersChoices(Protocol):
    """A platform that waits for an answer after a choice was picked."""

    def answer_choice(self, event: ChoicePicked, text: str) -> Exchange[None]:
        """Tell the platform that the choice was noticed; `text` may be empty."""
        ...


@runtime_checkable
class EditsMessages(Protocol):
    """A platform on which a sent message can be changed."""

    def edit(self, message_id: str, message: OutgoingMessage) -> Exchange[Receipt]:
        """Show this part instead of an earlier message; repeatable.

        Args:
            message_id: from the receipt of the earlier one.
            message: text only, or the caption of the file that the earlier one shows.

        Raises:
            RefusedError: `Refusal.GONE` where there is no such message any more, or it can no
                longer be changed.
        """
        ...


@runtime_checkable
class FetchesFiles(Protocol):
    """A platform whose files can be read."""

    def fetch(self, attachment: Attachment) -> Exchange[Content]:
        """Return the bytes of a received attachment as a stream that can be read once.

        Args:
            attachment: as an event named it; `ref` tells which it is.

        Raises:
            RefusedError: with `Refusal.BAD_FILE` where the platform does not hand it out (too
                large for bots, expired, gone).
        """
        ...


@runtime_checkable
class ShowsTyping(Protocol):
    """A platform that can show that somebody writes."""

    def typing(self, message: OutgoingMessage) -> Exchange[None]:
        """Show it; never worth an error."""
        ...


@runtime_checkable
class CompletesEvents(Protocol):
    """A platform whose webhooks leave out what only a call can tell."""

    def complete(self, events: list[Event]) -> Exchange[list[Event]]:
        """Return the events of one webhook, completed and perhaps with further ones.

        Such as what a reply answers, or what was written before the bot was let into a chat.
        Carried out before the events are worked on, and again with every repeat of the webhook: all
        calls must be repeatable. What cannot be found out stays as it is.

        Args:
            events: as `parse` returned them.

        Raises:
            DeliveryError: not now; the webhook has to come again.
        """
        ...


@runtime_checkable
class OpensByLink(Protocol):
    """A platform on which a link opens a chat with the bot and tells the bot what it carries."""

    def deep_link(self, payload: str) -> str:
        """Return the address of such a link; pure.

        What a person opens comes back, byte for byte, as `ConversationStarted.payload`, or as the
        argument of the command "start"; `EventOrigin.shared` says whether it was in a group.

        Args:
            payload: 1 to 64 characters of A-Z a-z 0-9 _ and -.

        Raises:
            ConfigurationError: the bot has no name that a link could hold.
        """
        ...


@runtime_checkable
class AnswersWebhooks(Protocol):
    """A platform for which something must travel in the webhook's own answer."""

    def answer(self, webhook: WebhookRequest, welcome: str | None) -> WebhookAnswer | None:
        """Return what to answer, or None for an empty 200; pure, and made for repeats too."""
        ...

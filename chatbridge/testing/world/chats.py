"""What the world has to know of a chat platform: its simulator, its people, what its calls show.

The platform's package is found as a host finds it; nothing of it is imported here. People have
numbers, whatever the platform calls them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, ClassVar

from chatbridge.http_types import HttpRequest, HttpResponse, WebhookAnswer
from chatbridge.plugins import Plugins
from chatbridge.records import BotRecord
from chatbridge.testing.simulator import Fault, OwedWebhook
from chatbridge.testing.world.faults import Effect
from chatbridge.testing.world.shown_calls import ShownCall

PUBLIC_URL = "https://bridge.example"
"""Where the bridge of every process is reached."""

CustomerStep = Callable[..., None]
"""What a customer does: takes the world, which chat, and what the step names."""


class Chats(ABC):
    """One platform in one world.

    Args:
        world: where it is.
    """

    name: ClassVar[str]
    urls: ClassVar[tuple[str, ...]]
    """Where its servers are reached."""
    people: ClassVar[tuple[int, ...]]
    """The numbers of those who may write."""
    modes: ClassVar[tuple[str, ...]]
    """How news of it can come: "poll", "webhook"."""
    sends: ClassVar[str]
    """The name of the call that shows a text."""
    steps: ClassVar[Mapping[str, CustomerStep]]
    """What its people do, by the name of the step."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.simulator: Any = installed().simulator(self.name)(clock=world.clock)

    @abstractmethod
    def bot(self, mode: str) -> BotRecord:
        """Return the bot of the project, as it is kept."""

    @abstractmethod
    def set_webhook(self, url: str) -> None:
        """Let news go to the bridge, without asking it."""

    @abstractmethod
    def waiting(self) -> set[int]:
        """Return the numbers of the updates that nobody has taken yet."""

    @abstractmethod
    def number(self, chat: str) -> int:
        """Return whose chat an id of the platform is."""

    @abstractmethod
    def shown_by(self, request: HttpRequest, effect: Effect) -> ShownCall | None:
        """Return what a call shows, None where it shows nothing.

        Args:
            request: to the platform.
            effect: as the gate sees it.
        """

    @abstractmethod
    def bytes_shown(self, response: HttpResponse) -> set[int] | None:
        """Return the words in the files that the platform got by a call; None: it gets them later.

        Args:
            response: to the call.
        """

    @abstractmethod
    def refuses_all(self, number: int) -> bool:
        """Tell whether nothing can be shown to somebody now."""

    def gave_up(self, number: int) -> bool:
        """Tell whether an update that does not wait any more was never taken."""
        del number
        return False

    def had_a_chance(self, number: int) -> bool:
        """Tell whether the bridge was asked often enough to know of an update."""
        del number
        return True

    def is_busy(self) -> bool:
        """Tell whether the platform still wants something of the bridge."""
        return bool(self.waiting())

    def lacks_webhook(self) -> bool:
        """Tell whether an administrator has to set the webhook again."""
        return False

    def became_of(self, response: HttpResponse) -> str:
        """Return "shown", "refused", or "unreachable" where the person wants nothing any more.

        Args:
            response: to a call that shows something.
        """
        return {200: "shown", 403: "unreachable"}.get(response.status, "refused")

    def told_wait(self, response: HttpResponse) -> float:
        """Return the seconds that a 429 names elsewhere than in its header."""
        del response
        return 0.0

    def too_many(self, seconds: int, effect: Effect) -> None:
        """Let the platform find the next call to be one too many.

        Args:
            seconds: to wait.
            effect: the call.
        """
        del effect
        fault = Fault(kind="status", status=429, retry_after=seconds)
        self.simulator.switch_fault(fault)

    def sent(self, link: str, response: HttpResponse) -> None:
        """Note that something is shown now.

        Args:
            link: the key of its link, empty for none.
            response: to the call.
        """
        del link, response

    def answered(self, owed: OwedWebhook, answer: WebhookAnswer) -> None:
        """Judge the answer to a webhook."""
        del owed, answer

    def most_receipts(self) -> int:
        """Return how many records of receipts there may be."""
        return 0


@cache
def installed() -> Plugins:
    """Return the installed packages; looked for once, since that takes long."""
    return Plugins()

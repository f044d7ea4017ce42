"""The state that the simulated Viber, its people and its endpoints share."""

from __future__ import annotations

import math
import random
from typing import Any

from attrs import define, field

from chatbridge.clock import Clock

from .simulated_callbacks import Callback, CallbackQueue
from .simulated_media import MEDIA_URL, FetchQueue, MediaShelf
from .simulated_users import ShownMessage, User

MANDATORY = ("message", "subscribed", "unsubscribed")
SELECTABLE = ("delivered", "seen", "failed", "conversation_started")
_FIRST_TOKEN = 4_912_661_846_655_238_145
"""Beyond what a number of double precision can hold, as Viber's are."""

STATUS_NAMES = {
    0: "ok", 1: "invalidUrl", 2: "invalidAuthToken", 3: "badData", 4: "missingData",
    5: "receiverNotRegistered", 6: "receiverNotSubscribed", 7: "publicAccountBlocked",
    8: "publicAccountNotFound", 9: "publicAccountSuspended", 10: "webhookNotSet",
    11: "receiverNoSuitableDevice", 12: "tooManyRequests", 13: "apiVersionNotSupported",
    14: "incompatibleWithVersion", 15: "publicAccountNotAuthorized",
    16: "inchatReplyMessageNotAllowed", 17: "publicAccountIsNotInline", 18: "noPublicChat",
    19: "cannotSendBroadcast", 20: "broadcastNotAllowed", 21: "unsupportedCountry",
    22: "paymentUnsupported", 23: "freeMessagesExceeded", 24: "noBalance",
}  # fmt: skip


class StatusError(Exception):
    """A failure that is told inside of HTTP 200.

    Args:
        status: its number.
        message: the text of `status_message`; its name where empty, no such member where None.
    """

    def __init__(self, status: int, message: str | None = "") -> None:
        super().__init__(str(status))
        self.status = status
        self.message = STATUS_NAMES.get(status, "generalError") if message == "" else message


@define
class Refusals:
    """What the next calls of send_message are refused with.

    Args:
        status: 0 for nothing.
        times: how many calls; None for ever.
        bare: whether the answer lacks `status_message`.
    """

    status: int = 0
    times: int | None = None
    bare: bool = False

    def check(self) -> None:
        """Refuse, and count down.

        Raises:
            StatusError: while it lasts.
        """
        if self.status == 0 or self.times == 0:
            return
        if self.times is not None:
            self.times -= 1
        raise StatusError(self.status, None if self.bare else "")


@define
class Billing:
    """What messages outside of sessions are paid with.

    Args:
        free: how many are free.
        balance: how many the balance pays for; None where the account has no such terms.
    """

    free: int = 10_000
    balance: int | None = None

    def charge(self) -> int:
        """Pay for one message and return its `billing_status`.

        Raises:
            StatusError: nothing is left.
        """
        if self.free > 0:
            self.free -= 1
            return 4
        if self.balance is None:
            raise StatusError(23)
        if self.balance <= 0:
            raise StatusError(24)
        self.balance -= 1
        return 5


@define(kw_only=True)
class ViberState:
    """Everything that one bot's Viber remembers; used by whoever holds the simulator's lock.

    Args:
        clock: the time.
        random: for tokens.
        token: of the bot.
        uri: under which people find the bot.
        users: by id.
        callbacks: what is owed to the webhook.
        event_types: the kinds that the bot asked for.
        send_name: whether callbacks name people.
        limits: whether messages without a reply are counted.
        refusals: what send_message is refused with.
        billing: what messages cost.
        welcome_problems: what was wrong with answers to `conversation_started`.
        media_url: under which what people send can be read.
    """

    clock: Clock
    random: random.Random
    token: str
    uri: str
    users: dict[str, User] = field(factory=dict)
    callbacks: CallbackQueue = field(init=False)
    event_types: frozenset[str] = frozenset()
    send_name: bool = False
    limits: bool = True
    refusals: Refusals = field(factory=Refusals)
    billing: Billing = field(factory=Billing)
    welcome_problems: list[str] = field(factory=list)
    media_url: str = MEDIA_URL
    shelf: MediaShelf = field(init=False)
    fetches: FetchQueue = field(init=False)
    _last_token: int = _FIRST_TOKEN

    def __attrs_post_init__(self) -> None:
        self.callbacks = CallbackQueue(self.clock, self.token)
        self.shelf = MediaShelf(self.clock, self.random.getrandbits)
        self.fetches = FetchQueue(self.clock, self.fail)

    @property
    def account(self) -> dict[str, Any]:
        """The members of get_account_info."""
        return {
            "id": "pa:75346594275468546724",
            "chat_hostname": "SN-CHAT-01_",
            "name": "Simulated bot",
            "uri": self.uri,
            "icon": "https://media.viber.example/icon.jpg",
            "category": "Companies, Brands & Products",
            "subcategory": "Companies",
            "location": {"lat": 50.45, "lon": 30.52},
            "country": "UA",
            "webhook": self.callbacks.url,
            "event_types": sorted(self.event_types),
            "subscribers_count": sum(user.subscribed for user in self.users.values()),
        }

    def user(self, user_id: str, name: str | None = None) -> User:
        """Return a person, made on their first use."""
        if user_id not in self.users:
            self.users[user_id] = User(user_id=user_id)
        user = self.users[user_id]
        user.name = name or user.name
        return user

    def new_token(self) -> int:
        """Return the token of another message; they grow, but not by one."""
        self._last_token += self.random.randrange(1, 2**20)
        return self._last_token

    def announce(
        self, event: str, members: dict[str, Any], token: int, **more: Any
    ) -> Callback | None:
        """Owe a callback, and return it; None where the bot did not ask for this kind."""
        if event in SELECTABLE and event not in self.event_types:
            return None
        body = {
            "event": event,
            "timestamp": math.floor(self.clock.time() * 1000),
            "chat_hostname": "SN-CHAT-01_",
            "message_token": token,
            **members,
        }
        return self.callbacks.owe(body, **more)

    def show(
        self, user: User, content: dict[str, Any], token: int, *, welcome: bool = False
    ) -> None:
        """Show a message of the bot; its keyboard and its tracking data replace the last ones."""
        author = str((content.get("sender") or {}).get("name") or "")
        shown = ShownMessage(
            token=str(token),
            date=self.clock.time(),
            author=author,
            content=content,
            welcome=welcome,
        )
        user.messages.append(shown)
        self.fetches.owe(user, shown)
        user.tracking_data = str(content.get("tracking_data") or "")
        if content.get("keyboard"):
            user.keyboard = content["keyboard"]

    def fail(self, user: User, shown: ShownMessage, reason: str) -> None:
        """Take a message of the bot's away again, and report why."""
        if shown in user.messages:
            user.messages.remove(shown)
            members = {"user_id": user.user_id, "desc": reason}
            self.announce("failed", members, int(shown.token))

"""`TelegramAdapter`: Telegram's Bot API as exchanges, webhooks and events.

Pure: it describes calls and reads answers, and has no clock, storage, thread or network. It never
uses a parse mode and never drops what waits at Telegram.
"""

from __future__ import annotations

from typing import Any, ClassVar

from chatbridge.adapter import Adapter, Batch, BotIdentity, Update, WebhookState
from chatbridge.capabilities import Capabilities, LengthUnit, Proof
from chatbridge.content import Attachment, Content
from chatbridge.errors import (
    ConfigurationError,
    DeliveryError,
    RetryLaterError,
    WebhookPayloadError,
    WebhookVerificationError,
)
from chatbridge.events import ChoicePicked, Event
from chatbridge.exchange import Exchange
from chatbridge.http_types import WebhookRequest
from chatbridge.outgoing import OutgoingMessage, Receipt
from chatbridge.payloads import an_object, integer_at, optional_integer, text_at
from chatbridge.richtext import Mark
from chatbridge.signatures import check_shared_secret

from . import edits, file_fetching, methods
from .bot_settings import TelegramSettings
from .entities import MAX_TEXT_LENGTH, sendable
from .file_kinds import FILE_LIMITS, MAX_ALBUM
from .file_messages import file_call
from .messages import Bot
from .outcomes import QUERY_TOO_OLD, result_of
from .updates import WANTED, event_of, polled_update

_SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a name
_LONGEST_POLL = 50
_PAGE = 100
_MAX_ANSWER_TEXT = 200


class TelegramAdapter(Adapter):
    """Translator for Telegram.

    Args:
        settings: the bot's token, its server and the secret of its webhook.
        identity: who the bot is; without it, labels are no links and `/word@name` is nobody's.
    """

    name: ClassVar[str] = "telegram"
    settings_schema: ClassVar[type[Any]] = TelegramSettings
    capabilities: ClassVar[Capabilities] = Capabilities(
        max_text_length=MAX_TEXT_LENGTH,
        length_unit=LengthUnit.UTF16,
        marks=frozenset(Mark),
        links=True,
        blocks={"code", "quote"},
        choices=True,
        max_choice_label=64,
        max_choice_data=methods.MAX_CHOICE_DATA,
        files="upload",
        file_limits=FILE_LIMITS,
        albums=MAX_ALBUM,
        edits=None,
        replies=True,
        threads=True,
        proof=Proof.SHARED_SECRET,
        ordered=True,
        answer_within=50.0,
        horizon=86400.0,
        position="platform",
        poll_pause=0.6,
    )
    settings: TelegramSettings

    def urls(self) -> tuple[str, ...]:
        """See `Adapter.urls`."""
        return (self.settings.api_url,)

    def identify(self) -> Exchange[BotIdentity]:
        """See `Adapter.identify`."""
        response = yield methods.call(self.settings, "getMe", repeatable=True)
        result = result_of(response)
        try:
            user = an_object(result, "the bot")
            return BotIdentity(
                bot_id=str(integer_at(user, "id")),
                username=text_at(user, "username"),
                name=text_at(user, "first_name"),
            )
        except WebhookPayloadError:
            pass
        raise RetryLaterError("the server does not say who the bot is")

    def verify(self, webhook: WebhookRequest) -> None:
        """See `Adapter.verify`; without a configured secret no webhook is genuine."""
        secrets = self.settings.webhook_secrets
        if not secrets:
            raise WebhookVerificationError("no webhook_secret is set, so no webhook is accepted")
        check_shared_secret(secrets, webhook.headers.get(_SECRET_HEADER))

    def parse(self, webhook: WebhookRequest) -> list[Event]:
        """See `Adapter.parse`; one webhook is one update, and one update is one event."""
        return [event_of(webhook.json(), self._bot())]

    def poll(self, position: str | None, wait: float) -> Exchange[Batch]:
        """See `Polls.poll`; the server holds the call for 50 seconds at most."""
        held = int(min(max(wait, 0), _LONGEST_POLL))
        parameters = {
            "offset": None if position is None else int(position) + 1,
            "limit": _PAGE,
            "timeout": held,
            "allowed_updates": list(WANTED),
        }
        response = yield methods.call(
            self.settings, "getUpdates", parameters, repeatable=True, timeout=held + 10.0
        )
        result = result_of(response)
        if not isinstance(result, list):
            raise RetryLaterError("the server's list of updates cannot be read")
        bot = self._bot()
        read = [polled_update(update, bot) for update in result]
        updates = tuple(update for update in read if isinstance(update, Update))
        return Batch(updates, full=len(result) >= _PAGE)

    def send(self, message: OutgoingMessage) -> Exchange[Receipt]:
        """See `Adapter.send`; one call, which is the visible one.

        Raises:
            UnsupportedFeatureError: there is nothing that can be seen, or Telegram cannot show
                these files.
        """
        if message.attachments:
            response = yield file_call(self.settings, message, self._username())
        else:
            response = yield methods.text_call(self.settings, message, self._username())
        return _receipt(result_of(response))

    def edit(self, message_id: str, message: OutgoingMessage) -> Exchange[Receipt]:
        """See `EditsMessages.edit`; what stays as it was is a success."""
        return (yield from edits.edit(self.settings, message_id, message, self._username()))

    def fetch(self, attachment: Attachment) -> Exchange[Content]:
        """See `FetchesFiles.fetch`."""
        return (yield from file_fetching.fetch(self.settings, attachment))

    def answer_choice(self, event: ChoicePicked, text: str) -> Exchange[None]:
        """See `AnswersChoices.answer_choice`; that it comes too late is a success."""
        parameters = {
            "callback_query_id": event.query_id,
            "text": methods.cut(sendable(text), _MAX_ANSWER_TEXT) or None,
        }
        response = yield methods.call(
            self.settings, "answerCallbackQuery", parameters, repeatable=True
        )
        result_of(response, harmless=QUERY_TOO_OLD)

    def deep_link(self, payload: str) -> str:
        """See `OpensByLink.deep_link`; Telegram takes 64 characters."""
        username = self._username()
        if not username:
            raise ConfigurationError(
                "the bot's username is not known; set the project again, and it is asked for"
            )
        return f"https://t.me/{username}?start={payload}"

    def typing(self, message: OutgoingMessage) -> Exchange[None]:
        """See `ShowsTyping.typing`; whatever goes wrong stays unsaid."""
        parameters = {**methods.chat_parameters(message), "action": "typing"}
        try:
            response = yield methods.call(
                self.settings,
                "sendChatAction",
                parameters,
                repeatable=True,
                paces=methods.bot_paces(self.settings),
            )
            result_of(response)
        except DeliveryError:
            return

    def register_webhook(self, url: str | None) -> Exchange[None]:
        """See `RegistersWebhooks.register_webhook`.

        Raises:
            ConfigurationError: there is no `webhook_secret`.
        """
        if url is None:
            response = yield methods.call(self.settings, "deleteWebhook", repeatable=True)
            result_of(response)
            return
        secret = self.settings.webhook_secret
        if secret is None:
            raise ConfigurationError("webhooks need the setting webhook_secret of this bot")
        parameters = {
            "url": url,
            "secret_token": secret.reveal(),
            "allowed_updates": list(WANTED),
        }
        response = yield methods.call(self.settings, "setWebhook", parameters, repeatable=True)
        result_of(response)

    def webhook_state(self) -> Exchange[WebhookState]:
        """See `RegistersWebhooks.webhook_state`."""
        response = yield methods.call(self.settings, "getWebhookInfo", repeatable=True)
        result = result_of(response)
        try:
            info = an_object(result, "the webhook")
            return WebhookState(
                url=text_at(info, "url"),
                pending=optional_integer(info, "pending_update_count"),
                problem=text_at(info, "last_error_message"),
            )
        except WebhookPayloadError:
            pass
        raise RetryLaterError("the server's word on the webhook cannot be read")

    def _bot(self) -> Bot:
        return Bot(methods.bot_id(self.settings), self._username() or None)

    def _username(self) -> str:
        return self.identity.username if self.identity else ""


def _receipt(result: Any) -> Receipt:
    """Return the ids of what is shown; a message that Telegram scheduled has none yet."""
    shown = result if isinstance(result, list) else [result]
    numbers = [item.get("message_id") for item in shown if isinstance(item, dict)]
    return Receipt(tuple(str(number) for number in numbers if _is_id(number)))


def _is_id(number: Any) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and number > 0

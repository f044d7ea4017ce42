"""`TelegramAdapter`: Telegram's Bot API as exchanges, webhooks and events.

Pure: it describes calls and reads answers, and has no clock, storage, thread or network. It never
uses a parse mode and never drops what waits at Telegram.
"""

from __future__ import annotations

from typing import Any, ClassVar

from chatbridge.adapter import Adapter, Batch, BotIdentity, Update, WebhookState
from chatbridge.capabilities import Capabilities, LengthUnit, Proof
from chatbridge.errors import (
    ConfigurationError,
    DeliveryError,
    RetryLaterError,
    UnsupportedFeatureError,
    WebhookPayloadError,
    WebhookVerificationError,
)
from chatbridge.events import ChoicePicked, Event
from chatbridge.exchange import Exchange
from chatbridge.http_types import WebhookRequest
from chatbridge.outgoing import OutgoingMessage, Receipt
from chatbridge.richtext import Mark
from chatbridge.signatures import check_shared_secret

from . import methods
from .bot_settings import TelegramSettings
from .entities import MAX_TEXT_LENGTH, sendable
from .messages import Bot
from .outcomes import NOT_MODIFIED, QUERY_TOO_OLD, result_of
from .payloads import an_object, integer_at, optional_integer, text_at
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
        secret = self.settings.webhook_secret
        if secret is None:
            raise WebhookVerificationError("no webhook_secret is set, so no webhook is accepted")
        check_shared_secret((secret,), webhook.headers.get(_SECRET_HEADER))

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
        return Batch(tuple(update for update in read if isinstance(update, Update)))

    def send(self, message: OutgoingMessage) -> Exchange[Receipt]:
        """See `Adapter.send`; one call of sendMessage.

        Raises:
            UnsupportedFeatureError: the message has files, or nothing that can be seen.
        """
        if message.attachments:
            raise UnsupportedFeatureError("files cannot be sent to Telegram by this version")
        parameters = {
            **methods.chat_parameters(message),
            **methods.text_parameters(message, self._username()),
            "reply_parameters": methods.reply_parameters(message),
        }
        response = yield methods.call(
            self.settings,
            "sendMessage",
            parameters,
            repeatable=False,
            paces=methods.chat_paces(self.settings, parameters["chat_id"]),
        )
        return _receipt(result_of(response))

    def edit(self, message_id: str, message: OutgoingMessage) -> Exchange[Receipt]:
        """See `EditsMessages.edit`; a text that stays as it was is a success."""
        if message.attachments:
            raise UnsupportedFeatureError("files of a sent message cannot be changed")
        chat = methods.chat_parameters(message)["chat_id"]
        parameters = {
            "chat_id": chat,
            "message_id": int(message_id),
            **methods.text_parameters(message, self._username()),
        }
        response = yield methods.call(
            self.settings,
            "editMessageText",
            parameters,
            repeatable=True,
            paces=methods.chat_paces(self.settings, chat),
        )
        result_of(response, harmless=(NOT_MODIFIED,))
        return Receipt((message_id,))

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
    """Return the id of the shown message; a message that Telegram scheduled has none yet."""
    number = result.get("message_id") if isinstance(result, dict) else None
    known = isinstance(number, int) and not isinstance(number, bool) and number > 0
    return Receipt((str(number),) if known else ())

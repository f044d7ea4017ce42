"""`ViberAdapter`: Viber's REST Bot API as exchanges, webhooks and events.

Pure: it describes calls and reads answers, and has no clock, storage, thread or network. Viber has
no polling, no uploads, no edits and no replies; what names a request travels in `tracking_data`.
"""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode

from chatbridge.adapter import Adapter, BotIdentity, WebhookState
from chatbridge.capabilities import Capabilities, LengthUnit, Proof
from chatbridge.content import Attachment, Content
from chatbridge.errors import ConfigurationError, RetryLaterError, WebhookPayloadError
from chatbridge.events import ConversationStarted, Event
from chatbridge.exchange import Exchange
from chatbridge.http_types import WebhookAnswer, WebhookRequest
from chatbridge.outgoing import OutgoingMessage, Receipt
from chatbridge.payloads import number_text_at, readable, text_at
from chatbridge.signatures import check_hmac_sha256

from . import file_fetching, methods
from .bot_settings import MAX_SENDER_NAME, ViberSettings
from .callbacks import WANTED, event_of
from .drawing import MAX_TEXT_LENGTH, cut
from .file_messages import FILE_LIMITS, file_members
from .outcomes import FILE_REFUSALS, REFUSALS, result_of

_SIGNATURE_HEADER = "X-Viber-Content-Signature"
_SIGNATURE_PARAMETER = "sig"
_CHARGED = "5"


class ViberAdapter(Adapter):
    """Translator for Viber.

    Args:
        settings: the bot's token, its server, and who speaks where no agent does.
        identity: who the bot is; only paces depend on it.
    """

    name: ClassVar[str] = "viber"
    settings_schema: ClassVar[type[Any]] = ViberSettings
    capabilities: ClassVar[Capabilities] = Capabilities(
        max_text_length=MAX_TEXT_LENGTH,
        length_unit=LengthUnit.UTF16,
        choices=True,
        max_choice_label=methods.MAX_CHOICE_LABEL,
        max_choice_data=methods.MAX_CHOICE_DATA,
        max_choices=methods.MAX_CHOICES,
        max_sender_name=MAX_SENDER_NAME,
        files="url",
        file_limits=FILE_LIMITS,
        receipts=True,
        proof=Proof.SIGNED_BODY,
        ordered=False,
        answer_within=4.0,
        horizon=3600.0,
    )
    settings: ViberSettings

    def urls(self) -> tuple[str, ...]:
        """See `Adapter.urls`."""
        return (self.settings.api_url, *self.settings.media_urls)

    def identify(self) -> Exchange[BotIdentity]:
        """See `Adapter.identify`."""
        account = yield from self._account()
        try:
            found = BotIdentity(
                bot_id=text_at(account, "id"),
                username=text_at(account, "uri"),
                name=text_at(account, "name"),
            )
        except WebhookPayloadError:
            found = BotIdentity("")
        if not found.bot_id:
            raise RetryLaterError("the server does not say who the bot is")
        return found

    def verify(self, webhook: WebhookRequest) -> None:
        """See `Adapter.verify`; the header counts, without one the parameter `sig`.

        The signature covers neither time nor path: what tells a replay is that its events are done.
        """
        given = webhook.headers.get(_SIGNATURE_HEADER) or _signature_in(webhook.query)
        check_hmac_sha256((self.settings.token,), webhook.body, given)

    def parse(self, webhook: WebhookRequest) -> list[Event]:
        """See `Adapter.parse`; one webhook is one callback, and one callback is one event."""
        return [event_of(webhook.json())]

    def answer(self, webhook: WebhookRequest, welcome: str | None) -> WebhookAnswer | None:
        """See `AnswersWebhooks.answer`; only here can somebody be greeted who has not written."""
        if not welcome or not isinstance(event_of(webhook.json()), ConversationStarted):
            return None
        text = cut(readable(welcome), MAX_TEXT_LENGTH)
        members = methods.welcome_members(self.settings, text)
        return WebhookAnswer(200, methods.json_bytes(members), "application/json")

    def send(self, message: OutgoingMessage) -> Exchange[Receipt]:
        """See `Adapter.send`; one call of send_message.

        Raises:
            UnsupportedFeatureError: the message has a file that Viber does not show, more than
                one, or nothing that can be seen.
        """
        members_of = file_members if message.attachments else methods.message_members
        members = members_of(self.settings, message)
        paces = methods.chat_paces(self._bot_id(), message.address.chat)
        response = yield methods.call(
            self.settings, "send_message", members, repeatable=False, paces=paces
        )
        return _receipt(result_of(response, FILE_REFUSALS if message.attachments else REFUSALS))

    def fetch(self, attachment: Attachment) -> Exchange[Content]:
        """See `FetchesFiles.fetch`; an address of Viber's is good for about an hour."""
        return (yield from file_fetching.fetch(self.urls(), attachment))

    def deep_link(self, payload: str) -> str:
        """See `OpensByLink.deep_link`."""
        uri = self.identity.username if self.identity is not None else ""
        if not uri:
            raise ConfigurationError(
                "the bot's URI is not known; set the project again, and it is asked for"
            )
        return f"viber://pa?{urlencode({'chatURI': uri, 'context': payload})}"

    def register_webhook(self, url: str | None) -> Exchange[None]:
        """See `RegistersWebhooks.register_webhook`.

        Viber posts to the URL while this call is under way, so nothing that the webhook needs may
        be held by whoever carries it out.

        Raises:
            ConfigurationError: Viber got no 200 from the URL.
        """
        members: dict[str, Any] = {"url": ""}
        if url is not None:
            members = {"url": url, "event_types": list(WANTED), "send_name": True}
        response = yield methods.call(self.settings, "set_webhook", members, repeatable=True)
        result_of(response)

    def webhook_state(self) -> Exchange[WebhookState]:
        """See `RegistersWebhooks.webhook_state`; Viber tells neither what waits nor what failed."""
        account = yield from self._account()
        try:
            return WebhookState(url=text_at(account, "webhook"))
        except WebhookPayloadError:
            pass
        raise RetryLaterError("the server's word on the webhook cannot be read")

    def _account(self) -> Exchange[dict[str, Any]]:
        response = yield methods.call(self.settings, "get_account_info", {}, repeatable=True)
        return result_of(response)

    def _bot_id(self) -> str:
        return self.identity.bot_id if self.identity else ""


def _signature_in(query: str) -> str | None:
    try:
        values = parse_qs(query, max_num_fields=20).get(_SIGNATURE_PARAMETER, [])
    except ValueError:
        return None
    return values[0] if len(values) == 1 else None


def _receipt(answer: dict[str, Any]) -> Receipt:
    """Return the token of the taken message; one that cannot be read was taken all the same.

    `billing_status` is told as number and as text; 5 is a message that is charged for.
    """
    try:
        token = number_text_at(answer, "message_token")
    except WebhookPayloadError:
        token = ""
    charged = str(answer.get("billing_status")) == _CHARGED
    return Receipt((token,) if token else (), charged=charged)

"""Acme Chat for chatbridge: describes the calls of a made-up platform, and makes none itself."""

from __future__ import annotations

from typing import Any

from attrs import frozen

import chatbridge as cb


@frozen(eq=False)
class AcmeSettings:
    """What the administrator sets for a bot."""

    token: cb.Secret = cb.setting("token of the bot")
    webhook_secret: cb.Secret = cb.setting("what Acme signs webhooks with")
    api_url: str = cb.setting("Acme's server", default="https://api.acme.example")


class AcmeAdapter(cb.Adapter):
    """Translator for Acme."""

    name = "acme"
    settings_schema = AcmeSettings
    capabilities = cb.Capabilities(
        max_text_length=4000, proof=cb.Proof.SIGNED_BODY, idempotent=True, horizon=3600.0
    )

    def urls(self) -> tuple[str, ...]:
        return (self.settings.api_url,)

    def identify(self) -> cb.Exchange[cb.BotIdentity]:
        me = (yield self._request("GET", "/me")).check().json()
        return cb.BotIdentity(bot_id=me["id"], username=me["name"])

    def verify(self, webhook: cb.WebhookRequest) -> None:
        given = webhook.headers.get("X-Acme-Signature")
        cb.check_hmac_sha256((self.settings.webhook_secret,), webhook.body, given)

    def parse(self, webhook: cb.WebhookRequest) -> list[cb.Event]:
        raw = webhook.json()
        try:
            number, chat, person, text = (str(raw[key]) for key in ("id", "chat", "from", "text"))
        except (KeyError, TypeError):
            raise cb.WebhookPayloadError("this is no message of Acme") from None
        word, _, rest = text.removeprefix("/").partition(" ")
        return [
            cb.MessageReceived(
                event_id=number,
                message_id=number,
                address=cb.Address(chat),
                sender=cb.Contact(person, name=person),
                text=cb.Document.from_plain(text),
                command=cb.Command(word.lower(), rest) if text.startswith("/") else None,
                raw=raw,
            )
        ]

    def send(self, message: cb.OutgoingMessage) -> cb.Exchange[cb.Receipt]:
        if message.attachments:
            raise cb.UnsupportedFeatureError("Acme takes no files")
        label = f"{message.label.key}\n" if message.label else ""
        body = {"chat": message.address.chat, "text": label + message.text.plain()}
        # Acme shows a key once, so a lost answer may simply be asked for again.
        (yield self._request("POST", "/send", body, message.key)).check()
        return cb.Receipt()

    def _request(self, method: str, path: str, body: Any = None, key: str = "") -> cb.HttpRequest:
        headers = {"X-Token": self.settings.token.reveal(), "Idempotency-Key": key}
        url = self.settings.api_url + path
        return cb.HttpRequest(method, url, headers=headers, json=body, repeatable=True)


@cb.hookimpl
def chatbridge_register_adapters(register: Any) -> None:
    """Offer the adapter."""
    register(AcmeAdapter)

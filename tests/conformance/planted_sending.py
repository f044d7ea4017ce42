"""Adapters that send, declare or fail wrongly; see `planted`."""

from __future__ import annotations

from typing import Any

from attrs import evolve, frozen

import chatbridge as cb
from chatbridge.richtext import Document
from chatbridge_telegram import TelegramAdapter
from chatbridge_viber import ViberAdapter

# ruff: noqa: D101 - each class is described by its name


def _can(adapter: type[cb.Adapter], **changes: Any) -> cb.Capabilities:
    return evolve(adapter.capabilities, **changes)


class _Changes(TelegramAdapter):
    """Sends another message than it was asked to."""

    def changed(self, message: Any) -> Any:
        return message

    def send(self, message: Any) -> Any:
        return (yield from super().send(self.changed(message)))


class DropsChoices(_Changes):
    def changed(self, message: Any) -> Any:
        return evolve(message, choices=())


class DropsLabels(_Changes):
    def changed(self, message: Any) -> Any:
        return evolve(message, label=None)


class DropsFiles(_Changes):
    def changed(self, message: Any) -> Any:
        text = message.text if not message.attachments else Document.from_plain("a file")
        return evolve(message, attachments=(), text=text)


class DropsReplies(_Changes):
    def changed(self, message: Any) -> Any:
        return evolve(message, reply_to=None)


class CutsTexts(_Changes):
    def changed(self, message: Any) -> Any:
        return evolve(message, text=Document.from_plain(message.text.plain()[:1000]))


class DropsTables(_Changes):
    def changed(self, message: Any) -> Any:
        blocks = [each for each in message.text.blocks if type(each).__name__ != "Table"]
        return evolve(message, text=Document(tuple(blocks) or Document.from_plain("-").blocks))


class SaysEmptyThings(_Changes):
    def changed(self, message: Any) -> Any:
        return message if message.text.blocks else evolve(message, text=Document.from_plain("-"))


class CountsCharacters(TelegramAdapter):
    capabilities = _can(TelegramAdapter, length_unit="codepoint")


class PromisesNoEdits(TelegramAdapter):
    capabilities = _can(TelegramAdapter, edits=0)


class PromisesNoPolling(TelegramAdapter):
    capabilities = _can(TelegramAdapter, position=None)


class PromisesIdempotency(TelegramAdapter):
    capabilities = _can(TelegramAdapter, idempotent=True)


class PromisesLongerLabels(ViberAdapter):
    capabilities = _can(ViberAdapter, max_choice_data=100_000)


class RepeatsBlindly(TelegramAdapter):
    def send(self, message: Any) -> Any:
        exchange = super().send(message)
        response = yield evolve(next(exchange), repeatable=True)
        try:
            exchange.send(response)
        except StopIteration as stop:
            return stop.value


class _Raises(TelegramAdapter):
    """Raises something else than it should where a call fails."""

    def instead(self, error: Exception) -> Exception:
        return error

    def send(self, message: Any) -> Any:
        try:
            return (yield from super().send(message))
        except cb.DeliveryError as error:
            raise self.instead(error) from None


class ForgetsDoubt(_Raises):
    def instead(self, error: Exception) -> Exception:
        doubtful = isinstance(error, cb.UnknownOutcomeError)
        return cb.RetryLaterError("failed") if doubtful else error


class ForgetsTheTime(_Raises):
    def instead(self, error: Exception) -> Exception:
        return cb.RetryLaterError("wait") if isinstance(error, cb.RetryLaterError) else error


class RetriesRefusals(_Raises):
    def instead(self, error: Exception) -> Exception:
        return cb.RetryLaterError("refused") if isinstance(error, cb.RefusedError) else error


class TellsTheToken(_Raises):
    def instead(self, error: Exception) -> Exception:
        return type(error)(f"POST /bot{self.settings.token.reveal()}/sendMessage failed") if (
            isinstance(error, cb.UnknownOutcomeError)) else error  # fmt: skip


class LogsTheToken(TelegramAdapter):
    def identify(self) -> Any:
        log = __import__("logging").getLogger("planted")
        log.warning("asking with %s", self.settings.token.reveal())
        return (yield from super().identify())


class ShowsTheToken(TelegramAdapter):
    def __repr__(self) -> str:
        return f"<adapter {self.settings.token.reveal()}>"


class WorriesAboutTyping(TelegramAdapter):
    def typing(self, message: Any) -> Any:
        response = yield next(super().typing(message))
        response.check()


class AsksElsewhere(TelegramAdapter):
    def identify(self) -> Any:
        yield cb.HttpRequest("GET", "https://elsewhere.example/me")
        return (yield from super().identify())


class NeverGivesUp(TelegramAdapter):
    def identify(self) -> Any:
        while True:
            try:
                return (yield from super().identify())
            except cb.DeliveryError:
                continue


class CallsAtOnce(TelegramAdapter):
    def identify(self) -> Any:
        return super().identify()


@frozen(eq=False)
class _PlainSettings:
    token: str = cb.setting("the token")
    webhook_secret: cb.Secret = cb.setting("the secret")


class KeepsTokensPlain(TelegramAdapter):
    settings_schema = _PlainSettings

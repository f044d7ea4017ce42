"""The whole error tree; a child class says what the catcher should do next.

No error here ever carries a message's content, a token, a key, a URL or a chat id: the texts are
written by this library and name settings, reasons and the mend, nothing that people wrote.
"""

from __future__ import annotations

from enum import StrEnum


class ChatbridgeError(Exception):
    """Everything this library raises on purpose."""


# --- change something, then start again ---------------------------------------------------------


class ConfigurationError(ChatbridgeError):
    """Something in the configuration is wrong; the text names the setting and the mend."""


class UnknownPluginError(ConfigurationError):
    """No installed package offers the adapter or storage that was asked for."""


class PluginLoadError(ConfigurationError):
    """A plugin is installed but cannot be used; the text names its distribution and version."""


class WrongKeyError(ConfigurationError):
    """The root key does not open the storage; nothing was written."""


# --- answer this webhook and forget it ----------------------------------------------------------


class WebhookError(ChatbridgeError):
    """A webhook cannot be used.

    Attributes:
        status_hint: the HTTP status to answer with.
    """

    status_hint = 400


class WebhookVerificationError(WebhookError):
    """The webhook does not prove that it comes from where it says."""

    status_hint = 403


class WebhookPayloadError(WebhookError):
    """The webhook is genuine but its body cannot be read."""

    status_hint = 400


# --- the far side did not take it ---------------------------------------------------------------


class Refusal(StrEnum):
    """Why a far side refused; what the bridge does next depends on it."""

    BLOCKED = "blocked"
    GONE = "gone"
    MIGRATED = "migrated"
    TOO_LONG = "too_long"
    BAD_MARKUP = "bad_markup"
    BAD_FILE = "bad_file"
    WINDOW_CLOSED = "window_closed"
    NOT_SUBSCRIBED = "not_subscribed"
    QUOTA = "quota"
    THREAD_GONE = "thread_gone"
    REPLY_GONE = "reply_gone"
    CLIENT_TOO_OLD = "client_too_old"
    UNAUTHORISED = "unauthorised"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    INVALID = "invalid"


class DeliveryError(ChatbridgeError):
    """The far side did not take what was sent."""


class RetryLaterError(DeliveryError):
    """It certainly did not happen; try again, not before `retry_after` seconds have passed.

    Attributes:
        retry_after: seconds to wait, or None where the far side named no time.
        scope: the pace scope ("chat", "bot", "issue", "endpoint", "site") that has to wait; None
            means the most specific one of the request.
    """

    def __init__(
        self, reason: str, *, retry_after: float | None = None, scope: str | None = None
    ) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.scope = scope


class ContentError(RetryLaterError):
    """The source of an upload failed, so the upload was certainly not completed."""


class RefusedError(DeliveryError):
    """The far side refused for good; repeating it unchanged is useless.

    Attributes:
        reason: what kind of refusal it was.
        status: the HTTP status, or None.
        migrated_to: the new chat of a `Refusal.MIGRATED`, hidden from text.
    """

    def __init__(
        self,
        reason: Refusal,
        explanation: str = "",
        *,
        status: int | None = None,
        migrated_to: str | None = None,
    ) -> None:
        super().__init__(f"refused ({reason}){': ' + explanation if explanation else ''}")
        self.reason = reason
        self.status = status
        self.migrated_to = migrated_to


class UnknownOutcomeError(DeliveryError):
    """Nobody can know whether it happened: the bytes left and no usable answer came."""


class UnsupportedFeatureError(ChatbridgeError):
    """The platform cannot express this; raised before any network call."""


# --- storage ------------------------------------------------------------------------------------


class StorageError(ChatbridgeError):
    """The storage could not do what was asked."""


class ConflictError(StorageError):
    """A conditional write lost: somebody else changed the record first."""


class StorageUnavailableError(StorageError):
    """The storage cannot work now (full disk, locked, read-only, gone); the text says which.

    Attributes:
        retry_after: seconds after which another try makes sense, or None.
    """

    def __init__(self, reason: str, *, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class ValueTooLargeError(StorageError):
    """The value is larger than the contract allows."""


class InvalidKeyError(StorageError):
    """The key has characters or a length outside the contract."""


class NoCredentialError(StorageError):
    """The storage refuses for want of a valid credential."""


class SealedValueError(StorageError):
    """A record cannot be unsealed: damaged, moved to another place, or sealed with another key."""

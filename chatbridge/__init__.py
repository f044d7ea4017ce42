"""A bridge between Jira Service Management and chat platforms, as a library.

Importing it costs next to nothing: each public name is loaded when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chatbridge.adapter import (
        API_VERSION,
        Adapter,
        AnswersChoices,
        AnswersWebhooks,
        Batch,
        BotIdentity,
        CompletesEvents,
        EditsMessages,
        FetchesFiles,
        OpensByLink,
        Polls,
        RegistersWebhooks,
        ShowsTyping,
        Update,
        WebhookState,
    )
    from chatbridge.administration import Administration, NewBot
    from chatbridge.bridge import Bridge
    from chatbridge.capabilities import Capabilities, FileLimit, LengthUnit, Proof
    from chatbridge.checks import Finding
    from chatbridge.clock import Clock, SystemClock
    from chatbridge.content import Address, Attachment, Choice, Contact, Content, FileKind
    from chatbridge.desk import Desk
    from chatbridge.errors import (
        ChatbridgeError,
        ConfigurationError,
        ConflictError,
        ContentError,
        DeliveryError,
        InvalidKeyError,
        NoCredentialError,
        PluginLoadError,
        Refusal,
        RefusedError,
        RetryLaterError,
        SealedValueError,
        StorageError,
        StorageUnavailableError,
        UnknownOutcomeError,
        UnknownPluginError,
        UnsupportedFeatureError,
        ValueTooLargeError,
        WebhookError,
        WebhookPayloadError,
        WebhookVerificationError,
        WrongKeyError,
    )
    from chatbridge.events import (
        AvailabilityChanged,
        ChoicePicked,
        Command,
        ConversationMigrated,
        ConversationStarted,
        DeliveryReported,
        Event,
        EventOrigin,
        MessageEdited,
        MessageReceived,
        NothingToDo,
        ReplyTo,
    )
    from chatbridge.exchange import Exchange, Party, Transport, carry_out
    from chatbridge.file_serving import ServedFile
    from chatbridge.filenames import safe_name
    from chatbridge.health import Health
    from chatbridge.hookspecs import hookimpl
    from chatbridge.http_types import (
        FormPart,
        Headers,
        HttpRequest,
        HttpResponse,
        Pace,
        WebhookAnswer,
        WebhookRequest,
    )
    from chatbridge.inviting import InvitationLink
    from chatbridge.jira.jira_desk import CloudDesk, DataCenterDesk, JiraDesk
    from chatbridge.jira.site import SiteSettings
    from chatbridge.keys import (
        RootKey,
        new_root_key,
        root_key_from_callable,
        root_key_from_environment,
        root_key_from_file,
        root_key_from_keyring,
        root_key_from_text,
    )
    from chatbridge.link_care import LinkCare
    from chatbridge.links import Link, LinkState
    from chatbridge.memory_storage import MemoryStorage
    from chatbridge.observation import Notice, NoticeKind, Tally
    from chatbridge.outgoing import OutgoingMessage, Receipt, RequestLabel
    from chatbridge.plugins import Plugins
    from chatbridge.privacy import Privacy
    from chatbridge.project import ProjectSettings, Timings
    from chatbridge.records import Project, ProjectState
    from chatbridge.richtext import Document
    from chatbridge.secret import Secret
    from chatbridge.settings import setting
    from chatbridge.signatures import check_hmac_sha256, check_shared_secret
    from chatbridge.sqlite_storage import SqliteStorage
    from chatbridge.storage import (
        ABSENT,
        ANY,
        KEEP,
        Page,
        PutsUnsynced,
        Row,
        ShowsRemains,
        Storage,
        Versioned,
    )

_HOMES = {
    "adapter": (
        "API_VERSION Adapter AnswersChoices AnswersWebhooks Batch BotIdentity CompletesEvents "
        "EditsMessages FetchesFiles OpensByLink Polls RegistersWebhooks ShowsTyping Update "
        "WebhookState"
    ),
    "administration": "Administration NewBot",
    "bridge": "Bridge",
    "capabilities": "Capabilities FileLimit LengthUnit Proof",
    "checks": "Finding",
    "clock": "Clock SystemClock",
    "content": "Address Attachment Choice Contact Content FileKind",
    "desk": "Desk",
    "errors": (
        "ChatbridgeError ConfigurationError ConflictError ContentError DeliveryError "
        "InvalidKeyError NoCredentialError PluginLoadError Refusal RefusedError RetryLaterError "
        "SealedValueError StorageError StorageUnavailableError UnknownOutcomeError "
        "UnknownPluginError UnsupportedFeatureError ValueTooLargeError WebhookError "
        "WebhookPayloadError WebhookVerificationError WrongKeyError"
    ),
    "events": (
        "AvailabilityChanged ChoicePicked Command ConversationMigrated ConversationStarted "
        "DeliveryReported Event EventOrigin MessageEdited MessageReceived NothingToDo ReplyTo"
    ),
    "exchange": "Exchange Party Transport carry_out",
    "file_serving": "ServedFile",
    "filenames": "safe_name",
    "health": "Health",
    "hookspecs": "hookimpl",
    "http_types": ("FormPart Headers HttpRequest HttpResponse Pace WebhookAnswer WebhookRequest"),
    "jira.jira_desk": "CloudDesk DataCenterDesk JiraDesk",
    "jira.site": "SiteSettings",
    "keys": (
        "RootKey new_root_key root_key_from_callable root_key_from_environment "
        "root_key_from_file root_key_from_keyring root_key_from_text"
    ),
    "inviting": "InvitationLink",
    "link_care": "LinkCare",
    "links": "Link LinkState",
    "memory_storage": "MemoryStorage",
    "observation": "Notice NoticeKind Tally",
    "outgoing": "OutgoingMessage Receipt RequestLabel",
    "plugins": "Plugins",
    "privacy": "Privacy",
    "project": "ProjectSettings Timings",
    "records": "Project ProjectState",
    "richtext": "Document",
    "secret": "Secret",
    "settings": "setting",
    "signatures": "check_hmac_sha256 check_shared_secret",
    "sqlite_storage": "SqliteStorage",
    "storage": "ABSENT ANY KEEP Page PutsUnsynced Row ShowsRemains Storage Versioned",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [  # noqa: RUF022 - in the order of Python's sorted()
    "ABSENT", "ANY", "API_VERSION", "Adapter", "Address", "Administration", "AnswersChoices",
    "AnswersWebhooks", "Attachment", "AvailabilityChanged", "Batch", "BotIdentity", "Bridge",
    "Capabilities", "ChatbridgeError", "Choice", "ChoicePicked", "Clock", "CloudDesk", "Command",
    "CompletesEvents", "ConfigurationError", "ConflictError", "Contact", "Content", "ContentError",
    "ConversationMigrated", "ConversationStarted", "DataCenterDesk", "DeliveryError",
    "DeliveryReported", "Desk", "Document", "EditsMessages", "Event", "EventOrigin", "Exchange",
    "FetchesFiles", "FileKind", "FileLimit", "Finding", "FormPart", "Headers", "Health",
    "HttpRequest", "HttpResponse", "InvalidKeyError", "InvitationLink", "JiraDesk", "KEEP",
    "LengthUnit", "Link", "LinkCare", "LinkState", "MemoryStorage", "MessageEdited",
    "MessageReceived", "NewBot", "NoCredentialError", "NothingToDo", "Notice", "NoticeKind",
    "OpensByLink", "OutgoingMessage", "Pace", "Page", "Party", "PluginLoadError", "Plugins",
    "Polls", "Privacy", "Project", "ProjectSettings", "ProjectState", "Proof", "PutsUnsynced",
    "Receipt", "Refusal", "RefusedError", "RegistersWebhooks", "ReplyTo", "RequestLabel",
    "RetryLaterError", "RootKey", "Row", "SealedValueError", "Secret", "ServedFile", "ShowsRemains",
    "ShowsTyping", "SiteSettings", "SqliteStorage", "Storage", "StorageError",
    "StorageUnavailableError", "SystemClock", "Tally", "Timings", "Transport",
    "UnknownOutcomeError", "UnknownPluginError", "UnsupportedFeatureError", "Update",
    "ValueTooLargeError", "Versioned", "WebhookAnswer", "WebhookError", "WebhookPayloadError",
    "WebhookRequest", "WebhookState", "WebhookVerificationError", "WrongKeyError", "carry_out",
    "check_hmac_sha256", "check_shared_secret", "hookimpl", "new_root_key",
    "root_key_from_callable", "root_key_from_environment", "root_key_from_file",
    "root_key_from_keyring", "root_key_from_text", "safe_name", "setting",
]  # fmt: skip


if not TYPE_CHECKING:  # A type checker would take every misspelt name for a good one.

    def __getattr__(name: str) -> Any:
        home = _HOME_OF.get(name)
        if home is None:
            raise AttributeError(f"module 'chatbridge' has no attribute '{name}'")
        value = getattr(importlib.import_module(f"chatbridge.{home}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

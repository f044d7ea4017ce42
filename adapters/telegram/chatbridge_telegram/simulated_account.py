"""The simulated methods about the bot itself: who it is, its updates and its webhook."""

from __future__ import annotations

import re
import threading
from typing import Any
from urllib.parse import urlsplit

from .simulated_parameters import ApiError, Parameters, bad_request
from .simulated_state import TelegramState

_LONGEST_POLL = 50
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_WEBHOOK_IS_SET = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete"
    " the webhook first"
)
_OTHER_POLLER = (
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is"
    " running"
)


def get_me(state: TelegramState) -> dict[str, Any]:
    """Answer getMe."""
    return {
        **state.bot,
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "has_topics_enabled": False,
    }


def get_chat(state: TelegramState, parameters: Parameters) -> dict[str, Any]:
    """Answer getChat."""
    chat = state.chats.get(parameters.integer("chat_id"))
    if chat is None:
        raise bad_request("chat not found")
    return {
        **chat.as_json(),
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": {
            "unlimited_gifts": False,
            "limited_gifts": False,
            "unique_gifts": False,
            "premium_subscription": False,
            "gifts_from_channels": False,
        },
    }


def get_updates(
    state: TelegramState, parameters: Parameters, changed: threading.Condition
) -> list[dict[str, Any]]:
    """Answer getUpdates, waiting as long as asked for while there is nothing.

    Args:
        state: whose updates.
        parameters: offset, limit, timeout, allowed_updates.
        changed: held by the caller; notified when something arrives or another call comes.
    """
    if state.webhook.url:
        raise ApiError(409, _WEBHOOK_IS_SET)
    _remember_kinds(state, parameters)
    state.polls += 1
    mine = state.polls
    changed.notify_all()
    offset = parameters.integer("offset")
    if offset:
        state.updates.confirm(offset)
    limit = min(max(parameters.integer("limit", 100), 1), 100)
    wait = min(max(parameters.integer("timeout"), 0), _LONGEST_POLL)

    def ready() -> bool:
        disturbed = state.polls != mine or bool(state.webhook.url)
        return disturbed or bool(state.updates.page(limit, state.clock.monotonic()))

    if wait and not ready():
        state.clock.wait(changed, ready, wait)
    if state.polls != mine:
        raise ApiError(409, _OTHER_POLLER)
    if state.webhook.url:
        raise ApiError(409, "Conflict: terminated by setWebhook request")
    return state.updates.page(limit, state.clock.monotonic())


def set_webhook(state: TelegramState, parameters: Parameters) -> str:
    """Answer setWebhook with the description of its success."""
    url = parameters.text("url").strip()
    if not url:
        return delete_webhook(state, parameters)
    _check_url(url)
    secret = parameters.text("secret_token")
    if secret and not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    _remember_kinds(state, parameters)
    if parameters.flag("drop_pending_updates"):
        state.updates.waiting.clear()
    most = min(max(parameters.integer("max_connections", 40), 1), 100)
    before = (state.webhook.url, state.webhook.secret, state.webhook.max_connections)
    if before == (url, secret, most):
        return "Webhook is already set"
    state.webhook.close(state.updates)
    state.webhook.url, state.webhook.secret, state.webhook.max_connections = url, secret, most
    return "Webhook was set"


def delete_webhook(state: TelegramState, parameters: Parameters) -> str:
    """Answer deleteWebhook with the description of its success."""
    if parameters.flag("drop_pending_updates"):
        state.updates.waiting.clear()
    was_set = bool(state.webhook.url)
    state.webhook.close(state.updates)
    return "Webhook was deleted" if was_set else "Webhook is already deleted"


def get_webhook_info(state: TelegramState) -> dict[str, Any]:
    """Answer getWebhookInfo."""
    webhook = state.webhook
    state.updates.prune(state.clock.monotonic())
    info: dict[str, Any] = {
        "url": webhook.url,
        "has_custom_certificate": False,
        "pending_update_count": len(state.updates.waiting),
    }
    if webhook.url:
        info["max_connections"] = webhook.max_connections
    if webhook.last_error:
        info["last_error_date"] = webhook.last_error_date
        info["last_error_message"] = webhook.last_error
    if state.updates.wanted is not None:
        info["allowed_updates"] = sorted(state.updates.wanted)
    return info


def set_my_commands(state: TelegramState, parameters: Parameters) -> bool:
    """Answer setMyCommands."""
    commands = parameters.nested("commands")
    if not isinstance(commands, list):
        raise bad_request("can't parse commands JSON object")
    state.commands = commands
    return True


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    # As a server of one's own does, loopback addresses may do without TLS.
    if parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost", "::1"}:
        return
    if parts.scheme != "https":
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if (parts.port or 443) not in {443, 80, 88, 8443}:
        raise bad_request("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")


def _remember_kinds(state: TelegramState, parameters: Parameters) -> None:
    if "allowed_updates" not in parameters:
        return
    try:
        state.updates.want(parameters.nested("allowed_updates"))
    except ApiError:
        return

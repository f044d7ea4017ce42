"""The simulated endpoints: sending, the account, its webhook and its subscribers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from .simulated_callbacks import Callback
from .simulated_content import check_message, complaint_of_client
from .simulated_state import MANDATORY, SELECTABLE, StatusError, ViberState
from .simulated_users import User

Members: TypeAlias = dict[str, Any]
Endpoint: TypeAlias = Callable[[ViberState, Members], Members]

_MOST_ONLINE = 100


def send_message(state: ViberState, request: Members) -> Members:
    """Answer send_message; what the device will refuse is taken, and reported later."""
    state.refusals.check()
    if not state.callbacks.url:
        raise StatusError(10)
    if not request.get("receiver"):
        raise StatusError(4, "receiver is missing")
    content = {name: value for name, value in request.items() if name != "receiver"}
    content.pop("auth_token", None)
    check_message(content)
    user = _receiver(state, request)
    billing_status = _count(state, user)
    token = state.new_token()
    complaint = complaint_of_client(content)
    if complaint:
        state.announce("failed", {"user_id": user.user_id, "desc": complaint}, token)
    else:
        state.show(user, content, token)
        state.announce("delivered", {"user_id": user.user_id}, token)
    return {
        "message_token": token,
        "chat_hostname": "SN-CHAT-01_",
        "billing_status": billing_status,
    }


def get_account_info(state: ViberState, _request: Members) -> Members:
    """Answer get_account_info."""
    return state.account


def get_user_details(state: ViberState, request: Members) -> Members:
    """Answer get_user_details."""
    user = state.users.get(str(request.get("id") or ""))
    if user is None:
        raise StatusError(5)
    details = {"primary_device_os": "android 14", "viber_version": "24.1.0", "device_type": "x"}
    return {
        "message_token": state.new_token(),
        "user": {**user.as_json(named=True), **details},
    }


def get_online(state: ViberState, request: Members) -> Members:
    """Answer get_online."""
    ids = request.get("ids")
    if not isinstance(ids, list) or not 1 <= len(ids) <= _MOST_ONLINE:
        raise StatusError(3, "ids is not valid")
    return {"users": [_online(state, str(each)) for each in ids]}


ENDPOINTS: dict[str, Endpoint] = {
    "get_account_info": get_account_info,
    "get_online": get_online,
    "get_user_details": get_user_details,
    "send_message": send_message,
}
"""All but set_webhook, which calls back before it answers."""


def begin_registration(state: ViberState, request: Members) -> Callback | None:
    """Begin to answer set_webhook: owe the callback that must get a 200 before it succeeds.

    Returns:
        The callback; None where the webhook was removed, which needs none.

    Raises:
        StatusError: the request is wrong.
    """
    url = request.get("url")
    if not isinstance(url, str):
        raise StatusError(4, "url is missing")
    if not url:
        state.callbacks.url = ""
        state.event_types = frozenset()
        return None
    parts = urlsplit(url)
    # As a test server would: loopback addresses may do without TLS.
    loopback = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost", "::1"}
    if not parts.hostname or not (parts.scheme == "https" or loopback):
        raise StatusError(1)
    _event_types(request)
    return state.announce("webhook", {}, state.new_token(), url=url, repeats=False)


def finish_registration(state: ViberState, request: Members, callback: Callback) -> Members:
    """Finish to answer set_webhook, after the callback was answered or not.

    Raises:
        StatusError: 1, where it was not answered with 200.
    """
    if callback in state.callbacks.waiting:
        state.callbacks.waiting.remove(callback)
    if callback.answered != 200:
        raise StatusError(1)
    state.callbacks.url = request["url"]
    state.event_types = frozenset(_event_types(request))
    state.send_name = request.get("send_name") is True
    return {"event_types": sorted(state.event_types)}


def _event_types(request: Members) -> tuple[str, ...]:
    given = request.get("event_types")
    if given is None:
        return (*MANDATORY, *SELECTABLE)
    if not isinstance(given, list) or not set(given) <= {*MANDATORY, *SELECTABLE, "client_status"}:
        raise StatusError(3, "event_types is not valid")
    return (*MANDATORY, *given)


def _receiver(state: ViberState, request: Members) -> User:
    user = state.users.get(str(request["receiver"]))
    if user is None:
        raise StatusError(5)
    if not user.subscribed:
        raise StatusError(6)
    if int(request.get("min_api_version") or 1) > user.api_version:
        raise StatusError(13)
    return user


def _count(state: ViberState, user: User) -> int:
    """Count a message against the limits and return its `billing_status`."""
    now = state.clock.time()
    if state.limits and not user.may_get_more(now):
        raise StatusError(12)
    billing_status = 2 if user.in_session(now) else state.billing.charge()
    user.count(now)
    return billing_status


def _online(state: ViberState, user_id: str) -> Members:
    user = state.users.get(user_id)
    known = user is not None and user.subscribed
    return {
        "id": user_id,
        "online_status": 0 if known else 4,
        "online_status_message": "online" if known else "unavailable",
    }

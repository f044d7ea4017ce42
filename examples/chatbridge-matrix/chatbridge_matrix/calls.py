"""The bot's settings, how a call to its homeserver looks, and what its answers mean.

Facts are from the Matrix specification, Client-Server API: section "API standards" for errors.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from attrs import frozen

from chatbridge import (
    Content,
    HttpRequest,
    HttpResponse,
    Pace,
    Refusal,
    RefusedError,
    RetryLaterError,
    Secret,
    setting,
)
from chatbridge.settings import check_secrets_before, https_url, with_before

_LONGEST_WAIT = 3600.0


@frozen(eq=False)
class MatrixSettings:
    """What the administrator sets for a bot."""

    homeserver: str = setting(
        "the homeserver's URL for clients, such as https://matrix.example.org", validator=https_url
    )
    access_token: Secret = setting(
        "access token of the bot's account, or the as_token of its registration"
    )
    hs_token: Secret | None = setting(
        "the hs_token of the registration; needed only where the homeserver brings events",
        default=None,
    )
    hs_token_before: Secret | None = setting(
        "the hs_token before, taken too while it is being replaced", default=None
    )

    def __attrs_post_init__(self) -> None:
        """Check what settings say together."""
        check_secrets_before(self)

    @property
    def hs_tokens(self) -> tuple[Secret, ...]:
        """What a homeserver may prove itself with at this moment."""
        return with_before(self, "hs_token")


def call(
    settings: MatrixSettings,
    method: str,
    path: tuple[str, ...],
    *,
    query: dict[str, str] | None = None,
    json: Any = None,
    body: Content | None = None,
    media_type: str = "",
    room: str = "",
    stream: bool = False,
    timeout: float | None = None,
) -> HttpRequest:
    """Return a call; every one here may be repeated: it reads, or it carries its own identity.

    Args:
        settings: whose server and token.
        method: the verb.
        path: its segments, from the one after `/_matrix` on, not yet quoted.
        query: its query.
        json: a value for the body.
        body: a stream for the body instead.
        media_type: of that stream.
        room: whose pace it counts against.
        stream: whether the answer is handed on as a stream.
        timeout: seconds for the whole call.
    """
    url = settings.homeserver.rstrip("/") + "/_matrix/"
    url += "/".join(quote(segment, safe="") for segment in path)
    headers = {"Authorization": f"Bearer {settings.access_token.reveal()}"}
    if media_type:
        headers["Content-Type"] = media_type
    bot = Pace("bot", settings.homeserver, per_second=20.0, burst=40)
    paces = (Pace("chat", room, per_second=5.0, burst=20), bot) if room else (bot,)
    return HttpRequest(
        method, f"{url}?{urlencode(query)}" if query else url, headers=headers, json=json,
        body=body, stream=stream, repeatable=True, timeout=timeout, paces=paces,
    )  # fmt: skip


def checked(response: HttpResponse, reasons: dict[str, Refusal] | None = None) -> HttpResponse:
    """Return an answer that says yes.

    Args:
        response: of the server.
        reasons: what an error code means here.

    Raises:
        RetryLaterError: with the time that the server names.
        RefusedError: with the reason.
    """
    code, wait = _problem(response)
    if response.status == 429:
        given = response.retry_after if wait is None else wait
        raise RetryLaterError("the homeserver asks to wait", retry_after=given, scope="bot")
    reason = (reasons or {}).get(code) or _REASONS.get(code)
    if 400 <= response.status < 500 and reason is not None:
        raise RefusedError(reason, status=response.status)
    return response.check()


_REASONS = {
    "M_UNKNOWN_TOKEN": Refusal.UNAUTHORISED,
    "M_MISSING_TOKEN": Refusal.UNAUTHORISED,
    "M_USER_DEACTIVATED": Refusal.UNAUTHORISED,
    "M_RESOURCE_LIMIT_EXCEEDED": Refusal.QUOTA,
}


def _problem(response: HttpResponse) -> tuple[str, float | None]:
    """Return the error code and the seconds to wait, where an answer names them."""
    if response.status < 400 or response.content is not None:
        return "", None
    try:
        said = response.json()
    except Exception:  # noqa: BLE001 - a proxy's page: its status says enough
        return "", None
    if not isinstance(said, dict):
        return "", None
    code, wait = said.get("errcode"), said.get("retry_after_ms")
    seconds = None
    if isinstance(wait, int | float) and not isinstance(wait, bool):
        seconds = min(max(wait / 1000, 0.0), _LONGEST_WAIT)
    return code if isinstance(code, str) else "", seconds

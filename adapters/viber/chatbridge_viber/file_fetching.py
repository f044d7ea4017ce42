"""Read a file that a person sent: its address came with the message, and is good for an hour.

The address is input. Only hosts of the settings are asked, by https, and none of them is given a
credential.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urljoin

from attrs import evolve

from chatbridge.content import Attachment, Content
from chatbridge.errors import ConfigurationError, Refusal, RefusedError, RetryLaterError
from chatbridge.exchange import Exchange, origin
from chatbridge.http_types import HttpRequest, HttpResponse

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS: Final = 3
_UNSAID: Final = frozenset({"", "application/octet-stream", "binary/octet-stream"})


def fetch(allowed: tuple[str, ...], attachment: Attachment) -> Exchange[Content]:
    """Return the bytes of a received file; see `FetchesFiles.fetch`.

    Args:
        allowed: a URL on each origin that may be asked.
        attachment: its `ref` is the address.
    """
    origins = frozenset(map(origin, allowed))
    url = attachment.ref
    for _ in range(_MOST_REDIRECTS + 1):
        _check_place(url, origins)
        response = yield HttpRequest("GET", url, stream=True)
        if response.status not in _REDIRECTS:
            return _typed(_content_of(response), attachment.media_type)
        url = _target(url, response)
    raise RefusedError(Refusal.BAD_FILE, "Viber sends those who fetch the file in circles")


def _check_place(url: str, origins: frozenset[str]) -> None:
    """Return if the address may be asked.

    Raises:
        RefusedError: it is none, or it is on another host.
    """
    try:
        place = origin(url)
    except ConfigurationError:
        place = ""
    if not place:
        raise RefusedError(Refusal.BAD_FILE, "Viber gave no address of the file")
    if place not in origins:
        raise RefusedError(
            Refusal.BAD_FILE, "the file is on a host that the bot's media_urls do not name"
        )


def _target(url: str, response: HttpResponse) -> str:
    try:
        return urljoin(url, response.headers.get("Location", ""))
    except ValueError:
        return ""


def _content_of(response: HttpResponse) -> Content:
    """Return the body of a download.

    Raises:
        RefusedError: `Refusal.BAD_FILE` where the file is not there (any more).
        RetryLaterError: it failed at the server, or it asks to wait.
    """
    if 400 <= response.status < 500 and response.status not in {408, 429}:
        raise RefusedError(
            Refusal.BAD_FILE, "the file is not there any more", status=response.status
        )
    if response.status == 408:
        raise RetryLaterError("the server of the file was too slow")
    content = response.check().content
    if content is None:
        raise RetryLaterError("the answer to a download has no body")
    return content


def _typed(content: Content, usual: str | None) -> Content:
    """Return the content with the usual type of its kind where the server says none."""
    said = content.media_type.partition(";")[0].strip().lower() not in _UNSAID
    return content if said or usual is None else evolve(content, media_type=usual)

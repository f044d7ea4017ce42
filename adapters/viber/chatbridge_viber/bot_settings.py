"""What an administrator sets for a Viber bot."""

from __future__ import annotations

import re
from typing import Any

import attrs

from chatbridge.capabilities import LengthUnit
from chatbridge.secret import Secret
from chatbridge.settings import https_url, setting

MAX_SENDER_NAME = 28
"""Characters of a shown sender name; counted in UTF-16 units, the strictest reading."""

MEDIA_URLS = (
    "https://dl-media.viber.com",
    "https://media.cdn.viber.com",
    "https://media-direct.cdn.viber.com",
    "https://share.cdn.viber.com",
    "https://content.cdn.viber.com",
)
"""Where people's files were seen; Viber names no list, so an administrator can give another one."""

_TOKEN = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")
_SHORTEST_TOKEN = 20


def _token_shape(_owner: Any, _attribute: attrs.Attribute[Any], value: Secret) -> None:
    token = value.reveal()
    if len(token) < _SHORTEST_TOKEN or not _TOKEN.fullmatch(token):
        raise ValueError(
            "does not look like a bot token (letters and digits in three groups, with hyphens "
            "between them): copy it from the admin panel of Viber"
        )


def _name_shape(_owner: Any, _attribute: attrs.Attribute[Any], value: str) -> None:
    if not value.strip() or LengthUnit.UTF16.measure(value) > MAX_SENDER_NAME:
        raise ValueError(f"must be 1 to {MAX_SENDER_NAME} characters")


def _avatar_shape(owner: Any, attribute: attrs.Attribute[Any], value: str | None) -> None:
    if value is not None:
        https_url(owner, attribute, value)


def _without_slash(url: Any) -> Any:
    return url.rstrip("/") if isinstance(url, str) else url


def _servers(urls: Any) -> Any:
    return tuple(map(_without_slash, urls)) if isinstance(urls, (tuple, list)) else urls


def _each_https(owner: Any, attribute: attrs.Attribute[Any], value: tuple[str, ...]) -> None:
    for url in value:
        https_url(owner, attribute, url)


@attrs.frozen(eq=False)
class ViberSettings:
    """What the adapter needs to know; the shapes are those of Viber's documentation."""

    token: Secret = setting(
        "the bot's token, as the admin panel of Viber shows it",
        env="CHATBRIDGE_VIBER_TOKEN",
        validator=_token_shape,
    )
    api_url: str = setting(
        "the API server; change it only for tests",
        default="https://chatapi.viber.com",
        converter=_without_slash,
        validator=https_url,
    )
    media_urls: tuple[str, ...] = setting(
        "the servers that hand out what customers send; others are not asked",
        default=MEDIA_URLS,
        converter=_servers,
        validator=_each_https,
    )
    sender_name: str = setting(
        "who speaks where no agent does, at most 28 characters",
        default="Support",
        validator=_name_shape,
    )
    sender_avatar: str | None = setting(
        "address of the picture beside every message, at most 100 kB",
        default=None,
        validator=_avatar_shape,
    )

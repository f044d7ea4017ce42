"""The settings of a Jira site, checked at once; knows nothing of calls."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import attrs

from chatbridge.secret import Secret
from chatbridge.settings import https_url, setting

_CLOUD_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[0-9A-Za-z]{2,8})*")


def _short_name(settings: SiteSettings) -> str:
    host = urlsplit(settings.url).hostname or ""
    return host.removesuffix(".atlassian.net")


def _one_line(_owner: Any, _attribute: attrs.Attribute[Any], value: str) -> None:
    if not value or value != value.strip() or not value.isprintable():
        raise ValueError("must be a text without line breaks or spaces around it")


def _matching(pattern: re.Pattern[str], expected: str) -> Any:
    def check(_owner: Any, _attribute: attrs.Attribute[Any], value: str) -> None:
        if not pattern.fullmatch(value):
            raise ValueError(f"must be {expected}")

    return check


def is_cloud_id(text: str) -> bool:
    """Tell whether the text can be a cloud id, and may stand in a path."""
    return _CLOUD_ID.fullmatch(text) is not None


def _without_slash(url: Any) -> Any:
    return url.rstrip("/") if isinstance(url, str) else url


@attrs.frozen(kw_only=True)
class SiteSettings:
    """Where a Jira Cloud site is, and how it is entered.

    An OAuth access token is no setting: the host hands a callable to `CloudDesk`.
    """

    url: str = setting(
        "address of the site, such as https://acme.atlassian.net",
        validator=https_url,
        converter=_without_slash,
        env="CHATBRIDGE_SITE_URL",
    )
    name: str = setting(
        "short name that never changes; links are bound to it",
        default=attrs.Factory(_short_name, takes_self=True),
        validator=_one_line,
    )
    account: str | None = setting(
        "e-mail address of the bot's account",
        default=None,
        validator=attrs.validators.optional(_one_line),
        env="CHATBRIDGE_SITE_ACCOUNT",
    )
    token: Secret | None = setting(
        "API token of that account, classic or scoped", default=None, env="CHATBRIDGE_SITE_TOKEN"
    )
    cloud_id: str | None = setting(
        "cloud id of the site; looked up where it is needed and absent",
        default=None,
        validator=attrs.validators.optional(_matching(_CLOUD_ID, "letters, digits and hyphens")),
    )
    gateway_url: str = setting(
        "address of Atlassian's gateway for scoped and OAuth tokens",
        default="https://api.atlassian.com",
        validator=https_url,
        converter=_without_slash,
    )
    hint_secret: Secret | None = setting(
        "secret of the webhook in Jira; Jira signs with it (X-Hub-Signature)",
        default=None,
        env="CHATBRIDGE_HINT_SECRET",
    )
    hint_header_secret: Secret | None = setting(
        "value of the header X-Chatbridge-Secret that an Automation rule sends",
        default=None,
        env="CHATBRIDGE_HINT_HEADER_SECRET",
    )
    language: str = setting(
        "language of status names read from Jira, a tag such as en-US",
        default="en-US",
        validator=_matching(_LANGUAGE, "a language tag such as en-US"),
    )

    def __attrs_post_init__(self) -> None:
        """Check what two settings say together."""
        if (self.account is None) != (self.token is None):
            raise ValueError("account and token belong together: give both, or neither")

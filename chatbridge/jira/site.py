"""The settings of a Jira site, checked at once; knows nothing of calls."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import attrs

from chatbridge.secret import Secret
from chatbridge.settings import check_secrets_before, https_url, one_of, setting

_CLOUD_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
_PATH_SECRET = re.compile(r"[0-9A-Za-z_-]{16,128}")
_CLOUD_HOST = ".atlassian.net"
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[0-9A-Za-z]{2,8})*")


class SiteKind(StrEnum):
    """Which Jira it is."""

    AUTO = "auto"
    CLOUD = "cloud"
    DATA_CENTER = "data_center"


def _short_name(settings: SiteSettings) -> str:
    host = urlsplit(settings.url).hostname or ""
    return host.removesuffix(_CLOUD_HOST)


def _one_line(_owner: Any, _attribute: attrs.Attribute[Any], value: str) -> None:
    if not value or value != value.strip() or not value.isprintable():
        raise ValueError("must be a text without line breaks or spaces around it")


def _matching(pattern: re.Pattern[str], expected: str) -> Any:
    def check(_owner: Any, _attribute: attrs.Attribute[Any], value: str) -> None:
        if not pattern.fullmatch(value):
            raise ValueError(f"must be {expected}")

    return check


def _for_a_path(_owner: Any, _attribute: attrs.Attribute[Any], value: Secret | None) -> None:
    if value is not None and not _PATH_SECRET.fullmatch(value.reveal()):
        raise ValueError("must be 16 to 128 letters, digits, hyphens and underscores")


def is_cloud_id(text: str) -> bool:
    """Tell whether the text can be a cloud id, and may stand in a path."""
    return _CLOUD_ID.fullmatch(text) is not None


def _without_slash(url: Any) -> Any:
    return url.rstrip("/") if isinstance(url, str) else url


@attrs.frozen(kw_only=True)
class SiteSettings:
    """Where a Jira site is, and how it is entered.

    An OAuth access token is no setting: the host hands a callable to the desk.
    """

    url: str = setting(
        "address of the site, such as https://acme.atlassian.net or https://jira.acme.example",
        validator=https_url,
        converter=_without_slash,
        env="CHATBRIDGE_SITE_URL",
    )
    name: str = setting(
        "short name that never changes; links are bound to it",
        default=attrs.Factory(_short_name, takes_self=True),
        validator=_one_line,
    )
    kind: str = setting(
        "which Jira it is: cloud, data_center, or auto, which asks an address that is not on "
        "atlassian.net",
        default=SiteKind.AUTO.value,
        validator=one_of(*(kind.value for kind in SiteKind)),
        env="CHATBRIDGE_SITE_KIND",
    )
    account: str | None = setting(
        "e-mail address of the bot's account; Cloud only",
        default=None,
        validator=attrs.validators.optional(_one_line),
        env="CHATBRIDGE_SITE_ACCOUNT",
    )
    token: Secret | None = setting(
        "Cloud: API token of that account, classic or scoped; Data Center: its personal access "
        "token",
        default=None,
        env="CHATBRIDGE_SITE_TOKEN",
    )
    reader_account: str | None = setting(
        "e-mail address of a second account, with no more rights than a customer, that reads the "
        "public comments; Cloud only",
        default=None,
        validator=attrs.validators.optional(_one_line),
        env="CHATBRIDGE_SITE_READER_ACCOUNT",
    )
    reader_token: Secret | None = setting(
        "token of that second account, of the same kind as `token`; None: the bridge's account "
        "reads them itself",
        default=None,
        env="CHATBRIDGE_SITE_READER_TOKEN",
    )
    cloud_id: str | None = setting(
        "cloud id of the site; looked up where it is needed and absent; Cloud only",
        default=None,
        validator=attrs.validators.optional(_matching(_CLOUD_ID, "letters, digits and hyphens")),
    )
    gateway_url: str = setting(
        "address of Atlassian's gateway for scoped and OAuth tokens; Cloud only",
        default="https://api.atlassian.com",
        validator=https_url,
        converter=_without_slash,
    )
    hint_secret: Secret | None = setting(
        "secret of the webhook in Jira; Jira signs with it (X-Hub-Signature)",
        default=None,
        env="CHATBRIDGE_HINT_SECRET",
    )
    hint_secret_before: Secret | None = setting(
        "the hint_secret before, taken too while it is being replaced",
        default=None,
        env="CHATBRIDGE_HINT_SECRET_BEFORE",
    )
    hint_header_secret: Secret | None = setting(
        "value of the header X-Chatbridge-Secret that an Automation rule sends",
        default=None,
        env="CHATBRIDGE_HINT_HEADER_SECRET",
    )
    hint_header_secret_before: Secret | None = setting(
        "the hint_header_secret before, taken too while it is being replaced",
        default=None,
        env="CHATBRIDGE_HINT_HEADER_SECRET_BEFORE",
    )
    hint_path_secret: Secret | None = setting(
        "last part of the webhook's URL, for a Data Center that cannot sign",
        default=None,
        validator=_for_a_path,
        env="CHATBRIDGE_HINT_PATH_SECRET",
    )
    hint_path_secret_before: Secret | None = setting(
        "the hint_path_secret before, taken too while it is being replaced",
        default=None,
        validator=_for_a_path,
        env="CHATBRIDGE_HINT_PATH_SECRET_BEFORE",
    )
    language: str = setting(
        "language of status names read from Jira, a tag such as en-US; Cloud only",
        default="en-US",
        validator=_matching(_LANGUAGE, "a language tag such as en-US"),
    )

    def __attrs_post_init__(self) -> None:
        """Check what settings say together."""
        check_secrets_before(self)
        self._check_reader()
        if self.known_kind is SiteKind.DATA_CENTER:
            return
        alone = self.known_kind is SiteKind.AUTO and self.account is None
        if (self.account is None) != (self.token is None) and not alone:
            raise ValueError("account and token belong together: give both, or neither")

    def _check_reader(self) -> None:
        if self.reader_token is None:
            if self.reader_account is not None:
                raise ValueError("reader_account needs reader_token, the token of that account")
            return
        if self.reader_account is None and self.known_kind is SiteKind.CLOUD:
            raise ValueError("reader_token needs reader_account, the e-mail address of its account")
        if self.reader_account is not None and self.reader_account == self.account:
            raise ValueError("reader_account must be another account than `account`")
        if self.token is not None and self.reader_token.matches(self.token.reveal()):
            raise ValueError("reader_token must be the token of another account")

    @property
    def known_kind(self) -> SiteKind:
        """Which Jira it is, as far as settings and address say; AUTO where it has to be asked."""
        if self.kind != SiteKind.AUTO:
            return SiteKind(self.kind)
        host = urlsplit(self.url).hostname or ""
        return SiteKind.CLOUD if host.endswith(_CLOUD_HOST) else SiteKind.AUTO

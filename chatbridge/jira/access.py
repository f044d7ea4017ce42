"""Finds out how a site is entered: which Jira it is, and on which address it takes the token.

A token does not tell its kind. On Cloud a classic one works on the site; a scoped one answers 401
there and works on Atlassian's gateway, as an OAuth token does. What worked is remembered, nothing
else.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Any

from attrs import evolve

from chatbridge.desk import Account
from chatbridge.errors import ConfigurationError, RetryLaterError
from chatbridge.exchange import Exchange
from chatbridge.http_types import HttpRequest
from chatbridge.jira.answers import MalformedAnswerError, mapping, text, text_or
from chatbridge.jira.calls import Calls
from chatbridge.jira.dialect import Dialect
from chatbridge.jira.dialects import ask_dialect, possible_dialects
from chatbridge.jira.outcomes import understood
from chatbridge.jira.site import SiteSettings, is_cloud_id
from chatbridge.secret import Secret
from chatbridge.settings import secret_settings


class Access:
    """The way into one site.

    Args:
        settings: of the site.
        bearer: returns an OAuth access token that is valid now; asked for every call, so it
            should keep the token until it ends. None: the token of the settings.

    Raises:
        ConfigurationError: there is no credential, two, or one that the site cannot take.
    """

    def __init__(self, settings: SiteSettings, bearer: Callable[[], Secret] | None) -> None:
        if bearer is None and settings.token is None:
            raise ConfigurationError(
                "the site needs account and token (an API token), an OAuth access token, or, on "
                "Data Center, a personal access token as its token"
            )
        if bearer is not None and settings.token is not None:
            raise ConfigurationError("the site has a token and an OAuth access token: choose one")
        self.settings = settings
        self._bearer = bearer
        self._possible = possible_dialects(settings)
        if len(self._possible) == 1:
            self._check(self._possible[0])
        # One assignment changes each, so several threads may probe; they find the same.
        self._dialect: Dialect | None = self._possible[0] if len(self._possible) == 1 else None
        self._found: Calls | None = None

    @property
    def account_id(self) -> str:
        """Who we are there, empty until the way in was found."""
        return self._found.account.account_id if self._found is not None else ""

    @property
    def possible(self) -> tuple[Dialect, ...]:
        """The dialects that the site may speak; never more than the settings leave open."""
        return self._possible

    @property
    def spoken(self) -> tuple[Dialect, ...]:
        """The dialect that the site speaks, or those that are possible while nobody knows."""
        return self._possible if self._dialect is None else (self._dialect,)

    def reach(self) -> Exchange[Calls]:
        """Return the way in that worked, looking for it if none is known."""
        return self._found or (yield from self.probe())

    def probe(self) -> Exchange[Calls]:
        """Look for the way in anew.

        Raises:
            ConfigurationError: the site is of a kind that cannot take the credential.
            RefusedError: UNAUTHORISED where no way takes it.
        """
        self._found = None
        dialect = self._dialect or (yield from ask_dialect(self.settings))
        self._dialect = dialect
        self._check(dialect)
        if self._bearer is None or not dialect.has_gateway:
            calls = self._calls(self.settings.url, dialect)
            answer = yield calls.request("GET", f"{calls.platform}/myself")
            if answer.status != 401 or not dialect.has_gateway:
                return self._remember(calls, understood(answer, _account_by(dialect)))
        cloud_id = self.settings.cloud_id or (yield from self._look_up_cloud_id())
        calls = self._calls(f"{self.settings.gateway_url}/ex/jira/{cloud_id}", dialect)
        answer = yield calls.request("GET", f"{calls.platform}/myself")
        return self._remember(calls, understood(answer, _account_by(dialect)))

    def secrets(self) -> tuple[Secret, ...]:
        """Return what must never be shown; an OAuth access token is its giver's to hide."""
        settings = self.settings
        known = [getattr(settings, name) for name in sorted(secret_settings(SiteSettings))]
        if settings.token is not None and settings.account is not None:
            known.append(Secret(self._basic(settings.account, settings.token)))
        return tuple(secret for secret in known if secret is not None)

    def _check(self, dialect: Dialect) -> None:
        dialect.check_credential(self.settings, oauth=self._bearer is not None)

    def _calls(self, base: str, dialect: Dialect) -> Calls:
        return Calls(
            site=self.settings.name, base=base, dialect=dialect, authorization=self._authorization
        )

    def _remember(self, calls: Calls, account: Account) -> Calls:
        self._found = evolve(calls, account=account)
        return self._found

    def _look_up_cloud_id(self) -> Exchange[str]:
        # Answered to anybody, so it gets no credential.
        answer = yield HttpRequest(
            "GET", f"{self.settings.url}/_edge/tenant_info", headers={"Accept": "application/json"}
        )
        return understood(answer, _cloud_id)

    def _authorization(self) -> str:
        token = self.settings.token
        if token is not None and self.settings.account is not None:
            return f"Basic {self._basic(self.settings.account, token)}"
        if self._bearer is not None:
            try:
                token = self._bearer()
            except Exception:  # noqa: BLE001 - foreign code, whose error may hold the token
                token = None
        if token is None:
            raise RetryLaterError("the host has no OAuth access token now")
        return f"Bearer {token.reveal()}"

    @staticmethod
    def _basic(account: str, token: Secret) -> str:
        return b64encode(f"{account}:{token.reveal()}".encode()).decode()


def _account_by(dialect: Dialect) -> Callable[[Any], Account]:
    def read(value: Any) -> Account:
        account_id = dialect.person_id(mapping(value))
        if not account_id:
            raise MalformedAnswerError
        return Account(account_id, text_or(value, "displayName"))

    return read


def _cloud_id(value: object) -> str:
    cloud_id = text(mapping(value), "cloudId")
    if not is_cloud_id(cloud_id):
        raise MalformedAnswerError
    return cloud_id

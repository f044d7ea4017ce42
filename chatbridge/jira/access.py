"""Finds out how a site is entered: on its own address, or through Atlassian's gateway.

A token does not tell its kind. A classic one works on the site; a scoped one answers 401 there and
works on the gateway, as an OAuth token does. What worked is remembered, nothing else.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable

from chatbridge.desk import Account
from chatbridge.errors import ConfigurationError, RetryLaterError
from chatbridge.exchange import Exchange
from chatbridge.http_types import HttpRequest
from chatbridge.jira.answers import MalformedAnswerError, mapping, text, text_or
from chatbridge.jira.calls import PLATFORM, Calls
from chatbridge.jira.outcomes import understood
from chatbridge.jira.site import SiteSettings, is_cloud_id
from chatbridge.secret import Secret


class Access:
    """The way into one site.

    Args:
        settings: of the site.
        bearer: returns an OAuth access token that is valid now; asked for every call, so it
            should keep the token until it ends. None: account and token of the settings.

    Raises:
        ConfigurationError: there is neither, or both.
    """

    def __init__(self, settings: SiteSettings, bearer: Callable[[], Secret] | None) -> None:
        if bearer is None and settings.token is None:
            raise ConfigurationError(
                "the site needs account and token (an API token), or an OAuth access token"
            )
        if bearer is not None and settings.token is not None:
            raise ConfigurationError("the site has a token and an OAuth access token: choose one")
        self.settings = settings
        self._bearer = bearer
        # One assignment changes it, so several threads may probe; they find the same.
        self._found: Calls | None = None

    @property
    def account_id(self) -> str:
        """Who we are there, empty until the way in was found."""
        return self._found.account.account_id if self._found is not None else ""

    def reach(self) -> Exchange[Calls]:
        """Return the way in that worked, looking for it if none is known."""
        return self._found or (yield from self.probe())

    def probe(self) -> Exchange[Calls]:
        """Look for the way in anew.

        Raises:
            RefusedError: UNAUTHORISED where neither way takes the token.
        """
        self._found = None
        if self._bearer is None:
            calls = self._calls(self.settings.url)
            answer = yield calls.request("GET", f"{PLATFORM}/myself")
            if answer.status != 401:
                return self._remember(calls, understood(answer, _account))
        cloud_id = self.settings.cloud_id or (yield from self._look_up_cloud_id())
        calls = self._calls(f"{self.settings.gateway_url}/ex/jira/{cloud_id}")
        answer = yield calls.request("GET", f"{PLATFORM}/myself")
        return self._remember(calls, understood(answer, _account))

    def secrets(self) -> tuple[Secret, ...]:
        """Return what must never be shown; an OAuth access token is its giver's to hide."""
        settings = self.settings
        known = [settings.token, settings.hint_secret, settings.hint_header_secret]
        if settings.token is not None:
            known.append(Secret(self._basic()))
        return tuple(secret for secret in known if secret is not None)

    def _calls(self, base: str) -> Calls:
        return Calls(site=self.settings.name, base=base, authorization=self._authorization)

    def _remember(self, calls: Calls, account: Account) -> Calls:
        self._found = Calls(
            site=calls.site, base=calls.base, authorization=self._authorization, account=account
        )
        return self._found

    def _look_up_cloud_id(self) -> Exchange[str]:
        # Answered to anybody, so it gets no credential.
        answer = yield HttpRequest(
            "GET", f"{self.settings.url}/_edge/tenant_info", headers={"Accept": "application/json"}
        )
        return understood(answer, _cloud_id)

    def _authorization(self) -> str:
        if self._bearer is None:
            return f"Basic {self._basic()}"
        try:
            token = self._bearer()
        except Exception:  # noqa: BLE001 - foreign code, whose error may hold the token
            token = None
        if token is None:
            raise RetryLaterError("the host has no OAuth access token now")
        return f"Bearer {token.reveal()}"

    def _basic(self) -> str:
        token = self.settings.token.reveal() if self.settings.token is not None else ""
        return b64encode(f"{self.settings.account}:{token}".encode()).decode()


def _account(value: object) -> Account:
    return Account(text(value, "accountId"), text_or(value, "displayName"))


def _cloud_id(value: object) -> str:
    cloud_id = text(mapping(value), "cloudId")
    if not is_cloud_id(cloud_id):
        raise MalformedAnswerError
    return cloud_id

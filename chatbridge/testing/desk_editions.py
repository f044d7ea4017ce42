"""The two editions of a simulated Jira, Cloud and Data Center: all in which they differ.

Data Center is as documented for Jira 10: platform API 2 with wiki markup, people by name and key,
personal access tokens, comments that show only by their properties whether they are internal, and
webhooks that come once. Where documents and captures are silent it takes the harder way: the
customer API names no category of a status, and the webhook of a comment names its issue only by the
comment's address.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from base64 import b64decode
from typing import Any, ClassVar, Final

from attrs import evolve

from chatbridge.http_types import HttpResponse
from chatbridge.testing.desk_answers import DeskRefusal, platform_refusal, reply, too_many
from chatbridge.testing.desk_people import BOT, READER, READER_TOKEN, Person
from chatbridge.testing.desk_texts import adf_of, adf_problem, text_of, text_of_wiki

CLOUD_ID: Final = "11223344-a1b2-3b33-c444-def123456789"

_GATEWAY: Final = re.compile(r"/ex/jira/([^/]+)(/.*)")
_REQUEST_KEYS: Final = frozenset({
    "serviceDeskId", "requestTypeId", "requestFieldValues", "raiseOnBehalfOf",
    "requestParticipants",
})  # fmt: skip
_MORE_SECRETS: Final = {
    "reader_token": READER_TOKEN,
    "hint_secret": "secret-of-hints",
    "hint_header_secret": "secret-of-the-rule",
}


class Edition(ABC):
    """What one edition does in its own way.

    Attributes:
        platform_root: where the platform API stands.
        request_keys: what the body of a new request may hold.
        webhook_tries: how often a webhook is sent again.
        limits_writes: whether writes to one issue are limited.
        names_category: whether the customer API names the category of a status.
        names_issue: whether the webhook of a comment holds its issue.
        lists_files: whether the customer API lists and hands out files.
        reads_in_bulk: whether comments can be asked for by their ids.
        threads: whether comments name the comment that they answer.
        pages_by_token: whether a page of a search leads to the next one by a token.
        about_paths: where everybody may ask for the version.
    """

    platform_root: ClassVar[str]
    request_keys: ClassVar[frozenset[str]]
    webhook_tries: ClassVar[int]
    limits_writes: ClassVar[bool]
    names_category: ClassVar[bool]
    names_issue: ClassVar[bool]
    lists_files: ClassVar[bool]
    reads_in_bulk: ClassVar[bool]
    threads: ClassVar[bool]
    pages_by_token: ClassVar[bool]
    about_paths: ClassVar[frozenset[str]]

    @abstractmethod
    def find_way(self, path: str) -> tuple[str, bool]:
        """Return where a path leads on the site, and whether it came through a gateway."""

    @abstractmethod
    def told_to_anybody(self, path: str) -> Any | None:
        """Return what everybody may know at this path, besides the version; None for nothing."""

    @abstractmethod
    def person(self, person: Person) -> Person:
        """Return the person as this edition knows them."""

    @abstractmethod
    def credentials(self) -> dict[str, str]:
        """Return what a bridge enters with."""

    @abstractmethod
    def lets_in(self, authorization: str, *, on_gateway: bool) -> bool:
        """Tell whether a header is the bot's credential in this place."""

    @abstractmethod
    def caller_header(self, person: Person) -> dict[str, str]:
        """Return the header that tells a caller who they are."""

    @abstractmethod
    def about(self) -> dict[str, Any]:
        """Return what the site says of its version."""

    @abstractmethod
    def read_comment(self, body: Any) -> tuple[dict[str, Any], str]:
        """Return the text of a comment as ADF and as markup, or refuse it."""

    @abstractmethod
    def read_description(self, given: Any, *, is_adf: bool) -> tuple[dict[str, Any], str] | None:
        """Return a description as ADF and as markup, None where it is in no known form."""

    @abstractmethod
    def text(self, adf: dict[str, Any], wiki: str) -> Any:
        """Return a text as the platform API shows it."""

    @abstractmethod
    def visibility(self, *, public: bool) -> dict[str, Any]:
        """Return what the platform API says of a comment's visibility without being asked."""

    @abstractmethod
    def too_many(self, reason: str, seconds: int | None) -> HttpResponse:
        """Return the answer to one call too many."""


class CloudEdition(Edition):
    """Jira Cloud."""

    platform_root = "/rest/api/3"
    request_keys = _REQUEST_KEYS | {"isAdfRequest", "channel", "form"}
    webhook_tries = 5
    limits_writes = True
    names_category = True
    names_issue = True
    lists_files = True
    reads_in_bulk = True
    threads = True
    pages_by_token = True
    about_paths = frozenset({"/rest/api/2/serverInfo", "/rest/api/3/serverInfo"})

    def find_way(self, path: str) -> tuple[str, bool]:
        """See `Edition.find_way`."""
        gateway = _GATEWAY.fullmatch(path)
        if gateway is None:
            return path, False
        if gateway[1] != CLOUD_ID:
            raise DeskRefusal(reply(404, {"code": 404, "message": "No such tenant"}))
        return gateway[2], True

    def told_to_anybody(self, path: str) -> Any | None:
        """See `Edition.told_to_anybody`."""
        return {"cloudId": CLOUD_ID} if path == "/_edge/tenant_info" else None

    def person(self, person: Person) -> Person:
        """See `Edition.person`."""
        return person

    def credentials(self) -> dict[str, str]:
        """See `Edition.credentials`."""
        return {
            "account": BOT.email,
            "reader_account": READER.email,
            "api_token": "classic-api-token",
            "scoped_token": "scoped-api-token",
            "access_token": "oauth-access-token",
            **_MORE_SECRETS,
            "cloud_id": CLOUD_ID,
        }

    def lets_in(self, authorization: str, *, on_gateway: bool) -> bool:
        """See `Edition.lets_in`."""
        known = self.credentials()
        kind, _, value = authorization.partition(" ")
        if kind == "Bearer":
            return on_gateway and value == known["access_token"]
        try:
            given = b64decode(value, validate=True).decode()
        except ValueError:
            return False
        token = known["scoped_token" if on_gateway else "api_token"]
        return kind == "Basic" and given == f"{BOT.email}:{token}"

    def caller_header(self, person: Person) -> dict[str, str]:
        """See `Edition.caller_header`."""
        return {"X-AACCOUNTID": person.account_id}

    def about(self) -> dict[str, Any]:
        """See `Edition.about`."""
        return {
            "version": "1001.0.0-SNAPSHOT",
            "versionNumbers": [1001, 0, 0],
            "deploymentType": "Cloud",
            "buildNumber": 100_000,
        }

    def read_comment(self, body: Any) -> tuple[dict[str, Any], str]:
        """See `Edition.read_comment`."""
        if adf_problem(body) is not None:
            raise platform_refusal(400, "", {"comment": "Comment body is not valid!"})
        return body, text_of(body)

    def read_description(self, given: Any, *, is_adf: bool) -> tuple[dict[str, Any], str] | None:
        """See `Edition.read_description`."""
        if isinstance(given, str):
            return adf_of(text_of_wiki(given)), given
        if not is_adf or adf_problem(given):
            return None
        return dict(given), text_of(given)

    def text(self, adf: dict[str, Any], wiki: str) -> Any:  # noqa: ARG002 - of the contract
        """See `Edition.text`."""
        return adf

    def visibility(self, *, public: bool) -> dict[str, Any]:
        """See `Edition.visibility`."""
        return {"jsdPublic": public}

    def too_many(self, reason: str, seconds: int | None) -> HttpResponse:
        """See `Edition.too_many`."""
        return too_many(reason, seconds)


class DataCenterEdition(Edition):
    """Jira Data Center."""

    platform_root = "/rest/api/2"
    request_keys = _REQUEST_KEYS
    webhook_tries = 0
    limits_writes = False
    names_category = False
    names_issue = False
    lists_files = False
    reads_in_bulk = False
    threads = False
    pages_by_token = False
    about_paths = frozenset({"/rest/api/2/serverInfo"})

    def find_way(self, path: str) -> tuple[str, bool]:
        """See `Edition.find_way`: `latest` is another name of the only version."""
        return path.replace("/rest/api/latest/", f"{self.platform_root}/", 1), False

    def told_to_anybody(self, path: str) -> Any | None:  # noqa: ARG002 - of the contract
        """See `Edition.told_to_anybody`."""
        return None

    def person(self, person: Person) -> Person:
        """See `Edition.person`."""
        return evolve(person, username=person.email.partition("@")[0] or person.name.lower())

    def credentials(self) -> dict[str, str]:
        """See `Edition.credentials`."""
        path_secret = {"hint_path_secret": "secret-at-the-end-of-the-path"}
        return {"personal_token": "personal-access-token", **_MORE_SECRETS, **path_secret}

    def lets_in(self, authorization: str, *, on_gateway: bool) -> bool:
        """See `Edition.lets_in`: a personal access token is no Basic password."""
        return not on_gateway and authorization == f"Bearer {self.credentials()['personal_token']}"

    def caller_header(self, person: Person) -> dict[str, str]:
        """See `Edition.caller_header`."""
        return {"X-AUSERNAME": person.username}

    def about(self) -> dict[str, Any]:
        """See `Edition.about`."""
        return {
            "version": "10.3.5",
            "versionNumbers": [10, 3, 5],
            "deploymentType": "Server",
            "buildNumber": 10_030_005,
        }

    def read_comment(self, body: Any) -> tuple[dict[str, Any], str]:
        """See `Edition.read_comment`."""
        if not isinstance(body, str) or not body.strip():
            raise platform_refusal(400, "", {"comment": "Comment body can not be empty!"})
        return adf_of(text_of_wiki(body)), body

    def read_description(self, given: Any, *, is_adf: bool) -> tuple[dict[str, Any], str] | None:  # noqa: ARG002 - of the contract
        """See `Edition.read_description`."""
        return (adf_of(text_of_wiki(given)), given) if isinstance(given, str) else None

    def text(self, adf: dict[str, Any], wiki: str) -> Any:  # noqa: ARG002 - of the contract
        """See `Edition.text`."""
        return wiki

    def visibility(self, *, public: bool) -> dict[str, Any]:  # noqa: ARG002 - of the contract
        """See `Edition.visibility`: nothing; only the properties tell (JSDSERVER-1261)."""
        return {}

    def too_many(self, reason: str, seconds: int | None) -> HttpResponse:  # noqa: ARG002 - of the contract
        """See `Edition.too_many`: the bucket of a user is filled anew in intervals."""
        headers = {
            "X-RateLimit-Limit": "10",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-FillRate": "10",
            "X-RateLimit-Interval-Seconds": str(seconds or 5),
            "retry-after": str(seconds or 0),
        }
        return reply(429, {"message": "Rate limit exceeded."}, headers)


EDITIONS: Final[dict[str, Edition]] = {
    "cloud": CloudEdition(),
    "data_center": DataCenterEdition(),
}
"""Each edition by the name that the setting `kind` of a site has for it."""

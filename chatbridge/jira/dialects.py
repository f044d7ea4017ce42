"""Which dialect a site speaks: by its settings or address, else by asking the site itself.

`/rest/api/2/serverInfo` is there on every Jira; Cloud calls itself so, and whatever else answers is
Data Center.
"""

from __future__ import annotations

from typing import Any, Final

from chatbridge.exchange import Exchange
from chatbridge.http_types import HttpRequest
from chatbridge.jira.answers import text, text_or
from chatbridge.jira.cloud_dialect import CloudDialect
from chatbridge.jira.data_center_dialect import DataCenterDialect
from chatbridge.jira.dialect import Dialect
from chatbridge.jira.outcomes import understood
from chatbridge.jira.site import SiteKind, SiteSettings

CLOUD: Final = CloudDialect()
DATA_CENTER: Final = DataCenterDialect()

_DIALECTS: dict[SiteKind, tuple[Dialect, ...]] = {
    SiteKind.CLOUD: (CLOUD,),
    SiteKind.DATA_CENTER: (DATA_CENTER,),
    SiteKind.AUTO: (CLOUD, DATA_CENTER),
}
_CLOSED_TO_STRANGERS = {401, 403}


def possible_dialects(settings: SiteSettings) -> tuple[Dialect, ...]:
    """Return the dialects that a site may speak, as far as its settings say."""
    return _DIALECTS[settings.known_kind]


def ask_dialect(settings: SiteSettings) -> Exchange[Dialect]:
    """Ask a site what it is; anybody may ask, so it gets no credential.

    Raises:
        RefusedError: it answers as no Jira does.
        RetryLaterError: it does not answer now, or not as documented.
    """
    answer = yield HttpRequest(
        "GET", f"{settings.url}/rest/api/2/serverInfo", headers={"Accept": "application/json"}
    )
    if answer.status in _CLOSED_TO_STRANGERS:
        # Cloud answers everybody; only a Data Center can be closed to strangers altogether.
        return DATA_CENTER
    return understood(answer, _dialect)


def _dialect(value: Any) -> Dialect:
    text(value, "version")
    return CLOUD if text_or(value, "deploymentType") == "Cloud" else DATA_CENTER

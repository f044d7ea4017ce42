"""The judges of Jira calls that nobody here wrote: Atlassian's own documents and schema."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from chatbridge.http_types import HttpRequest, HttpResponse

SITE = "https://acme.atlassian.net"
_UNDOCUMENTED_STATUSES = {429}
"""Every operation may answer them; the documents name them nowhere."""


class Judge:
    """Holds calls to Atlassian's OpenAPI documents.

    Changed in them: servers and security (ours are known), the format of dates (Jira writes
    `+0000`, without the colon that date-time wants).
    """

    def __init__(self, folder: Path) -> None:
        from openapi_core import Config, OpenAPI

        self.judged = 0
        self._documents = {}
        for name in ("jsm-cloud", "jira-platform"):
            document = json.loads((folder / f"{name}.openapi.json").read_text())
            document["servers"] = [{"url": SITE}]
            _adapt(document)
            config = Config(spec_validator_cls=None)
            self._documents[name] = OpenAPI.from_dict(document, config=config)

    def __call__(self, request: HttpRequest, response: HttpResponse) -> None:
        """Raise where the call or its answer is not as documented."""
        from openapi_core.testing import MockRequest, MockResponse

        parts = urlsplit(request.url)
        path = unquote(parts.path)
        if path.startswith("/ex/jira/"):
            path = "/" + path.split("/", 4)[4]
        if path == "/_edge/tenant_info" or response.status in _UNDOCUMENTED_STATUSES:
            return
        customer = path.startswith("/rest/servicedeskapi")
        document = self._documents["jsm-cloud" if customer else "jira-platform"]
        arguments: dict[str, list[str]] = {}
        for name, value in parse_qsl(parts.query, keep_blank_values=True):
            arguments.setdefault(name, []).append(value)
        asked = MockRequest(
            SITE, request.method.lower(), path, args=arguments, headers=dict(request.headers),
            data=None if request.json is None else json.dumps(request.json).encode(),
            content_type="application/json",
        )  # fmt: skip
        document.validate_request(asked)
        media_type = response.headers.get("Content-Type", "application/json").split(";")[0]
        given = MockResponse(
            response.body, status_code=response.status, headers=dict(response.headers),
            content_type=media_type,
        )  # fmt: skip
        if response.body:
            document.validate_response(asked, given)
        self.judged += 1


def _adapt(node: Any) -> None:
    if isinstance(node, dict):
        node.pop("security", None)
        if node.get("format") == "date-time":
            del node["format"]
        for value in node.values():
            _adapt(value)
    elif isinstance(node, list):
        for value in node:
            _adapt(value)


@pytest.fixture(scope="session")
def judge(specs: Path) -> Judge:
    """Return the judge of calls; loading the documents takes seconds."""
    return Judge(specs)


@pytest.fixture(scope="session")
def adf_errors(specs: Path) -> Callable[[Any], list[str]]:
    """Return what tells the errors of an ADF document by Atlassian's schema."""
    import jsonschema_rs

    schema = json.loads((specs / "adf.schema.json").read_text())
    validator = jsonschema_rs.validator_for(schema)
    return lambda document: [str(error)[:300] for error in validator.iter_errors(document)]

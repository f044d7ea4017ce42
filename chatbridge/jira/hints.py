"""Proves and reads hints: webhooks of Jira and of Automation rules.

Jira signs its webhooks; a rule sends a secret header; a Data Center that can do neither has a
secret at the end of the webhook's URL.

A hint says which issue may have changed, and nothing else of it is read: its text may be an
internal note, and what it says of visibility has been seen wrong.
"""

from __future__ import annotations

import re
from typing import Any

from chatbridge.desk import Hint
from chatbridge.errors import WebhookPayloadError, WebhookVerificationError
from chatbridge.http_types import WebhookRequest
from chatbridge.jira.answers import as_numeric_id
from chatbridge.jira.site import SiteSettings
from chatbridge.settings import with_before
from chatbridge.signatures import check_hmac_sha256

SIGNATURE_HEADER = "X-Hub-Signature"
SECRET_HEADER = "X-Chatbridge-Secret"  # noqa: S105 - a header's name

_COMMENT_PATH = re.compile(r"/issue/([0-9]{1,18})/comment/[0-9]{1,18}(?:[?#]|$)")
_KEY = re.compile(r"[A-Z][A-Z0-9_]{0,254}-[0-9]{1,18}")


def verify_hint(settings: SiteSettings, webhook: WebhookRequest) -> None:
    """Return if the webhook is signed by Jira, or carries one of the secrets that we gave out.

    A signature that is there must be right, whatever else is there. Secrets are compared in
    constant time, and all of them always; while one is replaced, the one before counts as well.

    Raises:
        WebhookVerificationError: there is no proof, or no secret is configured.
    """
    signature = webhook.headers.get(SIGNATURE_HEADER)
    known = (
        ("hint_header_secret", webhook.headers.get(SECRET_HEADER)),
        ("hint_path_secret", webhook.path_secret),
    )
    shared = [
        (secret, given or "") for name, given in known for secret in with_before(settings, name)
    ]
    signing = with_before(settings, "hint_secret")
    if signing and (signature is not None or not shared):
        method, _, digest = (signature or "").partition("=")
        if method != "sha256":
            raise WebhookVerificationError("the webhook has no signature of a known method")
        check_hmac_sha256(signing, webhook.body, digest)
        return
    if not shared:
        raise WebhookVerificationError("no secret for hints is configured")
    good = False
    for secret, given in shared:
        good |= secret.matches(given)
    if not good:
        raise WebhookVerificationError("the webhook's shared secret is missing or wrong")


def parse_hint(webhook: WebhookRequest) -> list[Hint]:
    """Return what may have changed.

    Bodies: Jira's `comment_*` and `jira:issue_*` events, an Automation rule's issue data in either
    format, and its custom body `{"issue": {"key" or "id"}, "comment": {"id"}}`.

    Raises:
        WebhookPayloadError: no issue is named.
    """
    body = webhook.json()
    if not isinstance(body, dict):
        raise WebhookPayloadError("the webhook's body is no object")
    comment = _object(body, "comment")
    issue = _object(body, "issue") if "issue" in body else _bare_issue(body)
    issue_id = as_numeric_id(issue.get("id")) or _id_in_path(comment.get("self"))
    key = issue.get("key")
    issue_key = key if isinstance(key, str) and _KEY.fullmatch(key) else None
    if issue_id is None and issue_key is None:
        raise WebhookPayloadError("the webhook names no issue")
    return [Hint(issue_id or "", as_numeric_id(comment.get("id")), issue_key)]


def _object(body: dict[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def _bare_issue(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body itself where it is an issue, as Automation's own format has it."""
    return body if "webhookEvent" not in body and "key" in body else {}


def _id_in_path(address: Any) -> str | None:
    found = _COMMENT_PATH.search(address) if isinstance(address, str) else None
    return found[1] if found else None

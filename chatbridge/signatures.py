"""Proofs of webhooks, compared in constant time and over raw bytes."""

from __future__ import annotations

import hashlib
import hmac

from chatbridge.errors import WebhookVerificationError
from chatbridge.secret import Secret


def check_hmac_sha256(secrets: tuple[Secret, ...], body: bytes, signature: str | None) -> None:
    """Return if the signature is the hex HMAC-SHA256 of the body under one of the secrets.

    Args:
        secrets: all that are valid now; several while one is being replaced.
        body: the raw bytes.
        signature: hex digits, or None where the webhook had none.

    Raises:
        WebhookVerificationError: it is not.
    """
    given = (signature or "").lower().encode("ascii", "replace")
    good = False
    for secret in secrets:
        expected = hmac.new(secret.reveal().encode(), body, hashlib.sha256).hexdigest()
        good |= hmac.compare_digest(expected.encode(), given)
    if not good:
        raise WebhookVerificationError("the webhook's signature is missing or wrong")


def check_shared_secret(secrets: tuple[Secret, ...], given: str | None) -> None:
    """Return if the header's value is one of the secrets.

    Raises:
        WebhookVerificationError: it is not.
    """
    candidate = (given or "").encode("utf-8", "replace")
    good = False
    for secret in secrets:
        good |= secret.matches(candidate)
    if not good:
        raise WebhookVerificationError("the webhook's secret header is missing or wrong")

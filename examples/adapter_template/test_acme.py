"""What the adapter promises, to begin with."""

import hashlib
import hmac
import json

import pytest
from chatbridge_acme import AcmeAdapter, AcmeSettings

import chatbridge as cb

BODY = json.dumps({"id": 7, "chat": "c1", "from": "Ann", "text": "Hello"}).encode()
SIGNATURE = hmac.new(b"secret", BODY, hashlib.sha256).hexdigest()
ACME = AcmeAdapter(AcmeSettings(token=cb.Secret("token"), webhook_secret=cb.Secret("secret")))


def test_forged_webhooks_are_refused() -> None:
    """One changed byte, and the signature does not fit any more."""
    ACME.verify(cb.WebhookRequest({"X-Acme-Signature": SIGNATURE}, BODY))
    with pytest.raises(cb.WebhookVerificationError):
        ACME.verify(cb.WebhookRequest({"X-Acme-Signature": SIGNATURE}, BODY + b" "))


def test_the_same_bytes_give_equal_events() -> None:
    """A repeat is the same event."""
    webhook = cb.WebhookRequest({}, BODY)
    assert ACME.parse(webhook) == ACME.parse(webhook)
    assert ACME.parse(webhook)[0].event_id == "7"

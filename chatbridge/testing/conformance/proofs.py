"""Webhooks prove themselves: genuine ones pass, and whatever was changed by a byte does not."""

from __future__ import annotations

import string

import attrs
import pytest
from attrs import evolve

from chatbridge.adapter import Adapter
from chatbridge.capabilities import Proof
from chatbridge.errors import ConfigurationError, WebhookVerificationError
from chatbridge.http_types import WebhookRequest
from chatbridge.secret import Secret
from chatbridge.testing.conformance.cases import Payload
from chatbridge.testing.conformance.given import AdapterTests

_MOST_FLIPS = 5000
"""Bytes of one body that are each flipped; beyond that, every n-th."""


class ProofTests(AdapterTests):
    """What the declared `Proof` promises."""

    @pytest.fixture
    def genuine(self, payload: Payload) -> WebhookRequest:
        """Return a recorded webhook as it came."""
        if payload.polled:
            pytest.skip("came by no webhook")
        return self.case.webhook(payload)

    def test_genuine_is_accepted(self, adapter: Adapter, genuine: WebhookRequest) -> None:
        """A recorded webhook proves itself, and a repeat does too."""
        adapter.verify(genuine)
        adapter.verify(genuine)

    def test_without_proof_is_refused(self, adapter: Adapter, genuine: WebhookRequest) -> None:
        """Without header fields and query, nothing is proved; nor for an empty body."""
        for body in (genuine.body, b"", b"{}"):
            _refused(adapter, evolve(genuine, headers={}, query="", body=body), "no proof at all")

    def test_changed_body_is_refused(self, adapter: Adapter, genuine: WebhookRequest) -> None:
        """Where the body is signed, every flipped, missing or added byte is noticed."""
        if adapter.capabilities.proof is not Proof.SIGNED_BODY:
            pytest.skip("the proof does not cover the body")
        body = genuine.body
        step = max(1, len(body) // _MOST_FLIPS)
        for at in range(0, len(body), step):
            changed = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
            _refused(adapter, evolve(genuine, body=changed), f"byte {at} of the body flipped")
        for changed in (body[:-1], body[1:], body + b" ", body + b"\n", b"", body + body):
            _refused(adapter, evolve(genuine, body=changed), "bytes missing or added")

    def test_changed_proof_is_refused(self, adapter: Adapter, genuine: WebhookRequest) -> None:
        """Every flipped, missing or added character of a header that proves is noticed."""
        for name in _proving(adapter, genuine):
            value = genuine.headers[name]
            changes = [value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1 :]
                       for at in range(len(value))]  # fmt: skip
            changes += ["", " ", value[:-1], value + "0", value + value, "ä", "\ud800", "=" * 5000]
            for changed in changes:
                headers = {**genuine.headers, name: changed}
                _refused(adapter, evolve(genuine, headers=headers), f"a changed {name}")

    def test_name_of_header_in_any_case(self, adapter: Adapter, genuine: WebhookRequest) -> None:
        """Header names are compared without regard to case, as HTTP asks."""
        for change in (str.lower, str.upper):
            headers = {change(name): value for name, value in genuine.headers.items()}
            adapter.verify(evolve(genuine, headers=headers))

    def test_other_secret_is_refused(self, adapter: Adapter, genuine: WebhookRequest) -> None:
        """What proves itself to one bot proves nothing to a bot with other secrets."""
        changed = {
            field.name: _other(value.reveal())
            for field in attrs.fields(adapter.settings_schema)
            if isinstance(value := getattr(adapter.settings, field.name), Secret)
        }
        try:
            other = self.case.make(**changed)
        except ConfigurationError:
            pytest.skip("the settings take no other secrets of the same look")
        _refused(other, genuine, "another bot's secrets")


def _refused(adapter: Adapter, webhook: WebhookRequest, what: str) -> None:
    try:
        adapter.verify(webhook)
    except WebhookVerificationError:
        return
    except Exception as error:  # noqa: BLE001 - the finding itself
        pytest.fail(f"verify raised {type(error).__name__}, not WebhookVerificationError: {what}")
    pytest.fail(f"verify accepted a webhook with {what}")


def _proving(adapter: Adapter, genuine: WebhookRequest) -> list[str]:
    """Return the header fields without which the webhook is refused."""
    found = []
    for name in genuine.headers:
        rest = {other: value for other, value in genuine.headers.items() if other != name}
        try:
            adapter.verify(evolve(genuine, headers=rest))
        except WebhookVerificationError:
            found.append(name)
    return found


def _other(secret: str) -> str:
    """Return a secret of the same look: its last letter or digit is the next one."""
    for letters in (string.digits, string.ascii_lowercase, string.ascii_uppercase):
        if secret[-1] in letters:
            return secret[:-1] + letters[(letters.index(secret[-1]) + 1) % len(letters)]
    return secret[:-1] + "0"

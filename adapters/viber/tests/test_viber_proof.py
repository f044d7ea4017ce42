"""Webhooks prove themselves by a signature over the raw bytes, and by nothing else."""

from __future__ import annotations

import json

import pytest

from chatbridge.errors import WebhookVerificationError
from chatbridge.http_types import WebhookRequest

HEADER = "X-Viber-Content-Signature"
BODY = (
    '{"event":"message","timestamp":1457764197627,"chat_hostname":"SN-CHAT-01_",'
    '"message_token":4912661846655238145,"sender":{"id":"01234567890A=","name":"Олена 😀"},'
    '"message":{"type":"text","text":"Доброго дня"}}'
).encode()
SIGNATURE = "1d1d0300974398f09d89d8f45a416c4aeb028867e94be3c1104b49524d7a72c4"
"""Made with another program from the bot's token of these tests."""


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({HEADER: SIGNATURE}, ""),
        ({HEADER.lower(): SIGNATURE.upper()}, "sig=wrong"),
        ({}, f"sig={SIGNATURE}"),
        ({HEADER: ""}, f"a=b&sig={SIGNATURE}"),
    ],
)
def test_the_known_signature_is_accepted(adapter, headers, query):
    """The header counts; where there is none, the parameter does."""
    adapter.verify(WebhookRequest(headers, BODY, query))


@pytest.mark.parametrize(
    ("headers", "query", "body"),
    [
        ({}, "", BODY),
        ({HEADER: SIGNATURE[:-1] + "5"}, f"sig={SIGNATURE}", BODY),
        ({HEADER: SIGNATURE}, "", BODY + b" "),
        ({HEADER: SIGNATURE}, "", json.dumps(json.loads(BODY)).encode()),
        ({HEADER: "підпис"}, "", BODY),
        ({}, f"sig={SIGNATURE}&sig={SIGNATURE}", BODY),
        ({}, "&".join(["a=b"] * 30) + f"&sig={SIGNATURE}", BODY),
        ({}, "sig=%ff%fe", BODY),
    ],
)
def test_anything_else_is_refused(adapter, headers, query, body):
    """A missing or wrong signature, or other bytes of the same meaning, prove nothing."""
    with pytest.raises(WebhookVerificationError):
        adapter.verify(WebhookRequest(headers, body, query))


def test_the_simulator_signs_as_viber_does(simulator):
    """The simulator's signature of the same bytes is the known one."""
    assert SIGNATURE == simulator.state.callbacks.signature(BODY)


def test_what_the_simulator_sends_proves_itself_both_ways(hooked, adapter):
    """A callback carries its signature in the header and in the address; either is enough."""
    hooked.control("subscribe", {"chat": "a/b+c=="})
    (owed,) = hooked.owed_webhooks()
    adapter.verify(WebhookRequest(owed.headers, owed.body))
    adapter.verify(WebhookRequest({}, owed.body, owed.url.partition("?")[2]))

"""A webhook proves itself with one of the secrets, or not at all."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbridge.errors import WebhookVerificationError
from chatbridge.secret import Secret
from chatbridge.signatures import check_hmac_sha256, check_shared_secret

OLD, NEW = Secret("old"), Secret("new")
BODY = b'{"a": 1}'


def signature(secret: Secret, body: bytes = BODY) -> str:
    """Return the signature of a body."""
    return hmac.new(secret.reveal().encode(), body, hashlib.sha256).hexdigest()


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_signature_under_any_valid_secret_is_taken(secret):
    """While a secret is replaced both count, in capitals too."""
    check_hmac_sha256((OLD, NEW), BODY, signature(secret))
    check_hmac_sha256((OLD, NEW), BODY, signature(secret).upper())


@pytest.mark.parametrize(
    "given_signature", [None, "", "00", "é" * 64, "\ud800", signature(Secret("other"))]
)
def test_other_signatures_are_refused(given_signature):
    """Missing, short, foreign and unreadable signatures are all refused in the same way."""
    with pytest.raises(WebhookVerificationError, match="signature is missing or wrong"):
        check_hmac_sha256((OLD, NEW), BODY, given_signature)


@pytest.mark.fault("F49")
@given(st.integers(0, len(BODY) * 8 - 1))
def test_any_changed_bit_of_the_body_is_noticed(bit):
    """The raw bytes are signed."""
    changed = bytearray(BODY)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(WebhookVerificationError):
        check_hmac_sha256((NEW,), bytes(changed), signature(NEW))


def test_without_a_secret_nothing_is_genuine():
    """No secret is no free pass."""
    with pytest.raises(WebhookVerificationError):
        check_hmac_sha256((), BODY, signature(NEW))
    with pytest.raises(WebhookVerificationError):
        check_shared_secret((), "")


def test_shared_secret_is_taken():
    """The header holds one of the secrets."""
    check_shared_secret((OLD, NEW), "old")
    check_shared_secret((OLD, NEW), "new")


@pytest.mark.parametrize("header", [None, "", "newer", "ne", "old,new", "\ud800", "NEW"])
def test_other_headers_are_refused(header):
    """Anything else is refused."""
    with pytest.raises(WebhookVerificationError, match="secret header is missing or wrong"):
        check_shared_secret((OLD, NEW), header)

"""Hints: only who knows a secret is believed, and nothing but ids is read."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbridge.desk import Hint
from chatbridge.errors import WebhookPayloadError, WebhookVerificationError
from chatbridge.http_types import WebhookRequest
from chatbridge.jira.hints import parse_hint, verify_hint
from chatbridge.jira.site import SiteSettings
from chatbridge.secret import Secret

SITE = "https://acme.atlassian.net"
SIGNED = SiteSettings(url=SITE, hint_secret=Secret("It's a Secret to Everybody"))
RULE = SiteSettings(url=SITE, hint_header_secret=Secret("static"))
BOTH = SiteSettings(url=SITE, hint_secret=Secret("signing"), hint_header_secret=Secret("static"))
VECTOR = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"


def _webhook(body: Any = b"{}", **headers: str) -> WebhookRequest:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return WebhookRequest({name.replace("_", "-"): v for name, v in headers.items()}, raw)


def test_the_official_vector_is_taken() -> None:
    """Atlassian's published example of a signature is right."""
    verify_hint(SIGNED, _webhook(b"Hello World!", x_hub_signature=VECTOR))


@pytest.mark.fault("F49")
@pytest.mark.invariant("I21")
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x_hub_signature": ""},
        {"x_hub_signature": VECTOR.replace("sha256", "sha1")},
        {"x_hub_signature": VECTOR.removeprefix("sha256=")},
        {"x_hub_signature": VECTOR[:-1] + "8"},
        {"x_hub_signature_256": VECTOR},
        {"x_chatbridge_secret": "It's a Secret to Everybody"},
    ],
)
def test_anything_else_is_refused(headers: dict[str, str]) -> None:
    """No signature, a wrong one, another method or another header: 403."""
    with pytest.raises(WebhookVerificationError):
        verify_hint(SIGNED, _webhook(b"Hello World!", **headers))


@pytest.mark.fault("F49")
@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, 11), change=st.integers(1, 255))
def test_every_byte_of_the_body_counts(at: int, change: int) -> None:
    """One changed byte breaks the signature."""
    body = bytearray(b"Hello World!")
    body[at] ^= change
    with pytest.raises(WebhookVerificationError):
        verify_hint(SIGNED, _webhook(bytes(body), x_hub_signature=VECTOR))


def test_a_rule_proves_itself_by_its_header() -> None:
    """The static header of an Automation rule is enough, where it is configured."""
    verify_hint(RULE, _webhook(x_chatbridge_secret="static"))
    for headers in ({}, {"x_chatbridge_secret": "statik"}, {"x_hub_signature": "sha256=00"}):
        with pytest.raises(WebhookVerificationError):
            verify_hint(RULE, _webhook(**headers))


def test_with_both_a_signature_must_be_right() -> None:
    """Either proof will do; a wrong signature is not healed by the other."""
    digest = hmac.new(b"signing", b"{}", hashlib.sha256).hexdigest()
    verify_hint(BOTH, _webhook(x_hub_signature=f"sha256={digest}"))
    verify_hint(BOTH, _webhook(x_chatbridge_secret="static"))
    with pytest.raises(WebhookVerificationError):
        verify_hint(BOTH, _webhook(x_chatbridge_secret="static", x_hub_signature="sha256=00"))


def test_a_secret_path_proves_who_cannot_sign() -> None:
    """A Data Center that cannot sign has a secret in its path; a signature must be right still."""
    word = "a-secret-at-the-end"
    path = SiteSettings(url=SITE, hint_path_secret=Secret(word))
    all_three = SiteSettings(
        url=SITE, hint_path_secret=Secret(word), hint_secret=Secret("signing"),
        hint_header_secret=Secret("static"),
    )  # fmt: skip
    for site in (path, all_three):
        verify_hint(site, WebhookRequest({}, b"{}", path_secret=word))
        for wrong in ("", "a-secret-at-the-enc", word + "x", "é"):
            with pytest.raises(WebhookVerificationError, match="shared secret"):
                verify_hint(site, WebhookRequest({}, b"{}", path_secret=wrong))
    signed = {"X-Hub-Signature": "sha256=00"}
    with pytest.raises(WebhookVerificationError, match="signature"):
        verify_hint(all_three, WebhookRequest(signed, b"{}", path_secret=word))
    with pytest.raises(WebhookVerificationError, match="no secret"):
        verify_hint(SiteSettings(url=SITE), WebhookRequest({}, b"{}", path_secret=word))
    assert word not in repr(WebhookRequest({}, b"{}", path_secret=word))


def _signed(secret: bytes) -> WebhookRequest:
    digest = hmac.new(secret, b"{}", hashlib.sha256).hexdigest()
    return _webhook(x_hub_signature=f"sha256={digest}")


def test_while_a_secret_is_replaced_both_count() -> None:
    """Each proof is taken under the secret before, too, and under no third; alone it ends."""
    new, old = "the-new-one-of-16", "the-old-one-of-16"
    proofs = {
        "hint_secret": lambda word: _signed(word.encode()),
        "hint_header_secret": lambda word: _webhook(x_chatbridge_secret=word),
        "hint_path_secret": lambda word: WebhookRequest({}, b"{}", path_secret=word),
    }
    for name, proof in proofs.items():
        both = SiteSettings(url=SITE, **{name: Secret(new), f"{name}_before": Secret(old)})
        for word in (new, old):
            verify_hint(both, proof(word))
        with pytest.raises(WebhookVerificationError):
            verify_hint(both, proof("another-one-of-16"))
        with pytest.raises(WebhookVerificationError):
            verify_hint(SiteSettings(url=SITE, **{name: Secret(new)}), proof(old))


def test_a_secret_before_proves_in_its_own_way_only() -> None:
    """The signing secret before is no word for the header or the path, nor the other way round."""
    word = "a-word-of-16-signs"
    site = SiteSettings(
        url=SITE, hint_secret=Secret("signing"), hint_secret_before=Secret(word),
        hint_header_secret=Secret("static"), hint_path_secret=Secret("the-path-of-16-signs"),
        hint_path_secret_before=Secret("the-path-before-it"),
    )  # fmt: skip
    for webhook in (
        _webhook(x_chatbridge_secret=word),
        WebhookRequest({}, b"{}", path_secret=word),
        _webhook(x_chatbridge_secret="the-path-before-it"),
        _signed(b"the-path-before-it"),
    ):
        with pytest.raises(WebhookVerificationError):
            verify_hint(site, webhook)


def test_every_secret_is_compared_whichever_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long it takes does not tell which of the secrets was the right one."""
    compared: list[str] = []
    matches = Secret.matches

    def counted(secret: Secret, candidate: str | bytes) -> bool:
        compared.append(secret.reveal())
        return matches(secret, candidate)

    monkeypatch.setattr(Secret, "matches", counted)
    site = SiteSettings(
        url=SITE, hint_header_secret=Secret("new"), hint_header_secret_before=Secret("old"),
        hint_path_secret=Secret("the-path-of-16-signs"),
    )  # fmt: skip
    for word in ("new", "old"):
        verify_hint(site, _webhook(x_chatbridge_secret=word))
    assert ["new", "old", "the-path-of-16-signs"] * 2 == compared


def test_without_a_secret_nobody_is_believed() -> None:
    """A site without secrets for hints takes none."""
    with pytest.raises(WebhookVerificationError, match="no secret"):
        verify_hint(SiteSettings(url=SITE), _webhook(x_hub_signature=VECTOR))


_SELF = f"{SITE}/rest/api/2/issue/10388/comment/10328"


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        ({"issue": {"id": "10388", "key": "TALK-42"}, "comment": {"id": "10328"}},
         Hint("10388", "10328", "TALK-42")),
        ({"issue": {"id": 10388}}, Hint("10388")),
        ({"comment": {"self": _SELF, "id": "10328"}}, Hint("10388", "10328")),
        ({"comment": {"self": _SELF + "?expand=x"}, "issue": None}, Hint("10388")),
        ({"webhookEvent": "comment_created", "issue": {"key": "TALK-42"},
          "comment": {"id": "10328"}}, Hint("", "10328", "TALK-42")),
        ({"id": 10388, "key": "TALK-42", "fields": {}}, Hint("10388", None, "TALK-42")),
        ({"issue": {"id": "10388"}, "comment": {"id": {"x": 1}}}, Hint("10388")),
    ],
)  # fmt: skip
def test_the_issue_is_found(body: Any, hint: Hint) -> None:
    """Each known body names its issue, and its comment where there is one."""
    assert [hint] == parse_hint(_webhook(body))


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"7", b'"x"', b"{", b"\xff", b"[" * 100_000, b'{"issue": {"id": NaN}}',
     {}, {"issue": {}}, {"issue": []}, {"issue": {"id": True}}, {"issue": {"id": -5}},
     {"issue": {"id": "1/../2"}}, {"issue": {"id": "9" * 40}}, {"issue": {"key": "x y"}},
     {"comment": {"self": "https://x/issue/abc/comment/1"}}, {"comment": {"id": "5"}},
     {"webhookEvent": "x", "id": 5, "key": "A-1"}],
)  # fmt: skip
def test_a_body_without_an_issue_is_refused(body: Any) -> None:
    """What names no issue is a payload error, never another one."""
    with pytest.raises(WebhookPayloadError):
        parse_hint(_webhook(body))


@settings(max_examples=200, deadline=None)
@given(
    body=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
            st.sampled_from(["issue", "comment", "id", "key", "self"]), inner, max_size=5),
        max_leaves=12,
    )
)  # fmt: skip
def test_any_json_is_a_hint_or_refused(body: Any) -> None:
    """Whatever is sent, ids are digits and nothing else gets through."""
    try:
        (hint,) = parse_hint(_webhook(body))
    except WebhookPayloadError:
        return
    assert hint.issue_id.isdecimal() or hint.issue_key
    assert hint.comment_id is None or hint.comment_id.isdecimal()


def test_a_hint_says_nothing_of_the_text() -> None:
    """What people wrote is in no part of a hint, nor is it shown by one."""
    body = {"issue": {"id": "1", "key": "TALK-42", "fields": {"summary": "canary"}},
            "comment": {"id": "2", "body": "canary", "jsdPublic": True}}  # fmt: skip
    (hint,) = parse_hint(_webhook(body))
    assert "canary" not in repr(hint) + str(hint.__class__)
    assert "TALK-42" not in repr(hint)

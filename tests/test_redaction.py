"""Secrets are cut out of text and of log records."""

from __future__ import annotations

import logging
import sys

import pytest

from chatbridge.redaction import RedactingFilter, hide_addresses, redact, speaking

TOKEN = "123456:AAbb-Cc_dd"


@pytest.mark.fault("F80")
@pytest.mark.parametrize(
    ("text", "secrets", "expected"),
    [
        ("nothing here", ("secret",), "nothing here"),
        ("a secret, a secret", ("secret",), "a …, a …"),
        ("longer-secret", ("secret", "longer-secret"), "…"),
        ("in%20a%2Fb", ("a/b",), "in%20…"),
        ("kept", ("",), "kept"),
        (f"https://x/bot{TOKEN}/getMe", (), "https://x/bot…/getMe"),
        (f"https://x/file/bot{TOKEN}/a.jpg", (), "https://x/file/bot…/a.jpg"),
        (f"/bot{TOKEN.replace(':', '%3A')}?x=1", (), "/bot…?x=1"),
        ("/bottles/7", (), "/bottles/7"),
    ],
)
def test_secrets_are_cut_out(text, secrets, expected):
    """Known secrets go, as they are and as in URLs, and so does what looks like a bot's token."""
    assert expected == redact(text, secrets)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('http://h:80 "GET /a/b?c=d HTTP/1.1" 200 17', 'http://h:80/… "GET … HTTP/1.1" 200 17'),
        ("see https://me:word@h/x and (http://h)", "see https://h/… and (http://h/…)"),
        ("Retry: /rest/api/SUP-1", "Retry: /…"),
        ("no address", "no address"),
    ],
)
def test_addresses_are_hidden(text, expected):
    """Paths, queries and users of URLs go; scheme, host and port stay."""
    assert expected == hide_addresses(text)


@pytest.fixture
def log():
    """Return a function that logs and returns what a handler would see."""
    redacting = RedactingFilter()

    def write(message: object, *args: object, exc_info=None) -> logging.LogRecord:
        record = logging.LogRecord("urllib3", logging.DEBUG, "f.py", 1, message, args, exc_info)
        assert redacting.filter(record)
        return record

    return write


@pytest.mark.fault("F80")
def test_records_of_our_calls_are_rewritten(log):
    """Inside a call of ours no path, secret, object or traceback stays in a record."""
    try:
        raise ValueError("canary")
    except ValueError as error:
        with speaking(("s3cret",)):
            record = log("%s %s %d %s", "/x/s3cret", error, 7, "s3cret", exc_info=sys.exc_info())
    assert "/… <ValueError> 7 …" == record.getMessage()
    assert (None, None) == (record.exc_info, record.exc_text)


def test_records_of_others_stay(log):
    """Outside our calls a record is left as it is, unless it holds a bot's token."""
    record = log("%s %s", "/orders/7", 3)
    assert ("%s %s", ("/orders/7", 3)) == (record.msg, record.args)
    assert "/bot…/x" == log("%s", f"/bot{TOKEN}/x").getMessage()


def test_a_mark_ends_with_its_call(log):
    """After a nested call the outer one's secrets count again, and none after both."""
    with speaking(("outer",)):
        with pytest.raises(KeyError), speaking(("inner",)):
            raise KeyError
        assert "… inner" == log("outer inner").getMessage()
    assert "outer inner" == log("outer inner").getMessage()


def test_a_record_that_cannot_be_formatted_is_replaced(log):
    """Wrong arguments do not let the raw ones through."""
    record = log("%d", "canary")
    assert "canary" not in record.getMessage()
    assert "canary" not in repr(record.args)

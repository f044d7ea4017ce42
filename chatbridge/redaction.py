"""Keeps secrets out of text, and the addresses of our calls out of the loggers of HTTP libraries.

At DEBUG those print the path of every request: a bot's token, an issue's key. Nothing is patched at
import; `install_log_redaction` adds a filter to their loggers and to no other.
"""

from __future__ import annotations

import contextlib
import logging
import re
import threading
from collections.abc import Iterable, Iterator, MutableMapping
from typing import Any
from urllib.parse import quote

REDACTED = "…"

# https://core.telegram.org/bots/api#authorizing-your-bot: /bot<token>/METHOD, /file/bot<token>/path
_BOT_TOKEN = re.compile(r"(/bot)\d+(?::|%3A)[^/\s\"'?#\\]+", re.IGNORECASE)
_REQUEST_LINE = re.compile(r"\"([A-Z]+) \S+ (HTTP/[\d.]+|HTTP/\?)\"")
_URL = re.compile(r"\b(https?://)(?:[^/\s\"'@]*@)?([^/\s\"'?#)>,]+)[^\s\"')>]*")
_PATH = re.compile(r"(?<![\w.:/])/[^\s\"')>,]+")

_LOGGERS = (
    "requests",
    "urllib3",
    "urllib3.connection",
    "urllib3.connectionpool",
    "urllib3.poolmanager",
    "urllib3.response",
    "urllib3.util.retry",
)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return the text without bot tokens in paths and without these secrets.

    Args:
        text: anything that shall be shown.
        secrets: each is cut out as it is and as it looks inside a URL.
    """
    # The longest first: a secret may be part of another one.
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, REDACTED).replace(quote(secret, safe=""), REDACTED)
    return _BOT_TOKEN.sub(rf"\g<1>{REDACTED}", text)


def hide_addresses(text: str) -> str:
    """Return the text with every path and query cut out; scheme, host and port stay."""
    text = _REQUEST_LINE.sub(rf'"\g<1> {REDACTED} \g<2>"', text)
    text = _URL.sub(rf"\g<1>\g<2>/{REDACTED}", text)
    return _PATH.sub(f"/{REDACTED}", text)


class PathlessLog(logging.LoggerAdapter[logging.Logger]):
    """A web server's log without the paths of its callers and without tracebacks.

    Paths hold what only a platform may know: a webhook's address, a file's signed one.
    """

    def process(
        self, msg: object, kwargs: MutableMapping[str, Any]
    ) -> tuple[str, MutableMapping[str, Any]]:
        """See `logging.LoggerAdapter.process`."""
        return hide_addresses(str(msg)), {
            name: value for name, value in kwargs.items() if name != "exc_info"
        }


def with_pathless_log(channel: type[Any]) -> type[Any]:
    """Return a channel class of the waitress web server that logs no path of a caller."""
    log = PathlessLog(logging.getLogger("waitress"), {})
    return type("PathlessChannel", (channel,), {"logger": log})


class _OurCalls(threading.local):
    """Whether this thread is inside a call of ours, and what must not be shown then."""

    secrets: tuple[str, ...] | None = None


_our_calls = _OurCalls()


@contextlib.contextmanager
def speaking(secrets: tuple[str, ...]) -> Iterator[None]:
    """Mark this thread as inside one of our calls; may be nested."""
    before, _our_calls.secrets = _our_calls.secrets, secrets
    try:
        yield
    finally:
        _our_calls.secrets = before


class RedactingFilter(logging.Filter):
    """Rewrites records before any handler sees them.

    Inside our calls no path and no traceback stays; the host's own use of the same libraries keeps
    its paths, and loses nothing but what looks like a bot's token.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record and let it pass."""
        secrets = _our_calls.secrets
        if secrets is not None:
            # Objects are named, not shown: an exception of urllib3 quotes what the far side wrote.
            if isinstance(record.args, tuple):
                record.args = tuple(_plain(value) for value in record.args)
            record.exc_info = record.exc_text = record.stack_info = None
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - a record that cannot be formatted may hold anything
            record.msg, record.args = "a log record that cannot be shown", ()
            return True
        shown = redact(message, secrets or ())
        if secrets is not None:
            shown = hide_addresses(shown)
        if shown != message:
            record.msg, record.args = shown, ()
        return True


def _plain(value: object) -> object:
    if value is None or isinstance(value, int | float):
        return value
    return hide_addresses(value) if isinstance(value, str) else f"<{type(value).__name__}>"


def install_log_redaction() -> None:
    """Add the filter to the loggers of the HTTP libraries; a second call changes nothing."""
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(one, RedactingFilter) for one in logger.filters):
            logger.addFilter(RedactingFilter())

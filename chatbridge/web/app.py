"""The WSGI application that takes webhooks in and hands files out, for a host or for `run`.

It keeps bodies as the bytes they came in, since signatures are over them, and never logs a body, a
path or an address. An ASGI host mounts it through `a2wsgi.WSGIMiddleware`.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from http import HTTPStatus
from importlib.util import find_spec
from typing import Any, Final

from attrs import evolve

from chatbridge import Bridge, ChatbridgeError, Headers, SystemClock, WebhookAnswer, WebhookRequest
from chatbridge.clock import Clock
from chatbridge.file_serving import ServedFile
from chatbridge.http_types import MAX_WEBHOOK
from chatbridge.web.files import FILE, file_response

_log = logging.getLogger("chatbridge.web")

MAX_BODY: Final = MAX_WEBHOOK
"""Bytes of the largest webhook that is read."""

_WEBHOOK: Final = re.compile(
    r"/webhooks/([a-z][a-z0-9_-]{0,39})/([A-Za-z0-9_-]{1,128})((?:/.{0,1024})?)", re.DOTALL
)
_HINT: Final = re.compile(r"/hints/([^/]{1,255})(?:/([A-Za-z0-9_-]{16,128}))?")
_WAIT: Final = 5

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]


def web_app(bridge: Bridge, *, clock: Clock | None = None) -> WsgiApp:
    """Return a WSGI application (PEP 3333) for the webhooks and files of a bridge.

    It answers `POST /webhooks/<platform>/<token>` (where a platform calls otherwise, other methods
    and paths below that one, as `Capabilities.webhook_routes` says), `POST /hints/<site>` (or, from
    a Jira that cannot sign, `POST /hints/<site>/<secret>`), `GET /files/<token>/<name>`, `GET
    /health` (503 where something needs an operator) and, with the extra `metrics`, `GET /metrics`,
    below whatever prefix it is mounted under; the prefix is part of the bridge's `public_url`.

    Args:
        bridge: whose webhooks; best a started one, else each webhook is worked on while its sender
            waits.
        clock: the time; None: the real one.
    """
    time = clock or SystemClock()

    def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        body: bytes | ServedFile
        try:
            status, fields, body = _respond(bridge, time, environ)
        except ChatbridgeError as error:
            _log.error("a call has to come again: %s", error)
            status, fields, body = 503, [("Retry-After", str(_WAIT))], b""
        except Exception as error:  # noqa: BLE001 - a server would log it with what it holds
            place = traceback.extract_tb(error.__traceback__)[-1]
            _log.error(
                "a call failed with %s at %s:%s",
                type(error).__name__,
                place.filename.rpartition("/")[2],
                place.lineno,
            )
            status, fields, body = 500, [], b""
        if isinstance(body, ServedFile):
            with ExitStack() as stack:
                stack.callback(body.close)
                start_response(f"{status} {_phrase(status)}", _completed(fields, body))
                stack.pop_all()
            return body
        start_response(f"{status} {_phrase(status)}", _completed(fields, body))
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]

    return app


_Response = tuple[int, list[tuple[str, str]], bytes | ServedFile]


def _completed(fields: list[tuple[str, str]], body: bytes | ServedFile) -> list[tuple[str, str]]:
    """Return the header fields with those that every answer has."""
    length = body.length if isinstance(body, ServedFile) else len(body)
    given = {name for name, _ in fields}
    usual = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(length)),
        ("Cache-Control", "no-store"),
    ]
    return [*fields, *(field for field in usual if field[0] not in given)]


def _respond(bridge: Bridge, clock: Clock, environ: Environ) -> _Response:
    # The host has moved its own part of the path to SCRIPT_NAME.
    path = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace")
    method = environ["REQUEST_METHOD"]
    if path == "/health":
        return _health(bridge) if method in {"GET", "HEAD"} else _wrong_method("GET, HEAD")
    if path == "/metrics":
        return _metrics(bridge) if method in {"GET", "HEAD"} else _wrong_method("GET, HEAD")
    file = FILE.fullmatch(path)
    if file is not None:
        reads = method in {"GET", "HEAD"}
        return file_response(bridge, file[1], method) if reads else _wrong_method("GET, HEAD")
    chat, hint = _WEBHOOK.fullmatch(path), _HINT.fullmatch(path)
    if chat is None and hint is None:
        return 404, [], b""
    if hint is not None and method != "POST":
        return _wrong_method("POST")
    body = _body(environ)
    if isinstance(body, int):
        return body, [], b""
    webhook = WebhookRequest(_headers(environ), body, environ.get("QUERY_STRING", ""), clock.time())
    if chat is not None:
        webhook = evolve(webhook, method=method, path=chat[3])
        return _answered(bridge.receive_webhook(chat[1], chat[2], webhook))
    assert hint is not None
    return _answered(bridge.receive_hint(hint[1], evolve(webhook, path_secret=hint[2] or "")))


def _answered(answer: WebhookAnswer) -> _Response:
    fields = [("Content-Type", answer.media_type)]
    if answer.retry_after is not None:
        fields.append(("Retry-After", str(answer.retry_after)))
    fields += answer.headers.items()
    return answer.status, fields, answer.body


def _health(bridge: Bridge) -> _Response:
    health = bridge.health()
    status = 200 if health.ok else 503
    return status, [("Content-Type", "application/json")], json.dumps(health.to_plain()).encode()


def _metrics(bridge: Bridge) -> _Response:
    """Return the figures of the bridge for Prometheus, 404 where its client is not installed."""
    if find_spec("prometheus_client") is None:
        return 404, [], b""
    from chatbridge.web.metrics import exposition

    media_type, body = exposition(bridge)
    return 200, [("Content-Type", media_type)], body


def _wrong_method(allowed: str) -> _Response:
    return 405, [("Allow", allowed)], b""


def _body(environ: Environ) -> bytes | int:
    """Return the body, or the status that refuses it."""
    stream = environ["wsgi.input"]
    given = environ.get("CONTENT_LENGTH") or ""
    if given:
        if not (given.isascii() and given.isdigit()):
            return 400
        length = int(given)
        if length > MAX_BODY:
            return 413
        body: bytes = stream.read(length)
        # A sender that hung up in the middle; its signature could not fit anyway.
        return body if len(body) == length else 400
    if not environ.get("wsgi.input_terminated"):
        return b""
    body = stream.read(MAX_BODY + 1)
    return 413 if len(body) > MAX_BODY else body


def _headers(environ: Environ) -> Headers:
    fields = [
        (name[5:].replace("_", "-").title(), value)
        for name, value in environ.items()
        if name.startswith("HTTP_")
    ]
    fields += [
        (name.replace("_", "-").title(), environ[name])
        for name in ("CONTENT_TYPE", "CONTENT_LENGTH")
        if environ.get(name)
    ]
    return Headers(fields)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Answer"

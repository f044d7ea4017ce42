"""The WSGI application of the playground's page: its files, and JSON to see and do everything.

Whoever reaches it may do anything in the playground, so it answers only who knows the random token
of the address, under a loopback name, and lets no other web page drive it.
"""

from __future__ import annotations

import hmac
import json
import logging
import traceback
from collections.abc import Callable, Iterable
from http import HTTPStatus
from importlib.resources import files
from typing import Any, Final

from chatbridge.playground.play import Playground

_log = logging.getLogger("chatbridge.playground")

MOST_BODY: Final = 3_500_000
_HOSTS: Final = ("127.0.0.1", "localhost")
_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "png": "image/png",
    "svg": "image/svg+xml",
}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_FIELDS: Final = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Content-Security-Policy", _POLICY),
)

Environ = dict[str, Any]
_Answer = tuple[int, str, bytes]


class PlaygroundPage:
    """Answers below `/<token>/`.

    Args:
        play: what is shown.
        token: nobody else knows it.
    """

    def __init__(self, play: Playground, token: str) -> None:
        self._play = play
        self._token = token
        folder = files("chatbridge.playground").joinpath("static")
        self._files = {
            each.name: (_TYPES[each.name.rpartition(".")[2]], each.read_bytes())
            for each in folder.iterdir()
            if each.name.rpartition(".")[2] in _TYPES
        }

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one call; see PEP 3333."""
        try:
            status, media_type, body = self._respond(environ)
        except Exception as error:  # noqa: BLE001 - a server would log it with what it holds
            place = traceback.extract_tb(error.__traceback__)[-1]
            file = place.filename.rpartition("/")[2]
            text = f"the playground failed with {type(error).__name__} at {file}:{place.lineno}"
            _log.error("%s", text)
            status, media_type, body = _failure(500, text)
        fields = [("Content-Type", media_type), ("Content-Length", str(len(body))), *_FIELDS]
        start_response(f"{status} {HTTPStatus(status).phrase}", fields)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]

    def _respond(self, environ: Environ) -> _Answer:
        method = environ["REQUEST_METHOD"]
        hosts = {f"{name}:{environ['SERVER_PORT']}" for name in _HOSTS}
        host = environ.get("HTTP_HOST", "")
        if host not in hosts:
            return _failure(403, "this page is for this machine only")
        path = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace")
        token, slash, rest = path.lstrip("/").partition("/")
        if not slash or not hmac.compare_digest(token.encode(), self._token.encode()):
            return _failure(404, "open the address that `chatbridge playground` has printed")
        if method in {"GET", "HEAD"}:
            return self._file(rest)
        if method != "POST":
            return _failure(405, "only GET and POST")
        if environ.get("HTTP_ORIGIN") != f"http://{host}":
            return _failure(403, "only the playground's own page may do this")
        if environ.get("CONTENT_TYPE", "").partition(";")[0].strip() != "application/json":
            return _failure(415, "the body must be application/json")
        return self._act(rest, environ)

    def _file(self, path: str) -> _Answer:
        if path.startswith("pictures/"):
            picture = self._play.picture(path.removeprefix("pictures/"))
            if picture is not None:
                return 200, picture.media_type, picture.data
        found = self._files.get(path or "index.html")
        if found is None:
            return _failure(404, "there is no such file")
        return 200, *found

    def _act(self, path: str, environ: Environ) -> _Answer:
        given = _arguments(environ)
        if given is None:
            return _failure(400, f"the body must be a JSON object of at most {MOST_BODY:,} bytes")
        try:
            if path == "look":
                return _answer(200, self._play.look())
            if path.startswith("do/"):
                return _answer(200, self._play.do(path.removeprefix("do/"), given))
        except LookupError as error:
            return _failure(404, str(error.args[0]) if error.args else "there is no such thing")
        except ValueError as error:
            return _failure(400, str(error))
        return _failure(404, "there are only: look, do/<action>")


def _arguments(environ: Environ) -> dict[str, Any] | None:
    """Return the JSON object of the body, None where it is none."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()) or int(length) > MOST_BODY:
        return None
    try:
        given = json.loads(environ["wsgi.input"].read(int(length)) or b"{}")
    except (ValueError, RecursionError):
        return None
    return given if isinstance(given, dict) else None


def _answer(status: int, value: Any) -> _Answer:
    body = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    return status, "application/json", body


def _failure(status: int, text: str) -> _Answer:
    return _answer(status, {"error": text})
